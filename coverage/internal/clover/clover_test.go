package clover

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/hitstest"
	"github.com/mettel-automation/delivery/coverage/internal/xmlscan"
)

// parse reads a report from its beginning.
func parse(r io.Reader) (*hits.Set, error) {
	x := xmlscan.New(r)
	if _, err := x.Head(); err != nil {
		return nil, err
	}
	return Parse(x)
}

// doc wraps files in the elements that stand around them.
func doc(files string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n<coverage><project><package name='p'>" + files + "</package></project></coverage>"
}

const hidden = `<file name="/srv/a.php">
<class name="A"><metrics statements="99" coveredstatements="99"/></class>
<line num="3" type="method" name="f" count="1"/>
<line num="4" type="stmt" count="1"/>
<line num="7" type="method" name="g" count="0"/>
<line num="8" type="stmt" count="0"/>
<metrics loc="9" statements="3" coveredstatements="2"/>
</file>`

func TestParse(t *testing.T) {
	tests := map[string]struct {
		report string
		want   []string
	}{
		"istanbul: lines are statements or conditions, and the path is an attribute": {
			report: doc(`<file name="a.js" path="/srv/a.js"><metrics statements="3" coveredstatements="2" conditionals="2" coveredconditionals="1"/>` +
				`<line num="1" count="5" type="stmt"/><line num="2" count="1" type="cond" truecount="1" falsecount="1"/><line num="3" count="0" type="stmt"/></file>`),
			want: []string{"/srv/a.js 2/3"},
		},
		"PHPUnit: the metrics of the file know the statement on the line of a method": {
			report: doc(hidden),
			want:   []string{"/srv/a.php 2/3"},
		},
		"files may stand outside of packages": {
			report: `<coverage><project><file name="a"><line num="1" type="stmt" count="1"/></file></project></coverage>`,
			want:   []string{"a 1/1"},
		},
		"metrics of something without statements are passed over": {
			report: doc(`<file name="a"><metrics files="1"/><line num="1" type="stmt" count="1"/></file>`),
			want:   []string{"a 1/1"},
		},
		"conditions without a count have two": {
			report: doc(`<file name="a"><line num="1" type="cond" truecount="0" falsecount="2"/><line num="2" type="cond" truecount="0" falsecount="0"/></file>`),
			want:   []string{"a 1/2"},
		},
		"metrics that disagree with the lines count, with a warning": {
			report: doc(`<file name="a"><metrics statements="9" coveredstatements="9"/><line num="1" type="stmt" count="1"/></file>` +
				`<file name="b"><metrics statements="1" coveredstatements="0"/><line num="1" type="stmt" count="1"/></file>` +
				`<file name="c"><metrics statements="1" coveredstatements="1"/><line num="1" type="stmt" count="1"/></file>`),
			want: []string{"a 9/9", "b 0/1", "c 1/1", "warning: metrics and lines disagree in 2 of the files, first a (metrics 9/9, lines 1/1); the metrics count"},
		},
		"a project that disagrees with its files gives a warning": {
			report: `<coverage><project><metrics statements="5" coveredstatements="5"/><file name="a"><line num="1" type="stmt" count="0"/></file></project></coverage>`,
			want:   []string{"a 0/1", "warning: the project says 5/5 statements covered, its files are 0/1; the files count"},
		},
		"a project that agrees gives none": {
			report: `<coverage><project><file name="a"><line num="1" type="stmt" count="0"/></file><metrics statements="1" coveredstatements="0"/></project></coverage>`,
			want:   []string{"a 0/1"},
		},
		"lines outside of files are not counted": {
			report: doc(`<line num="1" type="stmt" count="1"/>`),
		},
		"a file may be empty": {
			report: doc(`<file name="a"><metrics statements="0" coveredstatements="0"/></file>`),
			want:   []string{"a 0/0"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set, err := parse(strings.NewReader(tt.report))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, hitstest.Summary(set)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ report, want string }{
		"a file without a name":       {doc("<file/>"), "line 2: file has neither path nor name"},
		"a file in a file":            {doc("<file name='a'>\n<file name='b'/></file>"), "line 3: file within a file"},
		"a line without a number":     {doc("<file name='a'>\n<line count='1'/></file>"), `line 3: line number "" is not`},
		"a line without a count":      {doc("<file name='a'><line num='7'/></file>"), "line 2: line 7 has no count"},
		"a count that is no number":   {doc("<file name='a'><line num='7' count='many'/></file>"), `line 2: count of line 7: count "many" is not a number`},
		"metrics that are no number":  {doc("<file name='a'><metrics statements='-1' coveredstatements='0'/></file>"), `line 2: metrics: statements: "-1" is no number of 0 to`},
		"metrics beyond 100 %":        {doc("<file name='a'><metrics statements='1' coveredstatements='2'/></file>"), "line 2: metrics: 2 of 1 statements are covered"},
		"metrics beyond every file":   {doc("<file name='a'><metrics statements='99999999999' coveredstatements='99999999999'/></file>"), `line 2: metrics: statements: "99999999999" is no number`},
		"totals alone that are twice": {doc("<file name='a'><metrics statements='2' coveredstatements='1'/></file><file name='a'><metrics statements='2' coveredstatements='1'/></file>"), "line 2: a: a report has its totals and not its lines"},
		"a report that was cut":       {doc("")[:70], "line 2: report is truncated"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(strings.NewReader(tt.report)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s...", err, tt.want)
			}
		})
	}
}

// TestShards: the statement that only the metrics know counts once.
func TestShards(t *testing.T) {
	one, err1 := parse(strings.NewReader(doc(hidden)))
	two, err2 := parse(strings.NewReader(doc(strings.Replace(hidden, `num="8" type="stmt" count="0"`, `num="8" type="stmt" count="1"`, 1))))
	if err := errors.Join(err1, err2, one.Merge(two)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"/srv/a.php 3/3"}, hitstest.Summary(one)); d != "" {
		t.Errorf("merged (-want +got):\n%s", d)
	}
}

func FuzzParse(f *testing.F) {
	hitstest.Seed(f, "../../testdata/*.xml")
	f.Add([]byte(doc(hidden)))
	f.Add([]byte(doc(`<file name="a"><metrics statements="1" coveredstatements="1"/></file>`)))
	parser := func(r *bufio.Reader) (*hits.Set, error) { return parse(r) }
	f.Fuzz(func(t *testing.T, text []byte) { hitstest.Check(t, parser, text) })
}

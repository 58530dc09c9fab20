package jacoco

import (
	"bufio"
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

const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">` + "\n"

// doc wraps packages in the elements that stand around them.
func doc(packages string) string {
	return head + `<report name="x"><sessioninfo id="h" start="1" dump="2"/>` + packages + "</report>"
}

func pkg(name, inner string) string { return `<package name="` + name + `">` + inner + "</package>" }

func source(name, inner string) string {
	return `<sourcefile name="` + name + `">` + inner + "</sourcefile>"
}

const (
	hit     = `<line nr="3" mi="0" ci="2" mb="0" cb="0"/>`
	partial = `<line nr="4" mi="5" ci="1" mb="1" cb="1"/>`
	missed  = `<line nr="5" mi="4" ci="0" mb="2" cb="0"/>`
	// Inner classes and lambdas share lines with the class around them, so these do not add up.
	classes = `<class name="p/A" sourcefilename="A.java"><method name="f" desc="()V" line="3"><counter type="LINE" missed="0" covered="9"/></method>` +
		`<counter type="INSTRUCTION" missed="9" covered="9"/><counter type="LINE" missed="5" covered="9"/></class>` +
		`<class name="p/A$B" sourcefilename="A.java"><counter type="INSTRUCTION" missed="9" covered="9"/><counter type="LINE" missed="5" covered="9"/></class>`
	all = `<counter type="INSTRUCTION" missed="9" covered="3"/><counter type="LINE" missed="1" covered="2"/>`
)

// bare is a class as gcovr writes it.
func bare(path, counters string) string {
	return `<class name="a_c" sourcefilename="` + path + `"><lines><line nr="4"/><line nr="5" mb="1" cb="3"/></lines>` + counters + "</class>"
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		report string
		want   []string
	}{
		"the lines of source files count, covered where any instruction was executed": {
			report: doc(pkg("p", classes+source("A.java", hit+partial+missed+all)+all) + all),
			want:   []string{"p/A.java 2/3 branches 1/4"},
		},
		"groups nest to any depth": {
			report: doc("<group name='a'><group name='b'>" + pkg("p", source("A.java", hit)) + "</group>" + pkg("q", source("A.java", missed)) + "</group>"),
			want:   []string{"p/A.java 1/1", "q/A.java 0/1 branches 0/2"},
		},
		"files of one path in several groups are several files": {
			report: doc("<group name='a'>" + pkg("p", source("A.java", hit)) + "</group><group name='b'><group name='c'>" + pkg("p", source("A.java", missed)) + "</group></group>"),
			want: []string{
				"b/c/p/A.java 0/1 branches 0/2", "p/A.java 1/1",
				"warning: several groups have a file of one path; the later ones are named by their groups, such as b/c/p/A.java",
			},
		},
		"the package without a name adds nothing to the path": {
			report: doc(pkg("", source("Main.kt", hit))),
			want:   []string{"Main.kt 1/1"},
		},
		"counters that disagree with the lines give a warning": {
			report: doc(pkg("p", source("A.java", hit+`<counter type="LINE" missed="1" covered="1"/>`)) + `<counter type="LINE" missed="1" covered="1"/>`),
			want: []string{
				"p/A.java 1/1",
				"warning: LINE counter and lines disagree in 1 of the files, first p/A.java (LINE 1/2, lines 1/1); the lines count",
				"warning: the report says 1/2 lines covered, its files are 1/1; the files count",
			},
		},
		"a source file without lines may have a LINE counter": {
			report: doc(pkg("p", source("A.java", all))),
			want:   []string{"p/A.java 2/3"},
		},
		"lines that do not say whether they were hit stand back behind the LINE counter": {
			report: doc(pkg("p", source("A.java", `<line nr="4"/><line nr="5"/>`+all))),
			want:   []string{"p/A.java 2/3"},
		},
		"gcovr writes classes alone, with paths": {
			report: doc(pkg("src.lib", bare("/srv/src/lib/a.c", `<counter type="LINE" missed="1" covered="1"/><counter type="BRANCH" missed="1" covered="3"/>`)+
				`<class name="b_h" sourcefilename="/srv/src/lib/b.h"><lines/><counter type="LINE" missed="0" covered="0"/></class>`)),
			want: []string{"/srv/src/lib/a.c 1/2 branches 3/4", "/srv/src/lib/b.h 0/0"},
		},
		"without any line number the instructions count, with a warning": {
			report: doc(pkg("p", `<class name="p/A"><counter type="INSTRUCTION" missed="1" covered="2"/></class><class name="p/B"><counter type="INSTRUCTION" missed="4" covered="0"/></class>`)),
			want:   []string{"p/A 2/3", "p/B 0/4", "warning: all classes were compiled without line numbers (javac -g:lines,source adds them): instructions are counted"},
		},
		"where only some have none, they are named": {
			report: doc(pkg("p", `<class name="p/B"><counter type="INSTRUCTION" missed="4" covered="0"/></class>`+source("A.java", hit)+source("C.java", `<counter type="INSTRUCTION" missed="4" covered="0"/>`))),
			want:   []string{"p/A.java 1/1", "warning: not counted, since compiled without line numbers (javac -g:lines,source adds them): 2 classes or files, first p/B"},
		},
		"the report may count lines of classes that know no source file": {
			report: doc(pkg("p", source("A.java", hit)+`<class name="p/B"><counter type="INSTRUCTION" missed="4" covered="0"/><counter type="LINE" missed="2" covered="0"/></class>`) + `<counter type="LINE" missed="2" covered="1"/>`),
			want: []string{
				"p/A.java 1/1", "warning: not counted, since compiled without line numbers (javac -g:lines,source adds them): 1 classes or files, first p/B",
				"warning: the report says 1/3 lines covered, its files are 1/1; the files count",
			},
		},
		"a report may be empty": {report: head + `<report name="x"/>`},
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

func TestMetric(t *testing.T) {
	for report, want := range map[string]hits.Metric{
		doc(pkg("p", source("A.java", hit))): hits.MetricLines,
		doc(pkg("p", `<class name="p/A"><counter type="INSTRUCTION" missed="1" covered="2"/></class>`)): hits.MetricInstructions,
	} {
		set, err := parse(strings.NewReader(report))
		if err != nil || set.Metric() != want {
			t.Errorf("metric is %v, %v, want %s", set.Metric(), err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ report, want string }{
		"a source file without a name":   {doc(pkg("p", "<sourcefile/>")), "line 2: sourcefile has no name"},
		"a class in a class":             {doc(pkg("p", "<class name='p/A'>\n<class name='p/B'/></class>")), "line 3: class within a class or source file"},
		"a line without a number":        {doc(pkg("p", source("A", "<line ci='1'/>"))), `line 2: line number "" is not`},
		"a line with a count of words":   {doc(pkg("p", source("A", "<line nr='3' ci='x'/>"))), `line 2: ci of line 3: count "x" is not`},
		"lines that say nothing":         {doc(pkg("p", source("A", "<line nr='3'/>"))), "line 2: p/A has lines without ci, and no LINE counter"},
		"a counter below nothing":        {doc(pkg("p", source("A", "<counter type='LINE' missed='-1' covered='2'/>"))), `line 2: counter LINE: missed: "-1" is no number of 0`},
		"a counter without numbers":      {doc("<counter type='LINE'/>"), `line 2: counter LINE: covered: "" is no number of 0`},
		"a counter beyond every program": {doc(pkg("p", source("A", "<counter type='LINE' missed='2147483647' covered='2147483647'/>"))), "line 2: counter LINE of p/A: totals are"},
		"a report that lacks files":      {doc(pkg("p", source("A", hit)) + `<counter type="LINE" missed="1" covered="1"/>`), "line 2: report contradicts itself: the report says 1/2 lines covered, its files are 1/1"},
		"one that lacks what is missed":  {doc(pkg("p", source("A", hit)) + `<counter type="LINE" missed="1" covered="0"/>`), "line 2: report contradicts itself: the report says 0/1 lines covered, its files are 1/1"},
		"a report that was cut":          {doc(pkg("p", ""))[:len(head)+60], "line 2: report is truncated"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(strings.NewReader(tt.report)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s...", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	hitstest.Seed(f, "../../testdata/*.xml")
	f.Add([]byte(doc("<group name='g'>" + pkg("p", classes+source("A.java", hit+partial+missed+all)+all) + "</group>" + all)))
	f.Add([]byte(doc(pkg("", bare("/a/b.c", all)))))
	f.Add([]byte(doc(pkg("p", `<class name="p/A"><counter type="INSTRUCTION" missed="1" covered="2"/></class>`))))
	parser := func(r *bufio.Reader) (*hits.Set, error) { return parse(r) }
	f.Fuzz(func(t *testing.T, text []byte) { hitstest.Check(t, parser, text) })
}

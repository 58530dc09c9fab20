package cobertura

import (
	"bufio"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/hitstest"
)

// doc wraps classes in the elements that stand around them.
func doc(classes string) string {
	return "<coverage><packages><package><classes>" + classes + "</classes></package></packages></coverage>"
}

func class(filename, lines string) string {
	return `<class filename="` + filename + `"><lines>` + lines + "</lines></class>"
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		report string
		want   []string
	}{
		"lines count by file": {
			report: doc(class("a.py", `<line number="1" hits="1"/><line number="2" hits="0"/>`) + class("b.py", `<line number="1" hits="0"/>`)),
			want:   []string{"a.py 1/2", "b.py 0/1"},
		},
		"a file that is split over classes is one, also where they share lines": {
			report: doc(class("a.php", `<line number="1" hits="1"/><line number="2" hits="0"/>`) + class("b.php", "") +
				class("a.php", `<line number="2" hits="3"/><line number="9" hits="0"/>`)),
			want: []string{"a.php 2/3", "b.php 0/0"},
		},
		"the lines of methods are not counted again, nor in place of the others": {
			report: doc(`<class filename="a.js"><methods><method name="f"><lines><line number="1" hits="1"/><line number="7" hits="1"/></lines></method></methods>` +
				`<lines><line number="1" hits="0"/></lines></class>`),
			want: []string{"a.js 0/1"},
		},
		"lines outside of a class are not counted": {
			report: `<coverage><lines><line number="1" hits="1"/></lines><packages><package><lines><line number="2" hits="1"/></lines></package></packages></coverage>`,
		},
		"hits may be larger than an integer, in exponents or fractions": {
			report: doc(class("a", `<line number="1" hits="99999999999999999999"/><line number="2" hits="1e3"/><line number="3" hits="0.0"/><line number="4" hits="2.0"/>`)),
			want:   []string{"a 3/4"},
		},
		"quotes, order of attributes, entities and end tags vary": {
			report: doc(`<class line-rate='1' filename='a&amp;b.py'><lines><line hits='1' branch='false' number='1'></line></lines></class>`),
			want:   []string{"a&b.py 1/1"},
		},
		"comments, CDATA, processing instructions and a DOCTYPE are passed over": {
			report: `<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://192.0.2.1/never-fetched.dtd"><!-- <line number="9" hits="1"/> -->` +
				strings.Replace(doc(class("a", `<line number="1" hits="1"/>`)), "<packages>", `<?x y?><sources><source><![CDATA[<class filename="no">]]></source></sources><packages>`, 1) + "\n<!-- end -->\n",
			want: []string{"a 1/1"},
		},
		"branches come from condition-coverage alone": {
			report: doc(class("a", `<line number="1" hits="1" branch="true" condition-coverage="50% (1/2)"/>`+
				`<line number="2" hits="1" branch="true" condition-coverage="100%"/>`+
				`<line number="3" hits="1" branch="true" condition-coverage="75% (3/4)"><conditions><condition number="0" coverage="75%"/></conditions></line>`)),
			want: []string{"a 3/3 branches 4/6"},
		},
		"branches that make no sense are not counted": {
			report: doc(class("a", `<line number="1" hits="1" condition-coverage="150% (3/2)"/><line number="2" hits="1" condition-coverage="(-1/2)"/>`+
				`<line number="3" hits="1" condition-coverage="50% (99999999999/99999999999)"/>`)),
			want: []string{"a 3/3"},
		},
		"rates are not used": {
			report: strings.Replace(doc(class("a", `<line number="1" hits="0"/>`)), "<coverage>", `<coverage line-rate="0.99">`, 1),
			want:   []string{"a 0/1"},
		},
		"a root that tells another story gives a warning": {
			report: strings.Replace(doc(class("a", `<line number="1" hits="1"/>`)), "<coverage>", `<coverage lines-valid="30" lines-covered="23">`, 1),
			want:   []string{"a 1/1", "warning: the root says lines-covered/lines-valid 23/30, its lines are 1/1; the lines count"},
		},
		"a root that agrees gives none": {
			report: strings.Replace(doc(class("a", `<line number="1" hits="1"/>`)), "<coverage>", `<coverage lines-valid="1" lines-covered="1">`, 1),
			want:   []string{"a 1/1"},
		},
		"a report may have no classes": {report: doc("")},
		"ISO 8859-1 is decoded": {
			report: "<?xml version='1.0' encoding='ISO-8859-1'?>" + doc(class("caf\xe9.py", `<line number="1" hits="1"/>`)),
			want:   []string{"café.py 1/1"},
		},
		"US-ASCII is UTF-8": {
			report: "<?xml version='1.0' encoding='US-ASCII'?>" + doc(class("a", `<line number="1" hits="1"/>`)),
			want:   []string{"a 1/1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(strings.NewReader(tt.report))
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
	whole := doc(class("a", `<line number="1" hits="1"/>`))
	tests := map[string]struct {
		report string
		want   string
		is     error // nil where nothing but the text tells
	}{
		"a report that ends within an element": {
			report: "<coverage>\n<packages>\n<package>\n", want: "line 4: report is truncated: the XML ends before its root element does", is: hits.ErrTruncated,
		},
		"a report that ends within a tag":    {report: whole[:len(whole)-3], want: "line 1: report is truncated", is: hits.ErrTruncated},
		"a report that ends within methods":  {report: `<coverage><class filename="a"><methods><method>`, want: "line 1: report is truncated", is: hits.ErrTruncated},
		"a report that ends within CDATA":    {report: "<coverage><![CDATA[ab", want: "line 1: report is truncated", is: hits.ErrTruncated},
		"a report that ends before its root": {report: "<?xml version='1.0'?>\n", want: "line 2: report is truncated: it ends before its root", is: hits.ErrTruncated},
		"Clover": {
			report: "<coverage generated=\"1\">\n<project/></coverage>", want: "line 2: unknown report format: this is Clover XML", is: hits.ErrUnknownFormat,
		},
		"JaCoCo":        {report: `<!DOCTYPE report PUBLIC "-//JACOCO//DTD" "report.dtd"><report name="x"/>`, want: "line 1: unknown report format: XML whose root is <report>", is: hits.ErrUnknownFormat},
		"XML of JUnit":  {report: `<testsuites/>`, want: "line 1: unknown report format: XML whose root is <testsuites>", is: hits.ErrUnknownFormat},
		"two documents": {report: whole + "\n" + whole, want: "line 2: a second root element <coverage>"},
		"text behind the document": {
			report: whole + "\nKilled", want: "line 2: text outside of the root element",
		},
		"tags that do not match":             {report: "<coverage>\n</packages>", want: "line 2: XML: element <coverage> closed by </packages>"},
		"an entity that would be fetched":    {report: `<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/hostname">]>` + "\n" + doc(class("&x;", "")), want: "line 2: XML: invalid character entity &x;"},
		"a class without a filename":         {report: doc(`<class name="a"/>`), want: "line 1: class has no filename"},
		"a line without a number":            {report: doc(class("a", `<line hits="1"/>`)), want: `line 1: line number "" is not`},
		"a line with a negative number":      {report: doc(class("a", `<line number="-1" hits="1"/>`)), want: `line 1: line number "-1" is not`},
		"a line without hits":                {report: doc(class("a", `<line number="4"/>`)), want: `line 1: hits of line 4: count "" is not`},
		"an encoding that nobody writes":     {report: "<?xml version='1.0' encoding='utf-32'?><coverage/>", want: "line 1: XML is encoded in utf-32"},
		"bytes that are not of its encoding": {report: doc(class("caf\xe9", "")), want: "line 1: XML: invalid UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(tt.report))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s...", err, tt.want)
			}
			for _, is := range []error{hits.ErrTruncated, hits.ErrUnknownFormat} {
				if errors.Is(err, is) != errors.Is(tt.is, is) {
					t.Errorf("error is %v, want it to be %v", err, tt.is)
				}
			}
		})
	}
}

func TestParsePassesOnReadErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, text := range map[string]string{
		"UTF-8":      "<coverage><packages>",
		"ISO 8859-1": "<?xml version='1.0' encoding='iso-8859-1'?><coverage>",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(&failing{strings.NewReader(text), broken}); !errors.Is(err, broken) {
				t.Errorf("error is %v, want %v", err, broken)
			}
		})
	}
}

type failing struct {
	text *strings.Reader
	err  error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.text.Len() == 0 {
		return 0, f.err
	}
	return f.text.Read(p)
}

func FuzzParse(f *testing.F) {
	hitstest.Seed(f, "../../testdata/*.xml")
	f.Add([]byte("<?xml version='1.0' encoding='latin1'?>" + doc(class("\xe9", `<line number='64' hits='1e3' condition-coverage='1% (1/2)'/>`))))
	f.Add([]byte("<!DOCTYPE c [<!ENTITY a 'b'>]><coverage><class filename='&#65;'><methods/></class></coverage>"))
	parse := func(r *bufio.Reader) (*hits.Set, error) { return Parse(r) }
	f.Fuzz(func(t *testing.T, text []byte) { hitstest.Check(t, parse, text) })
}

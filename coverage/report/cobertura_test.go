package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/coverage"
)

// inParts returns the parts that Cobertura writes.
func inParts(t testing.TB, r coverage.Result, limit int) [][]byte {
	t.Helper()
	var parts []*part
	err := WriteCobertura(r, limit, func(n int) (io.WriteCloser, error) {
		if n != len(parts)+1 {
			t.Errorf("part %d comes after %d", n, len(parts))
		}
		parts = append(parts, &part{})
		return parts[n-1], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for i, p := range parts {
		if !p.closed {
			t.Errorf("part %d is not closed", i+1)
		}
		out = append(out, p.Bytes())
	}
	return out
}

// merged reads parts back as the lines of each file: "3+" is line 3, covered.
func merged(t testing.TB, parts [][]byte) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for i, text := range parts {
		report, err := coverage.Parse(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("part %d: %v\n%s", i+1, err, text)
		}
		if report.Format != coverage.Cobertura || len(report.Warnings) > 0 || !slices.Equal(report.Roots, []string{"."}) {
			t.Fatalf("part %d is %s with roots %q, warnings %q", i+1, report.Format, report.Roots, report.Warnings)
		}
		for _, f := range report.Files {
			out[f.Path] = append(out[f.Path], lines(f)...)
		}
		valid(t, text)
	}
	return out
}

func lines(f coverage.File) []string {
	out := []string{}
	for n, hit := range f.Lines() {
		out = append(out, fmt.Sprintf("%d%s", n, map[bool]string{true: "+", false: "-"}[hit]))
	}
	return out
}

// dtd is what coverage-04.dtd of Cobertura says of the elements that are written:
// the children that each may have, and the attributes that it must have.
var dtd = map[string]struct{ children, attrs []string }{
	"coverage": {[]string{"sources", "packages"}, []string{"line-rate", "branch-rate", "lines-covered", "lines-valid", "branches-covered", "branches-valid", "complexity", "version", "timestamp"}},
	"sources":  {[]string{"source"}, nil},
	"source":   {},
	"packages": {[]string{"package"}, nil},
	"package":  {[]string{"classes"}, []string{"name", "line-rate", "branch-rate", "complexity"}},
	"classes":  {[]string{"class"}, nil},
	"class":    {[]string{"methods", "lines"}, []string{"name", "filename", "line-rate", "branch-rate", "complexity"}},
	"methods":  {},
	"lines":    {[]string{"line"}, nil},
	"line":     {nil, []string{"number", "hits"}},
}

func valid(t testing.TB, text []byte) {
	t.Helper()
	var open []string
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			if len(open) > 0 && !slices.Contains(dtd[open[len(open)-1]].children, name) {
				t.Fatalf("%s stands in %s", name, open[len(open)-1])
			}
			open = append(open, name)
			for _, want := range dtd[name].attrs {
				if !slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == want }) {
					t.Fatalf("%s has no %s", name, want)
				}
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

func TestCobertura(t *testing.T) {
	report := parse(t, `<coverage><packages><package><classes>`+
		`<class filename="web/cart.js"><lines><line number="1" hits="7"/><line number="2" hits="0" branch="true" condition-coverage="50% (1/2)"/></lines></class>`+
		`<class filename="web/a &amp; &quot;b&quot;.js"><lines><line number="9" hits="1"/></lines></class>`+
		`<class filename="main.js"><lines/></class>`+
		`</classes></package></packages></coverage>`)
	r := coverage.Gate{}.Conclude([]coverage.Verdict{coverage.Gate{}.Judge("web", report)})
	parts := inParts(t, r, 0)
	want := `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage line-rate="0.6666" branch-rate="0.5000" lines-covered="2" lines-valid="3" branches-covered="1" branches-valid="2" complexity="0" version="1" timestamp="0">
<sources><source>.</source></sources>
<packages>
<package name="." line-rate="1.0000" branch-rate="1.0000" complexity="0"><classes>
<class name="main.js" filename="main.js" line-rate="1.0000" branch-rate="1.0000" complexity="0"><methods/><lines>
</lines></class>
</classes></package>
<package name="web" line-rate="0.6666" branch-rate="0.5000" complexity="0"><classes>
<class name="a &amp; &#34;b&#34;.js" filename="web/a &amp; &#34;b&#34;.js" line-rate="1.0000" branch-rate="1.0000" complexity="0"><methods/><lines>
<line number="9" hits="1"/>
</lines></class>
<class name="cart.js" filename="web/cart.js" line-rate="0.5000" branch-rate="0.5000" complexity="0"><methods/><lines>
<line number="1" hits="1"/>
<line number="2" hits="0" branch="true" condition-coverage="50% (1/2)"/>
</lines></class>
</classes></package>
</packages>
</coverage>
`
	if len(parts) != 1 {
		t.Fatalf("%d parts", len(parts))
	}
	if d := cmp.Diff(want, string(parts[0])); d != "" {
		t.Errorf("XML (-want +got):\n%s", d)
	}
	got := parse(t, string(parts[0]))
	if d := cmp.Diff(report.Files, got.Files, cmpopts.IgnoreUnexported(coverage.File{})); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
}

// TestCoberturaParts writes random runs under random limits, and reads the parts back.
func TestCoberturaParts(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 11))
	most := 0
	for range 60 {
		var text strings.Builder
		text.WriteString("TN:\n")
		for i := range rnd.IntN(12) {
			fmt.Fprintf(&text, "SF:%s/file<%d>.js\n", strings.Repeat("d/", rnd.IntN(3))+"x", i)
			for n := range rnd.IntN(120) {
				fmt.Fprintf(&text, "DA:%d,%d\n", 1+n*(1+rnd.IntN(50)), rnd.IntN(2))
			}
			text.WriteString("end_of_record\n")
		}
		report := parse(t, text.String())
		r := coverage.Gate{}.Conclude([]coverage.Verdict{coverage.Gate{}.Judge("m", report)})
		limit := 1300 + rnd.IntN(4000)
		parts := inParts(t, r, limit)
		most = max(most, len(parts))
		for i, p := range parts {
			if len(p) > limit {
				t.Fatalf("part %d of %d has %d bytes, the limit is %d", i+1, len(parts), len(p), limit)
			}
		}
		want := map[string][]string{}
		for _, f := range report.Files {
			want[f.Path] = append(want[f.Path], lines(f)...)
		}
		if d := cmp.Diff(want, merged(t, parts), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("limit %d, %d parts (-want +got):\n%s", limit, len(parts), d)
		}
	}
	if most < 5 {
		t.Errorf("there were never more than %d parts", most)
	}
}

func TestCoberturaKeepsAFileInOnePartWhereItFits(t *testing.T) {
	var text strings.Builder
	for i := range 8 {
		fmt.Fprintf(&text, "SF:f%d.js\n", i)
		for n := range 20 {
			fmt.Fprintf(&text, "DA:%d,1\n", n+1)
		}
		text.WriteString("end_of_record\n")
	}
	r := coverage.Gate{}.Conclude([]coverage.Verdict{coverage.Gate{}.Judge("m", parse(t, text.String()))})
	parts := inParts(t, r, 2600)
	if len(parts) < 2 {
		t.Fatalf("%d parts", len(parts))
	}
	for i, p := range parts {
		for _, f := range parse(t, string(p)).Files {
			if f.Total != 20 {
				t.Errorf("part %d has %d of 20 lines of %s", i+1, f.Total, f.Path)
			}
		}
	}
}

func TestCoberturaOfNothingIsOneEmptyPart(t *testing.T) {
	parts := inParts(t, coverage.Result{}, 0)
	if got := merged(t, parts); len(parts) != 1 || len(got) != 0 {
		t.Errorf("%d parts with %v", len(parts), got)
	}
}

func TestCoberturaLeavesOutWhatHasNoLines(t *testing.T) {
	report := coverage.Report{Metric: coverage.Lines, Files: []coverage.File{{Path: "a.js", Count: coverage.Count{Covered: 1, Total: 2}}}}
	parts := inParts(t, coverage.Gate{}.Conclude([]coverage.Verdict{coverage.Gate{}.Judge("m", report)}), 0)
	if got := merged(t, parts); len(got) != 0 {
		t.Errorf("files are %v", got)
	}
}

func TestCoberturaFails(t *testing.T) {
	r := checked(t, coverage.Gate{}, [2]string{"web", web})
	twice := coverage.Result{Verdicts: append(slices.Clone(r.Verdicts), coverage.Verdict{Module: "e2e", Files: r.Verdicts[0].Files})}
	fail := func(n int) func(int) (io.WriteCloser, error) {
		return func(int) (io.WriteCloser, error) { return closing{&full{after: n}}, nil }
	}
	tests := map[string]struct {
		result coverage.Result
		limit  int
		create func(int) (io.WriteCloser, error)
		want   string
	}{
		"a limit that no line fits into":       {r, 600, fail(1 << 20), "write Cobertura: a limit of 600 bytes is too small for a line of web/a|b.js"},
		"a limit that a class does not fit to": {r, 1, fail(1 << 20), "write Cobertura: a limit of 1 bytes is too small"},
		"files that may be several":            {twice, 0, fail(1 << 20), "write Cobertura: web/a|b.js is in the reports of web and e2e"},
		"a file that cannot be made": {
			r, 0, func(int) (io.WriteCloser, error) { return nil, errFull }, "write Cobertura: disk is full",
		},
		"a disk that is full at once":  {r, 0, fail(0), "write Cobertura: disk is full"},
		"one that is full in the body": {r, 0, fail(400), "write Cobertura: disk is full"},
		"one that is full in the end":  {r, 0, fail(len(inParts(t, r, 0)[0]) - 1), "write Cobertura: disk is full"},
		"one that is full within the parts": {
			r, 1100, fail(400), "write Cobertura: disk is full",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := WriteCobertura(tt.result, tt.limit, tt.create); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}

type closing struct{ io.Writer }

func (closing) Close() error { return nil }

func TestRate(t *testing.T) {
	for want, c := range map[string]coverage.Count{
		"0.0000": {Covered: 0, Total: 3}, "1.0000": {Covered: 3, Total: 3}, "0.7999": {Covered: 3203, Total: 4004}, "0.0705": {Covered: 705, Total: 10000},
	} {
		if got := rate(c); got != want {
			t.Errorf("rate of %v is %s, want %s", c, got, want)
		}
	}
}

package validate

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// runWith runs one check with findings over a root with one module.
func runWith(t *testing.T, r Runner, m Module, fs ...Finding) Result {
	t.Helper()
	r.Checks = []Check{finds("c", fs...)}
	result, err := r.Run(t.Context(), []Module{m})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func fingerprintsOf(fs []Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Fingerprint)
	}
	return out
}

func TestFingerprints(t *testing.T) {
	all := Module{Name: "m", Dir: "."}
	before := tree(t, map[string]string{"a.py": "x=1\ny=2\ny=2\n"})
	fs := []Finding{
		{Path: "a.py", Line: 1, Rule: "E225", Message: "missing whitespace"},
		{Path: "a.py", Line: 2, Rule: "E225", Message: "missing whitespace"},
		{Path: "a.py", Line: 3, Rule: "E225", Message: "missing whitespace"},
		{Path: "a.py", Line: 3, Rule: "E999", Message: "declared on line 1"},
	}
	first := fingerprintsOf(runWith(t, Runner{Root: before}, all, fs...).Findings())
	if unique := slices.Compact(slices.Sorted(slices.Values(first))); len(unique) != 4 {
		t.Errorf("fingerprints are not unique: %v", first)
	}
	after := tree(t, map[string]string{"a.py": "import os\n\n  x=1\ny=2\ny=2\n"})
	for i := range fs {
		fs[i].Line += 2
	}
	fs[3].Message = "declared on line 3"
	moved := fingerprintsOf(runWith(t, Runner{Root: after}, all, fs...).Findings())
	if d := cmp.Diff(first, moved); d != "" {
		t.Errorf("fingerprints changed with the lines:\n%s", d)
	}
	changed := tree(t, map[string]string{"a.py": "import os\n\nx=2\ny=2\ny=2\n"})
	other := fingerprintsOf(runWith(t, Runner{Root: changed}, all, fs...).Findings())
	if other[0] == moved[0] || other[1] != moved[1] {
		t.Error("a changed line must change its own fingerprint, and no other")
	}
}

func TestFindingsAreSortedAndToldOnce(t *testing.T) {
	fs := []Finding{
		{Path: "b", Line: 1, Message: "x"},
		{Path: "a", Line: 10, Message: "x"},
		{Path: "a", Line: 2, Column: 5, Message: "x"},
		{Path: "a", Line: 2, Column: 4, Message: "x"},
		{Path: "a", Message: "x"},
		{Path: "a", Line: 2, Column: 4, Message: "a"},
	}
	fs = append(fs, fs...)
	seed := rand.Uint64()
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(fs), func(i, j int) { fs[i], fs[j] = fs[j], fs[i] })
	var got []string
	for _, f := range runWith(t, Runner{Root: t.TempDir()}, Module{Name: "m", Dir: "."}, fs...).Findings() {
		got = append(got, f.String())
	}
	want := []string{"a: error: x (c)", "a:2:4: error: a (c)", "a:2:4: error: x (c)", "a:2:5: error: x (c)", "a:10: error: x (c)", "b:1: error: x (c)"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("seed %d (-want +got):\n%s", seed, d)
	}
}

func TestFailOn(t *testing.T) {
	mild := Finding{Path: "a", Message: "x", Severity: Warning}
	for name, tt := range map[string]struct {
		failOn  Severity
		outcome Outcome
		summary string
	}{
		"every finding fails unless told otherwise": {0, Findings, "1 finding"},
		"a finding of the mildest severity fails":   {Warning, Findings, "1 finding"},
		"a milder one is shown and does not":        {Error, Clean, "clean, 1 finding too mild to fail"},
	} {
		t.Run(name, func(t *testing.T) {
			v := runWith(t, Runner{Root: t.TempDir(), FailOn: tt.failOn}, Module{Name: "m", Dir: "."}, mild).Verdicts[0]
			if v.Outcome != tt.outcome || v.Summary() != tt.summary || len(v.Findings) != 1 {
				t.Errorf("got %s, %q, %d findings", v.Outcome, v.Summary(), len(v.Findings))
			}
		})
	}
}

func TestChangedLines(t *testing.T) {
	lines, err := ParseDiff(strings.NewReader("--- a/s/a.py\n+++ b/s/a.py\n@@ -1,0 +5,3 @@\n+x\n+y\n+z\n"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		finding Finding
		files   []string // of the module
		counts  bool
	}{
		"one on a changed line counts":                       {Finding{Path: "s/a.py", Line: 5}, nil, true},
		"one on the last of them too":                        {Finding{Path: "s/a.py", Line: 7}, nil, true},
		"one before does not":                                {Finding{Path: "s/a.py", Line: 4}, nil, false},
		"one after does not":                                 {Finding{Path: "s/a.py", Line: 8}, nil, false},
		"one that reaches into them counts":                  {Finding{Path: "s/a.py", Line: 2, EndLine: 5}, nil, true},
		"one that ends before them does not":                 {Finding{Path: "s/a.py", Line: 2, EndLine: 4}, nil, false},
		"one of another file does not":                       {Finding{Path: "s/b.py", Line: 5}, nil, false},
		"one without a line counts in a changed file":        {Finding{Path: "s/a.py"}, nil, true},
		"one without a line does not count in another":       {Finding{Path: "s/b.py"}, nil, false},
		"one about the file counts wherever it stands":       {Finding{Path: "s/a.py", Line: 90, Scope: OfFile}, nil, true},
		"one about a file that only lost lines counts":       {Finding{Path: "s/b.py", Line: 9, Scope: OfFile}, []string{"b.py"}, true},
		"one about the module counts in any file":            {Finding{Path: "s/b.py", Line: 9, Scope: OfModule}, nil, true},
		"a line of a file that only lost lines does not":     {Finding{Path: "s/b.py", Line: 9}, []string{"b.py"}, false},
		"a directory's name is no prefix of another's files": {Finding{Path: "s/a.pyx", Line: 5}, nil, false},
	}
	root := tree(t, map[string]string{"s/a.py": ""})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.finding.Message = "x"
			v := runWith(t, Runner{Root: root, Changed: lines}, Module{Name: "m", Dir: "s", Files: tt.files}, tt.finding).Verdicts[0]
			if counts := len(v.Findings) == 1; counts != tt.counts || len(v.Findings)+len(v.Elsewhere) != 1 {
				t.Errorf("counts is %v, want %v", counts, tt.counts)
			}
			if pass := v.Outcome == Clean; pass == tt.counts {
				t.Errorf("outcome is %s", v.Outcome)
			}
		})
	}
	t.Run("one about a module without changes does not count", func(t *testing.T) {
		other := tree(t, map[string]string{"o/a.py": ""})
		v := runWith(t, Runner{Root: other, Changed: lines}, Module{Name: "m", Dir: "o"}, Finding{Path: "o/a.py", Line: 1, Scope: OfModule}).Verdicts[0]
		if len(v.Elsewhere) != 1 || v.Summary() != "clean, 1 not on changed lines" {
			t.Errorf("verdict is %+v", v)
		}
	})
	t.Run("a diff without lines lets nothing count", func(t *testing.T) {
		v := runWith(t, Runner{Root: root, Changed: LineRanges{}}, Module{Name: "m", Dir: "s"}, Finding{Path: "s/a.py", Line: 5}).Verdicts[0]
		if len(v.Elsewhere) != 1 {
			t.Errorf("verdict is %+v", v)
		}
	})
}

func TestBaseline(t *testing.T) {
	all := Module{Name: "m", Dir: "."}
	before := tree(t, map[string]string{"a.py": "x=1\nx=1\ny=1\n"})
	fs := []Finding{{Path: "a.py", Line: 1, Message: "bad"}, {Path: "a.py", Line: 2, Message: "bad"}, {Path: "a.py", Line: 3, Message: "bad"}}
	known, err := runWith(t, Runner{Root: before}, all, fs...).Baseline()
	if err != nil {
		t.Fatal(err)
	}
	known = reread(t, known)
	if len(known.Entries) != 2 || known.Entries[0].Count+known.Entries[1].Count != 3 {
		t.Fatalf("entries are %+v, want two, one with a count of 2", known.Entries)
	}
	t.Run("known findings do not fail", func(t *testing.T) {
		r := runWith(t, Runner{Root: before, Baseline: known}, all, fs...)
		if v := r.Verdicts[0]; !r.Pass() || v.Summary() != "clean, 3 known" || len(r.Stale) != 0 {
			t.Errorf("got %s; stale %v", v.Summary(), r.Stale)
		}
	})
	t.Run("nor do they where lines moved", func(t *testing.T) {
		after := tree(t, map[string]string{"a.py": "\n\nx=1\nx=1\ny=1\n"})
		if r := runWith(t, Runner{Root: after, Baseline: known}, all, shift(fs, 2)...); !r.Pass() {
			t.Errorf("got\n%s", r)
		}
	})
	t.Run("one more of a kind is new", func(t *testing.T) {
		after := tree(t, map[string]string{"a.py": "x=1\nx=1\ny=1\nx=1\n"})
		r := runWith(t, Runner{Root: after, Baseline: known}, all, append(fs, Finding{Path: "a.py", Line: 4, Message: "bad"})...)
		if got := r.Findings(); len(got) != 1 || got[0].Line != 4 {
			t.Errorf("findings are %v, want the one of line 4", got)
		}
	})
	t.Run("what is mended is stale, with its count", func(t *testing.T) {
		r := runWith(t, Runner{Root: before, Baseline: known}, all, fs[0])
		var got []string
		for _, e := range r.Stale {
			got = append(got, e.String())
		}
		if d := cmp.Diff([]string{"a.py: bad (c)", "a.py: bad (c)"}, got); d != "" || !r.Pass() {
			t.Errorf("pass %v, stale:\n%s", r.Pass(), d)
		}
	})
	t.Run("what was not looked at is not stale", func(t *testing.T) {
		if r := runWith(t, Runner{Root: before, Baseline: known}, Module{Name: "m", Dir: ".", Files: []string{"b.py"}}); len(r.Stale) != 0 {
			t.Errorf("stale: %v", r.Stale)
		}
		crash := fakeCheck{"c", func(context.Context, Target) (Report, error) { return Report{}, &MissingToolError{Tool: "x"} }}
		r, err := Runner{Root: before, Baseline: known, Checks: []Check{crash}}.Run(t.Context(), []Module{all})
		if err != nil || len(r.Stale) != 0 {
			t.Errorf("stale: %v, %v", r.Stale, err)
		}
		if _, err := r.Baseline(); err == nil || !strings.Contains(err.Error(), "make baseline: c of module m: missing tool") {
			t.Errorf("a baseline was made of a run in which a linter was missing: %v", err)
		}
	})
	t.Run("a run with a baseline makes the same again", func(t *testing.T) {
		again, err := runWith(t, Runner{Root: before, Baseline: known}, all, fs...).Baseline()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(known, again); d != "" {
			t.Error(d)
		}
	})
}

func shift(fs []Finding, n int) []Finding {
	out := slices.Clone(fs)
	for i := range out {
		out[i].Line += n
	}
	return out
}

func reread(t *testing.T, b *Baseline) *Baseline {
	t.Helper()
	var buf bytes.Buffer
	if err := b.Write(&buf); err != nil {
		t.Fatal(err)
	}
	again, err := ReadBaseline(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestEmptyBaseline(t *testing.T) {
	for name, b := range map[string]*Baseline{"nil": nil, "without entries": {}} {
		if got := reread(t, b); len(got.Entries) != 0 {
			t.Errorf("%s: entries are %v", name, got.Entries)
		}
	}
}

func TestReadBaselineRefuses(t *testing.T) {
	entry := `{"path":"a","check":"c","message":"m","fingerprint":"f","count":1}`
	for name, tt := range map[string]struct{ text, want string }{
		"an empty file":               {"", "read baseline: it is not one that was written by Baseline.Write: EOF"},
		"a cut file":                  {`{"version":1,"findings":[`, "unexpected EOF"},
		"another JSON":                {`[]`, "cannot unmarshal array"},
		"an empty object":             {`{}`, "version 0 is not known; want 1"},
		"a later version":             {`{"version":2,"findings":[]}`, "version 2 is not known"},
		"unknown fields":              {`{"version":1,"known":[]}`, `unknown field "known"`},
		"something behind":            {`{"version":1,"findings":[]}{}`, "there is something behind it"},
		"an entry without a check":    {`{"version":1,"findings":[{"path":"a","fingerprint":"f","count":1}]}`, "finding 1 has no path, check or fingerprint"},
		"a count of 0":                {`{"version":1,"findings":[{"path":"a","check":"c","fingerprint":"f"}]}`, "finding 1 has count 0"},
		"a fingerprint that is twice": {`{"version":1,"findings":[` + entry + `,` + entry + `]}`, "finding 2 has the fingerprint of another"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadBaseline(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzReadBaseline(f *testing.F) {
	f.Add([]byte(`{"version":1,"findings":[{"path":"a","check":"c","rule":"r","message":"m","fingerprint":"f","count":2}]}`))
	f.Add([]byte(`{"version":1,"findings":[]}`))
	f.Add([]byte(`{"version":1,"findings":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBaseline(bytes.NewReader(data))
		if err != nil {
			return
		}
		if d := cmp.Diff(len(b.Entries), len(reread(t, b).Entries)); d != "" {
			t.Error(d)
		}
	})
}

func TestCleanText(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"plain text stays":                {"größer als 80 – naïve 漢字 👍", "größer als 80 – naïve 漢字 👍"},
		"escape sequences show":           {"\x1b[31mred\x07", `\x1b[31mred\x07`},
		"8-bit escape sequences show":     {"\u009b31m", `\u009b31m`},
		"lines become one":                {"a\r\nb\n\n  c\td", "a b c d"},
		"reversed text shows":             {"a\u202eb\u2066c", `a\u202eb\u2066c`},
		"zero-width space shows":          {"a\u200bb", `a\u200bb`},
		"tags beyond the first plane too": {"a\U000e0041", `a\U000e0041`},
		"bytes that are no text show":     {"a\xff\xfeb", `a\xff\xfeb`},
		"the replacement sign stays":      {"a\ufffdb", "a\ufffdb"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cleanMessage(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := cleanMessage(strings.Repeat("é", maxMessage)); len(got) > maxMessage+3 || !strings.HasSuffix(got, "é…") {
		t.Errorf("a long message has %d bytes and ends in %q", len(got), got[len(got)-5:])
	}
	if d := cmp.Diff([]string{"c", `\x1b[1m`}, cleanLines("a\nb\r\n\nc\n\x1b[1m \n", 2)); d != "" {
		t.Error(d)
	}
}

func TestResultText(t *testing.T) {
	root := tree(t, map[string]string{"web/a.js": "", "billing/b.py": ""})
	checks := []Check{
		fakeCheck{"eslint", func(_ context.Context, target Target) (Report, error) {
			if target.Module.Name == "web" {
				return Report{Output: []string{"npm error \x1b[31mCode\x1b[0m"}}, &MissingToolError{Tool: "eslint", Remedy: "run npm ci in web"}
			}
			return Report{Nothing: "no JavaScript file"}, nil
		}},
		fakeCheck{"pep8", func(_ context.Context, target Target) (Report, error) {
			return Report{Notes: []string{"W503 is left out"}, Findings: []Finding{
				{Path: target.Module.Dir + "/b.py", Line: 3, Column: 1, Rule: "E302", Severity: Warning, Message: "expected 2 blank lines"},
				{Path: target.Module.Dir + "/\x1b]0;x\a.py", Severity: Error, Message: "bad name"},
			}}, nil
		}},
	}
	result, err := Runner{Root: root, Checks: checks}.Run(t.Context(), []Module{{Name: "web", Dir: "web"}, {Name: "billing", Dir: "billing"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `eslint of web printed, at the end:
  | npm error \x1b[31mCode\x1b[0m
web/\x1b]0;x\x07.py: error: bad name (pep8)
web/b.py:3:1: warning: expected 2 blank lines (pep8/E302)
billing/\x1b]0;x\x07.py: error: bad name (pep8)
billing/b.py:3:1: warning: expected 2 blank lines (pep8/E302)

MODULE   CHECK   OUTCOME
web      eslint  missing tool: eslint is not installed: run npm ci in web
web      pep8    2 findings
billing  eslint  nothing to validate: no JavaScript file
billing  pep8    2 findings
note: pep8: W503 is left out
`
	if d := cmp.Diff(want, result.String()); d != "" {
		t.Errorf("text (-want +got):\n%s", d)
	}
}

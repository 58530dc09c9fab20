package validate

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

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
		other := tree(t, map[string]string{"o/a.py": "", "s/a.py": ""})
		result := runWith(t, Runner{Root: other, Changed: lines}, Module{Name: "m", Dir: "o"}, Finding{Path: "o/a.py", Line: 1, Scope: OfModule})
		v := result.Verdicts[0]
		if len(v.Elsewhere) != 1 || v.Summary() != "clean, 1 not on changed lines" || cmp.Diff([]string{"no changed file is in module m, so no finding in it counts"}, result.Notes) != "" {
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

func TestDiffsOfDeletedLines(t *testing.T) {
	const lost = "--- a/s/a.tf\n+++ b/s/a.tf\n@@ -2 +1,0 @@\n-variable \"a\" {}\n"
	const gone = "diff --git a/s/b.tf b/s/b.tf\ndeleted file mode 100644\n--- a/s/b.tf\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
	root := tree(t, map[string]string{"s/a.tf": "", "o/c.tf": ""})
	for name, tt := range map[string]struct {
		diff    string
		finding Finding
		counts  bool
	}{
		"the module of a file that lost lines": {lost, Finding{Path: "s/x.tf", Line: 3, Scope: OfModule}, true},
		"that file":                            {lost, Finding{Path: "s/a.tf", Line: 3, Scope: OfFile}, true},
		"another file":                         {lost, Finding{Path: "s/x.tf", Line: 3, Scope: OfFile}, false},
		"a line that is still there":           {lost, Finding{Path: "s/a.tf", Line: 1}, false},
		"the module of a file that is gone":    {gone, Finding{Path: "s/x.tf", Line: 3, Scope: OfModule}, true},
	} {
		lines, err := ParseDiff(strings.NewReader(tt.diff))
		if err != nil {
			t.Fatal(err)
		}
		tt.finding.Message = "x"
		v := runWith(t, Runner{Root: root, Changed: lines}, Module{Name: "m", Dir: "s"}, tt.finding).Verdicts[0]
		if counts := len(v.Findings) == 1; counts != tt.counts {
			t.Errorf("%s: counts is %v, want %v", name, counts, tt.counts)
		}
	}
}

func TestDiffsOfAnotherRoot(t *testing.T) {
	top := tree(t, map[string]string{"services/web/a.js": "", "docs/x.md": ""})
	for name, tt := range map[string]struct {
		root    string
		changed LineRanges
		fails   bool
	}{
		"the right root":                        {"", LineRanges{"services/web/a.js": {{First: 1, Last: 1}}}, false},
		"a root below":                          {"services", LineRanges{"services/web/a.js": {{First: 1, Last: 1}}}, true},
		"a root below, and only deleted files":  {"services", LineRanges{"services/web/b.js": {}}, true},
		"deleted files alone":                   {"", LineRanges{"old/b.js": {}}, false},
		"a file beside the modules":             {"", LineRanges{"docs/x.md": {{First: 1, Last: 1}}}, false},
		"one of several that was deleted since": {"", LineRanges{"docs/x.md": {{First: 1, Last: 1}}, "docs/y.md": {{First: 1, Last: 1}}}, false},
		"a diff of nothing":                     {"", LineRanges{}, false},
	} {
		dir := map[string]string{"": "services/web", "services": "web"}[tt.root]
		r := Runner{Root: top + "/" + tt.root, Changed: tt.changed, Checks: []Check{finds("c")}}
		_, err := r.Run(t.Context(), []Module{{Name: "web", Dir: dir}})
		if fails := err != nil && strings.Contains(err.Error(), "the paths of a diff must be relative to it"); fails != tt.fails || !fails && err != nil {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// Ten thousand findings, in turn in two files, whose lines are long: each file is
// to be read once, and each line looked at once.
func TestFingerprintsCostNoMoreThanTheFiles(t *testing.T) {
	line := strings.Repeat("x ", 1<<20)
	root := tree(t, map[string]string{"a": line, "b": line})
	var fs []Finding
	for i := range 20_000 {
		fs = append(fs, Finding{Path: []string{"a", "b"}[i%2], Line: 1, Column: i})
	}
	start := time.Now()
	result := runWith(t, Runner{Root: root}, Module{Name: "m", Dir: "."}, fs...)
	if took := time.Since(start); len(result.Findings()) != len(fs) || took > 10*time.Second { // minutes, if it were read for each
		t.Errorf("%d findings took %v", len(result.Findings()), took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lines := lineReader{root: root, done: func() bool { return ctx.Err() != nil }}
	if got := lines.line("a", 1); got != "" || lines.lines != nil {
		t.Error("a file is read though nobody waits any more")
	}
}

func TestNothingValidatedDoesNotPass(t *testing.T) {
	result, err := Runner{Checks: []Check{finds("c")}}.Run(t.Context(), nil)
	if err != nil || result.Pass() || result.String() != "nothing was validated\n" {
		t.Errorf("pass is %v, %v, text\n%s", result.Pass(), err, result)
	}
	if _, err := result.Baseline(); err == nil {
		t.Error("a baseline was made of nothing")
	}
}

func TestCleanText(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"plain text stays":                {"größer als 80 – naïve 漢字 👍", "größer als 80 – naïve 漢字 👍"},
		"escape sequences show":           {"\x1b[31mred\x07", `\x1b[31mred\a`},
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
web/\x1b]0;x\a.py: error: bad name (pep8)
web/b.py:3:1: warning: expected 2 blank lines (pep8/E302)
billing/\x1b]0;x\a.py: error: bad name (pep8)
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

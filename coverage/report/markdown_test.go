package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage"
)

func TestMarkdown(t *testing.T) {
	r := sample(t)
	for i := range r.Verdicts {
		if r.Verdicts[i].Err != nil {
			r.Verdicts[i].Message = "odd | `report`"
		}
	}
	want := "### Coverage: failed\n\n" +
		"`no total: there is no whole report of docs, ops, gone`\n\n" +
		`| Module | Covered | Percent | Minimum | Verdict |
|---|--:|--:|--:|---|
| ‹web› | 3/6 lines | 50.00% | 80% | **below**: 2 more needed |
| ‹docs› | 1/1 lines | 100.00% | 80% | **incomplete**: ‹incomplete: no report has 2 of the 2 expected files: docs/b.js, docs/c.js› |
| ‹ops› | – | – | 80% | **incomplete**: ‹‹ odd \| ‹report› ›› |
| ‹gone› | – | – | 80% | **missing report**: ‹‹ odd \| ‹report› ›› |
| all modules | – | – | 60% | **incomplete**: ‹no total: there is no whole report of docs, ops, gone› |
| ‹types› | – | – | 80% | pass: no data, which is allowed |
| ‹api› | 1/1 lines | 100.00% | 80% | pass |

| Baseline | Before | Now | Verdict |
|---|--:|--:|---|
| ‹web› | 3/4 = 75.00% | 3/6 = 50.00% | **below**: 2 more needed |
| ‹types› | – | – | pass: new |
| ‹api› | – | 1/1 = 100.00% | pass: new |
| ‹mail› | – | – | not in this run |

| Changed lines | Covered | Percent | Minimum | Verdict |
|---|--:|--:|--:|---|
| ‹web› | 2/5 lines | 40.00% | 90% | **below**: 3 more needed |
| all modules | 2/5 lines | 40.00% | 90% | **below**: 3 more needed |
| ‹api› | – | – | 90% | pass: nothing to cover |
| ‹docs› | – | – | 90% | pass: nothing to cover |

<details><summary>Changed and not covered: 1 file</summary>

- ‹web/cart.js›: 2, 5-6

</details>

<details><summary>Changed and in no report, so not measured: 1 file</summary>

- ‹README.md›

</details>

<details><summary>Where <code>web</code> lacks most: 1 file</summary>

- ‹web/cart.js›: 3 of 5 not covered

</details>

<details><summary>Where <code>docs</code> lacks most: 2 files</summary>

- ‹docs/b.js›: in no report
- ‹docs/c.js›: in no report

</details>

`
	want = strings.NewReplacer("‹", "`", "›", "`").Replace(want)
	if d := cmp.Diff(want, written(t, WriteMarkdown, r)); d != "" {
		t.Errorf("Markdown (-want +got):\n%s", d)
	}
}

func TestMarkdownOfAPass(t *testing.T) {
	want := "### Coverage: passed\n\n**100.00%** of all lines are covered (1 of 1).\n\n" +
		"| Module | Covered | Percent | Minimum | Verdict |\n|---|--:|--:|--:|---|\n| `api` | 1/1 lines | 100.00% | 80% | pass |\n\n"
	if d := cmp.Diff(want, written(t, WriteMarkdown, checked(t, coverage.Gate{}, [2]string{"api", api}))); d != "" {
		t.Errorf("Markdown (-want +got):\n%s", d)
	}
	if d := cmp.Diff("### Coverage: nothing was checked\n\n", written(t, WriteMarkdown, coverage.Result{})); d != "" {
		t.Errorf("Markdown of nothing (-want +got):\n%s", d)
	}
}

func TestMarkdownListsAreCut(t *testing.T) {
	var text strings.Builder
	changed := coverage.LineRanges{}
	for i := range 60 {
		path := fmt.Sprintf("%02d.js", i)
		fmt.Fprintf(&text, "SF:%s\nDA:1,0\nend_of_record\n", path)
		changed[path] = []coverage.LineRange{{First: 1, Last: 1}}
	}
	got := written(t, WriteMarkdown, checked(t, coverage.Gate{Changed: changed}, [2]string{"m", text.String()}))
	if strings.Count(got, ".js`: 1\n") != 50 || !strings.Contains(got, "- and 10 more\n") || !strings.Contains(got, "not covered: 60 files") {
		t.Errorf("Markdown is\n%s", got)
	}
}

func TestCode(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"a name":                   {"web", "`web`"},
		"markup means nothing":     {"**@all** <b> [x](y) #1 !2", "`**@all** <b> [x](y) #1 !2`"},
		"a backtick":               {"a`b", "``a`b``"},
		"backticks at the ends":    {"`a``", "``` `a`` ```"},
		"a space at an end":        {" a", "`  a `"},
		"a bar":                    {"a|b", "`a|b`"},
		"a new line":               {"a\n\n# b", "`a\\n\\n# b`"},
		"an escape for a terminal": {"\x1b[31m", "`\\x1b[31m`"},
		"nothing":                  {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := code(tt.in); got != tt.want {
				t.Errorf("%q is %s, want %s", tt.in, got, tt.want)
			}
		})
	}
	if got := cell("a|b"); got != "`a\\|b`" {
		t.Errorf("a bar in a cell is %s", got)
	}
	if got := html("<a>&\n"); got != "<code>&lt;a&gt;&amp;\\n</code>" {
		t.Errorf("HTML is %s", got)
	}
}

// FuzzCode holds that a code span ends where it should: by the rule of CommonMark
// it is closed by the first run of backticks that is as long as the opening one.
func FuzzCode(f *testing.F) {
	for _, s := range []string{"a", "`", "``a`", "a\n`", " ` ", "```\n|", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := code(s)
		if s == "" {
			return
		}
		fence := len(got) - len(strings.TrimLeft(got, "`"))
		rest := got[fence:]
		if strings.ContainsAny(got, "\n\r") {
			t.Fatalf("%q is on several lines: %q", s, got)
		}
		for len(rest) > 0 {
			text := strings.TrimLeft(rest, "`")
			if run := len(rest) - len(text); run == fence {
				if text != "" {
					t.Fatalf("%q ends early: %q", s, got)
				}
				return
			}
			i := strings.IndexByte(text, '`')
			if i < 0 {
				break
			}
			rest = text[i:]
		}
		t.Fatalf("%q does not end: %q", s, got)
	})
}

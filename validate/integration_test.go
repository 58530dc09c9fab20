//go:build integration

package validate

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// need fails t where a program is missing: a test that is skipped says nothing.
func need(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is needed and not installed: %v", name, err)
	}
}

// rules are "path:line rule severity" of findings, which no version rewords.
func rules(v Verdict) []string {
	var out []string
	for _, f := range v.Findings {
		place, _, _ := strings.Cut(f.String(), " ")
		out = append(out, place+" "+f.Rule+" "+f.Severity.String())
	}
	return out
}

func TestRealPEP8(t *testing.T) {
	root := tree(t, map[string]string{
		"m/style.py":  "import os\nx=1\n",
		"m/syntax.py": "def (:\n",
		"m/good.py":   "x = 1\n",
		"m/-x.py":     "y=2\n",
		"m/gone.py":   "",
		"clean/a.py":  "x = 1\n",
	})
	tests := map[string]struct {
		tool string
		want []string // of the module
	}{
		"pycodestyle": {"pycodestyle", []string{"m/-x.py:1:2: E225 warning", "m/style.py:2:2: E225 warning"}},
		"flake8":      {"flake8", []string{"m/-x.py:1:2: E225 warning", "m/style.py:1:1: F401 warning", "m/style.py:2:2: E225 warning"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			need(t, tt.tool)
			check := PEP8{Tool: tt.tool}
			var style, syntax []string
			for _, r := range rules(runCheck(t, root, check, Module{Name: "m", Dir: "m"}, Local{})) {
				if strings.HasPrefix(r, "m/syntax.py") {
					syntax = append(syntax, r)
					continue
				}
				style = append(style, r)
			}
			if d := cmp.Diff(tt.want, style); d != "" {
				t.Error(d)
			}
			if len(syntax) == 0 || !strings.Contains(strings.Join(syntax, "\n"), " E9") {
				t.Errorf("the file that cannot be parsed has %v, want an E9 error", syntax)
			}
			if v := runCheck(t, root, check, Module{Name: "m", Dir: "clean"}, Local{}); v.Outcome != Clean {
				t.Errorf("clean module: %s", v.Summary())
			}
			v := runCheck(t, root, check, Module{Name: "m", Dir: "m", Files: []string{"-x.py", "good.py", "removed.py"}}, Local{})
			if d := cmp.Diff([]string{"m/-x.py:1:2: E225 warning"}, rules(v)); d != "" {
				t.Errorf("changed files: %s", d)
			}
			check.Args = []string{"--no-such-option"}
			if v := runCheck(t, root, check, Module{Name: "m", Dir: "m"}, Local{}); v.Outcome != Crashed || !strings.Contains(v.Reason, "no-such-option") {
				t.Errorf("wrong use: %s", v.Summary())
			}
		})
	}
}

const eslintConfig = `export default [{rules: {"no-undef": "error", eqeqeq: "warn"}}];`

func TestRealESLint(t *testing.T) {
	need(t, "eslint")
	root := tree(t, map[string]string{
		"m/eslint.config.mjs":      eslintConfig,
		"m/bad.js":                 "const a = 1;\nif (a == 2) {\n  nope()\n}\n",
		"m/broken.js":              "const = ;\n",
		"m/skipped.ts":             "let a: number = 1\n",
		"clean/eslint.config.mjs":  eslintConfig,
		"clean/a.js":               "const a = 1;\n",
		"crash/eslint.config.mjs":  `export default [{rules: {"no-such-rule": "error"}}];`,
		"crash/a.js":               "1\n",
		"silent/eslint.config.cjs": "module.exports = [{ignores: [\"**\"]}];",
		"silent/a.js":              "1\n",
	})
	bad := []string{"m/bad.js:2:7: eqeqeq warning", "m/bad.js:3:3: no-undef error", "m/broken.js:1:7:  error"}
	tests := map[string]struct {
		module  Module
		outcome Outcome
		reason  string
		want    []string
	}{
		"findings":                   {Module{Dir: "m"}, Findings, "", bad},
		"changed files":              {Module{Dir: "m", Files: []string{"bad.js", "skipped.ts"}}, Findings, "", bad[:2]},
		"clean":                      {Module{Dir: "clean"}, Clean, "", nil},
		"a crash":                    {Module{Dir: "crash"}, Crashed, "no-such-rule", nil},
		"a configuration of nothing": {Module{Dir: "silent"}, Crashed, "its configuration matches none of the module's files, of which there are 2", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.module.Name = "m"
			v := runCheck(t, root, ESLint{}, tt.module, Local{})
			if v.Outcome != tt.outcome || !strings.Contains(v.Reason, tt.reason) {
				t.Errorf("%s, want %s and %q", v.Summary(), tt.outcome, tt.reason)
			}
			if d := cmp.Diff(tt.want, rules(v)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRealNPM(t *testing.T) {
	need(t, "npm")
	need(t, "eslint")
	root := tree(t, map[string]string{
		"plain/eslint.config.mjs": eslintConfig,
		"plain/package.json":      `{"name": "x", "scripts": {"lint": "eslint ."}}`,
		"plain/bad.js":            "nope()\n",
		"chain/package.json":      `{"name": "x", "scripts": {"lint": "echo bad style && exit 1"}}`,
		"missing/package.json":    `{"name": "x", "scripts": {"lint": "no-such-linter ."}}`,
		"good/package.json":       `{"name": "x", "scripts": {"lint": "true"}}`,
	})
	tests := map[string]struct {
		outcome Outcome
		want    []string
	}{
		"plain":   {Findings, []string{"plain/bad.js:1:1: no-undef error"}},
		"chain":   {Findings, []string{"chain: exit-code-1 error"}},
		"missing": {MissingTool, nil},
		"good":    {Clean, nil},
	}
	for dir, tt := range tests {
		t.Run(dir, func(t *testing.T) {
			v := runCheck(t, root, NPM{}, Module{Name: "m", Dir: dir}, Local{})
			if v.Outcome != tt.outcome {
				t.Errorf("%s, want %s", v.Summary(), tt.outcome)
			}
			if d := cmp.Diff(tt.want, rules(v)); d != "" {
				t.Error(d)
			}
		})
	}
}

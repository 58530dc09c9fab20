package validate

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// only is an Exec on a machine where one program is installed.
func only(name string, out Output, calls *[]Program) Exec {
	return ExecFunc(func(_ context.Context, p Program) (Output, error) {
		if p.Name != name {
			return Output{}, &MissingToolError{Tool: p.Name}
		}
		*calls = append(*calls, p)
		return out, nil
	})
}

func TestPEP8TakesWhatIsThere(t *testing.T) {
	root := tree(t, map[string]string{"m/a.py": "", "m/b.py": ""})
	tests := map[string]struct {
		check  PEP8
		there  string
		module Module
		args   []string
		reason string
	}{
		"pycodestyle":                 {PEP8{}, "pycodestyle", Module{}, []string{"--format=default", "."}, ""},
		"flake8":                      {PEP8{}, "flake8", Module{}, []string{"--format=default", "--no-show-source", "."}, ""},
		"ruff":                        {PEP8{}, "ruff", Module{}, []string{"check", "--quiet", "--no-fix", "--no-cache", "--force-exclude", "--output-format=concise", "--extend-select=E,W", "."}, ""},
		"one by its path":             {PEP8{Tool: "venv/bin/flake8"}, "venv/bin/flake8", Module{}, []string{"--format=default", "--no-show-source", "."}, ""},
		"changed files and arguments": {PEP8{Args: []string{"--max-line-length=100"}}, "pycodestyle", Module{Files: []string{"b.py", "c.py", "x.tf"}}, []string{"--format=default", "--max-line-length=100", "./b.py"}, ""},
		"none":                        {PEP8{}, "pylint", Module{}, nil, "pycodestyle, flake8 or ruff is not installed: pip install pycodestyle"},
		"not the one asked for":       {PEP8{Tool: "flake8"}, "pycodestyle", Module{}, nil, "flake8 is not installed: pip install flake8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var calls []Program
			v := runCheck(t, root, tt.check, tt.module, only(tt.there, Output{}, &calls))
			if tt.args == nil {
				if v.Outcome != MissingTool || !strings.HasPrefix(v.Reason, tt.reason) {
					t.Errorf("%s: %s", v.Outcome, v.Reason)
				}
				return
			}
			if len(calls) != 1 || v.Outcome != Clean {
				t.Fatalf("%d calls, %s: %s", len(calls), v.Outcome, v.Reason)
			}
			if d := cmp.Diff(tt.args, calls[0].Args); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPEP8(t *testing.T) {
	tests := map[string]struct {
		out     Output
		outcome Outcome
		reason  string
		want    []string
	}{
		"style is a warning": {
			out:     Output{Code: 1, Stdout: []byte("./a.py:2:2: E225 missing whitespace around operator\n")},
			outcome: Findings, want: []string{"m/a.py:2:2: warning: missing whitespace around operator (pep8/E225)"},
		},
		"what cannot run is an error": {
			out:     Output{Code: 1, Stdout: []byte("./a.py:2:2: E901 TokenError: EOF\n./b.py:1:6: E999 SyntaxError: bad\n./c.py:3:1: F821 undefined name 'x'\n")},
			outcome: Findings, want: []string{
				"m/a.py:2:2: error: TokenError: EOF (pep8/E901)", "m/b.py:1:6: error: SyntaxError: bad (pep8/E999)", "m/c.py:3:1: error: undefined name 'x' (pep8/F821)",
			},
		},
		"ruff has no code for syntax": {
			out:     Output{Code: 1, Stdout: []byte("a.py:1:5: SyntaxError: Expected `)`\nb.py:1:5: invalid-syntax: Expected `]`\n")},
			outcome: Findings, want: []string{"m/a.py:1:5: error: Expected `)` (pep8/syntax)", "m/b.py:1:5: error: Expected `]` (pep8/syntax)"},
		},
		"a traceback is a crash though its exit code is that of findings": {
			out:     Output{Code: 1, Stderr: []byte("Traceback (most recent call last):\n  File \"x\"\nPackageNotFoundError: No package metadata was found for flake8\n")},
			outcome: Crashed, reason: "pycodestyle failed with exit code 1: traceback: PackageNotFoundError: No package metadata was found for flake8",
		},
		"a traceback beside findings is a crash": {
			out:     Output{Code: 1, Stdout: []byte("a.py:2:2: E225 missing\n"), Stderr: []byte("Traceback (most recent call last):\nBrokenPipeError\n")},
			outcome: Crashed, reason: "pycodestyle failed with exit code 1: traceback: BrokenPipeError", want: []string{"m/a.py:2:2: warning: missing (pep8/E225)"},
		},
		"a file that cannot be read is a crash": {
			out:     Output{Code: 1, Stdout: []byte("a.py:1:1: E902 FileNotFoundError: [Errno 2] No such file or directory: 'a.py'\n")},
			outcome: Crashed, reason: "pycodestyle failed with exit code 1: it could not read a.py: FileNotFoundError: [Errno 2] No such file or directory: 'a.py'",
			want: []string{"m/a.py:1:1: error: FileNotFoundError: [Errno 2] No such file or directory: 'a.py' (pep8/E902)"},
		},
		"E902 of newer versions is about syntax": {
			out:     Output{Code: 1, Stdout: []byte("a.py:2:1: E902 TokenError: EOF in multi-line statement\n")},
			outcome: Findings, want: []string{"m/a.py:2:1: error: TokenError: EOF in multi-line statement (pep8/E902)"},
		},
		"file names alone, as quiet = 1 prints them, are a crash": {
			out:     Output{Code: 1, Stdout: []byte("a.py\n")},
			outcome: Crashed, reason: "pycodestyle failed with exit code 1: no finding in its output",
		},
		"wrong use is a crash": {
			out:     Output{Code: 2, Stderr: []byte("Usage: pycodestyle [options] input ...\n\npycodestyle: error: no such option: --nope\n")},
			outcome: Crashed, reason: "pycodestyle failed with exit code 2: pycodestyle: error: no such option: --nope",
		},
	}
	root := tree(t, map[string]string{"m/a.py": ""})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := runCheck(t, root, PEP8{Tool: "pycodestyle"}, Module{}, says(tt.out))
			if v.Outcome != tt.outcome || v.Reason != tt.reason {
				t.Errorf("outcome %q, reason %q", v.Outcome, v.Reason)
			}
			if d := cmp.Diff(tt.want, texts(v.Findings)); d != "" {
				t.Error(d)
			}
		})
	}
	for name, m := range map[string]Module{"no Python file": {Name: "x", Dir: "stubs"}, "no changed Python file": {Name: "x", Dir: ".", Files: []string{"a.tf"}}} {
		if v := runCheck(t, tree(t, map[string]string{"stubs/a.pyi": "x=1"}), PEP8{}, m, missing()); v.Outcome != Nothing || v.Reason != name {
			t.Errorf("%s: %s, want %s", v.Outcome, v.Reason, name)
		}
	}
	if v := runCheck(t, root, PEP8{Tool: "pylint"}, Module{}, says(Output{})); v.Outcome != Crashed {
		t.Errorf("an unknown tool is %s", v.Outcome)
	}
}

const eslintOne = `[{"filePath":"ROOT/m/a.js","messages":[
 {"ruleId":"eqeqeq","severity":1,"message":"Expected '==='.","line":2,"column":7,"endLine":2,"endColumn":9},
 {"ruleId":null,"fatal":true,"severity":2,"message":"Parsing error","line":5,"column":1},
 {"ruleId":null,"severity":1,"message":"File ignored because of a matching ignore pattern."}]}]`

func TestESLint(t *testing.T) {
	root := tree(t, map[string]string{"m/a.js": "", "m/b.ts": "", "m/x.py": ""})
	one := []byte(strings.ReplaceAll(eslintOne, "ROOT", root))
	tests := map[string]struct {
		module  Module
		out     Output
		outcome Outcome
		reason  string
		want    []string
	}{
		"no problem": {out: Output{Stdout: []byte(`[{"filePath":"/x/a.js","messages":[]}]`)}, outcome: Clean},
		"problems": {
			out: Output{Code: 1, Stdout: one}, outcome: Findings,
			want: []string{"m/a.js:2:7: warning: Expected '==='. (eslint/eqeqeq)", "m/a.js:5:1: error: Parsing error (eslint)"},
		},
		"a crash": {
			out:     Output{Code: 2, Stderr: []byte("\nOops! Something went wrong! :(\n\nESLint: 10.15.0\n\nTypeError: Could not find \"nope\" in plugin \"@\".\n    at x (/y.js:1:2)\n")},
			outcome: Crashed, reason: `eslint failed with exit code 2: TypeError: Could not find "nope" in plugin "@".`,
		},
		"a configuration that matches none of the files fails, and says so": {
			out:     Output{Code: 2, Stderr: []byte("Oops! Something went wrong! :(\n\nESLint: 10.15.0\n\nNo files matching the pattern \".\" were found.\nPlease check for typing mistakes in the pattern.\n")},
			outcome: Crashed, reason: "eslint failed with exit code 2: its configuration matches none of the module's files, of which there are 2 (a.js)",
		},
		"no output": {out: Output{}, outcome: Crashed, reason: "eslint failed: its output is empty"},
		"a page":    {out: Output{Code: 1, Stdout: []byte("<html>")}, outcome: Crashed, reason: "eslint failed with exit code 1: read eslint JSON: invalid character '<' looking for beginning of value"},
		"a failure without a finding": {
			out:     Output{Code: 1, Stdout: []byte(`[{"filePath":"/x/a.js","messages":[{"severity":1,"message":"File ignored by default."}]}]`)},
			outcome: Crashed, reason: "eslint failed with exit code 1: no finding in its output",
		},
		"a module with nothing for it": {
			module: Module{Name: "m", Dir: "m", Files: []string{"x.py"}}, outcome: Nothing, reason: "no changed JavaScript or TypeScript file",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := runCheck(t, root, ESLint{}, tt.module, says(tt.out))
			if v.Outcome != tt.outcome || v.Reason != tt.reason {
				t.Errorf("outcome %q, reason %q", v.Outcome, v.Reason)
			}
			if d := cmp.Diff(tt.want, texts(v.Findings)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestESLintMaxWarnings(t *testing.T) {
	root := tree(t, map[string]string{"m/a.js": ""})
	out := Output{Code: 1, Stdout: []byte(`[{"filePath":"/x/a.js","messages":[{"severity":1,"message":"File ignored by default."}]}]`)}
	v := runCheck(t, root, ESLint{Args: []string{"--max-warnings=0"}}, Module{Files: []string{"a.js"}}, says(out))
	if d := cmp.Diff([]string{"its configuration ignores 1 file of those that changed"}, v.Notes); v.Outcome != Clean || d != "" {
		t.Errorf("%s: %s\n%s", v.Outcome, v.Reason, d)
	}
}

func TestESLintOfTheModule(t *testing.T) {
	root := tree(t, map[string]string{"web/app/a.js": "", "web/node_modules/.bin/eslint": "", "api/a.js": ""})
	for dir, want := range map[string]string{"web/app": "/web/node_modules/.bin/eslint", "api": "eslint"} {
		var calls []Program
		v := runCheck(t, root, ESLint{}, Module{Name: "m", Dir: dir, Files: []string{"a.js"}}, recorder(&calls))
		if len(calls) != 1 {
			t.Fatalf("%s: %+v", dir, v)
		}
		if got := strings.TrimPrefix(calls[0].Name, root); got != want {
			t.Errorf("%s: program is %s, want %s", dir, got, want)
		}
		if d := cmp.Diff([]string{"--format", "json", "./a.js"}, calls[0].Args); d != "" {
			t.Error(d)
		}
	}
	v := runCheck(t, root, ESLint{}, Module{Name: "m", Dir: "api"}, missing())
	if v.Outcome != MissingTool || v.Reason != "eslint is not installed: run npm ci in api, or npm install --save-dev eslint" {
		t.Errorf("%s: %s", v.Outcome, v.Reason)
	}
}

func TestNPM(t *testing.T) {
	root := tree(t, map[string]string{
		"plain/package.json":  `{"scripts":{"lint":"eslint src --ext .js"}}`,
		"chain/package.json":  `{"scripts":{"lint":"eslint . && stylelint ."}}`,
		"own/package.json":    `{"scripts":{"lint":"eslint -f stylish ."}}`,
		"none/package.json":   `{"scripts":{"test":"jest"}}`,
		"broken/package.json": `{"scripts":`,
		"bare/a.js":           "",
	})
	tests := map[string]struct {
		check   NPM
		out     Output
		args    []string
		outcome Outcome
		reason  string
		want    []string
	}{
		"plain": {
			args: []string{"run", "lint", "--silent", "--", "--format", "json"}, out: Output{Code: 1, Stdout: []byte(strings.ReplaceAll(eslintOne, "ROOT/m", root+"/plain"))},
			outcome: Findings, want: []string{"plain/a.js:2:7: warning: Expected '==='. (npm/eqeqeq)", "plain/a.js:5:1: error: Parsing error (npm)"},
		},
		"chain": {
			args: []string{"run", "lint", "--silent"}, out: Output{Code: 1, Stdout: []byte("a.js\n  1:1 error no-undef\n")},
			outcome: Findings, want: []string{"chain: error: npm run lint failed (npm/exit-code-1)"},
		},
		"own": {
			args: []string{"run", "lint", "--silent"}, out: Output{Code: 2, Stderr: []byte("TypeError: x\n")},
			outcome: Crashed, reason: "npm failed with exit code 2: TypeError: x",
		},
		"none":   {outcome: Nothing, reason: "package.json has no script lint"},
		"bare":   {outcome: Nothing, reason: "no package.json"},
		"broken": {outcome: Crashed, reason: "read package.json: unexpected end of JSON input"},
	}
	for dir, tt := range tests {
		t.Run(dir, func(t *testing.T) {
			var calls []Program
			v := runCheck(t, root, tt.check, Module{Name: "m", Dir: dir}, only("npm", tt.out, &calls))
			if v.Outcome != tt.outcome || v.Reason != tt.reason {
				t.Errorf("outcome %q, reason %q", v.Outcome, v.Reason)
			}
			if d := cmp.Diff(tt.want, texts(v.Findings)); d != "" {
				t.Error(d)
			}
			var args []string
			for _, c := range calls {
				args = slices.Concat(args, c.Args)
			}
			if d := cmp.Diff(tt.args, args); d != "" {
				t.Error(d)
			}
		})
	}
	t.Run("a program of the script that is not installed", func(t *testing.T) {
		var calls []Program
		v := runCheck(t, root, NPM{}, Module{Name: "m", Dir: "plain"}, only("npm", Output{Code: 127, Stderr: []byte("sh: 1: eslint: not found\n")}, &calls))
		if v.Outcome != MissingTool || v.Reason != "a program of npm script lint is not installed: run npm ci in plain" {
			t.Errorf("%s: %s", v.Outcome, v.Reason)
		}
	})
	t.Run("no npm", func(t *testing.T) {
		if v := runCheck(t, root, NPM{}, Module{Name: "m", Dir: "plain"}, missing()); v.Outcome != MissingTool {
			t.Errorf("%s: %s", v.Outcome, v.Reason)
		}
	})
	if got := (NPM{Script: "lint:css"}).Name(); got != "npm:lint:css" {
		t.Errorf("name is %s", got)
	}
}

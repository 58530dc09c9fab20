package validate

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// runCheck runs one check over one module, on programs that are not there.
func runCheck(t *testing.T, root string, c Check, m Module, e Exec) Verdict {
	t.Helper()
	if m.Name == "" {
		m = Module{Name: "m", Dir: "m", Files: m.Files}
	}
	result, err := Runner{Root: root, Checks: []Check{c}, Exec: e}.Run(t.Context(), []Module{m})
	if err != nil {
		t.Fatal(err)
	}
	return result.Verdicts[0]
}

func texts(fs []Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, f.String())
	}
	return out
}

const checkstyleOne = `<?xml version="1.0"?><checkstyle version="4.3"><file name="a.sh"><error line="2" column="3" severity="info" message="quote &amp; this" source="SC2086"/></file></checkstyle>`

func TestCommandOutcomes(t *testing.T) {
	tests := map[string]struct {
		command Command
		out     Output
		outcome Outcome
		reason  string
		want    []string
	}{
		"silence and exit code 0 are clean": {
			outcome: Clean,
		},
		"lines are findings": {
			out:     Output{Code: 1, Stdout: []byte("checking...\n./a.go:3:4: SA1000: bad regexp\nb.go:7: error: no\n2 problems\n")},
			outcome: Findings,
			want:    []string{"m/a.go:3:4: warning: bad regexp (lint/SA1000)", "m/b.go:7: error: no (lint)"},
		},
		"findings with exit code 0 are findings": {
			out:     Output{Stdout: []byte("a.go:3:4: bad\n")},
			outcome: Findings, want: []string{"m/a.go:3:4: warning: bad (lint)"},
		},
		"findings on standard error": {
			command: Command{FromStderr: true},
			out:     Output{Code: 1, Stderr: []byte("a.go:3:4: bad\n"), Stdout: []byte("b.go:1:1: not this\n")},
			outcome: Findings, want: []string{"m/a.go:3:4: warning: bad (lint)"},
		},
		"exit code 1 without a finding is a crash": {
			out:     Output{Code: 1, Stderr: []byte("Traceback\nKeyError: 'x'\n")},
			outcome: Crashed, reason: "lint failed with exit code 1: no finding in its output: KeyError: 'x'",
		},
		"an exit code that means no findings is a crash, whatever was found": {
			out:     Output{Code: 2, Stdout: []byte("a.go:3:4: bad\n"), Stderr: []byte("out of memory\n")},
			outcome: Crashed, reason: "lint failed with exit code 2: out of memory", want: []string{"m/a.go:3:4: warning: bad (lint)"},
		},
		"other exit codes may mean findings": {
			command: Command{FindingCodes: []int{2, 4}},
			out:     Output{Code: 4, Stdout: []byte("a.go:3:4: bad\n")},
			outcome: Findings, want: []string{"m/a.go:3:4: warning: bad (lint)"},
		},
		"and then 1 does not": {
			command: Command{FindingCodes: []int{2}},
			out:     Output{Code: 1, Stdout: []byte("a.go:3:4: bad\n")},
			outcome: Crashed, reason: "lint failed with exit code 1", want: []string{"m/a.go:3:4: warning: bad (lint)"},
		},
		"a signal is a crash": {
			out:     Output{Code: -1, Signal: "killed"},
			outcome: Crashed, reason: "lint failed: signal: killed",
		},
		"checkstyle": {
			command: Command{Format: CheckstyleFormat},
			out:     Output{Code: 1, Stdout: []byte(checkstyleOne)},
			outcome: Findings, want: []string{"m/a.sh:2:3: note: quote & this (lint/SC2086)"},
		},
		"checkstyle that is not written where there is nothing": {
			command: Command{Format: CheckstyleFormat}, outcome: Clean,
		},
		"checkstyle that is cut short is a crash": {
			command: Command{Format: CheckstyleFormat},
			out:     Output{Code: 1, Stdout: []byte(checkstyleOne[:len(checkstyleOne)-5])},
			outcome: Crashed, reason: "lint failed with exit code 1: read checkstyle XML: XML syntax error on line 1: unexpected EOF",
		},
		"SARIF that is missing is a crash": {
			command: Command{Format: SARIFFormat},
			outcome: Crashed, reason: "lint failed: its output is empty",
		},
		"SARIF without results is clean": {
			command: Command{Format: SARIFFormat},
			out:     Output{Stdout: []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]}]}`)},
			outcome: Clean,
		},
		"SARIF of a tool that failed is a crash": {
			command: Command{Format: SARIFFormat},
			out:     Output{Stdout: []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"invocations":[{"executionSuccessful":false}],"results":[]}]}`)},
			outcome: Crashed, reason: "lint failed: read SARIF: the tool says that its execution was not successful",
		},
		"SARIF without a list of results is a crash": {
			command: Command{Format: SARIFFormat},
			out:     Output{Stdout: []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":null}]}`)},
			outcome: Crashed, reason: "lint failed: read SARIF: a run in it has no results, not even an empty list: the tool did not scan",
		},
		"what looks like a finding to a program may be a time or a URL": {
			out:     Output{Stdout: []byte("2026-11-22 16:09:05: started\nhttp://localhost:8080: ok\nserver:8080: listening\n12:30:01: done\n127.0.0.1:80: up\n")},
			outcome: Clean,
		},
		"a path may be relative to the root": {
			out:     Output{Stdout: []byte("top.go:3:4: bad\n")},
			outcome: Findings, want: []string{"top.go:3:4: warning: bad (lint)"},
		},
		"a path that is not there may hide a finding, and is a crash": {
			out:     Output{Stdout: []byte("/app/src/x.js:3:4: bad\na.go:1: bad\n")},
			outcome: Crashed, reason: "lint failed: it names a file that is not there: /app/src/x.js",
			want: []string{"/app/src/x.js:3:4: warning: bad (lint)", "m/a.go:1: warning: bad (lint)"},
		},
		"lines that were cut are a crash, though none of the rest is a finding": {
			out:     Output{Cut: true, Stdout: []byte("noise\n")},
			outcome: Crashed, reason: "lint failed: it printed more than is kept",
		},
		"so are lines that were cut after a finding": {
			out:     Output{Code: 1, Cut: true, Stdout: []byte("a.go:1: x\n")},
			outcome: Crashed, reason: "lint failed with exit code 1: it printed more than is kept", want: []string{"m/a.go:1: warning: x (lint)"},
		},
		"a program that did not wait for those who print is a crash": {
			out:     Output{Open: true},
			outcome: Crashed, reason: "lint failed: it ended before what it had started, which could have printed more",
		},
		"but not where its exit code is all": {
			command: Command{Format: ExitCodeFormat},
			out:     Output{Open: true, Cut: true}, outcome: Clean,
		},
		"output that is not all there is a crash": {
			command: Command{Format: ESLintFormat},
			out:     Output{Code: 1, Cut: true, Stdout: []byte(`[]`)},
			outcome: Crashed, reason: "lint failed with exit code 1: it printed more than is kept",
		},
		"an exit code alone is a finding of the module": {
			command: Command{Format: ExitCodeFormat, Args: []string{"check", "--token", "s3cret"}},
			out:     Output{Code: 1, Stdout: []byte("file a is bad\n")},
			outcome: Findings, want: []string{"m: error: lint check failed (lint/exit-code-1)"},
		},
		"or a crash": {
			command: Command{Format: ExitCodeFormat},
			out:     Output{Code: 70, Stdout: []byte("it broke\n")},
			outcome: Crashed, reason: "lint failed with exit code 70: it broke",
		},
		"an unknown format is a crash": {
			command: Command{Format: "yaml"},
			outcome: Crashed, reason: `lint failed: format "yaml" is not known`,
		},
	}
	root := tree(t, map[string]string{"m/a.sh": "", "m/a.go": "", "m/b.go": "", "top.go": ""})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.command.Program = "lint"
			v := runCheck(t, root, tt.command, Module{}, says(tt.out))
			if v.Outcome != tt.outcome || v.Reason != tt.reason {
				t.Errorf("outcome %q, reason %q", v.Outcome, v.Reason)
			}
			if d := cmp.Diff(tt.want, texts(v.Findings)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}

func TestCommandMissing(t *testing.T) {
	v := runCheck(t, tree(t, map[string]string{"m/a": ""}), Command{Program: "lint", Remedy: "apt-get install lint"}, Module{}, missing())
	if v.Outcome != MissingTool || v.Reason != "lint is not installed: apt-get install lint" || !errors.Is(v.Err, ErrMissingTool) {
		t.Errorf("outcome %q, reason %q", v.Outcome, v.Reason)
	}
}

// recorder keeps the programs that are run.
func recorder(into *[]Program) Exec {
	return ExecFunc(func(_ context.Context, p Program) (Output, error) {
		*into = append(*into, p)
		return Output{}, nil
	})
}

func TestCommandFiles(t *testing.T) {
	root := tree(t, map[string]string{
		"m/b.sh": "", "m/-x.sh": "", "m/sub/a.bash": "", "m/c.py": "", "m/.hidden/h.sh": "", "m/node_modules/p/n.sh": "", "empty/x.py": "",
	})
	shell := Command{Label: "shell", Program: "shellcheck", Args: []string{"-f", "gcc"}, Files: []string{"*.sh", "*.bash"}, AppendFiles: true}
	tests := map[string]struct {
		module Module
		args   []string // of the call; nil is none
		reason string
	}{
		"all files of a module":       {Module{Name: "m", Dir: "m"}, []string{"-f", "gcc", "./-x.sh", "./b.sh", "./sub/a.bash"}, ""},
		"those that changed":          {Module{Name: "m", Dir: "m", Files: []string{"sub/a.bash", "gone.sh", "c.py", "sub/a.bash"}}, []string{"-f", "gcc", "./sub/a.bash"}, ""},
		"none but of another kind":    {Module{Name: "m", Dir: "m", Files: []string{"c.py"}}, nil, "no changed *.sh or *.bash file"},
		"only deleted ones":           {Module{Name: "m", Dir: "m", Files: []string{"gone.sh", "c.py"}}, nil, "each changed *.sh or *.bash file was deleted (1)"},
		"a module that never had any": {Module{Name: "e", Dir: "empty"}, nil, "no *.sh or *.bash file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var calls []Program
			v := runCheck(t, root, shell, tt.module, recorder(&calls))
			if tt.args == nil {
				if v.Outcome != Nothing || v.Reason != tt.reason || len(calls) > 0 {
					t.Errorf("%s: %s, %d calls", v.Outcome, v.Reason, len(calls))
				}
				return
			}
			if len(calls) != 1 {
				t.Fatalf("%d calls, verdict %+v", len(calls), v)
			}
			if d := cmp.Diff(tt.args, calls[0].Args); d != "" {
				t.Errorf("arguments (-want +got):\n%s", d)
			}
		})
	}
}

func TestCommandFilePatterns(t *testing.T) {
	root := tree(t, map[string]string{"m/scripts/a.sh": "", "m/b.sh": "", "m/x/scripts/c.sh": ""})
	for pattern, tt := range map[string]struct {
		args   []string
		reason string
	}{
		"scripts/*.sh":   {[]string{"./scripts/a.sh"}, ""},
		"*/scripts/*.sh": {[]string{"./x/scripts/c.sh"}, ""},
		"[*.sh":          {nil, `command lint: pattern of files "[*.sh": syntax error in pattern`},
		"./a.sh":         {nil, `command lint: pattern of files "./a.sh" matches nothing: write it as a clean path below the module`},
		"/a.sh":          {nil, `command lint: pattern of files "/a.sh" matches nothing: write it as a clean path below the module`},
		"../a.sh":        {nil, `command lint: pattern of files "../a.sh" matches nothing: write it as a clean path below the module`},
		"":               {nil, `command lint: pattern of files "" matches nothing: write it as a clean path below the module`},
		"**/*.sh":        {nil, `command lint: pattern of files "**/*.sh": there is no **; one without a slash is for all directories`},
	} {
		for name, m := range map[string]Module{"all": {}, "changed": {Files: []string{"b.sh", "scripts/a.sh", "x/scripts/c.sh"}}} {
			t.Run(pattern+" of "+name, func(t *testing.T) {
				var calls []Program
				v := runCheck(t, root, Command{Program: "lint", Files: []string{pattern}, AppendFiles: true}, m, recorder(&calls))
				var args []string
				for _, c := range calls {
					args = append(args, c.Args...)
				}
				if d := cmp.Diff(tt.args, args); d != "" || v.Reason != tt.reason || (v.Outcome == Crashed) != (tt.args == nil) {
					t.Errorf("%s: %s\n%s", v.Outcome, v.Reason, d)
				}
			})
		}
	}
}

func TestCommandFilesInBatches(t *testing.T) {
	var files []string
	for range 3 {
		files = append(files, strings.Repeat("x", maxArgs/2))
	}
	var sizes []int
	for b := range batches(files, maxArgs) {
		sizes = append(sizes, len(b))
	}
	if d := cmp.Diff([]int{1, 1, 1}, sizes); d != "" {
		t.Errorf("batches of files that fill half of one each, with separators: %s", d)
	}
	for range batches([]string{"a", "b"}, 1) {
		break // must not panic
	}
}

func TestCommandWrongUse(t *testing.T) {
	root := tree(t, map[string]string{"m/a": ""})
	for name, c := range map[string]Command{
		`command "x" has no program`:                      {Label: "x"},
		"command x appends files, but does not say which": {Program: "x", AppendFiles: true},
	} {
		if v := runCheck(t, root, c, Module{}, says(Output{})); v.Outcome != Crashed || v.Reason != name {
			t.Errorf("%s: %s, want %s", v.Outcome, v.Reason, name)
		}
	}
}

// No value of the environment of a program is ever in a verdict, even one that fails.
func TestErrorsHaveNoEnvironment(t *testing.T) {
	p := self(t, "echo")
	p.Name, p.Env = "no-such-program", []string{"TOKEN=s3cret"}
	if _, err := (Local{}).Run(t.Context(), p); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error is %v", err)
	}
}

func TestPathsAreRelativeToTheRoot(t *testing.T) {
	root := "/repo"
	for name, tt := range map[string]struct{ dir, in, want string }{
		"below the module":    {"m", "./a.py", "m/a.py"},
		"in the root":         {".", "./a.py", "a.py"},
		"above the module":    {"m/sub", "../a.py", "m/a.py"},
		"absolute":            {"m", "/repo/m/a.py", "m/a.py"},
		"outside":             {"m", "/usr/lib/x.py", "/usr/lib/x.py"},
		"none":                {"m", "", "m"},
		"a root of like name": {"m", "/repository/a.py", "/repository/a.py"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := relative([]string{root}, tt.dir, tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

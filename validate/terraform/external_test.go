package terraform

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/validate"
)

// says returns an Exec whose programs say one thing after the other.
func says(calls *[]string, outs ...validate.Output) validate.Exec {
	return validate.ExecFunc(func(_ context.Context, p validate.Program) (validate.Output, error) {
		*calls = append(*calls, fmt.Sprint(p.Name, " ", strings.Join(p.Args, " ")))
		out := outs[0]
		outs = outs[1:]
		return out, nil
	})
}

func TestFmt(t *testing.T) {
	root := tree(t, map[string]string{"s/a.tf": ""})
	m := validate.Module{Name: "m", Dir: "s"}
	tests := map[string]struct {
		out     validate.Output
		outcome validate.Outcome
		reason  string
		want    []string
	}{
		"fine":                  {validate.Output{}, validate.Clean, "", nil},
		"unformatted":           {validate.Output{Code: 3, Stdout: []byte("a.tf\nsub/b.tf\n")}, validate.Findings, "", []string{"s/a.tf: not in canonical format; terraform fmt mends it (terraform-fmt/format)", "s/sub/b.tf: not in canonical format; terraform fmt mends it (terraform-fmt/format)"}},
		"broken":                {validate.Output{Code: 2, Stderr: []byte("\nError: Missing expression\n\n  on b.tf line 2, in locals:\n   2: \n\nExpected more.\n")}, validate.Findings, "", []string{"s/b.tf:2: Missing expression (terraform-fmt/syntax)"}},
		"wrong use":             {validate.Output{Code: 2, Stderr: []byte("Error: bad flag\n")}, validate.Crashed, "terraform fmt failed with exit code 2: Error: bad flag", nil},
		"cut":                   {validate.Output{Cut: true}, validate.Crashed, "terraform failed: it printed more than is kept", nil},
		"code 3 without a file": {validate.Output{Code: 3}, validate.Crashed, "terraform fmt failed with exit code 3", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var calls []string
			v := run1(t, root, Fmt{}, m, says(&calls, tt.out))
			if v.Outcome != tt.outcome || v.Reason != tt.reason {
				t.Errorf("%s: %s", v.Outcome, v.Reason)
			}
			if d := cmp.Diff(tt.want, texts(v)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"terraform fmt -check -recursive -list=true -no-color ."}, calls); d != "" {
				t.Error(d)
			}
		})
	}
	for program, want := range map[string]validate.Outcome{"": validate.Nothing, "/usr/bin/tofu": validate.Clean} {
		var calls []string
		if v := run1(t, tree(t, map[string]string{"s/a.tofu": ""}), Fmt{Program: program}, m, says(&calls, validate.Output{})); v.Outcome != want {
			t.Errorf("%q: a module of OpenTofu alone is %s, want %s", program, v.Outcome, want)
		}
	}
	gone := validate.ExecFunc(func(_ context.Context, p validate.Program) (validate.Output, error) {
		return validate.Output{}, &validate.MissingToolError{Tool: p.Name}
	})
	if v := run1(t, root, Fmt{Program: "tofu"}, m, gone); v.Outcome != validate.MissingTool || v.Reason != "tofu is not installed: "+remedy {
		t.Errorf("%s: %s", v.Outcome, v.Reason)
	}
}

func TestValidate(t *testing.T) {
	root := tree(t, map[string]string{"s/a.tf": ""})
	m := validate.Module{Name: "m", Dir: "s"}
	answer := func(code int, text string) validate.Output {
		return validate.Output{Code: code, Stdout: []byte(text)}
	}
	tests := map[string]struct {
		check   Validate
		outs    []validate.Output
		outcome validate.Outcome
		reason  string
		want    []string
	}{
		"valid": {Validate{}, []validate.Output{answer(0, `{"valid":true,"diagnostics":[]}`)}, validate.Clean, "", nil},
		"not valid": {
			Validate{},
			[]validate.Output{answer(1, `{"valid":false,"diagnostics":[{"severity":"error","summary":"Unsupported argument","detail":"No x.","range":{"filename":"a.tf","start":{"line":2,"column":3},"end":{"line":2,"column":4}}},{"severity":"warning","summary":"Old"}]}`)},
			validate.Findings, "",
			[]string{"s: warning: Old (terraform-validate/validate)", "s/a.tf:2:3: Unsupported argument: No x. (terraform-validate/validate)"},
		},
		"not initialised": {
			Validate{},
			[]validate.Output{answer(1, `{"valid":false,"diagnostics":[{"severity":"error","summary":"Missing required provider"}]}`)},
			validate.Crashed, "terraform validate failed with exit code 1: the module is not initialised: run terraform init, or set Init",
			[]string{"s: Missing required provider (terraform-validate/validate)"},
		},
		"initialised first": {
			Validate{Init: true}, []validate.Output{{}, answer(0, `{"valid":true}`)}, validate.Clean, "", nil,
		},
		"cannot be initialised": {
			Validate{Init: true}, []validate.Output{{Code: 1, Stderr: []byte("Error: no network\n")}}, validate.Crashed, "terraform init failed with exit code 1: Error: no network", nil,
		},
		"no JSON":      {Validate{}, []validate.Output{answer(1, "oops")}, validate.Crashed, "terraform validate failed with exit code 1", nil},
		"other JSON":   {Validate{}, []validate.Output{answer(0, "{}")}, validate.Crashed, "terraform validate failed", nil},
		"not said why": {Validate{}, []validate.Output{answer(1, `{"valid":false}`)}, validate.Crashed, "terraform validate failed with exit code 1: it says that the module is not valid, and not why", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var calls []string
			v := run1(t, root, tt.check, m, says(&calls, tt.outs...))
			if v.Outcome != tt.outcome || v.Reason != tt.reason {
				t.Errorf("%s: %s", v.Outcome, v.Reason)
			}
			if d := cmp.Diff(tt.want, texts(v)); d != "" {
				t.Error(d)
			}
			if len(calls) != len(tt.outs) {
				t.Errorf("calls are %q", calls)
			}
		})
	}
}

package terraform

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/validate"
)

// canonical are files and whether they are in canonical format, as terraform
// 1.11.4 says; the integration test asks it again.
func canonical() map[string]bool {
	return map[string]bool{
		"":                               true,
		"\n\n":                           true,
		"a = 1":                          true,
		"a = 1\n\n\n\nb = 2\n":           true,
		"a = 1\r\nb = 2\r\n":             true,
		"// x\na = 1\n":                  true,
		"a = <<EOT\n  x   \nEOT\n":       true,
		"a = \"${var.x}${var.y}\"\n":     true,
		"b {\n  a = [\"${var.x}\"]\n}\n": true,
		"a = (\"${var.x}\")\n":           true,
		"variable \"a\" {\n  type = \"number\"\n}\n":       true,
		"variable \"a\" {\n  type = (list)\n}\n":           true,
		"variable \"a\" {\n  type = \"${string}\"\n}\n":    true,
		"resource \"a\" \"b\" {\n  type = \"string\"\n}\n": true,
		"a=1\r\n":                                          false,
		"\xef\xbb\xbfa = 1\n":                              false,
		"a = 1 \n":                                         false,
		"\ta = 1\n":                                        false,
		"a = \"${var.x}\"\n":                               false,
		"a = \"${~ var.x ~}\"\n":                           false,
		"a = \"${f(\"x\")}\"\n":                            false,
		"a = \"${\n  var.x\n}\"\n":                         false,
		"a = \"${var.x /* c */}\"\n":                       false,
		"a = \"${\"\"}\"\n":                                false,
		"variable foo {}\n":                                false,
		"variable /* c */ \"foo\" {}\n":                    false,
		"variable \"f\\u0062\" {}\n":                       false,
		"variable   \"a\"   {\n}\n":                        false,
		"resource \"a\"\"b\" {}\n":                         false,
		"variable \"a\" {\n  type = \"string\"\n}\n":       false,
		"variable \"a\" {\n  type = \"list\"\n}\n":         false,
		"variable \"a\" {\n  type = list\n}\n":             false,
		"variable \"a\" {\n  type = set\n}\n":              false,
		"variable \"a\" {\n  default = \"${string}\"\n}\n": false,
	}
}

func TestFormat(t *testing.T) {
	for text, want := range canonical() {
		r := &run{parsed: map[string]parsed{}}
		body, diags := parse("a.tf", native, []byte(text))
		if body == nil {
			t.Fatalf("%q: %v", text, diags)
		}
		r.format(source{path: "a.tf", data: []byte(text), body: body})
		if got := len(r.findings) == 0; got != want {
			t.Errorf("%q: canonical is %v, want %v", text, got, want)
		}
	}
	v := run1(t, tree(t, map[string]string{"a.tf": "locals {\n  a = 1\n  bc=2\n}\n\nlocals {\nx = 1\n}\n", "t.tfvars": "a=1\n"}), Check{}, all, nil)
	want := []string{
		"a.tf:2: not in canonical format; terraform fmt mends it (format)",
		"a.tf:7: not in canonical format; terraform fmt mends it (format)",
		"t.tfvars:1: not in canonical format; terraform fmt mends it (format)",
	}
	if d := cmp.Diff(want, texts(v)); d != "" {
		t.Error(d)
	}
	if f := v.Findings[0]; f.EndLine != 3 {
		t.Errorf("the first run of lines ends at %d, want 3", f.EndLine)
	}
}

// A baseline knows the lines that were not in canonical format, and no others.
func TestFormatBaseline(t *testing.T) {
	const before = "locals {\n  a = 1\n  b=2\n}\n"
	for name, tt := range map[string]struct {
		after string
		want  []string
	}{
		"the same":                  {before, nil},
		"moved":                     {"\n\n" + before, nil},
		"a line more of the run":    {"locals {\n  a = 1\n  b=2\n  c=3\n}\n", []string{"a.tf:3: not in canonical format; terraform fmt mends it (format)"}},
		"lines elsewhere":           {before + "locals {\n    d = 3\n}\n", []string{"a.tf:6: not in canonical format; terraform fmt mends it (format)"}},
		"a line more and one fewer": {"locals {\n  c=3\n}\n", []string{"a.tf:2: not in canonical format; terraform fmt mends it (format)"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []validate.Check{Check{}, Fmt{}} {
				root := tree(t, map[string]string{"a.tf": before})
				fmtSays := validate.ExecFunc(func(context.Context, validate.Program) (validate.Output, error) {
					return validate.Output{Code: 3, Stdout: []byte("a.tf\n")}, nil
				})
				runner := validate.Runner{Root: root, Checks: []validate.Check{c}, Exec: fmtSays}
				first, err := runner.Run(t.Context(), []validate.Module{all})
				if err != nil {
					t.Fatal(err)
				}
				if runner.Baseline, err = first.Baseline(); err != nil {
					t.Fatal(err)
				}
				runner.Root = tree(t, map[string]string{"a.tf": tt.after})
				second, err := runner.Run(t.Context(), []validate.Module{all})
				if err != nil {
					t.Fatal(err)
				}
				if second.Pass() != (tt.want == nil) {
					t.Errorf("%s: pass is %v", c.Name(), second.Pass())
				}
				if d := cmp.Diff(tt.want, texts(second.Verdicts[0])); d != "" && c.Name() == "terraform" {
					t.Error(d)
				}
			}
		})
	}
}

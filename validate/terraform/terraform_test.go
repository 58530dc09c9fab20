package terraform

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/validate"
)

// tree writes files below a new directory and returns it.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// run1 runs a check over a tree as one module and returns the verdict.
func run1(t testing.TB, root string, c validate.Check, m validate.Module, e validate.Exec) validate.Verdict {
	t.Helper()
	result, err := validate.Runner{Root: root, Checks: []validate.Check{c}, Exec: e}.Run(context.WithoutCancel(t.Context()), []validate.Module{m})
	if err != nil {
		t.Fatal(err)
	}
	return result.Verdicts[0]
}

func texts(v validate.Verdict) []string {
	var out []string
	for _, f := range v.Findings {
		out = append(out, strings.TrimSuffix(f.String(), ")"))
	}
	for i, s := range out {
		out[i] = strings.Replace(s, "error: ", "", 1)
		out[i] = strings.Replace(out[i], "(terraform/", "(", 1) + ")"
	}
	return out
}

var all = validate.Module{Name: "m", Dir: "."}

func check(t testing.TB, files map[string]string) []string {
	t.Helper()
	return texts(run1(t, tree(t, files), Check{SkipFormat: true}, all, nil))
}

func TestFindings(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  []string
	}{
		"an unclosed list": {
			map[string]string{"a.tf": "locals {\n  a = [1,\n}\n"},
			[]string{`a.tf:3:1: Invalid expression: Expected the start of an expression, but found an invalid expression token. (syntax)`},
		},
		"an argument twice": {
			map[string]string{"a.tf": "locals {\n  a = 1\n  a = 2\n}\n"},
			[]string{`a.tf:3:3: Attribute redefined: The argument "a" was already set at a.tf:2,3-4. Each argument may be set only once. (syntax)`},
		},
		"broken values": {
			map[string]string{"a.tfvars": "a = \n", "b.tfvars": "b {\n}\n", "c.tfvars.json": `{"c": `},
			[]string{
				`a.tfvars:1:5: Invalid expression: Expected the start of an expression, but found an invalid expression token. (syntax)`,
				`b.tfvars:1:1: Unexpected "b" block: Blocks are not allowed here. (syntax)`,
				`c.tfvars.json:1:7: Missing value: The JSON data ends prematurely. (syntax)`,
			},
		},
		"broken JSON": {
			map[string]string{"a.tf.json": `{"locals": {"a": 1}`},
			[]string{`a.tf.json:1:1: Unclosed object: No closing brace was found for this JSON object. (syntax)`},
		},
		"text that is not UTF-8": {
			map[string]string{"a.tf": "locals {\n  a = \"\xff\"\n}\n"},
			[]string{`a.tf:2:8: Invalid character encoding: All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in your editor. (syntax)`},
		},
		"labels": {
			map[string]string{"a.tf": "variable {\n}\nresource \"a\" {\n}\nlocals \"a\" {\n}\nresource \"a\" \"b\" \"c\" {}\nvariable \"1a\" {}\n"},
			[]string{
				`a.tf:1:1: a variable block needs a label for its name (block)`,
				`a.tf:3:1: a resource block needs a label for its name (block)`,
				`a.tf:5:1: a locals block takes no label, not 1 (block)`,
				`a.tf:7:1: a resource block takes 2 labels (type, name), not 3 (block)`,
				`a.tf:8:10: "1a" is no name: it must begin with a letter or an underscore, and have only letters, digits, underscores and dashes (block)`,
			},
		},
		"blocks and arguments that there are not": {
			map[string]string{"a.tf": "resourc \"a\" \"b\" {}\nqwertz {}\na = 1\nvariable \"x\" {\n  sensitiv = 1\n  foo = 2\n}\noutput \"o\" {}\nlocals {\n  m {\n  }\n}\nvariable \"count\" {}\n"},
			[]string{
				`a.tf:1:1: there is no block "resourc" in Terraform; did you mean "resource"? (block)`,
				`a.tf:2:1: there is no block "qwertz" in Terraform (block)`,
				`a.tf:3:1: argument "a" stands outside of a block (block)`,
				`a.tf:5:3: a variable has no argument "sensitiv"; did you mean "sensitive"? (argument)`,
				`a.tf:6:3: a variable has no argument "foo" (argument)`,
				`a.tf:8:1: output "o" has no value (argument)`,
				`a.tf:10:3: there is no block "m" in locals; write m = { ... } (block)`,
				`a.tf:13:1: no variable can be named "count": module calls have an argument of that name (block)`,
			},
		},
		"blocks of JSON": {
			map[string]string{"a.tf.json": `{"//": "a comment", "resourc": {}, "variable": {"a": {"type": "string", "validation": []}, "b": [{}, {}]}, "output": {"o": {"value": "${var.a}${var.c}"}}}`},
			[]string{
				`a.tf.json:1:21: Extraneous JSON object property: No argument or block type is named "resourc". Did you mean "resource"? (block)`,
				`a.tf.json:1:97: variable "b" is declared twice; first at a.tf.json:1 (duplicate)`,
				`a.tf.json:1:145: variable "c" is not declared in this module (undeclared)`,
			},
		},
		"duplicates": {
			map[string]string{
				"a.tf": "variable \"v\" {}\noutput \"o\" { value = 1 }\nlocals { l = 1 }\nresource \"t\" \"r\" {}\ndata \"t\" \"r\" {}\nmodule \"m\" { source = \"x\" }\nprovider \"p\" {}\nprovider \"p\" { alias = \"w\" }\n",
				"b.tf": "variable \"v\" {}\noutput \"o\" { value = 1 }\nlocals { l = 1 }\nresource \"t\" \"r\" {}\ndata \"t\" \"r\" {}\nmodule \"m\" { source = \"x\" }\nprovider \"p\" {}\nprovider \"p\" { alias = \"w\" }\nprovider \"p\" { alias = \"e\" }\n",
			},
			[]string{
				`b.tf:1:1: variable "v" is declared twice; first at a.tf:1 (duplicate)`,
				`b.tf:2:1: output "o" is declared twice; first at a.tf:2 (duplicate)`,
				`b.tf:3:10: local "l" is declared twice; first at a.tf:3 (duplicate)`,
				`b.tf:4:1: resource "t" "r" is declared twice; first at a.tf:4 (duplicate)`,
				`b.tf:5:1: data "t" "r" is declared twice; first at a.tf:5 (duplicate)`,
				`b.tf:6:1: module "m" is declared twice; first at a.tf:6 (duplicate)`,
				`b.tf:7:1: the default configuration of provider "p" is declared twice; first at a.tf:7 (duplicate)`,
				`b.tf:8:1: provider "p" with alias "w" is declared twice; first at a.tf:8 (duplicate)`,
			},
		},
		"override files declare again": {
			map[string]string{"a.tf": "variable \"v\" {}\nresource \"t\" \"r\" {}\n", "override.tf": "variable \"v\" {\n  default = 1\n}\n", "x_override.tf.json": `{"resource": {"t": {"r": {}}}}`},
			nil,
		},
		"undeclared": {
			map[string]string{"a.tf": "variable \"region\" {}\nlocals {\n  a = var.regoin\n  b = local.x\n  c = module.m.x\n  d = data.t.r.id\n  e = aws_x.y[0].id\n  f = resource.aws_x.z\n  g = [for k, v in var.region : k + v.x + w.x]\n}\n"},
			[]string{
				`a.tf:3:7: variable "regoin" is not declared in this module; did you mean var.region? (undeclared)`,
				`a.tf:4:7: local "x" is not declared in this module (undeclared)`,
				`a.tf:5:7: module "m" is not declared in this module (undeclared)`,
				`a.tf:6:7: data source "t.r" is not declared in this module (undeclared)`,
				`a.tf:7:7: resource "aws_x.y" is not declared in this module (undeclared)`,
				`a.tf:8:7: resource "aws_x.z" is not declared in this module (undeclared)`,
				`a.tf:9:43: resource "w.x" is not declared in this module (undeclared)`,
			},
		},
		"names that are not references, or have their own scope": {
			map[string]string{"a.tf": `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", configuration_aliases = [aws.a] }
  }
}
provider "aws" {
  alias = "w"
}
variable "v" {
  type = object({ a = optional(string), b = list(any) })
  validation {
    condition     = var.v.a != null
    error_message = "no"
  }
}
resource "t" "r" {
  provider = aws.w
  for_each = { for k, v in var.v : k => v.a if v.b }
  name     = "${each.key}-${path.module}-${terraform.workspace}-${each.value.x}"
  splat    = t.r[*].id
  dynamic "setting" {
    for_each = var.v
    content {
      name = setting.value.x
      dynamic "inner" {
        for_each = setting.value.y
        iterator = it
        content {
          value = "${setting.key}${it.value.z}"
        }
      }
    }
  }
  lifecycle {
    ignore_changes       = [tags.x, other.y]
    replace_triggered_by = [t.r.id]
    precondition {
      condition     = self.x
      error_message = "x"
    }
  }
  provisioner "local-exec" {
    when    = destroy
    command = self.id
  }
}
module "m" {
  source    = "hashicorp/x/y"
  providers = { aws = aws.w }
  count     = 2
}
moved {
  from = t.old
  to   = t.r
}
removed {
  from = t.gone
}
import {
  to = t.generated
  id = "x"
}
check "c" {
  data "http" "x" {
    url = "u"
  }
  assert {
    condition     = data.http.x.ok
    error_message = module.m[0].anything
  }
}
`},
			nil,
		},
		"an iterator is not known outside of its block": {
			map[string]string{"a.tf": "resource \"t\" \"r\" {\n  dynamic \"s\" {\n    for_each = s.value\n    content {\n    }\n  }\n  x = s.value\n}\n"},
			[]string{`a.tf:3:16: resource "s.value" is not declared in this module (undeclared)`, `a.tf:7:7: resource "s.value" is not declared in this module (undeclared)`},
		},
		"cycles of locals": {
			map[string]string{"a.tf": "locals {\n  a = local.b\n  b = [local.c]\n  c = local.a\n  d = local.d\n  e = local.a\n}\n"},
			[]string{
				`a.tf:2:3: local.a needs local.b needs local.c needs local.a (cycle)`,
				`a.tf:5:3: local.d needs local.d (cycle)`,
			},
		},
		"calls of local modules": {
			map[string]string{
				"a.tf":         "module \"m\" {\n  source = \"./mod\"\n  need   = 1\n  nope   = 2\n}\nmodule \"n\" {\n  source = \"./mod\"\n}\nmodule \"o\" {\n  source = \"./gone\"\n}\nmodule \"p\" {}\nlocals {\n  a = module.m.out\n  b = module.m.missing\n  c = try(module.n.missing, 1)\n}\n",
				"mod/v.tf":     "variable \"need\" {}\nvariable \"also\" {\n  default = null\n}\noutput \"out\" {\n  value = var.need\n}\n",
				"mod/sub/x.tf": "",
			},
			[]string{
				`a.tf:4:3: module "m" has no variable "nope" (module-argument)`,
				`a.tf:6:1: module "n" is not given need, which it has no default for (module-argument)`,
				`a.tf:10:3: there is no Terraform in the directory of module "o" (module-source)`,
				`a.tf:12:1: module "p" has no source (argument)`,
				`a.tf:15:15: module "m" has no output "missing" (undeclared)`,
			},
		},
		"a module that cannot be parsed is not held against its callers": {
			map[string]string{"a.tf": "module \"m\" {\n  source = \"./mod\"\n  x = 1\n}\n", "mod/a.tf": "variable \"x\" {}\n", "mod/b.tf": "variable \n"},
			[]string{`mod/b.tf:1:1: Argument or block definition required: An argument or block definition is required here. To set an argument, use the equals sign "=" to introduce the argument value. (syntax)`},
		},
		"what may stand in a broken file is not missed": {
			map[string]string{"a.tf": "locals {\n  a = var.x\n}\n", "b.tf": "variable \"x\" {\n"},
			[]string{`b.tf:1:14: Unclosed configuration block: There is no closing brace for this block before the end of the file. This may be caused by incorrect brace nesting elsewhere in this file. (syntax)`},
		},
		"hidden files and those of editors are left out": {
			map[string]string{"a.tf": "", ".b.tf": "(", "c.tf~": "(", "#d.tf#": "(", ".terraform/modules/x/e.tf": "(", "f.tf.bak": "("},
			nil,
		},
		"files of OpenTofu are files like others": {
			map[string]string{"main.tf": "locals {\n  a = [var.a, var.b, var.c]\n}\n", "variables.tofu": "variable \"a\" {}\n", "v.tofu.json": `{"variable":{"b":{}}}`, "m/x.tofu": "(", "t.tofutest.hcl": "run {", "q.tfquery.hcl": "list {"},
			[]string{
				`m/x.tofu:1:1: Argument or block definition required: An argument or block definition is required here. (syntax)`,
				`main.tf:2:22: variable "c" is not declared in this module (undeclared)`,
				`q.tfquery.hcl:1:6: Unclosed configuration block: There is no closing brace for this block before the end of the file. This may be caused by incorrect brace nesting elsewhere in this file. (syntax)`,
				`t.tofutest.hcl:1:5: Unclosed configuration block: There is no closing brace for this block before the end of the file. This may be caused by incorrect brace nesting elsewhere in this file. (syntax)`,
			},
		},
		"a .tofu hides the .tf of its name": {
			map[string]string{
				"a.tf": "variable \"x\" {}\n", "a.tofu": "variable \"x\" {}\nvariable \"y\" {}\n", "b.tf": "locals {\n  z = var.y\n}\nmodule \"m\" {\n  source = \"./m\"\n}\n",
				"m/v.tf.json": `{"variable":{"old":{}}}`, "m/v.tofu.json": `{"variable":{"new":{}}}`,
			},
			[]string{`b.tf:4:1: module "m" is not given new, which it has no default for (module-argument)`},
		},
		"an override of OpenTofu may repeat": {
			map[string]string{"a.tofu": "variable \"x\" {}\n", "a_override.tofu": "variable \"x\" {}\n"}, nil,
		},
		"test files are parsed and no more": {
			map[string]string{"a.tf": "", "t.tftest.hcl": "run \"x\" {\n  assert {\n    condition = output.y == 1\n  }\n}\n", "u.tftest.hcl": "run {"},
			[]string{`u.tftest.hcl:1:5: Unclosed configuration block: There is no closing brace for this block before the end of the file. This may be caused by incorrect brace nesting elsewhere in this file. (syntax)`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, check(t, tt.files)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}

func TestScope(t *testing.T) {
	root := tree(t, map[string]string{"main.tf": "locals {\n  a = var.x\n}\n"})
	for name, tt := range map[string]struct {
		module  validate.Module
		outcome validate.Outcome
		reason  string
	}{
		"a whole module":       {all, validate.Findings, ""},
		"a changed file":       {validate.Module{Name: "m", Dir: ".", Files: []string{"main.tf"}}, validate.Findings, ""},
		"a deleted file":       {validate.Module{Name: "m", Dir: ".", Files: []string{"variables.tf"}}, validate.Findings, ""},
		"a file of no concern": {validate.Module{Name: "m", Dir: ".", Files: []string{"README.md"}}, validate.Nothing, "no changed Terraform file"},
	} {
		t.Run(name, func(t *testing.T) {
			if v := run1(t, root, Check{}, tt.module, nil); v.Outcome != tt.outcome || v.Reason != tt.reason {
				t.Errorf("%s: %s", v.Outcome, v.Reason)
			}
		})
	}
	if v := run1(t, tree(t, map[string]string{"a.py": ""}), Check{}, all, nil); v.Outcome != validate.Nothing || v.Reason != "no Terraform file" {
		t.Errorf("%s: %s", v.Outcome, v.Reason)
	}
	if v := run1(t, tree(t, map[string]string{"a.tf": "", "x/fix/b.tf": "("}), Check{Skip: []string{"*/fix"}}, all, nil); v.Outcome != validate.Clean {
		t.Errorf("a skipped directory was checked: %v", v.Findings)
	}
}

// Without limits, each of these would end the process.
func TestDeepNestingIsRefused(t *testing.T) {
	const n = 150_000
	repeat := func(s string) string { return "locals {\n  a = " + strings.Repeat(s, n) }
	files := map[string]string{
		"brackets.tf": repeat("["), "parentheses.tf": repeat("("), "objects.tf": repeat("{a="), "signs.tf": repeat("!"), "minus.tf": repeat("-"),
		"templates.tf": repeat(`"${`), "conditionals.tf": repeat("a?a:"), "calls.tf": repeat("f("), "sums.tf": repeat("1+"), "indices.tf": repeat("a[0]"),
		"blocks.tf": strings.Repeat("a {\n", n), "arrays.tf.json": strings.Repeat("[", n), "strings.tf.json": `{"locals":{"a":"${` + strings.Repeat("[", n) + `"}}`,
		"sums.tf.json": `{"locals":{"a":"${` + strings.Repeat("1+", n) + `1}"}}`, "large.tf": strings.Repeat("#", maxFile+1),
	}
	v := run1(t, tree(t, files), Check{}, all, nil)
	for _, f := range v.Findings {
		if f.Rule == RuleLimit {
			delete(files, f.Path)
		}
	}
	for name := range files {
		t.Errorf("%s was not refused", name)
	}
}

func TestOddFiles(t *testing.T) {
	root := tree(t, map[string]string{"a.tf": ""})
	if err := os.Symlink("nowhere", filepath.Join(root, "b.tf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("dir", filepath.Join(root, "c.tf")); err != nil {
		t.Fatal(err)
	}
	want := []string{"b.tf: this is a link to nothing (syntax)", "c.tf: this is no file, but named like one of Terraform (syntax)"}
	if d := cmp.Diff(want, texts(run1(t, root, Check{}, all, nil))); d != "" {
		t.Error(d)
	}
}

func TestDirectoriesThatCannotBeReadAreACrash(t *testing.T) {
	root := tree(t, map[string]string{"a.tf": "", "sub/b.tf": ""})
	c := Check{}
	target := validate.Target{Root: filepath.Join(root, "gone"), Module: all}
	if _, err := c.Run(t.Context(), target); err == nil || !strings.Contains(err.Error(), "list Terraform files") {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Run(ctx, validate.Target{Root: root, Module: all}); err == nil {
		t.Error("an ended context was not noticed")
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("variable \"a\" {}\nlocals { b = var.a }\n", "{}")
	f.Add("resource \"a\" \"b\" {\n dynamic \"x\" { content {} }\n}", `{"variable":{"a":{}}}`)
	f.Add("module \"m\" { source = \"./\" }\nlocals { a = module.m[0].x[*] }", `{"module":{"m":[{"source":"../.."}]}}`)
	f.Add("a = \"${~x~}\"", `{"locals":{"a":"${[for x in y : x]}"}}`)
	f.Fuzz(func(t *testing.T, native, asJSON string) {
		root := tree(t, map[string]string{"a.tf": native, "b.tf.json": asJSON, "c.tfvars": native})
		v := run1(t, root, Check{}, all, nil)
		if v.Outcome == validate.Crashed {
			t.Errorf("%s\n%s", v.Reason, strings.Join(v.Output, "\n"))
		}
	})
}

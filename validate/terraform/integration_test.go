//go:build integration

package terraform

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/mettel-automation/delivery/validate"
)

// realTree is a directory of Terraform to compare with terraform fmt on.
var realTree = flag.String("tree", os.Getenv("DELIVERY_TERRAFORM_TREE"), "directory of Terraform to compare on; default the made-up one")

func need(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Fatalf("terraform is needed and not installed: %v", err)
	}
}

// verdicts are the files that a check finds not to be in canonical format, or
// not to parse.
func verdicts(v validate.Verdict, rule string) []string {
	var files []string
	for _, f := range v.Findings {
		if f.Rule == rule && !strings.HasSuffix(f.Path, ".json") {
			files = append(files, f.Path)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// compare holds Check against terraform fmt: the same files cannot be parsed, and
// the same of the others are not formatted. Terraform fmt names none of those
// while there are any that it cannot parse, so these are removed first.
func compare(t *testing.T, root string, ignore func(name string) bool) {
	t.Helper()
	ours, theirs := run1(t, root, Check{}, all, validate.Local{}), run1(t, root, Fmt{}, all, validate.Local{})
	broken := verdicts(theirs, RuleSyntax)
	same(t, root, "syntax", slices.DeleteFunc(slices.Clone(broken), ignore), slices.DeleteFunc(verdicts(ours, RuleSyntax), ignore))
	if len(broken) > 0 {
		for _, name := range broken {
			if err := os.Remove(filepath.Join(root, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
		ours, theirs = run1(t, root, Check{}, all, validate.Local{}), run1(t, root, Fmt{}, all, validate.Local{})
	}
	if theirs.Err != nil {
		t.Fatal(theirs.Err)
	}
	format := verdicts(theirs, RuleFormat)
	t.Logf("%d files cannot be parsed, %d are not formatted", len(broken), len(format))
	same(t, root, "format", slices.DeleteFunc(format, ignore), slices.DeleteFunc(verdicts(ours, RuleFormat), ignore))
}

// same shows the text of each file that is in one list alone.
func same(t *testing.T, root, what string, theirs, ours []string) {
	t.Helper()
	for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(theirs, ours)))) {
		if a, b := slices.Contains(theirs, name), slices.Contains(ours, name); a != b {
			text, _ := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			t.Errorf("%s of %s: terraform fmt finds fault is %v, ours is %v:\n%q", what, name, a, b, text)
		}
	}
}

func nothing(string) bool { return false }

func TestSameAsFmt(t *testing.T) {
	need(t)
	t.Run("formats", func(t *testing.T) {
		files := map[string]string{}
		for text, want := range canonical() {
			name := "good"
			if !want {
				name = "bad"
			}
			files[filepath.Join(name, strings.Repeat("x", len(files)+1)+".tfvars")] = text
			files[filepath.Join(name, strings.Repeat("y", len(files)+1)+".tf")] = text
		}
		root := tree(t, files)
		var bad []string
		for name := range files {
			if strings.HasPrefix(name, "bad/") {
				bad = append(bad, name)
			}
		}
		slices.Sort(bad)
		if d := cmp.Diff(bad, verdicts(run1(t, root, Fmt{}, all, validate.Local{}), RuleFormat)); d != "" {
			t.Errorf("terraform fmt has changed (-table +terraform):\n%s", d)
		}
	})
	t.Run("faults", func(t *testing.T) {
		root := tree(t, map[string]string{
			"list.tf": "a = [1,\n", "twice.tf": "locals {\n  a = 1\n  a = 2\n}\n", "values.tfvars": "a = \n", "utf8.tf": "a = \"\xff\"\n", "cr.tf": "a = 1\rb = 2\n",
			"sub/brace.tf": "locals {\n", "good.tf": "locals {\n  a = 1\n}\n", "format.tf": "locals {\na=1\n}\n", "t.tftest.hcl": "run {",
		})
		compare(t, root, nothing)
	})
	if *realTree != "" {
		t.Run("a real tree", func(t *testing.T) { compare(t, *realTree, nothing) })
	}
}

// TestFindsWhatFmtDoesNot has a module for each defect, and whether terraform fmt
// has anything to say about it.
func TestFindsWhatFmtDoesNot(t *testing.T) {
	need(t)
	tests := map[string]struct {
		name, text string
		rule       string
		fmtFinds   bool
	}{
		"an unclosed list":                 {"main.tf", "locals {\n  a = [1,\n}\n", RuleSyntax, true},
		"an argument twice":                {"main.tf", "locals {\n  a = 1\n  a = 2\n}\n", RuleSyntax, true},
		"broken values":                    {"x.tfvars", "a = [\n", RuleSyntax, true},
		"broken JSON":                      {"main.tf.json", "{\"locals\":", RuleSyntax, false},
		"broken JSON values":               {"x.tfvars.json", "{", RuleSyntax, false},
		"a missing label":                  {"main.tf", "variable {\n}\n", RuleBlock, false},
		"an unknown block":                 {"main.tf", "resourc \"a\" \"b\" {\n}\n", RuleBlock, false},
		"a duplicate variable":             {"main.tf", "variable \"a\" {\n}\n\nvariable \"a\" {\n}\n", RuleDuplicate, false},
		"an unknown argument":              {"main.tf", "variable \"a\" {\n  foo = 1\n}\n", RuleArgument, false},
		"an undeclared variable":           {"main.tf", "locals {\n  a = var.b\n}\n", RuleUndeclared, false},
		"an undeclared local":              {"main.tf", "locals {\n  a = local.b\n}\n", RuleUndeclared, false},
		"an undeclared resource":           {"main.tf", "locals {\n  a = aws_vpc.b.id\n}\n", RuleUndeclared, false},
		"a cycle of locals":                {"main.tf", "locals {\n  a = local.b\n  b = local.a\n}\n", RuleCycle, false},
		"a local module that is not there": {"main.tf", "module \"a\" {\n  source = \"./b\"\n}\n", RuleModule, false},
		"bad format":                       {"main.tf", "locals {\na=1\n}\n", RuleFormat, true},
		"a byte order mark":                {"main.tf", "\xef\xbb\xbflocals {\n  a = 1\n}\n", RuleFormat, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{tt.name: tt.text})
			ours := run1(t, root, Check{}, all, validate.Local{})
			if !slices.ContainsFunc(ours.Findings, func(f validate.Finding) bool { return f.Rule == tt.rule }) {
				t.Errorf("findings are %v, want one of rule %s", ours.Findings, tt.rule)
			}
			if theirs := run1(t, root, Fmt{}, all, validate.Local{}); len(theirs.Findings) > 0 != tt.fmtFinds {
				t.Errorf("terraform fmt: %s, findings %v", theirs.Summary(), theirs.Findings)
			}
		})
	}
}

// TestSameAsValidate compares with terraform validate on modules without providers.
func TestSameAsValidate(t *testing.T) {
	need(t)
	for name, text := range map[string]string{
		"a good module":          "variable \"a\" {\n  default = 1\n}\n\noutput \"b\" {\n  value = [for x in [var.a] : x + local.c]\n}\n\nlocals {\n  c = 1\n}\n",
		"an undeclared variable": "locals {\n  a = var.b\n}\n",
		"a cycle of locals":      "locals {\n  a = local.b\n  b = local.a\n}\n",
		"an unknown block":       "resourc \"a\" \"b\" {\n}\n",
		"a duplicate output":     "output \"a\" {\n  value = 1\n}\n\noutput \"a\" {\n  value = 2\n}\n",
		"an undeclared resource": "locals {\n  a = aws_vpc.b.id\n}\n",
		"an undeclared module":   "locals {\n  a = module.b.id\n}\n",
		"a reserved name":        "variable \"source\" {\n}\n",
		"an output of nothing":   "output \"a\" {\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{"main.tf": text})
			ours, theirs := run1(t, root, Check{}, all, validate.Local{}), run1(t, root, Validate{}, all, validate.Local{})
			if ours.Outcome != theirs.Outcome {
				t.Errorf("terraform validate: %s %v\nours: %s %v", theirs.Summary(), theirs.Findings, ours.Summary(), ours.Findings)
			}
		})
	}
}

// TestRandomFilesAreSameAsFmt puts pieces together at random.
func TestRandomFilesAreSameAsFmt(t *testing.T) {
	need(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	pieces := []string{
		"a", " ", "  ", "=", "= ", " = ", "1", "\"x\"", "\"${", "}\"", "${", "}", "{", "{\n", "}\n", "\n", "\n\n", "[", "]", ",", ", ", "(", ")", "var.x", "# c\n", "/* c */",
		"// c\n", "variable \"v\" {\n", "type = ", "list", "string", "resource \"a\" \"b\" {\n", "locals {\n", "a = 1\n", "bcd = 2\n", "for x in y : x", "? 1 : 2", "+", "-", "!", "...",
		"<<EOT\nx\nEOT\n", "<<-EOT\n  x ${y}\n  EOT\n", "f(", "\"%{ if x }y%{ endif }\"", "a.b[0]", "[*]", ".c", "\t", "\r\n", "null", "==", "&&", "\"$${x}\"", "dynamic \"d\" {\n",
	}
	files := map[string]string{}
	for i := range 3000 {
		var b strings.Builder
		for range 1 + rng.IntN(12) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		// Whole lines make more files that can be parsed.
		if i%2 == 0 {
			b.Reset()
			for range 1 + rng.IntN(4) {
				b.WriteString("a" + string(rune('a'+rng.IntN(26))) + strings.Repeat(" ", rng.IntN(3)) + "=" + strings.Repeat(" ", rng.IntN(3)))
				b.WriteString([]string{"1", "\"${x}\"", "\"${x}${y}\"", "[1,2]", "[ 1, 2 ]", "{ a = 1 }", "{a=1}", "f( x )", "x?1:2", "x ? 1 : 2", "!x", "- 1", "a . b", "a[ 0 ]", "(x)", "\"${[for a in b:a]}\"", "x+1", "a.*.b", "\"${\"${x}\"}\"", "[\n1,\n  2\n]", "{\n  a = 1\n  bb = 2\n}", "<<EOT\n${x}\nEOT"}[rng.IntN(22)])
				b.WriteString([]string{"\n", " \n", " # c\n", "\n\n"}[rng.IntN(4)])
			}
		}
		files[filepath.Join(string(rune('a'+i%26)), strings.Repeat("f", 1+i/26)+".tfvars")] = b.String()
	}
	root := tree(t, files)
	compare(t, root, func(name string) bool {
		// Blocks are a fault of values, and not of the syntax that fmt looks at.
		file, faults := hclsyntax.ParseConfig([]byte(files[name]), name, hcl.InitialPos)
		return !faults.HasErrors() && len(file.Body.(*hclsyntax.Body).Blocks) > 0
	})
}

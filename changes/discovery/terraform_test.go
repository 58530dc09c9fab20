package discovery

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTerraform(t *testing.T) {
	tests := map[string]struct {
		content string
		want    []string
	}{
		"the source of each module": {
			content: "module \"a\" {\n  source = \"../a\"\n  count  = 2\n}\n\nmodule \"b\" {\n  version = \"1.0\"\n  source  = \"example/b/aws\"\n}\n",
			want:    []string{"../a", "example/b/aws"},
		},
		"in a block of one line":            {content: `module "a" { source = "../a" }`, want: []string{"../a"}},
		"of a label without quotes":         {content: "module a {\n source=\"../a\"\n}", want: []string{"../a"}},
		"with Windows' ends of lines":       {content: "module \"a\" {\r\n  source = \"../a\"\r\n}\r\n", want: []string{"../a"}},
		"behind and among comments":         {content: "# x\nmodule /* y */ \"a\" { // z\n  # source = \"../no\"\n  source /* = */ = \"../a\" # w\n}\n// v\nmodule \"b\" {\n/* u */ source = \"../b\"\n}", want: []string{"../a", "../b"}},
		"with escapes and signs of dollars": {content: `module "a" { source = "../a\u0020$b%c$${d}" }`, want: []string{"../a $b%c$${d}"}},
		"but none of another block":         {content: `resource "x" "module" { source = "../a" }` + "\n" + `terraform { source = "../b" }`},
		"none within the module's own":      {content: "module \"a\" {\n  providers = {\n    source = \"../no\"\n  }\n  x {\n    source = \"../no\"\n  }\n  list = [\n    { source = \"../no\" }\n  ]\n  source = \"../a\"\n}", want: []string{"../a"}},
		"none of a module that is nested":   {content: "x {\n  module \"a\" {\n    source = \"../no\"\n  }\n}"},
		"none that is computed":             {content: `module "a" { source = "../${var.x}" }` + "\n" + `module "b" { source = var.x }` + "\n" + `module "c" { source = ("../c") }`},
		"none in text":                      {content: "x = <<EOT\nmodule \"a\" {\n  source = \"../no\"\n}\nEOT\n\ny = <<-EOT\n  ${z} module \"a\" { source = \"../no\" }\n  EOT\n"},
		"none without a value":              {content: "module \"a\" {\n  source =\n}\nmodule \"b\" {\n  source\n}\nmodule \"c\" {\n source = \n}"},
		"and nothing of an empty file":      {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, faults := parseTerraform([]byte(tt.content))
			if d := cmp.Diff(tt.want, got); d != "" || len(faults) > 0 {
				t.Errorf("faults %v; sources (-want +got):\n%s", faults, d)
			}
		})
	}
}

func TestParseTerraformJSON(t *testing.T) {
	tests := map[string]struct {
		content string
		want    []string
	}{
		"the source of each module, by name":   {content: `{"module": {"b": {"source": "../b"}, "a": {"source": "../a", "count": 2}}}`, want: []string{"../a", "../b"}},
		"in lists of blocks":                   {content: `{"module": [{"a": [{"source": "../a"}]}, {"b": {"source": "../b"}}]}`, want: []string{"../a", "../b"}},
		"and nothing of other shapes or keys":  {content: `{"module": {"a": 5, "b": {"source": 5}, "c": {}, "d": {"Source": "../d"}}, "//": "x", "resource": {"module": {"source": "x"}}}`},
		"nor of modules that are none":         {content: `{"module": "x"}`},
		"nor of an empty object":               {content: `{}`},
		"nor of null, which Terraform refuses": {content: `null`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, faults := parseTerraformJSON([]byte(tt.content))
			slices.Sort(got)
			if d := cmp.Diff(tt.want, got); d != "" || len(faults) > 0 {
				t.Errorf("faults %v; sources (-want +got):\n%s", faults, d)
			}
		})
	}
}

func TestFaultsOfTerraform(t *testing.T) {
	tests := map[string]struct {
		file, content, want string
	}{
		"a block that is never closed":      {"a.tf", "x = 1\nmodule \"a\" {\n  source = \"../a\"\n", `a.tf:2: malformed HCL: "{" is never closed`},
		"a bracket that closes nothing":     {"a.tf", "x = 1\n}\n", `a.tf:2: malformed HCL: "}" closes nothing`},
		"a bracket that closes another":     {"a.tf", "x {\n  y = [\n}\n", `a.tf:3: malformed HCL: "}" closes nothing`},
		"a text that is never closed":       {"a.tf", "x {\n  y = \"z\n}\n", "a.tf:2: malformed HCL: Invalid multi-line string: Quoted strings may not be split over multiple lines. To produce a multi-line string, either use the \\n escape to represent a newline character or use the \"heredoc\" multi-line template syntax."},
		"a text of lines that is not, too":  {"a.tf", "x = <<EOT\ny\n", `a.tf:1: malformed HCL: "<<EOT\n" is never closed`},
		"bytes that are not UTF-8":          {"a.tf", "x = 1\ny = \xff\n", "a.tf:2: malformed HCL: Invalid character encoding: All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in your editor."},
		"brackets as deep as memory allows": {"a.tf", strings.Repeat("(", 1<<17), `a.tf:1: malformed HCL: "(" is never closed`},
		"JSON that is none":                 {"a.tf.json", "{\n\"module\": }", "a.tf.json:2: malformed JSON: invalid character '}' looking for beginning of value"},
		"JSON of another type":              {"a.tf.json", "[]", "a.tf.json:1: the file must be an object; here it has a value of type array"},
		"JSON as deep as memory allows":     {"a.tf.json", strings.Repeat("[", maxMarker), "a.tf.json:1: malformed JSON: invalid character '[' exceeded max depth"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Find(t.Context(), files{tt.file: tt.content}.tree(), Options{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("error:\n%v\nwant:\n%s", err, tt.want)
			}
		})
	}
}

func TestFindTerraform(t *testing.T) {
	check(t, files{
		"env/main.tf":            "module \"net\" {\n  source = \"../modules/net\"\n}\nmodule \"vpc\" {\n  source = \"terraform-aws-modules/vpc/aws\"\n}\n",
		"env/more.tf.json":       `{"module": {"db": {"source": "./../modules//db"}, "git": {"source": "git::https://example.org/x.git//modules/net"}}}`,
		"modules/net/main.tofu":  `module "db" { source = "../db" }`,
		"modules/db/main.tf":     "",
		"modules/abs/main.tf":    `module "net" { source = "/modules/net" }`,
		"modules/README.md":      "",
		"modules/db/x/README.md": "",
	}.tree(), Options{},
		"env [terraform=main.tf] -> modules/db modules/net", "modules/abs [terraform=main.tf]",
		"modules/db [terraform=main.tf]", "modules/net [terraform=main.tofu] -> modules/db")
}

func leavesTree(p string) bool {
	return p != path.Clean(p) || p == ".." || strings.HasPrefix(p, "../") || path.IsAbs(p)
}

func FuzzParseTerraform(f *testing.F) {
	for _, seed := range []string{
		"", `module "a" { source = "../a" }`, "module a {\n # x\n source=\"./${b}\"\n}", "x = <<E\n${<<F\nF\n}\nE\n", "module {{{", "}",
		`{"module": {"a": {"source": "../a"}}}`, `{"module": [{"a": [{"source": "../../.."}]}]}`, `module "a" { source = "\u12"}`, "%{if}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, parse := range []func([]byte) ([]string, []fault){parseTerraform, parseTerraformJSON} {
			sources, faults := parse(content)
			checkFaults(t, content, faults)
			if len(faults) > 0 && sources != nil {
				t.Errorf("sources %q beside faults %v", sources, faults)
			}
			d := &directory{path: "a/b"}
			d.refer(sources)
			if i := slices.IndexFunc(d.refers, leavesTree); i >= 0 {
				t.Errorf("path %q leaves the tree", d.refers[i])
			}
		}
	})
}

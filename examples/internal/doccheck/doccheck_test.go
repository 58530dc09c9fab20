package doccheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is that of the repository.
const root = "../../.."

// pages are all pages of the repository but those of samples.
func pages(t *testing.T) []Page {
	t.Helper()
	var found []Page
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", ".delivery", "testdata", "node_modules", "sample"}, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		page, err := Read(root, relative)
		found = append(found, page)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("found %d pages, of at least 10", len(found))
	}
	return found
}

func report(t *testing.T, faults []Fault) {
	t.Helper()
	for _, f := range faults {
		t.Errorf("%v", f)
	}
}

func TestEveryGoSnippetOfThePagesCompiles(t *testing.T) {
	var snippets []Snippet
	for _, p := range pages(t) {
		snippets = append(snippets, p.Snippets()...)
	}
	if len(snippets) < 10 {
		t.Fatalf("found %d snippets, of at least 10", len(snippets))
	}
	faults, err := Compile(t.Context(), root, snippets)
	if err != nil {
		t.Fatal(err)
	}
	report(t, faults)
}

func TestEveryLinkOfThePagesLeadsSomewhere(t *testing.T) {
	links := 0
	for _, p := range pages(t) {
		links += len(p.Links())
		report(t, p.CheckLinks(root))
	}
	if links < 50 {
		t.Errorf("found links on %d lines, of at least 50", links)
	}
}

func TestEveryCommandOfThePagesExists(t *testing.T) {
	commands := 0
	for _, p := range pages(t) {
		for _, line := range p.Lines {
			commands += len(commandsOf(line))
		}
		report(t, p.CheckCommands(root))
	}
	if commands < 20 {
		t.Errorf("found %d commands, of at least 20", commands)
	}
}

// text makes a page of lines, in which ”' stands for a fence.
func text(lines ...string) Page {
	return New("docs/page.md", strings.ReplaceAll(strings.Join(lines, "\n"), "'''", "```"))
}

func TestCompile(t *testing.T) {
	tests := map[string]struct {
		page Page
		want []string
	}{
		"a whole file compiles": {page: text("'''go", "package main", "", `import "fmt"`, "", "func main() { fmt.Println() }", "'''")},
		"statements know the packages that they name": {
			page: text("'''go", `minimum, err := coverage.ParsePercentage("80")`, "if err != nil {", "\treturn err", "}", "fmt.Println(minimum)", "'''"),
		},
		"statements are given what the comment says": {
			page: text("<!-- snippet: ctx context.Context, deployer *ecs.Deployer, services []ecs.Service -->", "", "'''go", "_, err := deployer.Plan(ctx, services)", "return err", "'''"),
		},
		"declarations are given variables": {
			page: text("<!-- snippet: services []ecs.Service -->", "'''go", "func count() int { return len(services) }", "'''"),
		},
		"a name that is nowhere is named with its line": {
			page: text("# Title", "", "'''go", "n := 1", "fmt.Println(n, m)", "'''"),
			want: []string{"docs/page.md:5: undefined: m"},
		},
		"a function that the package has not is found": {
			page: text("'''go", "return envname.Solve()", "'''"),
			want: []string{"docs/page.md:2: undefined: envname.Solve"},
		},
		"a variable that nobody uses is found": {
			page: text("'''go", "n := 1", "'''"),
			want: []string{"docs/page.md:2: declared and not used: n"},
		},
		"an import that nobody uses is found in a whole file": {
			page: text("'''go", "package main", `import "fmt"`, "func main() {}", "'''"),
			want: []string{`docs/page.md:3: "fmt" imported and not used`},
		},
		"broken syntax is found at its line": {
			page: text("", "'''go", "x := 1", "y := := 2", "'''"),
			want: []string{"docs/page.md:4: expected operand, found ':='"},
		},
		"a comment that gives what cannot be is found at its line": {
			page: text("", "<!-- snippet: p *ecs.Plane -->", "'''go", "fmt.Println(p)", "'''"),
			want: []string{"docs/page.md:3: undefined: ecs.Plane"},
		},
		"other languages are left alone": {page: text("'''yaml", "a: {", "'''")},
	}
	var snippets []Snippet // of all pages at once, since asking the go command takes a second
	for name, tt := range tests {
		tt.page.Path = name
		snippets = append(snippets, tt.page.Snippets()...)
	}
	faults, err := Compile(t.Context(), root, snippets)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			if i := slices.IndexFunc(faults, func(f Fault) bool { return f.Path == name }); i >= 0 { // what follows the first of broken syntax is the parser's affair
				first := faults[i]
				first.Path = "docs/page.md"
				got = []string{first.String()}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}

func TestCheckLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "docs/page.md", "")
	write(t, dir, "docs/other.md", "# One `two` three\n\n## One two three\n\n```\n# not one\n```\n")
	write(t, dir, "docs/picture.svg", "")
	tests := map[string]struct {
		line string
		want string
	}{
		"a file that is there":                       {line: "[a](other.md) and ![b](picture.svg)"},
		"a folder":                                   {line: "[a](../docs)"},
		"another site":                               {line: "[a](https://example.com/x#y) [b](mailto:a@example.com)"},
		"a heading with code":                        {line: "[a](other.md#one-two-three)"},
		"a second heading of the same words":         {line: "[a](other.md#one-two-three-1)"},
		"code that looks like a link":                {line: "`[a](nowhere.md)`"},
		"code in the text of a link":                 {line: "[`a`](nowhere.md)", want: "leads nowhere: there is no docs/nowhere.md"},
		"a file that is not there":                   {line: "see [a](nowhere.md)", want: "leads nowhere: there is no docs/nowhere.md"},
		"what stands in a block is no heading":       {line: "[a](other.md#not-one)", want: "no heading of docs/other.md"},
		"an anchor of the page itself that is none":  {line: "[a](#here)", want: "no heading of docs/page.md"},
		"a way out of the repository":                {line: "[a](../../x.md)", want: "leaves the repository"},
		"a picture of HTML that is not there":        {line: `<img src="none.svg" alt="x">`, want: "there is no docs/none.svg"},
		"an anchor of something other than a page":   {line: "[a](picture.svg#x)", want: "is no page"},
		"a link with a title":                        {line: `[a](none.md "title")`, want: "there is no docs/none.md"},
		"the second of two links in one line, in []": {line: "[a [b]](other.md), [c](none.md)", want: "there is no docs/none.md"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			checkFault(t, text("", tt.line).CheckLinks(dir), 2, tt.want)
		})
	}
}

func TestCheckCommands(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "examples/rollout/main.go", `package main
import "m/examples/internal/cli"
func main() { f := cli.New(); f.StringVar(&x, "cluster", "", "text"); f.Func("inject", "text", nil) }`)
	write(t, dir, "examples/internal/cli/cli.go", `package cli
func New() { flags.Bool("json", false, "-csv is not one") }`)
	write(t, dir, "scripts/bench", "case $1 in -quick) ;; esac")
	write(t, dir, "scripts/test", `go test "$@"`)
	tests := map[string]struct {
		page Page
		want string
		line int
	}{
		"a main with its flags":                 {page: text("    go run ./examples/rollout -cluster x -json -h")},
		"a flag that an internal package has":   {page: text("'''sh", "./examples/rollout -json=true", "'''")},
		"a main that is not there":              {page: text("    go run ./examples/roll"), want: "there is no examples/roll to run", line: 1},
		"a flag that the main has not":          {page: text("'''sh", "", "go run ./examples/rollout -clutter x", "'''"), want: "examples/rollout has no flag -clutter", line: 3},
		"words of help are no flags":            {page: text("'''sh", "go run ./examples/rollout -csv", "'''"), want: "has no flag -csv", line: 2},
		"a flag in the next line":               {page: text("'''sh", `go run ./examples/rollout -json \`, "  -none", "'''"), want: "has no flag -none", line: 2},
		"a flag behind a pipe is another's":     {page: text("'''sh", "go run ./examples/rollout -json | jq -r .", "'''")},
		"a comment has no flags":                {page: text("'''sh", "go run ./examples/rollout -json # or -yaml", "'''")},
		"a script with its flag":                {page: text("Run `scripts/bench -quick`.")},
		"a script without it":                   {page: text("Run `scripts/bench -slow`."), want: "scripts/bench has no flag -slow", line: 1},
		"a script that hands on its arguments":  {page: text("Run `scripts/test -run X`.")},
		"a script that is not there":            {page: text("Run `./scripts/none`."), want: "there is no scripts/none to run", line: 1},
		"several programs in one line":          {page: text("    go build ./examples/rollout ./examples/none"), want: "there is no examples/none", line: 1},
		"prose is left alone":                   {page: text("See examples/none -x.")},
		"a job of a file of CI":                 {page: text("'''yaml", "script: [go run ./examples/none]", "'''"), want: "there is no examples/none", line: 2},
		"a path in another program's URL":       {page: text("    curl https://example.com/examples/none")},
		"flags of go test are none of a main's": {page: text("    go test ./examples/rollout -run X -v")},
		"a word in capitals is any name":        {page: text("    go run ./examples/NAME -x")},
		"folders of all packages below one":     {page: text("    go build ./examples/...")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			checkFault(t, tt.page.CheckCommands(dir), tt.line, tt.want)
		})
	}
}

func checkFault(t *testing.T, faults []Fault, line int, want string) {
	t.Helper()
	switch {
	case want == "" && len(faults) > 0:
		t.Errorf("faults: %v", faults)
	case want != "" && (len(faults) != 1 || !strings.Contains(faults[0].Text, want) || faults[0].Line != line || faults[0].Path != "docs/page.md"):
		t.Errorf("faults: %v, want one in line %d: %s", faults, line, want)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzPage(f *testing.F) {
	f.Add("```go\npackage x\n```\n[a](b.md#c)\n    go run ./examples/x -y\n")
	f.Add("~~~\n```\n# a\n~~~~\n<!-- snippet: a b -->\n```go\n")
	f.Add("[a]([b](c)) `x` ![](y) <img src=\"z\">")
	f.Fuzz(func(t *testing.T, content string) {
		p := New("a.md", content)
		for _, b := range p.Blocks() {
			if b.Line < 2 || b.Line > len(p.Lines)+1 {
				t.Errorf("block at line %d of %d", b.Line, len(p.Lines))
			}
		}
		for line := range p.Links() {
			if line < 1 || line > len(p.Lines) {
				t.Errorf("link at line %d of %d", line, len(p.Lines))
			}
		}
		p.anchors()
		for _, line := range p.Lines {
			commandsOf(line)
		}
	})
}

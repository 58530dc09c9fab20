package doccheck

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// Snippet is one Go block of a page.
type Snippet struct {
	Path  string // of the page
	Line  int    // of its first line
	Text  string
	Given string // parameters, as in a function: "ctx context.Context, n int"
}

var given = regexp.MustCompile(`^<!--\s*snippet:\s*(.*?)\s*-->$`)

// Snippets returns the Go blocks of the page.
func (p Page) Snippets() []Snippet {
	var snippets []Snippet
	for _, b := range p.Blocks() {
		if b.Language != "go" {
			continue
		}
		s := Snippet{Path: p.Path, Line: b.Line, Text: b.Text}
		if m := given.FindStringSubmatch(b.Before); m != nil {
			s.Given = m[1]
		}
		snippets = append(snippets, s)
	}
	return snippets
}

// others are packages that fragments may name besides those of this module.
var others = map[string]string{
	"aws": "github.com/aws/aws-sdk-go-v2/aws", "awsconfig": "github.com/aws/aws-sdk-go-v2/config",
	"awsecs": "github.com/aws/aws-sdk-go-v2/service/ecs", "awsecr": "github.com/aws/aws-sdk-go-v2/service/ecr",
	"cloudformation": "github.com/aws/aws-sdk-go-v2/service/cloudformation", "types": "github.com/aws/aws-sdk-go-v2/service/ecs/types",
	"gomock": "github.com/golang/mock/gomock", "kubernetes": "k8s.io/client-go/kubernetes",
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "io": "io", "log": "log", "os": "os",
	"slices": "slices", "strings": "strings", "synctest": "testing/synctest", "testing": "testing", "time": "time",
}

// parse returns the file that s stands for. Known are the packages that a fragment
// may name: their paths by name.
func (s Snippet) parse(fset *token.FileSet, known map[string]string) (*ast.File, error) {
	whole := regexp.MustCompile(`(?m)^package \w+`).MatchString(s.Text)
	if whole {
		return parser.ParseFile(fset, name, s.line(0)+s.Text, parser.SkipObjectResolution)
	}
	body := s.body()
	first, err := parser.ParseFile(fset, name, "package snippet\n"+body, 0)
	if err != nil {
		return nil, err
	}
	var imports strings.Builder
	for _, pkg := range packages(first) {
		if path, ok := known[pkg]; ok {
			fmt.Fprintf(&imports, "import %s %q\n", pkg, path)
		}
	}
	return parser.ParseFile(fset, name, "package snippet\n"+imports.String()+body, parser.SkipObjectResolution)
}

// name is what positions are in where no line directive says better. It has no
// directory, to which the directives would be relative.
const name = "snippet"

// line is a directive: what follows stands in the page, skip lines into the snippet.
func (s Snippet) line(skip int) string { return fmt.Sprintf("//line %s:%d:1\n", s.Path, s.Line+skip) }

// body is the fragment with what it is given.
func (s Snippet) body() string {
	directive := s.line(-1) // the comment stands before the fence
	if declares(s.Text) {
		var vars strings.Builder
		for _, v := range splitParameters(s.Given) {
			fmt.Fprintf(&vars, "%svar %s\n", directive, v)
		}
		return vars.String() + s.line(0) + s.Text
	}
	return directive + "func _(" + s.Given + ") error {\n" + s.line(0) + s.Text + s.line(strings.Count(s.Text, "\n")) + "return nil\n}\n"
}

// declares reports whether text begins with a declaration that no function may hold,
// or holds nothing but declarations.
func declares(text string) bool {
	var sc scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(text))
	sc.Init(file, []byte(text), nil, 0)
	_, tok, _ := sc.Scan()
	_, next, _ := sc.Scan()
	return tok == token.FUNC && (next == token.IDENT || next == token.LPAREN) || tok == token.TYPE || tok == token.IMPORT || tok == token.VAR
}

// splitParameters splits "a int, f func(x, y int) error" at its outer commas.
func splitParameters(list string) []string {
	var parts []string
	depth, start := 0, 0
	for i, r := range list {
		switch r {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(list[start:i]))
				start = i + 1
			}
		}
	}
	if last := strings.TrimSpace(list[start:]); last != "" {
		parts = append(parts, last)
	}
	return parts
}

// packages are the names before a dot that nothing in the file declares.
func packages(file *ast.File) []string {
	unresolved := map[*ast.Ident]bool{}
	for _, id := range file.Unresolved { //nolint:staticcheck // objects are just what is wanted here, of one file
		unresolved[id] = true
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && unresolved[id] && !slices.Contains(names, id.Name) {
				names = append(names, id.Name)
			}
		}
		return true
	})
	slices.Sort(names)
	return names
}

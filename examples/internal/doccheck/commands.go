package doccheck

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// command is a program of this repository that a page has people run.
var command = regexp.MustCompile(`(?:^|[\s("';&|=])((?:go (?:run|build|install|test|vet)(?: -\S+(?: [^\s./-]\S*)?)*? )?\.?/?((?:examples|scripts)/[A-Za-z0-9_./-]*[A-Za-z0-9_]))`)

// CheckCommands finds commands of the page whose program is not in the tree at root,
// and flags that it does not know. It looks at blocks of commands and at code spans.
//
// The flags of a main are those that its source, and that of the packages in
// examples/internal that it imports, declares by package flag; those of a script are
// words of its text.
func (p Page) CheckCommands(root string) []Fault {
	var faults []Fault
	check := func(line int, text string) {
		for _, c := range commandsOf(text) {
			if fault := c.broken(root); fault != "" {
				faults = append(faults, Fault{Path: p.Path, Line: line, Text: fault})
			}
		}
	}
	p.walk(func(line int, text string) {
		if strings.HasPrefix(text, "    ") { // an indented block
			check(line, text)
			return
		}
		for _, span := range codeSpan.FindAllString(text, -1) {
			check(line, strings.Trim(span, "`"))
		}
	}, func(b Block) {
		if !slices.Contains([]string{"", "sh", "bash", "shell", "console", "yaml", "yml"}, b.Language) {
			return
		}
		// A line that ends in a backslash goes on in the next one.
		line, whole := b.Line, ""
		for i, text := range strings.Split(b.Text, "\n") {
			if whole == "" {
				line = b.Line + i
			}
			if head, more := strings.CutSuffix(text, `\`); more {
				whole += head + " "
				continue
			}
			check(line, whole+text)
			whole = ""
		}
	})
	return faults
}

// invocation is one command and its flags.
type invocation struct {
	program string // path below the root
	flags   []string
}

func commandsOf(text string) []invocation {
	text, _, _ = strings.Cut(text, " # ")
	var found []invocation
	matches := command.FindAllStringSubmatchIndex(text, -1)
	for i, m := range matches {
		c := invocation{program: text[m[4]:m[5]]}
		end := len(text)
		if i+1 < len(matches) {
			end = matches[i+1][0]
		}
		for word := range strings.FieldsSeq(text[m[5]:end]) {
			if slices.Contains([]string{"|", "&&", ";", ">", ">>", "2>", "||", "-args"}, word) || strings.HasPrefix(word, "#") {
				break
			}
			if name, ok := flagName(word); ok {
				c.flags = append(c.flags, name)
			}
			if strings.HasSuffix(word, ";") {
				break
			}
		}
		if verb := text[m[2]:m[3]]; strings.HasPrefix(verb, "go test") || strings.HasPrefix(verb, "go vet") {
			c.flags = nil // those of the go command
		}
		found = append(found, c)
	}
	return found
}

var flagWord = regexp.MustCompile(`^--?([A-Za-z][A-Za-z0-9-]*)(?:=.*)?[;,)]?$`)

func flagName(word string) (string, bool) {
	m := flagWord.FindStringSubmatch(word)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// placeholder is a path in which a word in capitals stands for any name.
var placeholder = regexp.MustCompile(`/[A-Z]+(/|$)`)

// broken says what is wrong with c; "" is nothing.
func (c invocation) broken(root string) string {
	if placeholder.MatchString(c.program) {
		return ""
	}
	at := filepath.Join(root, filepath.FromSlash(strings.TrimSuffix(c.program, "/...")))
	info, err := os.Stat(at)
	if err != nil {
		return fmt.Sprintf("there is no %s to run", c.program)
	}
	var known func(flag string) bool
	switch {
	case !info.IsDir():
		text, err := os.ReadFile(at)
		if err != nil {
			return err.Error()
		}
		// One that hands on its arguments has the flags of another program.
		known = func(flag string) bool {
			return strings.Contains(string(text), "-"+flag) || strings.Contains(string(text), `"$@"`)
		}
	default:
		declared, err := declaredFlags(root, c.program)
		if err != nil {
			return err.Error()
		}
		known = func(flag string) bool { return declared[flag] }
	}
	for _, flag := range c.flags {
		if flag != "h" && flag != "help" && !known(flag) {
			return fmt.Sprintf("%s has no flag -%s", c.program, flag)
		}
	}
	return ""
}

// declaredFlags are the flags that the Go files of a directory declare, with those of
// the packages below examples/internal that they import.
func declaredFlags(root, dir string) (map[string]bool, error) {
	flags, seen, queue := map[string]bool{}, map[string]bool{dir: true}, []string{dir}
	for len(queue) > 0 {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(queue[0]), "*.go"))
		if err != nil {
			return nil, err
		}
		queue = queue[1:]
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, fmt.Errorf("read the flags of %s: %w", dir, err)
			}
			for _, i := range file.Imports {
				imported, _ := strconv.Unquote(i.Path.Value) // a parsed file has no other
				if _, below, ok := strings.Cut(imported, "/examples/internal/"); ok {
					if next := path.Join("examples/internal", below); !seen[next] {
						seen[next] = true
						queue = append(queue, next)
					}
				}
			}
			collectFlags(file, flags)
		}
	}
	return flags, nil
}

var declaring = regexp.MustCompile(`^(String|Bool|Int|Int64|Uint|Uint64|Float64|Duration|Text|Func|BoolFunc)?(Var)?$`)

// collectFlags adds the names in calls such as flags.StringVar(&x, "name", …). A name
// is the first argument that is text.
func collectFlags(file *ast.File, flags map[string]bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !declaring.MatchString(method.Sel.Name) {
			return true
		}
		for _, argument := range call.Args {
			if text, ok := argument.(*ast.BasicLit); ok && text.Kind == token.STRING {
				name, _ := strconv.Unquote(text.Value)
				flags[name] = true
				break
			}
		}
		return true
	})
}

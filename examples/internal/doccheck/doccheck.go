// Package doccheck holds the pages of this project to the code: its Go snippets
// compile, its links lead somewhere, and the commands that it shows exist.
//
//	page, err := doccheck.Read(root, "docs/use-one-package.md")
//	faults, err := doccheck.Compile(ctx, root, page.Snippets())
//	faults = append(faults, page.CheckLinks(root)...)
//	faults = append(faults, page.CheckCommands(root)...)
//
// A Go block that begins with a package clause is compiled as it stands. Any other is
// a fragment: declarations, or statements within a function that returns an error. The
// packages that it names need no import, and what it is given stands in a comment
// before it, which a reader of the page does not see:
//
//	<!-- snippet: ctx context.Context, services []ecs.Service -->
//
// It checks neither what a snippet does nor links to other sites.
package doccheck

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Page is one page in Markdown.
type Page struct {
	Path  string // relative to the root of the module, with slashes
	Lines []string
}

// Block is a fenced block of a page.
type Block struct {
	Language string // the word behind the fence; "" where there is none
	Line     int    // of its first line, from 1
	Text     string
	Before   string // the last line before it that is not blank
}

// Fault is a place in a page that does not hold.
type Fault struct {
	Path string
	Line int // from 1; 0 where none is known
	Text string
}

func (f Fault) String() string { return fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Text) }

// Read reads the page at path, which is relative to root.
func Read(root, path string) (Page, error) {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		return Page{}, fmt.Errorf("read page: %w", err)
	}
	return New(path, string(content)), nil
}

// New returns the page of that text.
func New(path, text string) Page {
	return Page{Path: filepath.ToSlash(path), Lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
}

var fence = regexp.MustCompile("^(\\s*)(`{3,}|~{3,})\\s*([A-Za-z0-9_+-]*)")

// Blocks returns the fenced blocks of the page.
func (p Page) Blocks() []Block {
	var blocks []Block
	p.walk(nil, func(b Block) { blocks = append(blocks, b) })
	return blocks
}

// walk hands each line outside of blocks to prose, and each block to fenced; either
// may be nil.
func (p Page) walk(prose func(line int, text string), fenced func(Block)) {
	before := ""
	for i := 0; i < len(p.Lines); i++ {
		m := fence.FindStringSubmatch(p.Lines[i])
		if m == nil {
			if strings.TrimSpace(p.Lines[i]) != "" {
				before = strings.TrimSpace(p.Lines[i])
			}
			if prose != nil {
				prose(i+1, p.Lines[i])
			}
			continue
		}
		block := Block{Language: m[3], Line: i + 2, Before: before}
		var text []string
		for i++; i < len(p.Lines) && !closes(p.Lines[i], m[2]); i++ {
			text = append(text, strings.TrimPrefix(p.Lines[i], m[1]))
		}
		block.Text = strings.Join(text, "\n") + "\n"
		before = ""
		if fenced != nil {
			fenced(block)
		}
	}
}

// closes reports whether line ends a block that opened with mark.
func closes(line, mark string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= len(mark) && strings.Trim(line, mark[:1]) == ""
}

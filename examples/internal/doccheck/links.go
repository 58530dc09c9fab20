package doccheck

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var (
	link     = regexp.MustCompile(`!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)`)
	source   = regexp.MustCompile(`<(?:img|source|a)\b[^>]*\b(?:src|srcset|href)="([^"]+)"`)
	codeSpan = regexp.MustCompile("`+[^`]*`+")
	elsewhen = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)
)

// Links returns the targets of the page's links and pictures, by line.
func (p Page) Links() map[int][]string {
	links := map[int][]string{}
	p.walk(func(line int, text string) {
		for _, pattern := range []*regexp.Regexp{link, source} {
			// A code span may be the text of a link, so that it is only made plain.
			for _, m := range pattern.FindAllStringSubmatch(codeSpan.ReplaceAllString(text, "code"), -1) {
				links[line] = append(links[line], m[1])
			}
		}
	}, nil)
	return links
}

// CheckLinks finds the links of the page that lead to no file below root, or to no
// heading of a page. Links to other sites are not followed.
func (p Page) CheckLinks(root string) []Fault {
	var faults []Fault
	for line := range len(p.Lines) + 1 {
		for _, target := range p.Links()[line] {
			if text := p.broken(root, target); text != "" {
				faults = append(faults, Fault{Path: p.Path, Line: line, Text: text})
			}
		}
	}
	return faults
}

// broken says what is wrong with a link; "" is nothing.
func (p Page) broken(root, target string) string {
	if elsewhen.MatchString(target) || strings.HasPrefix(target, "//") {
		return ""
	}
	file, anchor, _ := strings.Cut(target, "#")
	page := p
	if file != "" {
		at := path.Join(path.Dir(p.Path), file)
		if strings.HasPrefix(at, "../") {
			return fmt.Sprintf("the link %s leaves the repository", target)
		}
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(at)))
		switch {
		case err != nil:
			return fmt.Sprintf("the link %s leads nowhere: there is no %s", target, at)
		case anchor == "":
			return ""
		case info.IsDir() || path.Ext(at) != ".md":
			return fmt.Sprintf("the link %s has an anchor, and %s is no page", target, at)
		}
		if page, err = Read(root, at); err != nil {
			return err.Error()
		}
	}
	if !page.anchors()[anchor] {
		return fmt.Sprintf("the link %s leads to no heading of %s", target, page.Path)
	}
	return ""
}

var heading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*\s*$`)

// anchors are those of the page's headings, as GitHub and GitLab make them.
func (p Page) anchors() map[string]bool {
	anchors := map[string]bool{}
	p.walk(func(_ int, text string) {
		m := heading.FindStringSubmatch(text)
		if m == nil {
			return
		}
		slug := slugOf(m[1])
		for n, base := 1, slug; anchors[slug]; n++ {
			slug = fmt.Sprintf("%s-%d", base, n)
		}
		anchors[slug] = true
	}, nil)
	return anchors
}

// slugOf is the anchor of a heading: its text without marks, in lower case, with
// hyphens for blanks. Source: github/jch-html-pipeline, TableOfContentsFilter.
func slugOf(title string) string {
	title = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(title, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

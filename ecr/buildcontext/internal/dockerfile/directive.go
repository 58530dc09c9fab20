package dockerfile

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

var directive = regexp.MustCompile(`^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$`)

// directives reads the comments at the top that are none. They are left to be
// read once more as the comments that they look like.
func (p *parser) directives() error {
	seen := make(map[string]bool)
	for i, line := range p.lines {
		m := directive.FindSubmatch(trimStart(trimEnd(line)))
		if m == nil {
			return nil
		}
		name := strings.ToLower(string(m[1]))
		switch {
		case !known(name):
			return nil
		case seen[name]:
			return fmt.Errorf("line %d: the directive %s is given twice", i+1, name)
		}
		seen[name] = true
		if value := string(m[2]); name == "escape" {
			if value != `\` && value != "`" {
				return fmt.Errorf("line %d: the escape character is to be \\ or `, not %q", i+1, value)
			}
			p.setEscape(rune(value[0]))
		}
	}
	return nil
}

// syntax returns the image of the directive of that name, which BuildKit pulls to
// let it read the Dockerfile. It may stand below a line that begins with "#!".
func syntax(source []byte) (reference, bool) {
	text := bytes.TrimPrefix(source, byteOrderMark)
	at := len(source) - len(text)
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		m := directive.FindSubmatchIndex(bytes.TrimRight(line, "\r\n"))
		switch {
		case m == nil && (i > 0 || !bytes.HasPrefix(line, []byte("#!"))):
			return reference{}, false
		case m == nil:
		case strings.EqualFold(string(line[m[2]:m[3]]), "syntax"):
			name, _, _ := strings.Cut(string(line[m[4]:m[5]]), " ")
			image := Image{Name: name, Line: i + 1, Text: name, Fixed: digest(name)}
			return reference{Image: image, place: span{at + m[4], at + m[4] + len(name)}}, true
		case !known(string(line[m[2]:m[3]])):
			return reference{}, false
		}
		at += len(line)
	}
	return reference{}, false
}

func known(directive string) bool {
	switch strings.ToLower(directive) {
	case "syntax", "escape", "check":
		return true
	}
	return false
}

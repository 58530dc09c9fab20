package linediff

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const devNull = "/dev/null"

// resolve returns the path of the file on its new side, relative to the
// repository, or "" where there is none.
//
// Git puts prefixes before names: a/ and b/, or letters that say what is
// compared (diff.mnemonicPrefix), or none. No single name tells which, since a
// folder may be called b. A pair of names does, and "rename to" never has one.
func (s *section) resolve() (string, error) {
	name, err := unquote(s.newName)
	switch {
	case err != nil:
		return "", err
	case name == devNull:
		return "", nil
	case name == "":
		return "", errors.New("the +++ line names no file")
	case s.renamed != "":
		return unquote(s.renamed)
	}
	old, err := unquote(s.oldName)
	if err != nil {
		return "", err
	}
	if old == devNull {
		old = s.gitOld()
	}
	switch {
	case old == "": // a new file without the header of git, so without its odder prefixes
		return strings.TrimPrefix(name, "b/"), nil
	case isPrefixed(old, name):
		return name[len("b/"):], nil
	}
	return name, nil
}

// gitOld returns the old name of the line "diff --git OLD NEW", which is there
// also for a file that is new; "" where there is no such line.
func (s *section) gitOld() string {
	name, _, _ := strings.Cut(s.newName, "\t")
	old, found := strings.CutSuffix(s.git, " "+name)
	if !found {
		return ""
	}
	old, err := unquote(old)
	if err != nil {
		return ""
	}
	return old
}

// isPrefixed reports whether a pair of names has the prefixes that git puts.
func isPrefixed(old, name string) bool {
	a, b := prefix(old), prefix(name)
	return a != "" && b != "" && a != b
}

// prefix returns the letter before the first slash of name where it is one that
// git uses: a and b, or commit, index, object and work tree.
func prefix(name string) string {
	if before, _, found := strings.Cut(name, "/"); found && len(before) == 1 && strings.Contains("abciow", before) {
		return before
	}
	return ""
}

// unquote reads a name as git writes it: in quotes with escapes where it has odd
// characters, else up to a tab, behind which diff -u puts the time.
func unquote(s string) (string, error) {
	if !strings.HasPrefix(s, `"`) {
		name, _, _ := strings.Cut(s, "\t")
		return name, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), nil
		case '\\':
			width, err := escape(&b, s[i+1:])
			if err != nil {
				return "", fmt.Errorf("name %s: %w", s, err)
			}
			i += width
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("name %s has no closing quote", s)
}

// escape writes what the escape at the beginning of s stands for, and returns
// its width without the backslash. See quote_c_style in git's quote.c.
func escape(b *strings.Builder, s string) (int, error) {
	const letters, values = `abtnvfr"\`, "\a\b\t\n\v\f\r\"\\"
	if s == "" {
		return 0, errors.New("it ends in a backslash")
	}
	if i := strings.IndexByte(letters, s[0]); i >= 0 {
		b.WriteByte(values[i])
		return 1, nil
	}
	n, err := strconv.ParseUint(s[:min(3, len(s))], 8, 8)
	if err != nil || len(s) < 3 {
		return 0, fmt.Errorf("\\%.3s is no escape", s)
	}
	b.WriteByte(byte(n))
	return 3, nil
}

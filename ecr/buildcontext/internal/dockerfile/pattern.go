package dockerfile

import (
	"regexp"
	"strings"
)

// compile turns the pattern of a substitution, which knows * and ?, into an expression.
func compile(pattern, before, after string) (*regexp.Regexp, error) {
	var b strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '*':
			b.WriteString(".*")
		case r == '?':
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.Compile(before + b.String() + after)
}

// trim takes what matches pattern off the start ('#') or the end ('%') of value:
// the least of it, or the most where pattern begins with the operator once more.
func trim(value string, operator rune, pattern string) (string, error) {
	pattern, most := strings.CutPrefix(pattern, string(operator))
	re, err := compile(pattern, "^(?:", ")$")
	if err != nil {
		return "", err
	}
	cut := -1
	for i := range len(value) + 1 {
		part := value[:i]
		if operator == '%' {
			part = value[len(value)-i:]
		}
		if re.MatchString(part) {
			cut = i
			if !most {
				break
			}
		}
	}
	switch {
	case cut < 0:
		return value, nil
	case operator == '%':
		return value[:len(value)-cut], nil
	}
	return value[cut:], nil
}

// replace replaces the first match of pattern in value, or all of them.
func replace(value, pattern, replacement string, all bool) (string, error) {
	re, err := compile(pattern, "", "")
	if err != nil {
		return "", err
	}
	if all {
		return re.ReplaceAllLiteralString(value, replacement), nil
	}
	if at := re.FindStringIndex(value); at != nil {
		value = value[:at[0]] + replacement + value[at[1]:]
	}
	return value, nil
}

package route53test

import (
	"fmt"
	"slices"
	"strings"
)

// normal is a domain name as Route 53 keeps it: in lower case, with a dot at its end,
// and every character that is no letter, digit, '-', '_' or '.' as an octal escape.
// Source: Route 53 developer guide, "DNS domain name format".
func normal(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		switch ch := name[i]; {
		case 'A' <= ch && ch <= 'Z':
			b.WriteByte(ch + 'a' - 'A')
		case plain(ch):
			b.WriteByte(ch)
		default:
			if ch == '\\' && i+3 < len(name) && octal(name[i+1:i+4]) {
				b.WriteString(unescaped(name[i+1 : i+4]))
				i += 3
				continue
			}
			fmt.Fprintf(&b, `\%03o`, ch)
		}
	}
	return strings.TrimSuffix(b.String(), ".") + "."
}

func plain(ch byte) bool {
	return 'a' <= ch && ch <= 'z' || '0' <= ch && ch <= '9' || ch == '-' || ch == '_' || ch == '.'
}

func octal(digits string) bool {
	return digits[0] <= '3' && !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '7' })
}

// unescaped is what three octal digits stand for, in the form that is kept.
func unescaped(digits string) string {
	ch := (digits[0]-'0')<<6 | (digits[1]-'0')<<3 | (digits[2] - '0')
	switch {
	case 'A' <= ch && ch <= 'Z':
		return string(rune(ch + 'a' - 'A'))
	case plain(ch) && ch != '.':
		return string(rune(ch))
	}
	return `\` + digits
}

// reversed is a name by which Route 53 sorts: "www.example.com." is "com.example.www.".
func reversed(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// badName says what is wrong with a name in its normal form; empty where nothing is.
func badName(name string) string {
	const problem = "FATAL problem: %s encountered with '%s'"
	bare := strings.TrimSuffix(name, ".")
	if len(bare) > 255 {
		return fmt.Sprintf(problem, "DomainNameTooLong (Domain name is too long)", bare)
	}
	for label := range strings.SplitSeq(bare, ".") {
		switch {
		case label == "":
			return fmt.Sprintf(problem, "DomainLabelEmpty (Domain label is empty)", bare)
		case len(label) > 63:
			return fmt.Sprintf(problem, "DomainLabelTooLong (Domain label is too long)", bare)
		}
	}
	return ""
}

// within reports whether name is zone itself or lies in it; both are in normal form.
func within(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }

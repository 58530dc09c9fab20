package xmlscan

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// appendText appends raw text as it is meant: with its references replaced and its
// line ends as \n. It reports false where that is not plain to see.
func appendText(dst, raw []byte) ([]byte, bool) {
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == '&':
			end := bytes.IndexByte(raw[i:], ';')
			if end < 0 {
				return nil, false
			}
			r, ok := reference(raw[i+1 : i+end])
			if !ok {
				return nil, false
			}
			dst = utf8.AppendRune(dst, r)
			i += end + 1
		case c == '\r':
			dst = append(dst, '\n')
			if i++; i < len(raw) && raw[i] == '\n' {
				i++
			}
		case c < utf8.RuneSelf:
			if !isCharacter(rune(c)) {
				return nil, false
			}
			dst = append(dst, c)
			i++
		default:
			r, size := utf8.DecodeRune(raw[i:])
			if r == utf8.RuneError && size == 1 || !isCharacter(r) {
				return nil, false
			}
			dst = append(dst, raw[i:i+size]...)
			i += size
		}
	}
	return dst, true
}

// reference is the character that &name; stands for.
func reference(name []byte) (rune, bool) {
	switch string(name) {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "apos":
		return '\'', true
	case "quot":
		return '"', true
	}
	digits, numeric := bytes.CutPrefix(name, []byte("#"))
	if !numeric {
		return 0, false
	}
	base := 10
	if hex, ok := bytes.CutPrefix(digits, []byte("x")); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(string(digits), base, 31)
	return rune(n), err == nil && isCharacter(rune(n))
}

// isCharacter reports whether r may stand in XML.
// Source: Extensible Markup Language 1.0, production 2, "Char".
func isCharacter(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= 0x10ffff
}

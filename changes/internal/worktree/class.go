package worktree

import "strings"

// class reads a set of bytes in a pattern, such as [a-z] or [![:alpha:]_].
type class struct {
	glob   string
	at     int
	set    [256]bool
	before byte // the byte that a range would begin with; 0 for none
}

// parseClass reads the set at glob[at:], and returns where the pattern goes on.
func parseClass(glob string, at int) (set *[256]bool, next int, ok bool) {
	c := &class{glob: glob, at: at + 1}
	negated := c.at < len(glob) && (glob[c.at] == '!' || glob[c.at] == '^')
	if negated {
		c.at++
	}
	// A "]" that comes first does not end the set.
	for first := true; first || c.at < len(glob) && glob[c.at] != ']'; first = false {
		if c.at >= len(glob) || !c.item() {
			return nil, 0, false
		}
	}
	if c.at >= len(glob) {
		return nil, 0, false
	}
	if negated {
		for b := range c.set {
			c.set[b] = !c.set[b]
		}
	}
	return &c.set, c.at + 1, true
}

// item reads a byte, a range or a named set.
func (c *class) item() bool {
	rest := c.glob[c.at:]
	if name, ok := namedSet(rest); ok {
		c.before, c.at = 0, c.at+len("[:")+len(name)+len(":]")
		return c.addNamed(name)
	}
	if rest[0] == '-' && c.before != 0 && len(rest) > 1 && rest[1] != ']' {
		c.at++
		end, ok := c.literal()
		for b := int(c.before); b <= int(end); b++ {
			c.set[b] = true
		}
		c.before = 0
		return ok
	}
	b, ok := c.literal()
	c.set[b], c.before = true, b
	return ok
}

// literal reads a byte, which may stand after a backslash.
func (c *class) literal() (b byte, ok bool) {
	if c.glob[c.at] == '\\' {
		c.at++
	}
	if c.at == len(c.glob) {
		return 0, false
	}
	c.at++
	return c.glob[c.at-1], true
}

// namedSet returns the name in a [:name:] that s begins with.
func namedSet(s string) (name string, ok bool) {
	inner, ok := strings.CutPrefix(s, "[:")
	if !ok {
		return "", false
	}
	inner, _, ok = strings.Cut(inner, "]")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(inner, ":")
}

// addNamed adds a set of ASCII characters.
func (c *class) addNamed(name string) bool {
	holds := named(name)
	if holds == nil {
		return false
	}
	for b := range byte(128) {
		c.set[b] = c.set[b] || holds(b)
	}
	return true
}

// named returns what tells the characters of a set, or nil for a name that is
// none. What counts as space is Git's own.
func named(name string) func(b byte) bool {
	digit := func(b byte) bool { return '0' <= b && b <= '9' }
	upper := func(b byte) bool { return 'A' <= b && b <= 'Z' }
	lower := func(b byte) bool { return 'a' <= b && b <= 'z' }
	alpha := func(b byte) bool { return upper(b) || lower(b) }
	alnum := func(b byte) bool { return alpha(b) || digit(b) }
	graph := func(b byte) bool { return ' ' < b && b < 127 }
	within := func(set string) func(b byte) bool {
		return func(b byte) bool { return strings.IndexByte(set, b) >= 0 }
	}
	return map[string]func(b byte) bool{
		"alnum":  alnum,
		"alpha":  alpha,
		"blank":  within(" \t"),
		"cntrl":  func(b byte) bool { return b < ' ' || b == 127 },
		"digit":  digit,
		"graph":  graph,
		"lower":  lower,
		"print":  func(b byte) bool { return graph(b) || b == ' ' },
		"punct":  func(b byte) bool { return graph(b) && !alnum(b) },
		"space":  within(" \t\n\r"),
		"upper":  upper,
		"xdigit": within("0123456789abcdefABCDEF"),
	}[name]
}

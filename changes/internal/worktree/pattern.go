package worktree

import "strings"

// pattern is a glob of gitignore(5): the steps of an automaton that reads a
// name byte by byte. As there is no backtracking, no pattern is slow.
type pattern []step

// step matches some bytes of a name.
type step struct {
	kind  stepKind
	bytes *[256]bool // for oneOf
}

type stepKind uint8

const (
	oneOf   stepKind = iota // one byte, of bytes
	inName                  // *: any number of bytes but "/"
	across                  // **: any number of bytes
	perhaps                 // no byte: the two steps that follow, the across and the "/" of **/, may be left out
)

// match reports whether the pattern matches all of name.
func (p pattern) match(name string) bool {
	at := make([]bool, len(p)+1) // the steps that may come next
	at[0] = true
	p.skip(at)
	next := make([]bool, len(p)+1)
	for i := range len(name) {
		clear(next)
		alive := false
		for j, s := range p {
			if !at[j] {
				continue
			}
			switch c := name[i]; s.kind {
			case oneOf:
				next[j+1] = next[j+1] || s.bytes[c]
			case inName:
				next[j] = next[j] || c != '/'
			case across:
				next[j] = true
			}
			alive = alive || next[j] || next[j+1]
		}
		if !alive {
			return false
		}
		p.skip(next)
		at, next = next, at
	}
	return at[len(p)]
}

// skip adds the steps that may come next since those before may match nothing.
func (p pattern) skip(at []bool) {
	for j, s := range p {
		if at[j] && s.kind != oneOf {
			at[j+1] = true
			if s.kind == perhaps {
				at[j+3] = true
			}
		}
	}
}

// compile reads a pattern. In one that is about paths, only "**" between
// slashes matches a slash. One that is malformed matches nothing.
// Source: Git's wildmatch.c.
func compile(glob string, paths bool) pattern {
	p := pattern{}
	for i := 0; i < len(glob); {
		switch c := glob[i]; c {
		case '*':
			stars := len(glob[i:]) - len(strings.TrimLeft(glob[i:], "*"))
			p = append(p, starSteps(glob, i, stars, paths)...)
			i += stars
		case '[':
			set, next, ok := parseClass(glob, i)
			if !ok {
				return never()
			}
			set['/'] = set['/'] && !paths
			p, i = append(p, step{bytes: set}), next
		case '?':
			set := new([256]bool)
			for b := range set {
				set[b] = !paths || b != '/'
			}
			p, i = append(p, step{bytes: set}), i+1
		case '\\':
			if i++; i == len(glob) {
				return never()
			}
			fallthrough
		default:
			set := new([256]bool)
			set[glob[i]] = true
			p, i = append(p, step{bytes: set}), i+1
		}
	}
	return p
}

// never returns a pattern that matches nothing.
func never() pattern { return pattern{{bytes: new([256]bool)}} }

// starSteps returns what the stars at glob[i:] stand for.
func starSteps(glob string, i, stars int, paths bool) pattern {
	after := glob[i+stars:]
	begins := i == 0 || glob[i-1] == '/'
	switch {
	case !paths:
		return pattern{{kind: across}}
	case stars == 1 || !begins:
		return pattern{{kind: inName}}
	case strings.HasPrefix(after, "/"):
		return pattern{{kind: perhaps}, {kind: across}}
	case after == "" || strings.HasPrefix(after, `\/`):
		return pattern{{kind: across}}
	}
	return pattern{{kind: inName}}
}

package term

import (
	"cmp"
	"slices"
	"strings"
)

// elide returns name in at most n cells. What is left out is so chosen that what
// is left belongs to none of others, which are the names beside it: the
// beginnings and ends of modules, stacks and services are often alike. Where
// there is a choice, it breaks between words, near the middle.
func elide(name string, n int, others []string) string {
	total := width(name)
	if total <= n || n < 3 {
		return cut(name, n)
	}
	type split struct{ head, tail string }
	var splits []split
	rank := map[split]int{}
	for cells := range n {
		s := split{first(name, cells), last(name, n-1-cells)}
		splits = append(splits, s)
		rank[s] = width(s.head+s.tail) - max(cells-n/2, n/2-cells)
		if breaks(name, len(s.head)) {
			rank[s] += 1 + n/6
		}
		if breaks(name, len(name)-len(s.tail)) {
			rank[s] += 1 + n/6
		}
	}
	slices.SortStableFunc(splits, func(a, b split) int { return cmp.Compare(rank[b], rank[a]) })
	for _, s := range splits {
		if !slices.ContainsFunc(others, func(o string) bool {
			return o != name && len(o) >= len(s.head)+len(s.tail) && strings.HasPrefix(o, s.head) && strings.HasSuffix(o, s.tail)
		}) {
			return s.head + "…" + s.tail
		}
	}
	return around(name, n, others)
}

// around returns the beginning and the end of name, and between them what
// tells it from those of others that begin alike.
func around(name string, n int, others []string) string {
	head, tail := first(name, n/4), last(name, n/4)
	at := len(head)
	for _, o := range others {
		if o != name && strings.HasSuffix(o, tail) {
			at = max(at, shared(name, o))
		}
	}
	at = min(at, len(name)-len(tail))
	middle := first(name[at:len(name)-len(tail)], n-2-width(head)-width(tail))
	return head + "…" + middle + "…" + tail
}

// shared returns how many bytes a and b have in common at their beginning, in
// whole characters.
func shared(a, b string) int {
	for i, r := range a {
		if !strings.HasPrefix(b[min(i, len(b)):], string(r)) {
			return i
		}
	}
	return len(a)
}

// breaks reports whether a word of name begins or ends at byte i.
func breaks(name string, i int) bool {
	const between = "-_./: "
	return i > 0 && i < len(name) &&
		(strings.IndexByte(between, name[i-1]) >= 0 || strings.IndexByte(between, name[i]) >= 0)
}

// first returns the beginning of s in at most n cells.
func first(s string, n int) string { return cells().Truncate(s, max(0, n), "") }

// last returns the end of s in at most n cells.
func last(s string, n int) string {
	for skip := max(0, width(s)-n); ; skip++ {
		rest := s[len(first(s, skip)):]
		if width(rest) <= n || rest == "" {
			return rest
		}
	}
}

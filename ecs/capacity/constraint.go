package capacity

import (
	"slices"
	"strings"
)

// allows reports whether i satisfies expr, a memberOf expression of the cluster
// query language, and whether expr was understood: comparisons of attributes
// that are joined by "and". What is not understood allows every instance, as
// does a negation where i lacks the attribute.
// Source: ECS developer guide, "Create expressions to define container instances".
func (i Instance) allows(expr string) (ok, understood bool) {
	if strings.ContainsAny(expr, "()|<>~") {
		return true, false
	}
	ok = true
	for term := range strings.SplitSeq(strings.ReplaceAll(expr, "&&", " and "), " and ") {
		holds, understood := i.satisfies(strings.TrimSpace(term))
		if !understood {
			return true, false
		}
		ok = ok && holds
	}
	return ok, true
}

// satisfies is allows for one comparison, such as "attribute:stack == prod".
func (i Instance) satisfies(term string) (ok, understood bool) {
	rest, isAttribute := strings.CutPrefix(term, "attribute:")
	end := strings.IndexAny(rest, " =!")
	if !isAttribute || end <= 0 {
		return true, false
	}
	have, exists := i.Attributes[rest[:end]]
	op, argument := operator(strings.TrimSpace(rest[end:]))
	switch op {
	case "exists":
		return exists, argument == ""
	case "!exists", "not_exists":
		return !exists, argument == ""
	case "==", "equals":
		v, one := word(argument)
		return exists && have == v, one
	case "!=", "not_equals":
		v, one := word(argument)
		return have != v, one
	case "in":
		vs, many := list(argument)
		return exists && slices.Contains(vs, have), many
	case "!in", "not_in":
		vs, many := list(argument)
		return !slices.Contains(vs, have), many
	}
	return true, false
}

// operator cuts s, "== prod" or "in [a, b]", into operator and argument.
func operator(s string) (op, argument string) {
	if strings.HasPrefix(s, "==") || strings.HasPrefix(s, "!=") {
		return s[:2], strings.TrimSpace(s[2:])
	}
	if before, after, bracket := strings.Cut(s, "["); bracket {
		return strings.TrimSpace(before), "[" + after
	}
	op, argument, _ = strings.Cut(s, " ")
	return op, strings.TrimSpace(argument)
}

func word(s string) (string, bool) {
	s = strings.Trim(s, `"'`)
	return s, s != "" && !strings.ContainsAny(s, " []!=,")
}

func list(s string) ([]string, bool) {
	inner, opened := strings.CutPrefix(s, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed {
		return nil, false
	}
	var out []string
	for item := range strings.SplitSeq(inner, ",") {
		v, one := word(strings.TrimSpace(item))
		if !one {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

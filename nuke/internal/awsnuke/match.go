package awsnuke

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// unjudged is the reason of a comparison that cannot be foretold.
type unjudged struct{ reason string }

func (e *unjudged) Error() string { return e.reason }

// matcher compares what an item has. An error is that of aws-nuke, which then
// ends the run, or an [*unjudged].
type matcher func(string) (bool, error)

// compile returns how aws-nuke compares by f, without its inversion. An error
// is one for which aws-nuke would end the run.
func (f filter) compile(major int, now time.Time) (matcher, error) {
	if major == 2 && slices.Contains([]string{"dateOlderThanNow", "prefix", "suffix", "In", typeNotIn}, f.kind) {
		return nil, fmt.Errorf("unknown type %s of a filter: aws-nuke v2 does not have it", f.kind)
	}
	switch f.kind {
	case "", typeExact:
		return yes(func(s string) bool { return s == f.value }), nil
	case "contains":
		return yes(func(s string) bool { return strings.Contains(s, f.value) }), nil
	case "prefix":
		return yes(func(s string) bool { return strings.HasPrefix(s, f.value) }), nil
	case "suffix":
		return yes(func(s string) bool { return strings.HasSuffix(s, f.value) }), nil
	case "In":
		return yes(func(s string) bool { return slices.Contains(f.values, s) }), nil
	case typeNotIn:
		return yes(func(s string) bool { return !slices.Contains(f.values, s) }), nil
	case "glob":
		return glob(f.value)
	case "regex":
		return regex(f.value)
	case "dateOlderThan", "dateOlderThanNow":
		return f.date(now)
	}
	return nil, fmt.Errorf("unknown type %s of a filter%s", f.kind,
		hint(f.kind, []string{typeExact, "glob", "regex", "contains", "prefix", "suffix", "In", typeNotIn, "dateOlderThan", "dateOlderThanNow"}))
}

func yes(match func(string) bool) matcher {
	return func(s string) (bool, error) { return match(s), nil }
}

// regex compares by a regular expression, unanchored as it is. One that lists
// quoted words is a set: with thousands of ids it answers that much faster.
func regex(pattern string) (matcher, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("bad regular expression: %w", err)
	}
	if set := words(pattern); set != nil {
		return yes(func(s string) bool { return set[s] }), nil
	}
	return yes(re.MatchString), nil
}

// words returns the words of a pattern such as `^(?:a\.b|c)$`, or nil where it
// is not made of words alone.
func words(pattern string) map[string]bool {
	inner, open := strings.CutPrefix(pattern, "^(?:")
	inner, closed := strings.CutSuffix(inner, ")$")
	if !open || !closed {
		return nil
	}
	set := make(map[string]bool)
	var word strings.Builder
	for i := 0; i < len(inner); i++ {
		switch b := inner[i]; {
		case b == '|':
			set[word.String()] = true
			word.Reset()
		case b == '\\' && i+1 < len(inner) && strings.IndexByte(special, inner[i+1]) >= 0:
			i++
			word.WriteByte(inner[i])
		case strings.IndexByte(special, b) >= 0:
			return nil
		default:
			word.WriteByte(b)
		}
	}
	set[word.String()] = true
	return set
}

// special is what means something in a regular expression, as [regexp.QuoteMeta] has it.
const special = `\.+*?()|[]{}^$`

// glob compares by a pattern in which a star does not cross a slash. Its matcher
// gives up too early where two stars in a row, which do cross one, are followed
// by another wildcard; what it makes of those is not foretold here.
// Source: github.com/mb0/glob, which follows Go's path.Match but for that.
func glob(pattern string) (matcher, error) {
	if !strings.Contains(pattern, "**") {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("bad glob %q: %w", pattern, err)
		}
		return func(s string) (bool, error) { return path.Match(pattern, s) }, nil
	}
	left, right := strings.HasPrefix(pattern, "**"), strings.HasSuffix(pattern, "**")
	middle := strings.Trim(pattern, "*")
	if strings.ContainsAny(middle, `*?[\`) || !left && strings.HasPrefix(pattern, "*") || !right && strings.HasSuffix(pattern, "*") {
		return func(string) (bool, error) {
			return false, &unjudged{fmt.Sprintf("what aws-nuke makes of the glob %q: write it as a regex", pattern)}
		}, nil
	}
	switch {
	case left && right:
		return yes(func(s string) bool { return strings.Contains(s, middle) }), nil
	case left:
		return yes(func(s string) bool { return strings.HasSuffix(s, middle) }), nil
	}
	return yes(func(s string) bool { return strings.HasPrefix(s, middle) }), nil
}

// date compares a point in time. Both forms keep what is young: dateOlderThan
// while the point and the duration are ahead of now, dateOlderThanNow while now
// and the duration are ahead of the point.
func (f filter) date(now time.Time) (matcher, error) {
	duration, err := time.ParseDuration(f.value)
	if err != nil {
		return nil, fmt.Errorf("bad duration: %w", err)
	}
	return func(s string) (bool, error) {
		if s == "" {
			return false, nil
		}
		at, err := parseDate(s)
		switch {
		case err != nil:
			return false, err
		case now.IsZero():
			return false, &unjudged{"when aws-nuke runs, which a filter by date depends on"}
		case f.kind == "dateOlderThan":
			return at.Add(duration).After(now), nil
		}
		return now.Add(duration).After(at), nil
	}, nil
}

func parseDate(s string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	for _, layout := range []string{
		"2006-01-02", "2006/01/02", "2006-01-02T15:04:05Z", "2006-01-02 15:04:05 -0700 MST", time.RFC3339Nano, time.RFC3339,
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date that aws-nuke reads", s)
}

func isUnjudged(err error) bool {
	_, ok := errors.AsType[*unjudged](err)
	return ok
}

package git

import (
	"fmt"
	"strconv"
	"strings"
)

// Revision is a name, and how to go on from the commit that it names.
// Source: gitrevisions(7).
type Revision struct {
	Name  string
	Steps []Step
}

// Step is how to get from one commit to another: Times times to the parent of
// that number, of which 0 is the commit itself.
type Step struct{ Parent, Times int }

// ParseRevision reads a name that ~, ~n, ^, ^n, ^{} and ^{commit} may follow. It
// refuses what git would take for more than the name of one commit: options,
// ranges, reflogs, searches and paths.
//
// The error is [ErrNoRevision] where rev is empty or an all-zero hash, otherwise
// [ErrUnknownRevision].
func ParseRevision(rev string) (Revision, error) {
	switch {
	case strings.TrimSpace(rev) == "":
		return Revision{}, fmt.Errorf("%w: it is empty", ErrNoRevision)
	case (len(rev) == 40 || len(rev) == 64) && strings.Trim(rev, "0") == "":
		return Revision{}, fmt.Errorf("%w: an all-zero hash is what CI gives when there is no previous commit (a new branch, or a first push); compare with the default branch instead", ErrNoRevision)
	}
	end := strings.IndexAny(rev, "~^")
	if end < 0 {
		end = len(rev)
	}
	name := rev[:end]
	switch {
	case strings.Contains(name, "@{") || strings.Contains(name, ":"): // no name of a ref has these
		return Revision{}, fmt.Errorf("%w: reflogs, searches and paths are not supported", ErrUnknownRevision)
	case name == "" || name[0] == '-' || strings.Contains(name, "..") || strings.ContainsFunc(name, notInNames):
		return Revision{}, fmt.Errorf("%w: no branch, tag or commit can have this name", ErrUnknownRevision)
	}
	steps, err := parseSteps(rev[end:])
	return Revision{Name: name, Steps: steps}, err
}

// notInNames reports whether no ref may have r in its name
// (git-check-ref-format(1)).
func notInNames(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`?*[\`, r) }

func parseSteps(s string) ([]Step, error) {
	var steps []Step
	for s != "" {
		rest := strings.TrimLeft(s[1:], "0123456789")
		digits := s[1 : len(s)-len(rest)]
		n := 1
		switch {
		case digits != "":
			var err error
			if n, err = strconv.Atoi(digits); err != nil || n > 1<<31-1 { // git's limit
				return nil, fmt.Errorf("%w: %s is too large a number", ErrUnknownRevision, digits)
			}
		case strings.HasPrefix(s, "^{}"):
			n, rest = 0, s[len("^{}"):]
		case strings.HasPrefix(s, "^{commit}"):
			n, rest = 0, s[len("^{commit}"):]
		}
		switch s[0] {
		case '~':
			steps = append(steps, Step{Parent: 1, Times: n})
		case '^':
			steps = append(steps, Step{Parent: n, Times: 1})
		default:
			return nil, fmt.Errorf("%w: %q may not follow a name (~n, ^n and ^{commit} may)", ErrUnknownRevision, s)
		}
		s = rest
	}
	return steps, nil
}

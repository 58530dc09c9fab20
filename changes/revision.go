package changes

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxSymbolic is how many symbolic refs may follow one another, as in git
// (refs/refs-internal.h, SYMREF_MAXDEPTH).
const maxSymbolic = 5

// minAbbreviation is the fewest digits of an abbreviated hash, as in git
// (object-name.c, MINIMUM_ABBREV).
const minAbbreviation = 4

// usualAbbreviation is how many digits git shows of a hash, at the least.
// Fewer hexadecimal digits are as likely a word, such as "feed".
const usualAbbreviation = 7

// resolve returns the commit that rev names. Source: gitrevisions(7).
func (r *Repository) resolve(ctx context.Context, rev string) (hash, error) {
	h, err := r.revision(ctx, rev)
	if err != nil && ctx.Err() == nil {
		err = &RevisionError{Rev: rev, Repository: r.dir, Err: err}
	}
	return h, err
}

func (r *Repository) revision(ctx context.Context, rev string) (hash, error) {
	switch {
	case strings.TrimSpace(rev) == "":
		return hash{}, fmt.Errorf("%w: it is empty", ErrNoRevision)
	case (len(rev) == 40 || len(rev) == 64) && strings.Trim(rev, "0") == "":
		return hash{}, fmt.Errorf("%w: an all-zero hash is what CI gives when there is no previous commit (a new branch, or a first push); compare with the default branch instead", ErrNoRevision)
	}
	end := strings.IndexAny(rev, "~^")
	if end < 0 {
		end = len(rev)
	}
	steps, err := parseSteps(rev[end:])
	if err != nil {
		return hash{}, err
	}
	h, err := r.named(rev[:end])
	if err != nil {
		return hash{}, err
	}
	if h, err = r.peel(h); err != nil {
		return hash{}, err
	}
	for _, s := range steps {
		if h, err = r.step(ctx, h, s); err != nil {
			return hash{}, err
		}
	}
	return h, nil
}

// step is how to get from one commit to another: times times to the parent of
// that number, of which 0 is the commit itself.
type step struct{ parent, times int }

// parseSteps reads what may follow a name: ~, ~n, ^, ^n, ^{} and ^{commit}.
func parseSteps(s string) ([]step, error) {
	var steps []step
	for s != "" {
		rest := strings.TrimLeft(s[1:], "0123456789")
		digits := s[1 : len(s)-len(rest)]
		n := 1
		switch {
		case digits != "":
			var err error
			if n, err = strconv.Atoi(digits); err != nil {
				return nil, fmt.Errorf("%w: %s is too large a number", ErrUnknownRevision, digits)
			}
		case strings.HasPrefix(s, "^{}"):
			n, rest = 0, s[len("^{}"):]
		case strings.HasPrefix(s, "^{commit}"):
			n, rest = 0, s[len("^{commit}"):]
		}
		switch s[0] {
		case '~':
			steps = append(steps, step{parent: 1, times: n})
		case '^':
			steps = append(steps, step{parent: n, times: 1})
		default:
			return nil, fmt.Errorf("%w: %q may not follow a name (~n, ^n and ^{commit} may)", ErrUnknownRevision, s)
		}
		s = rest
	}
	return steps, nil
}

func (r *Repository) step(ctx context.Context, h hash, s step) (hash, error) {
	if s.parent == 0 {
		return h, nil
	}
	for range s.times {
		if err := ctx.Err(); err != nil {
			return hash{}, err
		}
		c, err := r.commit(h)
		switch {
		case err != nil:
			return hash{}, err
		case c.cut:
			return hash{}, fmt.Errorf("%w at commit %s, whose parents it does not hold: %s", ErrShallow, h, deepen)
		case len(c.parents) == 0:
			return hash{}, fmt.Errorf("%w: commit %s is the first one and has no parent", ErrUnknownRevision, h)
		case s.parent > len(c.parents):
			return hash{}, fmt.Errorf("%w: commit %s has no parent %d, only %d", ErrUnknownRevision, h, s.parent, len(c.parents))
		}
		h = c.parents[s.parent-1]
	}
	return h, nil
}

// named resolves a revision without what may follow it: a full hash, a ref, an
// abbreviated hash, in this order, as git does.
func (r *Repository) named(name string) (hash, error) {
	if h, ok := parseHash(name); ok {
		return r.full(h)
	}
	if name == "@" {
		name = "HEAD"
	}
	for _, full := range refNames(name) {
		h, ok, err := r.ref(full)
		if ok || err != nil {
			return h, err
		}
	}
	if minAbbreviation <= len(name) && len(name) < 2*len(hash{}) {
		h, ok, err := r.abbreviated(name)
		if ok || err != nil {
			return h, err
		}
	}
	return hash{}, r.notFound(name)
}

// notFound says what a name that resolves to nothing may be about.
func (r *Repository) notFound(name string) error {
	switch shallow := len(r.store.shallow) > 0; {
	case strings.Contains(name, "@{") || strings.Contains(name, ":"): // no name of a ref has these
		return fmt.Errorf("%w: reflogs, searches and paths are not supported", ErrUnknownRevision)
	case shallow && len(name) >= usualAbbreviation && strings.Trim(strings.ToLower(name), "0123456789abcdef") == "":
		return fmt.Errorf("%w: it does not hold this commit; %s", ErrShallow, deepen)
	case shallow:
		return fmt.Errorf("%w: no branch, tag or commit of this name; the clone is shallow, and may hold only one branch: fetch the one that is wanted, and its history (GIT_DEPTH: 0, fetch-depth: 0)", ErrUnknownRevision)
	}
	return fmt.Errorf("%w: no branch, tag or commit of this name; if the remote has it, fetch it first", ErrUnknownRevision)
}

// full checks that the repository holds h, so that a commit that is not there
// is told from one that should be.
func (r *Repository) full(h hash) (hash, error) {
	_, _, err := r.store.object(h)
	switch {
	case err == nil:
		return h, nil
	case !errors.Is(err, ErrMissingObject):
		return hash{}, err
	case len(r.store.shallow) > 0:
		return hash{}, fmt.Errorf("%w: it does not hold this commit; %s", ErrShallow, deepen)
	}
	return hash{}, fmt.Errorf("%w: the repository does not hold this commit; it may have been force-pushed away, or not been fetched", ErrUnknownRevision)
}

// refNames are the full names that a short one may stand for, in git's order.
// Source: gitrevisions(7), <refname>.
func refNames(name string) []string {
	return []string{name, "refs/" + name, "refs/tags/" + name, "refs/heads/" + name, "refs/remotes/" + name, "refs/remotes/" + name + "/HEAD"}
}

// ref reads a ref by its full name and follows symbolic ones.
func (r *Repository) ref(full string) (hash, bool, error) {
	name := full
	for range maxSymbolic {
		h, symbolic, ok, err := r.store.ref(name)
		switch {
		case err != nil:
			return hash{}, false, err
		case !ok && name == full:
			return hash{}, false, nil
		case !ok:
			return hash{}, false, fmt.Errorf("%w: %s stands for %s, which has no commit yet or is gone", ErrUnknownRevision, full, name)
		case symbolic == "":
			return h, true, nil
		}
		name = symbolic
	}
	return hash{}, false, fmt.Errorf("%w: %s is a chain of too many symbolic refs", ErrUnknownRevision, full)
}

// abbreviated finds the one commit whose hash begins with digits. Trees and
// blobs are passed over, as git does where it expects a commit.
func (r *Repository) abbreviated(digits string) (hash, bool, error) {
	hashes, err := r.store.abbreviated(digits)
	if err != nil {
		return hash{}, false, err
	}
	var commits []hash
	for _, h := range hashes {
		kind, _, err := r.store.object(h)
		if err != nil {
			return hash{}, false, err
		}
		if kind == "commit" || kind == "tag" {
			commits = append(commits, h)
		}
	}
	switch len(commits) {
	case 0:
		return hash{}, false, nil
	case 1:
		return commits[0], true, nil
	}
	return hash{}, false, fmt.Errorf("%w: %d commits begin with it, among them %s and %s; give more digits", ErrUnknownRevision, len(commits), commits[0], commits[1])
}

// peel follows annotated tags to the commit that they name.
func (r *Repository) peel(h hash) (hash, error) {
	for {
		kind, content, err := r.store.object(h)
		if err != nil {
			return hash{}, err
		}
		switch kind {
		case "commit":
			return h, nil
		case "tag":
			target, err := parseTag(content)
			if err != nil {
				return hash{}, fmt.Errorf("read tag %s: %w", h, err)
			}
			h = target
		default:
			return hash{}, fmt.Errorf("%w: it names a %s, not a commit", ErrUnknownRevision, kind)
		}
	}
}

package history

import (
	"context"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

const (
	// minAbbreviation is the fewest digits of an abbreviated hash, as in git
	// (object-name.c, MINIMUM_ABBREV).
	minAbbreviation = 4
	// usualAbbreviation is how many digits git shows of a hash, at the least.
	// Fewer hexadecimal digits are as likely a word, such as "feed".
	usualAbbreviation = 7
	// maxTags is how many tags may tag one another. There is no such limit in
	// git; nobody comes near, and damage must not lead in a circle.
	maxTags = 1000
)

// Resolve returns the commit that a revision names: a full hash, HEAD or @, a
// ref, a short name of one, or an abbreviated hash; ~n, ^n, ^{} and ^{commit}
// may follow. Source: gitrevisions(7).
//
// The error says why there is none: [git.ErrNoRevision] where rev is empty or
// an all-zero hash, [git.ErrUnknownRevision], [git.ErrShallow] where the clone
// does not hold it, or [git.ErrMissingObject] where it should.
func (h *History) Resolve(ctx context.Context, rev string) (git.Hash, error) {
	parsed, err := git.ParseRevision(rev)
	if err != nil {
		return git.Hash{}, err
	}
	named, err := h.named(parsed.Name)
	if err != nil {
		return git.Hash{}, err
	}
	commit, err := h.peel(named)
	if err != nil || len(parsed.Steps) == 0 {
		return commit, err
	}
	i := h.find(commit)
	for _, s := range parsed.Steps {
		if i, err = h.step(ctx, i, s); err != nil {
			return git.Hash{}, err
		}
	}
	return h.held(h.hash(i))
}

func (h *History) step(ctx context.Context, i int32, s git.Step) (int32, error) {
	if s.Parent == 0 {
		return i, nil
	}
	for taken := range s.Times {
		if err := canceled(ctx, taken); err != nil {
			return 0, err
		}
		n, err := h.load(i)
		if err != nil {
			return 0, err
		}
		parents := h.parentsOf(n)
		switch {
		case n.cut:
			return 0, fmt.Errorf("%w at commit %s, whose parents it does not hold: %s", git.ErrShallow, h.hash(i), git.Deepen)
		case len(parents) == 0:
			return 0, fmt.Errorf("%w: commit %s is the first one and has no parent", git.ErrUnknownRevision, h.hash(i))
		case s.Parent > len(parents):
			return 0, fmt.Errorf("%w: commit %s has no parent %d, only %d", git.ErrUnknownRevision, h.hash(i), s.Parent, len(parents))
		}
		i = parents[s.Parent-1]
	}
	return i, nil
}

// held checks that the repository holds a commit that others name as their parent.
func (h *History) held(commit git.Hash) (git.Hash, error) {
	_, err := h.objects.Kind(commit)
	return commit, err
}

// named resolves a revision without what may follow it: a full hash, a ref, an
// abbreviated hash, in this order, as git does.
func (h *History) named(name string) (git.Hash, error) {
	if hash, ok := git.ParseHash(name); ok {
		return h.full(hash)
	}
	if name == "@" {
		name = "HEAD"
	}
	if h.refs != nil {
		for _, full := range refNames(name) {
			hash, ok, err := h.refs.Resolve(full)
			if ok || err != nil {
				return hash, err
			}
		}
	}
	if minAbbreviation <= len(name) && len(name) < digits && isHexadecimal(name) {
		hash, ok, err := h.abbreviated(name)
		if ok || err != nil {
			return hash, err
		}
	}
	return git.Hash{}, h.notFound(name)
}

// notFound says what a name that resolves to nothing may be about.
func (h *History) notFound(name string) error {
	switch shallow := len(h.shallow) > 0; {
	case shallow && len(name) >= usualAbbreviation && isHexadecimal(name):
		return fmt.Errorf("%w: it does not hold this commit; %s", git.ErrShallow, git.Deepen)
	case shallow:
		return fmt.Errorf("%w: no branch, tag or commit of this name; the clone is shallow, and may hold only one branch: fetch the one that is wanted, and its history (GIT_DEPTH: 0, fetch-depth: 0)", git.ErrUnknownRevision)
	}
	return fmt.Errorf("%w: no branch, tag or commit of this name; if the remote has it, fetch it first", git.ErrUnknownRevision)
}

func isHexadecimal(s string) bool {
	for i := range len(s) {
		if hexadecimal[s[i]] == 0 {
			return false
		}
	}
	return true
}

// full checks that the repository holds an object, so that a commit that is
// not there is told from one that should be.
func (h *History) full(hash git.Hash) (git.Hash, error) {
	_, err := h.objects.Kind(hash)
	switch {
	case err == nil:
		return hash, nil
	case !errors.Is(err, git.ErrMissingObject):
		return git.Hash{}, err
	case len(h.shallow) > 0:
		return git.Hash{}, fmt.Errorf("%w: it does not hold this commit; %s", git.ErrShallow, git.Deepen)
	}
	return git.Hash{}, fmt.Errorf("%w: the repository does not hold this commit; it may have been force-pushed away, or not been fetched", git.ErrUnknownRevision)
}

// refNames are the full names that a short one may stand for, in git's order.
// Source: gitrevisions(7), <refname>.
func refNames(name string) []string {
	return []string{name, "refs/" + name, "refs/tags/" + name, "refs/heads/" + name, "refs/remotes/" + name, "refs/remotes/" + name + "/HEAD"}
}

// abbreviated finds the one commit whose hash begins with digits. Trees and
// blobs are passed over, as git does where it expects a commit.
func (h *History) abbreviated(digits string) (git.Hash, bool, error) {
	hashes, err := h.objects.Prefix(digits)
	if err != nil {
		return git.Hash{}, false, fmt.Errorf("look up abbreviated hash %s: %w", digits, err)
	}
	var commits []git.Hash
	for _, hash := range hashes {
		kind, err := h.objects.Kind(hash)
		if err != nil {
			return git.Hash{}, false, err
		}
		if kind == git.Commit || kind == git.Tag {
			commits = append(commits, hash)
		}
	}
	switch len(commits) {
	case 0:
		return git.Hash{}, false, nil
	case 1:
		return commits[0], true, nil
	}
	return git.Hash{}, false, fmt.Errorf("%w: %d commits begin with it, among them %s and %s; give more digits", git.ErrUnknownRevision, len(commits), commits[0], commits[1])
}

// peel follows annotated tags to the commit that they name.
func (h *History) peel(hash git.Hash) (git.Hash, error) {
	for range maxTags {
		kind, err := h.objects.Kind(hash)
		switch {
		case err != nil:
			return git.Hash{}, err
		case kind == git.Commit:
			return hash, nil
		case kind != git.Tag:
			return git.Hash{}, fmt.Errorf("%w: it names a %s, not a commit", git.ErrUnknownRevision, kind)
		}
		_, content, err := h.objects.Append(h.content[:0], hash)
		if err != nil {
			return git.Hash{}, err
		}
		h.content = content
		target, err := parseTag(content)
		if err != nil {
			return git.Hash{}, fmt.Errorf("read tag %s: %w", hash, err)
		}
		hash = target
	}
	return git.Hash{}, fmt.Errorf("read tag %s: %w: tags of tags, more than %d", hash, git.ErrDamaged, maxTags)
}

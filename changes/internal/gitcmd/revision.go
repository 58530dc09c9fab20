package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// revision is a revision that git may see: a name and what follows it.
type revision struct {
	name  string
	steps []step
}

// step is how to get from one commit to another: times times to the parent of
// that number, of which 0 is the commit itself.
type step struct{ parent, times int }

func (s step) String() string {
	if s.parent == 1 {
		return fmt.Sprintf("~%d", s.times)
	}
	return fmt.Sprintf("^%d", s.parent)
}

// parse refuses what git would take for more than the name of one commit:
// options, ranges, reflogs, searches and paths. Source: gitrevisions(7).
func parse(rev string) (revision, error) {
	switch {
	case strings.TrimSpace(rev) == "":
		return revision{}, fmt.Errorf("%w: it is empty", git.ErrNoRevision)
	case isFull(rev) && strings.Trim(rev, "0") == "":
		return revision{}, fmt.Errorf("%w: an all-zero hash is what CI gives when there is no previous commit (a new branch, or a first push); compare with the default branch instead", git.ErrNoRevision)
	}
	end := strings.IndexAny(rev, "~^")
	if end < 0 {
		end = len(rev)
	}
	name := rev[:end]
	switch {
	case strings.Contains(name, "@{") || strings.Contains(name, ":"): // no name of a ref has these
		return revision{}, fmt.Errorf("%w: reflogs, searches and paths are not supported", git.ErrUnknownRevision)
	case name == "" || name[0] == '-' || strings.Contains(name, "..") || strings.ContainsFunc(name, notInNames):
		return revision{}, fmt.Errorf("%w: no branch, tag or commit can have this name", git.ErrUnknownRevision)
	}
	steps, err := parseSteps(rev[end:])
	return revision{name: name, steps: steps}, err
}

// notInNames reports whether no ref may have r in its name
// (git-check-ref-format(1)).
func notInNames(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`?*[\`, r) }

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
			if n, err = strconv.Atoi(digits); err != nil || n > 1<<31-1 {
				return nil, fmt.Errorf("%w: %s is too large a number", git.ErrUnknownRevision, digits)
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
			return nil, fmt.Errorf("%w: %q may not follow a name (~n, ^n and ^{commit} may)", git.ErrUnknownRevision, s)
		}
		s = rest
	}
	return steps, nil
}

// isFull reports whether s has as many digits as a hash in full.
func isFull(s string) bool { return (len(s) == 40 || len(s) == 64) && isHex(s) }

func isHex(s string) bool { return strings.Trim(strings.ToLower(s), "0123456789abcdef") == "" }

// Resolve returns the full hash, 40 or 64 digits, of the commit that rev names:
// HEAD or @, a branch, a tag, a remote branch, a full name of a ref, or a hash
// of at least four digits; ~n, ^n and ^{commit} may follow. Others are refused
// before git runs.
//
// The error is [git.ErrUnknownRevision], [git.ErrNoRevision] for an empty or
// all-zero one, or [git.ErrShallow].
func (r *Repo) Resolve(ctx context.Context, rev string) (string, error) {
	parsed, err := parse(rev)
	if err != nil {
		return "", err
	}
	if described(parsed.name) {
		ref, err := r.line(ctx, "rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", parsed.name)
		if err != nil && !failed(err) {
			return "", err
		}
		if ref == "" {
			return "", r.notFound(ctx, parsed.name)
		}
	}
	hash, err := r.commit(ctx, rev)
	if failed(err) {
		return "", r.explain(ctx, parsed)
	}
	return hash, err
}

// described reports whether git might read a name as git describe writes one,
// v1.0-3-g1a2b3c4, which may name a commit that no ref of this name has.
func described(name string) bool {
	i := strings.LastIndex(name, "-g")
	return i >= 0 && isHex(name[i+len("-g"):])
}

func (r *Repo) commit(ctx context.Context, rev string) (string, error) {
	return r.line(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
}

// explain says why git does not resolve a revision.
func (r *Repo) explain(ctx context.Context, rev revision) error {
	hash, err := r.commit(ctx, rev.name)
	if failed(err) {
		return r.explainName(ctx, rev.name)
	}
	if err != nil {
		return err
	}
	for _, s := range rev.steps {
		if s.parent == 0 || s.times == 0 {
			continue
		}
		next, err := r.commit(ctx, hash+s.String())
		if failed(err) {
			return r.explainStep(ctx, hash, s)
		}
		if err != nil {
			return err
		}
		hash = next
	}
	return fmt.Errorf("%w: git does not say why", git.ErrUnknownRevision)
}

func (r *Repo) explainName(ctx context.Context, name string) error {
	if kind, err := r.line(ctx, "cat-file", "-t", "--end-of-options", name+"^{}"); err == nil && kind != "commit" {
		return fmt.Errorf("%w: it names a %s, not a commit", git.ErrUnknownRevision, kind)
	}
	// Without --quiet, git says that there are several.
	_, err := r.line(ctx, "rev-parse", "--verify", "--end-of-options", name+"^{commit}")
	if e, ok := errors.AsType[*commandError](err); ok && strings.Contains(e.stderr, "is ambiguous") {
		return fmt.Errorf("%w: several commits begin with it; give more digits", git.ErrUnknownRevision)
	}
	return r.notFound(ctx, name)
}

// usualAbbreviation is how many digits git shows of a hash, at the least.
// Fewer hexadecimal digits are as likely a word, such as "feed".
const usualAbbreviation = 7

// notFound says what a name that resolves to nothing may be about.
func (r *Repo) notFound(ctx context.Context, name string) error {
	switch shallow := r.Shallow(ctx); {
	case ctx.Err() != nil:
		return ctx.Err()
	case shallow && len(name) >= usualAbbreviation && isHex(name):
		return fmt.Errorf("%w: it does not hold this commit; %s", git.ErrShallow, git.Deepen)
	case shallow:
		return fmt.Errorf("%w: no branch, tag or commit of this name; the clone is shallow, and may hold only one branch: fetch the one that is wanted, and its history (GIT_DEPTH: 0, fetch-depth: 0)", git.ErrUnknownRevision)
	case isFull(name):
		return fmt.Errorf("%w: the repository does not hold this commit; it may have been force-pushed away, or not been fetched", git.ErrUnknownRevision)
	}
	return fmt.Errorf("%w: no branch, tag or commit of this name; if the remote has it, fetch it first", git.ErrUnknownRevision)
}

// explainStep finds the commit at which a step from hash finds no parent.
func (r *Repo) explainStep(ctx context.Context, hash string, s step) error {
	if s.parent == 1 {
		out, err := r.run(ctx, nil, "rev-list", "--first-parent", "--max-count="+strconv.Itoa(s.times), "--end-of-options", hash, "--")
		if err != nil {
			return err
		}
		lines := strings.Fields(string(out))
		if len(lines) > 0 {
			hash = lines[len(lines)-1]
		}
	}
	commits, err := r.commits(ctx, []string{hash})
	if err != nil {
		return err
	}
	line, err := r.line(ctx, "rev-list", "--parents", "--max-count=1", "--end-of-options", hash, "--")
	if err != nil {
		return err
	}
	switch has, sees := commits[0].parents, len(strings.Fields(line))-1; {
	case has > 0 && sees == 0:
		return fmt.Errorf("%w at commit %s, whose parents it does not hold: %s", git.ErrShallow, hash, git.Deepen)
	case has == 0:
		return fmt.Errorf("%w: commit %s is the first one and has no parent", git.ErrUnknownRevision, hash)
	default:
		return fmt.Errorf("%w: commit %s has no parent %d, only %d", git.ErrUnknownRevision, hash, s.parent, has)
	}
}

package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// after is what follows a hash so that git takes a step from it.
func after(s git.Step) string {
	if s.Parent == 1 {
		return fmt.Sprintf("~%d", s.Times)
	}
	return fmt.Sprintf("^%d", s.Parent)
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
	parsed, err := git.ParseRevision(rev)
	if err != nil {
		return "", err
	}
	if described(parsed.Name) {
		ref, err := r.line(ctx, "rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", parsed.Name)
		if err != nil && !failed(err) {
			return "", err
		}
		if ref == "" {
			return "", r.notFound(ctx, parsed.Name)
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
func (r *Repo) explain(ctx context.Context, rev git.Revision) error {
	hash, err := r.commit(ctx, rev.Name)
	if failed(err) {
		return r.explainName(ctx, rev.Name)
	}
	if err != nil {
		return err
	}
	for _, s := range rev.Steps {
		if s.Parent == 0 || s.Times == 0 {
			continue
		}
		next, err := r.commit(ctx, hash+after(s))
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
func (r *Repo) explainStep(ctx context.Context, hash string, s git.Step) error {
	if s.Parent == 1 {
		out, err := r.run(ctx, nil, "rev-list", "--first-parent", "--max-count="+strconv.Itoa(s.Times), "--end-of-options", hash, "--")
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
		return fmt.Errorf("%w: commit %s has no parent %d, only %d", git.ErrUnknownRevision, hash, s.Parent, has)
	}
}

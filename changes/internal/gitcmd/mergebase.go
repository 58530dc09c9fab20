package gitcmd

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// MergeBases returns all best common ancestors of two commits, the one with
// the newest committer date first, and of equals the one with the smallest
// hash.
//
// The error is [git.ErrNoMergeBase] where the histories are unrelated, and
// [git.ErrShallow] where a shallow clone is cut off before they meet.
func (r *Repo) MergeBases(ctx context.Context, a, b string) ([]string, error) {
	if err := check(a, b); err != nil {
		return nil, err
	}
	out, err := r.run(ctx, nil, "merge-base", "--all", "--end-of-options", a, b)
	if failed(err) {
		return nil, r.noMergeBase(ctx, a, b)
	}
	if err != nil {
		return nil, err
	}
	commits, err := r.commits(ctx, strings.Fields(string(out)))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(commits, func(a, b commit) int {
		return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(a.hash, b.hash))
	})
	bases := make([]string, len(commits))
	for i, c := range commits {
		bases[i] = c.hash
	}
	return bases, nil
}

// check refuses revisions that are not to reach git.
func check(revs ...string) error {
	for _, rev := range revs {
		if _, err := git.ParseRevision(rev); err != nil {
			return fmt.Errorf("revision %q: %w", rev, err)
		}
	}
	return nil
}

// Cut reports whether a shallow clone is cut off at a commit that head descends
// from and base does not. Then head may descend from base all the same, on a way
// that the clone does not hold.
func (r *Repo) Cut(ctx context.Context, base, head string) (bool, error) {
	if err := check(base, head); err != nil {
		return false, err
	}
	return r.cut(ctx, head, "^"+base)
}

// cut reports whether a first commit of these, as far as the clone holds them,
// has a content that names parents.
func (r *Repo) cut(ctx context.Context, revs ...string) (bool, error) {
	out, err := r.run(ctx, nil, slices.Concat([]string{"rev-list", "--max-parents=0", "--end-of-options"}, revs, []string{"--"})...)
	if err != nil {
		return false, err
	}
	roots, err := r.commits(ctx, strings.Fields(string(out)))
	return slices.ContainsFunc(roots, func(c commit) bool { return c.parents > 0 }), err
}

// noMergeBase tells unrelated histories from ones that are cut off.
func (r *Repo) noMergeBase(ctx context.Context, a, b string) error {
	cut, err := r.cut(ctx, a, b)
	if err != nil {
		return err
	}
	if cut {
		return fmt.Errorf("find merge base: %w before %s and %s meet: %s", git.ErrShallow, a, b, git.Deepen)
	}
	return fmt.Errorf("find merge base: %w: %s and %s have no common ancestor", git.ErrNoMergeBase, a, b)
}

// commit is what the object of a commit says, be the clone shallow or not.
type commit struct {
	hash    string
	parents int
	time    int64 // of the committer, seconds since 1970; 0 where it is malformed, as in git
}

// commits reads the objects of commits.
func (r *Repo) commits(ctx context.Context, hashes []string) ([]commit, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	out, err := r.run(ctx, strings.NewReader(strings.Join(hashes, "\n")+"\n"), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	commits := make([]commit, len(hashes))
	for i, hash := range hashes {
		var content []byte
		if content, out, err = cutObject(out, "commit"); err != nil {
			return nil, fmt.Errorf("read commit %s: %w", hash, err)
		}
		commits[i] = parseCommit(hash, content)
	}
	return commits, nil
}

// cutObject cuts an object off what git cat-file --batch prints:
// `hash kind size LF content LF`.
func cutObject(out []byte, kind string) (content, rest []byte, err error) {
	header, rest, _ := bytes.Cut(out, []byte("\n"))
	size, err := objectSize(string(header), kind)
	if err != nil {
		return nil, nil, err
	}
	if len(rest) < size+1 {
		return nil, nil, fmt.Errorf("git cat-file: its output is cut off")
	}
	return rest[:size], rest[size+1:], nil
}

func objectSize(header, kind string) (int, error) {
	fields := strings.Fields(header)
	switch {
	case len(fields) == 2 && fields[1] == "missing":
		return 0, git.ErrMissingObject
	case len(fields) != 3:
		return 0, fmt.Errorf("git cat-file: it says %q", header)
	case fields[1] != kind:
		return 0, fmt.Errorf("%w: it is a %s", git.ErrDamaged, fields[1])
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil || size < 0 {
		return 0, fmt.Errorf("git cat-file: it says %q", header)
	}
	return size, nil
}

func parseCommit(hash string, content []byte) commit {
	c := commit{hash: hash}
	headers, _, _ := bytes.Cut(content, []byte("\n\n"))
	for line := range strings.Lines(string(headers)) {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "parent":
			c.parents++
		case "committer":
			after := value[strings.LastIndexByte(value, '>')+1:]
			seconds, _, _ := strings.Cut(strings.TrimSpace(after), " ")
			if t, err := strconv.ParseInt(seconds, 10, 64); err == nil {
				c.time = t
			}
			return c
		}
	}
	return c
}

package changes

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Diff is what differs between two states of a repository. One that does not
// come from [Repository.Diff] needs but Files:
//
//	selection, err := config.Select(changes.Diff{Files: files}, changes.SelectOptions{})
//
// In JSON it has the keys that its fields name; arrays of what Repository.Diff
// returns are never null.
type Diff struct {
	// Base and Head are the full hashes of the commits that were named. Base is
	// "" where there is none. With the head WorkTree, Head is that of HEAD.
	Base string `json:"base"`
	Head string `json:"head"`
	// MergeBase is the full hash of their best common ancestor; "" with Direct,
	// which does not look for one unless Range.Ancestor demands it.
	MergeBase string `json:"mergeBase"`
	// MergeBases are all best common ancestors, MergeBase first. There are
	// several after a criss-cross merge: then the newest by committer date comes
	// first, and of equally old ones the one with the smallest hash.
	MergeBases []string `json:"mergeBases"`
	// From is the full hash of the commit that the head was compared with:
	// MergeBase or, with Direct, Base. It is "" where nothing was compared.
	From string `json:"from"`
	// WorkTree tells that the head was the working tree.
	WorkTree bool `json:"worktree"`
	// All is why everything counts as changed; "" where only Files do. Then Files
	// may be empty, or not all.
	All string `json:"all"`
	// NoBase is the [*NoBaseError] for which everything counts as changed, nil
	// where there was a base, or where none was asked for.
	NoBase error `json:"-"`
	// Files are sorted by the bytes of their paths.
	Files []File `json:"files"`
}

// Diff lists the files that differ, as git diff --name-status --no-renames does.
//
// Where several merge bases are equally good, the first of Diff.MergeBases is
// taken. A base that cannot be had is a [*NoBaseError], or with [SelectAll] the
// reason why everything counts as changed:
//
//   - [ErrNoRevision]: it is empty, or all zeros
//   - [ErrUnknownRevision]: it is mistyped, was not fetched, or was pushed away
//   - [ErrShallow]: a shallow clone is cut off before it, before a merge base, or
//     before it is known what Range.Ancestor demands. (A merge base that the clone
//     does hold is taken, as git does.)
//   - [ErrNoMergeBase]: the histories are unrelated (not with Direct)
//   - [ErrRewritten]: see Range.Ancestor
//
// Other errors: a head that does not resolve is a [*RevisionError], and
// [ErrMissingObject] means that a commit or a directory is not in the
// repository though something refers to it. Of a Repository that [Open] did not
// return it is [ErrNotRepository].
func (r *Repository) Diff(ctx context.Context, between Range) (Diff, error) {
	diff := Diff{MergeBases: []string{}, Files: []File{}, All: between.All, WorkTree: between.Head == WorkTree}
	rev := cmp.Or(between.Head, "HEAD")
	if diff.WorkTree {
		rev = "HEAD"
	}
	var err error
	if diff.Head, err = r.commitOf(ctx, rev); err != nil {
		return Diff{}, err
	}
	if between.All != "" && between.Base == "" {
		return diff, nil
	}
	compared := diff
	err = r.compare(ctx, between, &compared)
	if none, ok := errors.AsType[*NoBaseError](err); ok && (between.OnNoBase == SelectAll || between.All != "") {
		diff.NoBase = none
		diff.All = cmp.Or(between.All, "there is no base: "+none.Error())
		return diff, nil
	}
	if err != nil {
		return Diff{}, err
	}
	return compared, nil
}

// compare fills in what follows from the base.
func (r *Repository) compare(ctx context.Context, between Range, diff *Diff) (err error) {
	noBase := func(err error) error {
		return &NoBaseError{Base: between.Base, Head: cmp.Or(between.Head, "HEAD"), Err: err}
	}
	if diff.Base, err = r.commitOf(ctx, between.Base); err != nil {
		if isNoBase(err) {
			return noBase(err)
		}
		return err
	}
	diff.From = diff.Base
	if between.Mode == MergeBase || between.Ancestor {
		if err := r.meet(ctx, between, diff); err != nil {
			if isNoBase(err) {
				return noBase(fmt.Errorf("in %s: %w", r.dir, err))
			}
			return fmt.Errorf("diff %s and %s in %s: %w", between.Base, cmp.Or(between.Head, "HEAD"), r.dir, err)
		}
	}
	if diff.Files, err = r.files(ctx, diff); err != nil {
		return fmt.Errorf("diff %s and %s in %s: %w", between.Base, cmp.Or(between.Head, "HEAD"), r.dir, err)
	}
	return nil
}

// meet finds the merge bases, and compares with the first unless that is not
// what was asked for.
func (r *Repository) meet(ctx context.Context, between Range, diff *Diff) (err error) {
	diff.MergeBases, err = r.backend.MergeBases(ctx, diff.Base, diff.Head)
	unrelated := errors.Is(err, ErrNoMergeBase)
	switch {
	case err != nil && !unrelated:
		return err
	case between.Ancestor && (unrelated || len(diff.MergeBases) > 1 || diff.MergeBases[0] != diff.Base):
		return r.noAncestor(ctx, diff)
	case unrelated:
		return err
	}
	diff.MergeBase = diff.MergeBases[0]
	if between.Mode == MergeBase {
		diff.From = diff.MergeBase
	}
	return nil
}

// noAncestor says why the head does not descend from the base.
func (r *Repository) noAncestor(ctx context.Context, diff *Diff) error {
	switch cut, err := r.backend.Cut(ctx, diff.Base, diff.Head); {
	case err != nil:
		return err
	case cut:
		return fmt.Errorf("%w before it is known whether %s descends from %s: %s", ErrShallow, diff.Head, diff.Base, git.Deepen)
	}
	return fmt.Errorf("%w: %s is no ancestor of %s, so a push replaced commits; compare with the merge base with another branch instead, or let everything count as changed",
		ErrRewritten, diff.Base, diff.Head)
}

// isNoBase reports whether err is one that NoBaseError stands for.
func isNoBase(err error) bool {
	for _, target := range []error{ErrNoRevision, ErrUnknownRevision, ErrShallow, ErrNoMergeBase, ErrRewritten} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

package changes

// WorkTree is the head that stands for the working tree: what differs between
// the base and the files as they are on disk, whether committed or not,
// untracked ones included. No revision of Git looks like it.
//
// A repository of [OpenGit] gives git's own answer. One of [Open] does not read
// what stands outside of the repository, and does not convert contents:
//
//   - Files that only the user's ignore rules name are additions: those of
//     ~/.config/git/ignore, or of core.excludesFile in the user's config. That of
//     the repository's own config counts, unless it begins with "~", which is
//     [ErrUnsupported]; a relative one is relative to the working tree.
//   - Files that git alters as it checks them out (core.autocrlf, and the
//     attributes text, eol, filter as of Git LFS, ident and
//     working-tree-encoding) are called modified once they were touched, even
//     where git would find them to be the same.
const WorkTree = ":worktree"

// Range says what to compare. [FromCI] makes one in a CI job.
type Range struct {
	// Base and Head are revisions: HEAD or @, a branch, a tag, a remote branch
	// such as origin/main, a full name such as refs/heads/main, or a hash, which
	// may be abbreviated to four digits; ~n, ^n and ^{commit} may follow.
	// Reflogs (@{1}) and searches (:/text) are unknown revisions.
	Base string
	Head string // "" is HEAD; it may be WorkTree
	Mode Mode   // default MergeBase
	// Ancestor demands that the head descends from the base, as it does where the
	// base is what a push found. Where it does not, the push replaced commits,
	// and the base is no measure of what is new: the error is [ErrRewritten].
	Ancestor bool
	OnNoBase Policy // default Fail
	// All is why everything counts as changed, whatever differs: "nightly run".
	// With "", only what differs does. With All, Base may be "" or one that
	// cannot be had.
	All string
}

// Mode says with what the head is compared.
type Mode int

const (
	// MergeBase compares the head with its merge base with the base: what the
	// head's branch did since it left the base. It is git's base...head.
	MergeBase Mode = iota
	// Direct compares the two commits themselves. It is git's base..head.
	Direct
)

// Policy says what a base that cannot be had leads to. These are the errors that
// [NoBaseError] lists; others, such as damage or an unknown head, always fail.
type Policy int

const (
	// Fail fails with the [NoBaseError].
	Fail Policy = iota
	// SelectAll counts everything as changed, with the error as the reason.
	SelectAll
)

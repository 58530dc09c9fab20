package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// plain are the options that make every diff the same, whatever the
// configuration says.
var plain = [...]string{"-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "-O/dev/null"}

// Diff returns the paths at which two commits differ, sorted by their bytes. A
// submodule is one path.
func (r *Repo) Diff(ctx context.Context, from, to string) ([]git.Change, error) {
	if err := check(from, to); err != nil {
		return nil, err
	}
	args := slices.Concat([]string{"diff-tree", "-r"}, plain[:], []string{"--ignore-submodules=none", "--end-of-options", from, to, "--"})
	out, err := r.run(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	differences, err := parseRaw(out)
	if err != nil {
		return nil, err
	}
	changed := make(map[string]git.Status, len(differences))
	for path, d := range differences {
		changed[path] = d.status
	}
	return sorted(changed), nil
}

// WorkTree returns the paths at which a commit differs from the working tree,
// sorted by their bytes: changes, be they staged or not, and untracked files
// that no rule ignores, as additions. An untracked file at a path that the
// commit has is compared with it. A submodule differs if another commit is
// checked out in it; a nested repository that git does not track is one path.
//
// Git refreshes the index as it compares. It is given a copy, so that the
// repository is not written.
func (r *Repo) WorkTree(ctx context.Context, from string) ([]git.Change, error) {
	if err := check(from); err != nil {
		return nil, err
	}
	if r.bare {
		return nil, fmt.Errorf("compare working tree: %w: %s has none", git.ErrUnsupported, r.dir)
	}
	index, remove, err := r.copyIndex(ctx)
	if err != nil {
		return nil, fmt.Errorf("copy the index: %w", err)
	}
	defer remove()
	w := &workTree{repo: r, env: append(slices.Clip(r.env), "GIT_INDEX_FILE="+index), from: from}
	changed, err := w.compare(ctx)
	if err != nil {
		return nil, err
	}
	return sorted(changed), nil
}

func sorted(changed map[string]git.Status) []git.Change {
	list := make([]git.Change, 0, len(changed))
	for _, path := range slices.Sorted(maps.Keys(changed)) {
		list = append(list, git.Change{Path: path, Status: changed[path]})
	}
	return list
}

// copyIndex copies the index with its time, by which git knows the files that
// may have been written after it.
func (r *Repo) copyIndex(ctx context.Context) (file string, remove func(), err error) {
	original, err := r.line(ctx, "rev-parse", "--path-format=absolute", "--git-path", "index")
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "delivery-index-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) } // in the directory for temporary files
	file = filepath.Join(dir, "index")
	if err := copyFile(original, file); err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing is tracked yet
		remove()
		return "", nil, err
	}
	return file, remove, nil
}

func copyFile(from, to string) error {
	in, err := file.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	content, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// workTree compares a commit with the working tree, with an index of its own.
type workTree struct {
	repo *Repo
	env  []string
	from string
}

func (w *workTree) run(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := w.repo.command(ctx, args...)
	cmd.Env = w.env
	return finish(ctx, cmd, stdin, args)
}

func (w *workTree) diff(ctx context.Context) (map[string]difference, error) {
	args := slices.Concat([]string{"diff"}, plain[:], []string{"--ignore-submodules=dirty", "--end-of-options", w.from, "--"})
	out, err := w.run(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	return parseRaw(out)
}

func (w *workTree) compare(ctx context.Context) (map[string]git.Status, error) {
	differences, err := w.diff(ctx)
	if err != nil {
		return nil, err
	}
	out, err := w.run(ctx, nil, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, err
	}
	untracked := map[string]bool{}
	var info strings.Builder // what the commit has at paths that are untracked
	for path := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if path = strings.TrimSuffix(path, "/"); path == "" { // a nested repository ends in "/"
			continue
		}
		untracked[path] = true
		if d := differences[path]; d.status == git.Deleted {
			fmt.Fprintf(&info, "%s %s\t%s\x00", d.mode, d.hash, path)
		}
	}
	if info.Len() > 0 {
		// With the commit's own entries in the index, git compares the files.
		if _, err := w.run(ctx, strings.NewReader(info.String()), "update-index", "--replace", "-z", "--index-info"); err != nil {
			return nil, err
		}
		if differences, err = w.diff(ctx); err != nil {
			return nil, err
		}
		for path := range strings.SplitSeq(info.String(), "\x00") {
			_, path, _ = strings.Cut(path, "\t")
			if d := differences[path]; d.status == git.Deleted { // a repository without a commit is there
				differences[path] = difference{status: git.TypeChanged}
			}
			delete(untracked, path)
		}
	}
	changed := map[string]git.Status{}
	for path := range untracked {
		changed[path] = git.Added
	}
	for path, d := range differences {
		changed[path] = d.status
	}
	return changed, nil
}

// difference is a line of git diff --raw.
type difference struct {
	status     git.Status
	mode, hash string // before
}

// parseRaw reads `:mode mode hash hash status NUL path NUL`.
func parseRaw(out []byte) (map[string]difference, error) {
	differences := map[string]difference{}
	rest := string(out)
	for rest != "" {
		header, after, ok1 := strings.Cut(rest, "\x00")
		path, next, ok2 := strings.Cut(after, "\x00")
		fields := strings.Fields(header)
		if !ok1 || !ok2 || len(fields) != 5 || header[0] != ':' || path == "" {
			return nil, fmt.Errorf("git diff: it says %q", header)
		}
		status := git.Status(fields[4][0])
		switch status {
		case git.Added, git.Modified, git.Deleted, git.TypeChanged:
		default:
			return nil, fmt.Errorf("git diff: %q has status %q", path, fields[4])
		}
		differences[path] = difference{status: status, mode: fields[0][1:], hash: fields[2]}
		rest = next
	}
	return differences, nil
}

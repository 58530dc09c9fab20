// Package discovery finds the modules of a monorepo by the files that mark
// them: go.mod, package.json, pyproject.toml, a Dockerfile, *.tf.
//
// [Find] returns the modules of a tree and what each depends on. Of a change,
// ask for both sides, since only the one before has the modules that it deletes:
//
//	before, err := discovery.Find(ctx, baseTree, discovery.Options{})
//	after, err := discovery.Find(ctx, os.DirFS("."), discovery.Options{})
//	selection, err := after.Select(diff, changes.SelectOptions{Before: &before})
//
// A module is a directory with a marker (see [Marker]). Its name is the
// directory's path, and it owns the files to which no other module is nearer.
//
// It compares no versions and runs no package manager. It does not read
// go.work, .gitignore, lockfiles, the dependencies of Python projects, or what
// a Dockerfile copies. It names no global files: that a lockfile at the root
// concerns every module is for the caller to say, in changes.Config.Global.
package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/internal/glob"
)

// Marker is a kind of module and the names of the files that mark one.
//
// Three names are special wherever they are a marker. A go.mod without a module
// line marks nothing. Nor does a pyproject.toml that only configures tools: it
// needs a table project, build-system or tool.poetry. Nor do some package.json
// (npm, Yarn, pnpm):
//
//   - The root of a workspace is a module only where it lists "." among its
//     workspaces.
//   - Of the packages below such a root, the modules are those that it lists,
//     and those that stand by themselves: they have a lockfile beside them.
//   - Elsewhere a package needs a name, scripts or dependencies. A file with
//     none of them only tells Node.js how to load what is beside it.
type Marker struct {
	// Kind becomes a label of the module; see [Find].
	Kind string
	// Files are names, or patterns as of [path.Match], without a directory.
	Files []string
}

// The kinds of [DefaultMarkers].
const (
	Go        = "go"
	Node      = "node"
	Python    = "python"
	Docker    = "docker"
	Terraform = "terraform"
)

// DefaultMarkers returns the markers that [Find] looks for unless it is told
// others. The slice is the caller's, to append to.
func DefaultMarkers() []Marker {
	return []Marker{
		{Go, []string{"go.mod"}},
		{Node, []string{"package.json"}},
		{Python, []string{"pyproject.toml", "setup.py"}},
		{Docker, []string{"Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile"}},
		{Terraform, []string{"*.tf", "*.tf.json", "*.tofu", "*.tofu.json"}},
	}
}

// DefaultIgnore returns the directories that [Find] passes over unless it is
// told others: hidden ones, node_modules, vendor and testdata, at any depth.
// The slice is the caller's, to append to.
func DefaultIgnore() []string {
	return []string{"**/.*", "**/node_modules", "**/vendor", "**/testdata"}
}

// Options tune [Find]. The zero value is ready to use.
type Options struct {
	// Markers are what to look for; default [DefaultMarkers].
	Markers []Marker
	// Ignore are globs over the whole paths of directories that are passed over
	// with all below them: "*" stays within a name, "**" crosses directories.
	// Nil is [DefaultIgnore], and an empty slice ignores nothing. Directories
	// called .git are always passed over, and so is one below the root that holds an
	// entry of that name, since it belongs to another repository.
	Ignore []string
	// Name returns the name of the module in a directory; [path.Base] will do
	// where the last elements are unique. By default it is the directory's
	// path, and "." for the root.
	Name func(dir string) string
}

// Find returns the modules of tree, sorted by name. Tree may be the working
// tree ([os.DirFS]) or that of a commit; its root is the repository's.
//
// Of each [changes.Module], Paths is its directory. Labels has a key for each
// kind of marker in it, and as value the marker's file name, the first by the
// alphabet where there are several: {"docker": "Dockerfile", "go": "go.mod"}.
// DependsOn comes from these files, each of at most 4 MiB (HCL: 1 MiB):
//
//   - go.mod: a module that is required, whatever its version, where a go.mod
//     of the tree declares its path and no replace leads elsewhere; and a
//     directory that a replace leads to.
//   - package.json: a package of the same workspace that dependencies,
//     devDependencies, peerDependencies or optionalDependencies name, whatever
//     its version; and a directory or file that file:, link:, portal:,
//     workspace: or a relative path refers to. The workspaces are those of
//     pnpm-workspace.yaml where it lists packages, and else of package.json.
//   - *.tf, *.tf.json, *.tofu and *.tofu.json: the source of a module block
//     where it begins with ./ or ../.
//
// A path that is referred to stands for the module that owns it, which may be
// one further up; where there is none, or the path leaves the tree, it is no
// dependency. Cycles are possible. A symbolic link marks its directory, and is
// not followed. A name that is not UTF-8 is passed over.
//
// A file that cannot be read or understood is a [*FileError]. These are joined
// and match [ErrIncomplete]: then, and only then, the Config beside the error is
// of use, and lacks what the files would have said. With any other error it is
// empty: a directory cannot be read, directories are nested more than 4096 deep,
// the context has ended, an option is invalid, or names are not unique ([*NameError]).
func Find(ctx context.Context, tree fs.FS, opts Options) (changes.Config, error) {
	if opts.Markers == nil {
		opts.Markers = DefaultMarkers()
	}
	if opts.Ignore == nil {
		opts.Ignore = DefaultIgnore()
	}
	if opts.Name == nil {
		opts.Name = func(dir string) string { return dir }
	}
	if err := opts.check(); err != nil {
		return changes.Config{}, err
	}
	s := &survey{tree: tree, opts: opts}
	s.node = len(opts.kinds("package.json")) > 0
	if err := cmp.Or(s.walk(ctx, ".", nil, 0), ctx.Err()); err != nil { // a file may have met its end
		return changes.Config{}, fmt.Errorf("find modules: %w", err)
	}
	if err := s.settlePackages(ctx); err != nil {
		return changes.Config{}, fmt.Errorf("find modules: %w", err)
	}
	config, err := s.config(ctx)
	if err != nil {
		return changes.Config{}, err
	}
	return config, s.joined()
}

// check returns all faults of the options, joined.
func (o Options) check() error {
	var errs []error
	for i, m := range o.Markers {
		if m.Kind == "" {
			errs = append(errs, fmt.Errorf("check options: marker %d has no kind", i+1))
		}
		for _, name := range m.Files {
			if _, err := path.Match(name, ""); err != nil {
				errs = append(errs, fmt.Errorf("check options: marker %s: file %q: it is no valid pattern: %w", m.Kind, name, err))
			}
			if name == "" || strings.Contains(name, "/") {
				errs = append(errs, fmt.Errorf("check options: marker %s: file %q: it must be a name without a directory", m.Kind, name))
			}
		}
	}
	for _, text := range o.Ignore {
		if err := glob.Check(text); err != nil {
			errs = append(errs, fmt.Errorf("check options: ignore %q: %w", text, err))
		}
	}
	return errors.Join(errs...)
}

// kinds returns the kinds of modules that a file of this name marks.
func (o Options) kinds(name string) []string {
	var kinds []string
	for _, m := range o.Markers {
		for _, pattern := range m.Files {
			if ok, _ := path.Match(pattern, name); ok { // checked before
				kinds = append(kinds, m.Kind)
				break
			}
		}
	}
	return kinds
}

func (o Options) ignored(dir string) bool {
	return path.Base(dir) == ".git" || slices.ContainsFunc(o.Ignore, func(text string) bool {
		return glob.Match(text, dir)
	})
}

// joined returns the faults of all files in the order of their names.
func (s *survey) joined() error {
	slices.SortStableFunc(s.faults, func(a, b *FileError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	errs := make([]error, len(s.faults))
	for i, e := range s.faults {
		errs[i] = e
	}
	return errors.Join(errs...)
}

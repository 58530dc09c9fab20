package discovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes/internal/glob"
)

// workspace is a set of packages that one install links with one another. It
// holds those that a glob of include matches and none of exclude, whatever
// their order.
type workspace struct {
	include, exclude []string            // over paths relative to the root's
	root             bool                // "." is listed
	packages         map[string][]string // directories by the name of the package
}

// newWorkspace returns nil where globs list nothing, as that is no workspace.
func newWorkspace(globs []string) (*workspace, error) {
	w := &workspace{packages: map[string][]string{}}
	for _, entry := range globs {
		text, negated := strings.CutPrefix(entry, "!")
		text = path.Clean(strings.TrimLeft(text, "/"))
		if strings.TrimLeft(entry, "!/") == "" {
			return nil, fmt.Errorf("workspace %q is empty", entry)
		}
		if err := glob.Check(text); err != nil {
			return nil, fmt.Errorf("workspace %s: %w", quote(entry), err)
		}
		switch {
		case negated:
			w.exclude = append(w.exclude, text)
		case text == ".":
			w.root = true
		default:
			w.include = append(w.include, text)
		}
	}
	if !w.root && len(w.include) == 0 {
		return nil, nil
	}
	return w, nil
}

// lists reports whether the directory at path rel below the root is a member.
func (w *workspace) lists(rel string) bool {
	matches := func(text string) bool { return glob.Match(text, rel) }
	return slices.ContainsFunc(w.include, matches) && !slices.ContainsFunc(w.exclude, matches)
}

// add takes in the member in d, unless nothing can name it.
func (w *workspace) add(d *directory) {
	if name := d.pkg.name; name != "" {
		w.packages[name] = append(w.packages[name], d.path)
	}
}

// The files of package managers beside a package.json.
const pnpmWorkspace = "pnpm-workspace.yaml"

func isLockfile(name string) bool {
	switch name {
	case "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb":
		return true
	}
	return false
}

// readWorkspace finds out whether d is the root of a workspace. Its
// package.json, if there is one, has been read.
func (s *survey) readWorkspace(d *directory, entries []fs.DirEntry) {
	var globs []string
	file, line := "package.json", 0
	if d.pkg != nil {
		globs, line = d.pkg.workspaces, d.pkg.globLine
	}
	for _, e := range entries {
		d.locked = d.locked || isLockfile(e.Name())
		if e.Name() != pnpmWorkspace || !e.Type().IsRegular() {
			continue
		}
		content, err := s.content(path.Join(d.path, pnpmWorkspace))
		if err != nil {
			s.fail(d, pnpmWorkspace, fault{err: err})
			continue
		}
		list, at, faults := parsePnpm(content)
		s.fail(d, pnpmWorkspace, faults...)
		if list != nil {
			globs, file, line = list, pnpmWorkspace, at
		}
	}
	var err error
	if d.workspace, err = newWorkspace(globs); err != nil {
		s.fail(d, file, fault{line, err})
	}
}

// parsePnpm returns the list packages of a pnpm-workspace.yaml and its line;
// nil where there is none, as the file may hold settings only. Source:
// https://pnpm.io/pnpm-workspace_yaml.
func parsePnpm(content []byte) ([]string, int, []fault) {
	loader, err := yaml.NewLoader(bytes.NewReader(content))
	if err != nil {
		return nil, 0, []fault{yamlFault(err)}
	}
	var document yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF): // it is empty
		return nil, 0, nil
	case err != nil:
		return nil, 0, []fault{yamlFault(err)}
	}
	root := &document
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		return nil, 0, nil // empty, or nothing that pnpm understands
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "packages" {
			return pnpmGlobs(target(root.Content[i+1]))
		}
	}
	return nil, 0, nil
}

func pnpmGlobs(list *yaml.Node) ([]string, int, []fault) {
	if list.ShortTag() == "!!null" {
		return nil, 0, nil
	}
	if list.Kind != yaml.SequenceNode {
		return nil, 0, []fault{{list.Line, errors.New("packages must be a list of globs")}}
	}
	var globs []string
	for _, item := range list.Content {
		value := target(item)
		if value.Kind != yaml.ScalarNode || value.ShortTag() != "!!str" {
			return nil, 0, []fault{{item.Line, errors.New("an item of packages must be text")}}
		}
		globs = append(globs, value.Value)
	}
	return globs, list.Line, nil
}

// target follows an alias.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

func yamlFault(err error) fault {
	e, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return fault{err: fmt.Errorf("malformed YAML: %w", err)}
	}
	message := e.Message
	if e.ContextMsg != "" {
		message += " " + e.ContextMsg
	}
	return fault{e.Mark.Line, errors.New("malformed YAML: " + message)}
}

// settlePackages decides by the rules of [Marker] which package.json is a
// module, takes the marks of the others away, and fills the workspaces. A
// directory comes after those above it.
func (s *survey) settlePackages(ctx context.Context) error {
	for _, d := range s.order {
		below, err := d.findWorkspaces(ctx)
		if err != nil {
			return err
		}
		if below && len(d.member) == 0 && !d.locked {
			// The fixtures of a test, say. What they say does not matter, and
			// neither does what is wrong with them.
			d.workspace, d.faults = nil, nil
			d.dropPackage()
			continue
		}
		s.faults = append(s.faults, d.faults...)
		if d.workspace != nil && d.workspace.root {
			d.member = append(d.member, d.workspace)
		}
		switch {
		case d.pkg == nil:
		case len(d.member) > 0, d.workspace == nil && (d.locked || d.pkg.substantial):
			d.refer(d.pkg.paths)
			for _, w := range d.member {
				w.add(d)
			}
		default:
			d.dropPackage()
		}
	}
	return nil
}

func (d *directory) dropPackage() {
	d.pkg = nil
	d.marks = slices.DeleteFunc(d.marks, func(m mark) bool { return m.file == "package.json" })
}

// findWorkspaces notes the workspaces above d that list it, and reports whether
// there are any above it at all.
func (d *directory) findWorkspaces(ctx context.Context) (below bool, err error) {
	for above := d.above; above != nil; above = above.above {
		if above.workspace == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		below = true
		rel := d.path
		if above.path != "." {
			rel = rel[len(above.path)+1:]
		}
		if above.workspace.lists(rel) {
			d.member = append(d.member, above.workspace)
		}
	}
	return below, nil
}

// packages returns the directories of the packages that the one in d needs by name.
func (d *directory) packages() []string {
	if d.pkg == nil {
		return nil
	}
	workspaces := d.member
	if d.workspace != nil && !d.workspace.root {
		workspaces = append(slices.Clone(workspaces), d.workspace)
	}
	var dirs []string
	for _, name := range d.pkg.needs {
		for _, w := range workspaces {
			dirs = append(dirs, w.packages[name]...)
		}
	}
	return dirs
}

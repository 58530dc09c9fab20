package discovery

import (
	"errors"
	"fmt"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// goMod is what a go.mod declares.
type goMod struct {
	path     string   // of the module; "" where there is no module line
	requires []string // paths of modules, after replacement
	replaces []string // directories that a replace leads to, relative to the file's
}

// parseGoMod reads a go.mod. Source of the format: https://go.dev/ref/mod#go-mod-file.
func parseGoMod(content []byte) (goMod, []fault) {
	// Versions play no part, so any will do.
	asIs := func(_, version string) (string, error) { return version, nil }
	file, err := modfile.Parse("go.mod", content, asIs)
	if err != nil {
		return goMod{}, goModFaults(err)
	}
	if file.Module == nil {
		return goMod{}, nil
	}
	mod := goMod{path: file.Module.Mod.Path}
	replaced := make(map[module.Version]module.Version, len(file.Replace))
	for _, r := range file.Replace {
		replaced[r.Old] = r.New
		if modfile.IsDirectoryPath(r.New.Path) {
			mod.replaces = append(mod.replaces, r.New.Path)
		}
	}
	for _, r := range file.Require {
		by, ok := replaced[r.Mod]
		if !ok {
			by, ok = replaced[module.Version{Path: r.Mod.Path}]
		}
		switch {
		case !ok:
			mod.requires = append(mod.requires, r.Mod.Path)
		case !modfile.IsDirectoryPath(by.Path):
			mod.requires = append(mod.requires, by.Path)
		}
	}
	return mod, nil
}

func goModFaults(err error) []fault {
	list, ok := errors.AsType[modfile.ErrorList](err)
	if !ok {
		return []fault{{err: fmt.Errorf("malformed go.mod: %w", err)}}
	}
	faults := make([]fault, len(list))
	for i, e := range list {
		line := e.Pos.Line
		e.Filename, e.Pos = "", modfile.Position{} // FileError says them
		faults[i] = fault{line, fmt.Errorf("malformed go.mod: %w", &e)}
	}
	return faults
}

func (s *survey) readGoMod(d *directory, name string, content []byte) bool {
	mod, faults := parseGoMod(content)
	s.fail(d, name, faults...)
	d.goMod = mod
	d.refer(mod.replaces)
	return mod.path != "" || len(faults) > 0
}

// goModules returns the directories of the Go modules by their paths. Several
// may declare the same, as copies do.
func (s *survey) goModules() map[string][]string {
	modules := map[string][]string{}
	for _, d := range s.order {
		if p := d.goMod.path; p != "" {
			modules[p] = append(modules[p], d.path)
		}
	}
	return modules
}

package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes"
)

// config turns the marked directories into modules.
func (s *survey) config(ctx context.Context) (changes.Config, error) {
	names, err := s.names()
	if err != nil {
		return changes.Config{}, err
	}
	goModules := s.goModules()
	var config changes.Config
	for _, d := range s.order {
		name, ok := names[d.path]
		if !ok {
			continue
		}
		if err := ctx.Err(); err != nil {
			return changes.Config{}, fmt.Errorf("find modules: %w", err)
		}
		config.Modules = append(config.Modules, changes.Module{
			Name:      name,
			Paths:     []string{entry(d.path)},
			DependsOn: s.dependencies(d, names, goModules),
			Labels:    d.labels(),
		})
	}
	slices.SortFunc(config.Modules, func(a, b changes.Module) int { return cmp.Compare(a.Name, b.Name) })
	return config, nil
}

// names returns the names of the modules by their directories.
func (s *survey) names() (map[string]string, error) {
	names := map[string]string{}
	dirs := map[string][]string{}
	for _, d := range s.order {
		if len(d.marks) > 0 {
			name := s.opts.Name(d.path)
			names[d.path] = name
			dirs[name] = append(dirs[name], d.path)
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(dirs)) {
		if same := dirs[name]; name == "" || len(same) > 1 {
			slices.Sort(same)
			errs = append(errs, &NameError{Name: name, Dirs: same})
		}
	}
	return names, errors.Join(errs...)
}

// dependencies returns the names of the modules that the one in d depends on,
// sorted.
func (s *survey) dependencies(d *directory, names map[string]string, goModules map[string][]string) []string {
	dirs := map[string]bool{}
	for _, target := range d.refers {
		if owner, ok := owner(target, names); ok {
			dirs[owner] = true
		}
	}
	for _, module := range d.goMod.requires {
		for _, dir := range goModules[module] {
			dirs[dir] = true
		}
	}
	for _, dir := range d.packages() {
		dirs[dir] = true
	}
	delete(dirs, d.path)
	var needs []string
	for dir := range dirs {
		needs = append(needs, names[dir])
	}
	slices.Sort(needs)
	return needs
}

// owner returns the directory of the module that target belongs to: its own,
// or the nearest above it.
func owner(target string, names map[string]string) (string, bool) {
	for {
		if _, ok := names[target]; ok || target == "." {
			return target, ok
		}
		target = target[:max(0, strings.LastIndexByte(target, '/'))]
		if target == "" {
			target = "."
		}
	}
}

// labels returns the first file of each kind.
func (d *directory) labels() map[string]string {
	labels := map[string]string{}
	for _, m := range d.marks {
		if labels[m.kind] == "" {
			labels[m.kind] = m.file
		}
	}
	return labels
}

// entry returns dir as an entry of [changes.Module.Paths], in which wildcards
// must be escaped.
func entry(dir string) string {
	var b strings.Builder
	if strings.TrimSpace(dir) == "" {
		b.WriteString("./") // a directory whose name is a space
	}
	for i := range len(dir) {
		if strings.IndexByte(`*?[{\`, dir[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(dir[i])
	}
	return b.String()
}

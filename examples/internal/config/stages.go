package config

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/coverage"
)

// Validation says what is checked in modules.
type Validation struct {
	// Checks are the names of checks by the label "kind" of modules; see [CheckNames].
	// A module of a kind without checks is not validated.
	Checks map[string][]string `yaml:"checks"`
	// FailOn is the mildest severity that fails: note, which is the default, warning
	// or error.
	FailOn string `yaml:"fail_on"`
	// Baseline is a file of known findings, which do not count.
	Baseline string `yaml:"baseline"`
}

// CheckNames are the checks of package validate, by the names that files and flags
// have for them. What follows "=" may be left out, with it.
func CheckNames() []string {
	return []string{"terraform", "terraform-fmt", "terraform-validate", "pep8=TOOL", "eslint", "npm=SCRIPT"}
}

func isCheck(name string) bool {
	kind, detail, given := strings.Cut(name, "=")
	for _, known := range CheckNames() {
		known, _, takes := strings.Cut(known, "=")
		if kind == known {
			return !given || takes && detail != ""
		}
	}
	return false
}

// Dir is the directory of a module: its label "dir", or else its first path, which must
// be one of a directory. It is slash-separated and relative to the file.
func Dir(m changes.Module) (string, error) {
	dir, labelled := m.Labels["dir"]
	if !labelled {
		dir = m.Paths[0]
		if strings.ContainsAny(dir, `*?[{\`) {
			return "", fmt.Errorf("module %s: its first path %s is a pattern: give it the label dir, which names its directory", m.Name, dir)
		}
	}
	if !filepath.IsLocal(filepath.FromSlash(dir)) {
		return "", fmt.Errorf("module %s: its directory %s is not below that of the file", m.Name, dir)
	}
	return path.Clean(dir), nil
}

func (f *File) checkValidation() error {
	var errs []error
	if v := f.Validation.FailOn; !slices.Contains([]string{"", "note", "warning", "error"}, v) {
		errs = append(errs, fmt.Errorf("validation: fail_on %q: want note, warning or error", v))
	}
	for _, kind := range slices.Sorted(maps.Keys(f.Validation.Checks)) {
		if !slices.ContainsFunc(f.Modules.Modules, func(m changes.Module) bool { return m.Labels["kind"] == kind }) {
			errs = append(errs, fmt.Errorf("validation: no module has the label kind: %s", kind))
		}
		for _, name := range f.Validation.Checks[kind] {
			if !isCheck(name) {
				errs = append(errs, fmt.Errorf("validation: there is no check %q for %s; want %s", name, kind, strings.Join(CheckNames(), ", ")))
			}
		}
	}
	return errors.Join(errs...)
}

// Coverage says how well tests must cover their modules. A module with the label
// "coverage: none" has no tests.
type Coverage struct {
	Minimum *coverage.Percentage `yaml:"minimum"` // default 80
	// Reports is where tests leave their reports: DIR/MODULE.* and the files in
	// DIR/MODULE; default .delivery/coverage.
	Reports string `yaml:"reports"`
}

// Package config reads delivery.yaml, the one file that describes a system: its
// project, environments, modules, services, infrastructure, KRE and log searches.
//
//	file, err := config.Load("delivery.yaml")
//	env, err := file.Rules().Resolve("dev/feature/login")
//
// It is strict: a key that is unknown or given twice, or a value that does not
// belong, is an error with its line and column. The types of this package are the
// schema, section by section; examples/pipeline/automation.yaml is a full file.
// Paths in the file are relative to the directory that it is in, which is the
// root of the repository, and slash-separated.
//
// It reads nothing but the file and asks no service.
package config

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/modulefile"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/yamlfile"
)

// Name is what the file is called.
const Name = "delivery.yaml"

// File is delivery.yaml.
type File struct {
	// Project begins the names of all environments; see [envname.Rules].
	Project string `yaml:"project"`
	// Account is the AWS account that may be delivered to; any other is refused.
	// Default is that of the credentials.
	Account string `yaml:"account"`
	// Region is that of AWS; default that of the environment variables.
	Region string `yaml:"region"`

	Environments   Environments   `yaml:"environments"`
	Validation     Validation     `yaml:"validation"`
	Coverage       Coverage       `yaml:"coverage"`
	Images         Images         `yaml:"images"`
	Services       []Service      `yaml:"services"`
	Infrastructure Infrastructure `yaml:"infrastructure"`
	KRE            map[string]KRE `yaml:"kre"` // by kind: dev, production
	Papertrail     Papertrail     `yaml:"papertrail"`
	Nuke           Nuke           `yaml:"nuke"`

	// Modules are those of the keys modules and global, which are what package
	// modulefile documents.
	Modules changes.Config `yaml:"-"`
	// Dir is the directory of the file.
	Dir string `yaml:"-"`
	// Digest is that of its text, by which a changed file is known: SHA-256, in hex.
	Digest string `yaml:"-"`
}

// raw is the file with what another package reads.
type raw struct {
	File    `yaml:",inline"`
	Global  yaml.Node `yaml:"global"`
	Modules yaml.Node `yaml:"modules"`
}

// Environments say which branch is which environment.
type Environments struct {
	Production []string `yaml:"production"` // branches; default [master]
	Ephemeral  []string `yaml:"ephemeral"`  // how branches begin; default [dev/feature, dev/fix]
}

// Rules are the environments as package envname has them.
func (f *File) Rules() envname.Rules {
	return envname.Rules{Project: f.Project, ProductionBranches: f.Environments.Production, EphemeralPrefixes: f.Environments.Ephemeral}
}

// Path is a path of the file as one of the operating system.
func (f *File) Path(slashed string) string {
	if filepath.IsAbs(slashed) {
		return slashed
	}
	return filepath.Join(f.Dir, filepath.FromSlash(slashed))
}

// Load reads the file at path.
func Load(path string) (*File, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: there is no such file; -file names the one that describes the system", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the file that describes the system: %w", err)
	}
	defer file.Close()
	return Read(path, file)
}

// Read reads r, which errors call name. Paths are relative to the directory of name.
func Read(name string, r io.Reader) (*File, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var all raw
	if err := yamlfile.Decode(bytes.NewReader(content), &all); err != nil {
		return nil, fmt.Errorf("read %s:%w", name, err)
	}
	f := &all.File
	f.Dir, f.Digest = filepath.Dir(name), fmt.Sprintf("%x", sha256.Sum256(content))
	if f.Modules, err = modulefile.Decode(&all.Global, &all.Modules, name); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return f, nil
}

// ModulesBefore are the modules of the file as fsys, the tree of a commit, has it.
// It reads nothing but them, since the other sections may have had other keys. It is
// nil where there was no such file.
func ModulesBefore(fsys fs.FS, name string) (*changes.Config, error) {
	content, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the former %s: %w", name, err)
	}
	var before struct {
		Global  yaml.Node `yaml:"global"`
		Modules yaml.Node `yaml:"modules"`
	}
	if err := yaml.Load(content, &before); err != nil {
		return nil, fmt.Errorf("read the former %s: %w", name, err)
	}
	modules, err := modulefile.Decode(&before.Global, &before.Modules, "the former "+name)
	if err != nil {
		return nil, err
	}
	return &modules, nil
}

var account = regexp.MustCompile(`^\d{12}$`)

// check finds what is wrong beyond the form; all faults are joined.
func (f *File) check() error {
	var errs []error
	if f.Project == "" {
		errs = append(errs, errors.New("project is missing: it begins the names of all environments"))
	} else if err := validProject(f.Rules()); err != nil {
		errs = append(errs, err)
	}
	if f.Account != "" && !account.MatchString(f.Account) {
		errs = append(errs, fmt.Errorf("account %q: want twelve digits, in quotes", f.Account))
	}
	return errors.Join(append(errs, f.checkServices(), f.checkImages(), f.checkInfrastructure(), f.checkNuke(), f.checkValidation(), f.checkKRE())...)
}

// validProject is what package envname says of the rules, whatever the branch.
func validProject(r envname.Rules) error {
	_, err := r.Resolve("no/environment")
	if errors.Is(err, envname.ErrNoEnvironment) {
		return nil
	}
	return err
}

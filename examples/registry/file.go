package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
	"github.com/mettel-automation/delivery/ecr/repository"
	"github.com/mettel-automation/delivery/examples/internal/yamlfile"
)

// repositoryFile is the file of -repositories; the documentation of this main
// shows it.
type repositoryFile struct {
	Defaults     entry   `yaml:"defaults"`
	Repositories []entry `yaml:"repositories"`
}

type entry struct {
	Name       string            `yaml:"name"`
	Mutability string            `yaml:"mutability"`
	Exclusions []string          `yaml:"exclusions"`
	Scanning   string            `yaml:"scanning"`
	Encryption encryption        `yaml:"encryption"`
	Lifecycle  *rules            `yaml:"lifecycle"`
	Policy     string            `yaml:"policy"`
	Tags       map[string]string `yaml:"tags"`
}

type encryption struct {
	Type string `yaml:"type"`
	Key  string `yaml:"key"`
}

type rules struct {
	Keep   []string `yaml:"keep"`
	Newest int      `yaml:"newest"`
	File   string   `yaml:"file"`
}

// load reads the repositories of the file at path.
func load(path string) ([]repository.Repository, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read repositories: %w", err)
	}
	defer file.Close()
	read, err := decode(file)
	if err != nil {
		return nil, fmt.Errorf("read repositories %s:%w", path, err)
	}
	desired := make([]repository.Repository, len(read.Repositories))
	for i, e := range read.Repositories {
		if desired[i], err = e.over(read.Defaults).repository(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("read repositories %s: repository %s: %w", path, cmp.Or(e.Name, fmt.Sprint(i+1)), err)
		}
	}
	return desired, nil
}

// decode reads the file, and refuses one that is of no use. See yamlfile.Decode for
// how its errors begin.
func decode(r io.Reader) (file repositoryFile, err error) {
	if err := yamlfile.Decode(r, &file); err != nil {
		return file, err
	}
	switch {
	case len(file.Repositories) == 0:
		return file, errors.New(" it lists no repositories")
	case file.Defaults.Name != "":
		return file, errors.New(" defaults have no name")
	}
	return file, nil
}

// over is e with the defaults for what it does not say.
func (e entry) over(defaults entry) entry {
	if e.Mutability == "" && e.Exclusions == nil {
		e.Mutability, e.Exclusions = defaults.Mutability, defaults.Exclusions
	}
	e.Scanning = cmp.Or(e.Scanning, defaults.Scanning)
	e.Encryption = cmp.Or(e.Encryption, defaults.Encryption)
	e.Lifecycle = cmp.Or(e.Lifecycle, defaults.Lifecycle)
	e.Policy = cmp.Or(e.Policy, defaults.Policy)
	tags := maps.Clone(defaults.Tags)
	if tags == nil {
		tags = e.Tags
	} else {
		maps.Copy(tags, e.Tags)
	}
	e.Tags = tags
	return e
}

// repository is the repository of e, whose paths are relative to dir.
func (e entry) repository(dir string) (repository.Repository, error) {
	r := repository.Repository{
		Name: e.Name, Mutability: repository.Mutability(e.Mutability), Exclusions: e.Exclusions, Scanning: repository.Scanning(e.Scanning),
		Encryption: repository.Encryption{Type: e.Encryption.Type, Key: e.Encryption.Key}, Tags: e.Tags,
	}
	if e.Policy != "" {
		text, err := os.ReadFile(within(dir, e.Policy))
		if err != nil {
			return r, err
		}
		r.Policy = new(string(text))
	}
	if e.Lifecycle != nil {
		policy, err := e.Lifecycle.policy(dir)
		if err != nil {
			return r, err
		}
		r.Lifecycle = &policy
	}
	return r, nil
}

func (l rules) policy(dir string) (lifecycle.Policy, error) {
	if l.File == "" {
		return lifecycle.Default(l.Keep, l.Newest)
	}
	if len(l.Keep) > 0 || l.Newest != 0 {
		return lifecycle.Policy{}, errors.New("lifecycle has either a file, or keep and newest")
	}
	path := within(dir, l.File)
	text, err := os.ReadFile(path)
	if err != nil {
		return lifecycle.Policy{}, err
	}
	policy, err := lifecycle.Parse(text)
	if err != nil {
		return lifecycle.Policy{}, fmt.Errorf("%s: %w", path, err)
	}
	return policy, nil
}

// within is path relative to dir.
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/yamlfile"
)

// imageFile is the file of -images; the documentation of this main shows it.
type imageFile struct {
	Epoch  string            `yaml:"epoch"`
	Bases  map[string]string `yaml:"bases"`
	Images []imageEntry      `yaml:"images"`
}

type imageEntry struct {
	Module     string            `yaml:"module"`
	Repository string            `yaml:"repository"`
	Context    string            `yaml:"context"`
	Dockerfile string            `yaml:"dockerfile"`
	Target     string            `yaml:"target"`
	Platform   string            `yaml:"platform"`
	Network    string            `yaml:"network"`
	Args       map[string]string `yaml:"args"`
	Bases      map[string]string `yaml:"bases"`
	Epoch      string            `yaml:"epoch"`
	Labels     map[string]string `yaml:"labels"`
	Secrets    []secretEntry     `yaml:"secrets"`
}

type secretEntry struct {
	ID   string `yaml:"id"`
	File string `yaml:"file"`
	Env  string `yaml:"env"`
}

// load reads the images of the file at path, whose paths are relative to dir.
func load(path, dir string, getenv func(string) string) ([]ecr.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read images: %w", err)
	}
	defer file.Close()
	read, err := decode(file)
	if err != nil {
		return nil, fmt.Errorf("read images %s:%w", path, err)
	}
	images := make([]ecr.Image, len(read.Images))
	for i, entry := range read.Images {
		images[i] = read.image(entry, dir, getenv)
	}
	return images, nil
}

// decode reads the file, and refuses one that is of no use. See yamlfile.Decode for
// how its errors begin.
func decode(r io.Reader) (file imageFile, err error) {
	if err := yamlfile.Decode(r, &file); err != nil {
		return file, err
	}
	if len(file.Images) == 0 {
		return file, errors.New(" it lists no images")
	}
	return file, nil
}

func (f imageFile) image(e imageEntry, dir string, getenv func(string) string) ecr.Image {
	bases := maps.Clone(f.Bases)
	if bases == nil {
		bases = e.Bases
	} else {
		maps.Copy(bases, e.Bases)
	}
	image := ecr.Image{
		Module: cmp.Or(e.Module, e.Repository), Repository: e.Repository,
		Context: within(dir, e.Context), Dockerfile: e.Dockerfile, Target: e.Target, Platform: e.Platform, Network: e.Network,
		Args: e.Args, Bases: bases, Epoch: cmp.Or(e.Epoch, f.Epoch), Labels: e.Labels,
	}
	for _, s := range e.Secrets {
		secret := ecr.Secret{ID: s.ID, File: within(dir, s.File)}
		if s.Env != "" {
			secret.Value = func(context.Context) ([]byte, error) {
				value := getenv(s.Env)
				if value == "" {
					return nil, fmt.Errorf("the environment variable %s is not set", s.Env)
				}
				return []byte(value), nil
			}
		}
		image.Secrets = append(image.Secrets, secret)
	}
	return image
}

// within is path relative to dir; a path that is not given stays so.
func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// readChanged returns the names of the modules that changes -json has selected.
func readChanged(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	var file struct {
		Modules *[]struct{ Name string }
	}
	err = json.Unmarshal(text, &file)
	if _, other := errors.AsType[*json.UnmarshalTypeError](err); other || err == nil && file.Modules == nil {
		err = errors.New(`it is not what changes -json writes: an object with "modules"`)
	}
	if err != nil {
		return nil, fmt.Errorf("read changes %s: %w", path, err)
	}
	names := make([]string, len(*file.Modules))
	for i, m := range *file.Modules {
		names[i] = m.Name
	}
	return names, nil
}

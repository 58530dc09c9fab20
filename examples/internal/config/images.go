package config

import (
	"errors"
	"fmt"
	"slices"
)

// Images are the container images that are built.
type Images struct {
	// Prefix begins the names of repositories, before the module; default the project
	// and a slash.
	Prefix string `yaml:"prefix"`
	// Newest is how many images a repository keeps besides those that environments
	// run; default 500.
	Newest int `yaml:"newest"`
	// Policy is a file with the policy of the repositories, JSON that says who may pull
	// and push; default is to leave it as it is.
	Policy string `yaml:"policy"`
	// Epoch is any text that changes when all images must be built although no file has
	// changed; see ecr.Image.
	Epoch string `yaml:"epoch"`
	// Bases are the digests that stand behind the tags of FROM; see ecr.Image.
	Bases map[string]string `yaml:"bases"`
	// Modules are those with an image.
	Modules []Image `yaml:"modules"`
}

// Image is the image of a module; see ecr.Image.
type Image struct {
	Module     string            `yaml:"module"`
	Context    string            `yaml:"context"`    // what the build may read; default the module's name
	Dockerfile string            `yaml:"dockerfile"` // default that of Context
	Target     string            `yaml:"target"`     // stage; default the last one
	Platform   string            `yaml:"platform"`   // default linux/amd64
	Network    string            `yaml:"network"`    // of RUN; default the engine's
	Args       map[string]string `yaml:"args"`       // no place for secrets
	Epoch      string            `yaml:"epoch"`      // instead of that of all
}

func (i Images) of(module string) (Image, bool) {
	at := slices.IndexFunc(i.Modules, func(m Image) bool { return m.Module == module })
	if at < 0 {
		return Image{}, false
	}
	return i.Modules[at], true
}

// Repository is the ECR repository of a module.
func (f *File) Repository(module string) string {
	if f.Images.Prefix == "" {
		return f.Project + "/" + module
	}
	return f.Images.Prefix + module
}

func (f *File) checkImages() error {
	var errs []error
	known := map[string]bool{}
	for _, m := range f.Modules.Modules {
		known[m.Name] = true
	}
	seen := map[string]bool{}
	for i, image := range f.Images.Modules {
		switch {
		case image.Module == "":
			errs = append(errs, fmt.Errorf("images: number %d has no module", i+1))
		case !known[image.Module]:
			errs = append(errs, fmt.Errorf("images: %q is no module", image.Module))
		case seen[image.Module]:
			errs = append(errs, fmt.Errorf("images: module %s has two", image.Module))
		}
		seen[image.Module] = true
	}
	if f.Images.Newest < 0 {
		errs = append(errs, fmt.Errorf("images: newest %d: want more than 50, or none", f.Images.Newest))
	}
	return errors.Join(errs...)
}

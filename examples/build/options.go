package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// options are what the flags say.
type options struct {
	verb             string
	images, repo     string
	changed          string
	only, tags       []string
	registry         string
	parallel         int
	maxAge           time.Duration
	force, pull      bool
	buildkit         bool
	dockerConfig     string
	source, revision string
	json, local      bool
}

func parse(args []string, stdout io.Writer) (options, error) {
	o := options{verb: "apply"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.verb, args = args[0], args[1:]
	}
	flags := cli.NewFlags("build", about, stdout)
	flags.StringVar(&o.images, "images", "", "YAML `FILE` that lists the images")
	flags.StringVar(&o.repo, "repo", ".", "`DIR`ectory that the paths in it are relative to")
	flags.StringVar(&o.changed, "changed", "", "take only the modules of `FILE`, which changes -json wrote")
	flags.Func("only", "take only the image of module `NAME`; repeatable", add(&o.only))
	flags.Func("tag", "`TAG` that is moved to each image; {module} in it is its module; repeatable", add(&o.tags))
	flags.StringVar(&o.registry, "registry", "", "`HOST` to push to instead of that of the repositories, such as a mirror")
	flags.IntVar(&o.parallel, "parallel", 4, "how many images are built and pushed at once")
	flags.DurationVar(&o.maxAge, "max-age", 0, "build also what was pushed longer ago than this, such as 720h; immutable tags need inputs-* among their exclusions; default never")
	flags.BoolVar(&o.force, "force", false, "build all, whatever the registry has; immutable tags need inputs-* among their exclusions")
	flags.BoolVar(&o.pull, "pull", false, "look for newer base images before each build")
	flags.BoolVar(&o.buildkit, "buildkit", false, "build with BuildKit, which knows secrets and cache mounts, instead of the classic builder")
	flags.StringVar(&o.dockerConfig, "docker-config", "", "`FILE` as docker login writes it, with the credentials for private base images; default none")
	flags.StringVar(&o.source, "source", "", "`URL` of the code, for a label of the images")
	flags.StringVar(&o.revision, "revision", "", "`COMMIT` of the code, for a label of the images")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.BoolVar(&o.local, "local", false, "use a registry in memory instead of AWS")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(flags.FlagSet)
}

func (o options) check(flags *flag.FlagSet) error {
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	faults := []struct {
		wrong bool
		text  string
	}{
		{o.verb != "plan" && o.verb != "apply", fmt.Sprintf("unknown command %q, want plan or apply", o.verb)},
		{o.images == "", "-images is required"},
		{o.changed != "" && len(o.only) > 0, "-changed and -only are two ways to choose modules"},
		{o.parallel < 1, fmt.Sprintf("-parallel %d: want at least 1", o.parallel)},
		{o.maxAge < 0, fmt.Sprintf("-max-age %v: want more than 0", o.maxAge)},
		{o.local && (given["registry"] || given["max-age"]), "-registry and -max-age are about a real registry: they do not go with -local"},
		{o.verb == "plan" && (given["parallel"] || o.pull || o.buildkit || o.dockerConfig != "" || given["source"] || given["revision"]), "-parallel, -pull, -buildkit, -docker-config, -source and -revision are about building: they do not go with plan"},
	}
	for _, f := range faults {
		if f.wrong {
			return errors.New(f.text + " (-h lists the flags)")
		}
	}
	return nil
}

// add returns what appends each value of a flag to list.
func add(list *[]string) func(string) error {
	return func(value string) error {
		if value == "" {
			return errors.New("it is empty")
		}
		*list = append(*list, value)
		return nil
	}
}

// wanted are the images that the flags ask for.
func (o options) wanted(getenv func(string) string) ([]ecr.Image, error) {
	images, err := load(o.images, o.repo, getenv)
	if err != nil {
		return nil, err
	}
	for i := range images {
		for _, tag := range o.tags {
			images[i].Tags = append(images[i].Tags, strings.ReplaceAll(tag, "{module}", images[i].Module))
		}
	}
	for _, name := range o.only {
		if !slices.ContainsFunc(images, func(i ecr.Image) bool { return i.Module == name }) {
			return nil, fmt.Errorf("-only %s: %s has no image of this module", name, o.images)
		}
	}
	chosen, choose := o.only, len(o.only) > 0
	if o.changed != "" {
		choose = true
		if chosen, err = readChanged(o.changed); err != nil {
			return nil, err
		}
	}
	if choose {
		images = slices.DeleteFunc(images, func(i ecr.Image) bool { return !slices.Contains(chosen, i.Module) })
	}
	for _, i := range images {
		if len(i.Secrets) > 0 && o.verb == "apply" && !o.buildkit {
			return nil, fmt.Errorf("image %s has secrets, which need -buildkit", i.Module)
		}
	}
	return images, nil
}

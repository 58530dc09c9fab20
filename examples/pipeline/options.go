package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/examples/pipeline/sample"
)

// automation describes the system of the sample.
//
//go:embed automation.yaml
var automation []byte

// options are what the flags say.
type options struct {
	job.Options
	base, head       string
	all              cli.Reason
	until, from      string
	resume, destroy  bool
	allowProduction  string
	aws, docker, kre bool
	kubeconfig       string
	speed            float64
	seed             uint64
	faults           localcloud.Faults
	isSample         bool
}

func parse(args []string, stdout io.Writer) (*options, error) {
	flags := cli.NewFlags("pipeline", about, stdout)
	o := &options{}
	flags.StringVar(&o.File, "file", "", "`FILE` that describes the system, at the root of its repository; default: a sample made for the run")
	flags.StringVar(&o.Branch, "branch", "", "`NAME` of the branch; default that of the CI job, or of the sample")
	flags.StringVar(&o.Dir, "run", "", "`DIR`ectory that stages leave their outcome in; default .delivery beside FILE, or here")
	flags.BoolVar(&o.JSON, "json", false, "print JSON")
	flags.StringVar(&o.base, "base", "", "`REV`ision that the branch is compared with; default what the CI job is about")
	flags.StringVar(&o.head, "head", "", "`REV`ision that is delivered; default HEAD")
	o.all.Alone = "-all was given"
	flags.Var(&o.all, "all", "take every module as changed; -all=WHY says why")
	flags.StringVar(&o.until, "until", "", "`JOB` to end after, one of those of -from")
	flags.StringVar(&o.from, "from", "", "`JOB` to begin with, those before it taken for done: "+strings.Join(names(), ", "))
	flags.BoolVar(&o.resume, "resume", false, "go on where a run of the same commit and file was stopped")
	flags.BoolVar(&o.destroy, "destroy", false, "remove the environment instead of delivering it")
	flags.StringVar(&o.allowProduction, "allow-production", "", "`NAME` of the environment again, to destroy it though it is production")
	flags.BoolVar(&o.aws, "aws", false, "deliver to AWS, with region and credentials from the environment, and to Papertrail")
	flags.BoolVar(&o.docker, "docker", false, "build with the Docker engine of DOCKER_HOST")
	flags.BoolVar(&o.kre, "kre", false, "also make the KRE environment and its runtimes, by their own mains")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "`FILE` of a real cluster for KRE")
	flags.Float64Var(&o.speed, "speed", 100, "how many times faster than AWS the one in memory is")
	flags.Uint64Var(&o.seed, "seed", 1, "`NUMBER` that decides how long things take on the AWS in memory")
	flags.Var(&o.faults, "inject", "`FAULT` that happens on the AWS in memory: "+localcloud.FaultUsage()+"; may be repeated")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return o, o.check(flags)
}

func (o *options) check(flags *cli.Flags) error {
	known := func(name string) bool { return slices.Contains(append(names(), ""), name) }
	for _, fault := range []struct {
		is   bool
		text string
	}{
		{!known(o.until), unknownJob("-until", o.until)},
		{!known(o.from), unknownJob("-from", o.from)},
		{o.from != "" && !o.reaches(o.from), fmt.Sprintf("-from %s comes after -until %s", o.from, o.until)},
		{o.from != "" && o.resume, "-from and -resume are two ways to say where to begin"},
		{o.destroy && (o.from+o.until != "" || o.resume), "-destroy does not go with -from, -until and -resume: it removes what is there"},
		{o.allowProduction != "" && !o.destroy, "-allow-production is for -destroy"},
		{o.aws && o.File == "", "-aws needs -file: the sample is for an AWS in memory"},
		{o.aws && slices.ContainsFunc([]string{"speed", "seed", "inject"}, flags.Given), "-speed, -seed and -inject are about an AWS in memory: they do not go with -aws"},
		{o.aws && !o.docker && !o.destroy && o.reaches("build"), "-aws needs -docker: images for it are built by a real engine"},
		{o.kubeconfig != "" && !o.kre, "-kubeconfig is for -kre"},
		{!(o.speed > 0) || math.IsInf(o.speed, 1), fmt.Sprintf("-speed %v: want a number above 0", o.speed)}, // not a number is not more than 0 either
	} {
		if fault.is {
			return errors.New(fault.text + " (-h lists the flags)")
		}
	}
	return nil
}

// unknownJob is what is wrong with a flag that names no job, but maybe a stage of one.
func unknownJob(flag, name string) string {
	text := fmt.Sprintf("%s %s: want one of %s", flag, name, strings.Join(names(), ", "))
	for _, p := range (&delivery{options: &options{}}).phases() {
		if slices.ContainsFunc(p.stages, func(s job.Stage) bool { return s.Name == name }) {
			return fmt.Sprintf("%s; %s is a stage of the job %s", text, name, p.name)
		}
	}
	return text
}

// reaches reports whether a job is one of the run.
func (o *options) reaches(name string) bool {
	at := slices.Index(names(), name)
	return (o.from == "" || slices.Index(names(), o.from) <= at) && (o.until == "" || slices.Index(names(), o.until) >= at)
}

// sample makes the sample where no file is given, and returns what removes it.
func (o *options) sample(ctx context.Context) (cleanup func(), err error) {
	cleanup = func() {}
	if o.File != "" {
		return cleanup, nil
	}
	if o.Dir == "" {
		o.Dir = ".delivery"
	}
	dir, err := os.MkdirTemp("", "delivery-sample-")
	if err != nil {
		return cleanup, fmt.Errorf("make the sample: %w", err)
	}
	cleanup = func() { _ = os.RemoveAll(dir) } // a leftover in the temporary directory harms nobody
	o.isSample = true
	o.File = filepath.Join(dir, config.Name)
	if err := sample.Make(ctx, dir, map[string][]byte{config.Name: automation, ".gitignore": []byte(".delivery/\n")}); err != nil {
		return cleanup, err
	}
	if err := sample.Coverage(filepath.Join(dir, ".delivery", "coverage")); err != nil {
		return cleanup, err
	}
	if o.base == "" {
		o.base = sample.Base
	}
	if o.Branch == "" {
		o.Branch = sample.Feature
	}
	return cleanup, nil
}

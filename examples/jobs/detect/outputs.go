package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/github"
	"github.com/mettel-automation/delivery/changes/gitlab"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
	"github.com/mettel-automation/delivery/internal/atomicfile"
)

// outputs are the files for the CI system.
type outputs struct {
	template, pipeline string
	dotenv, matrix     string
}

func (o *outputs) flags(flags *cli.Flags) {
	flags.StringVar(&o.pipeline, "child-pipeline", "", "write a child pipeline for GitLab to `FILE`; needs -job-template")
	flags.StringVar(&o.template, "job-template", "", "`FILE` of the jobs of a module, for -child-pipeline")
	flags.StringVar(&o.dotenv, "dotenv", "", "write a dotenv report for GitLab to `FILE`; default detect.env in the run directory")
	flags.StringVar(&o.matrix, "matrix", "", "append the outputs of a GitHub step to `FILE`: matrix, environment, kind")
}

func (o *outputs) check() error {
	if (o.pipeline != "") != (o.template != "") {
		return errors.New("-child-pipeline and -job-template need each other (-h lists the flags)")
	}
	return nil
}

// write writes what was asked for.
func (o *outputs) write(j *job.Job, r *job.Record, found detect.Found, before *changes.Config) error {
	return errors.Join(o.writeDotenv(j, found), o.writePipeline(j, r, found, before), o.writeMatrix(j, found))
}

func (o *outputs) writeDotenv(j *job.Job, found detect.Found) error {
	var report bytes.Buffer
	if err := gitlab.WriteDotenv(&report, found.Selection, gitlab.DotenvOptions{}); err != nil {
		return err
	}
	fmt.Fprintf(&report, "DELIVERY_ENVIRONMENT=%s\nDELIVERY_KIND=%s\n", j.Env.Name, j.Env.Kind)
	path, err := j.Dir.Path("detect.env")
	if err != nil {
		return err
	}
	return create(cmp.Or(o.dotenv, path), report.Bytes())
}

func (o *outputs) writePipeline(j *job.Job, r *job.Record, found detect.Found, before *changes.Config) error {
	if o.pipeline == "" {
		return nil
	}
	template, err := gitlab.LoadTemplate(o.template)
	if err != nil {
		return err
	}
	pipeline, err := template.Pipeline(j.Config.Modules, found.Selection, gitlab.Options{Before: before})
	if err != nil {
		return err
	}
	r.Say("child pipeline: %s", o.pipeline)
	return create(o.pipeline, pipeline)
}

func (o *outputs) writeMatrix(j *job.Job, found detect.Found) error {
	if o.matrix == "" {
		return nil
	}
	matrix, err := github.Matrix(found.Selection.Modules)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(o.matrix, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("write the outputs of the step: %w", err)
	}
	_, err = fmt.Fprintf(file, "matrix=%s\nenvironment=%s\nkind=%s\n", matrix, j.Env.Name, j.Env.Kind)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the outputs of the step: %w", err)
	}
	return nil
}

// create writes a file as a whole or not at all.
func create(path string, content []byte) error {
	if err := atomicfile.Write(path, content); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

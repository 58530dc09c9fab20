package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/gitlab"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// options are the flags.
type options struct {
	repo, base, head                   string
	ci, sinceDefault, direct, tree     bool
	onNoBase                           changes.Policy
	all                                cli.Reason
	discover, git                      bool
	modules, before                    string
	global                             []string
	dependents                         changes.Dependents
	json, matrix                       bool
	dotenv, jobTemplate, childPipeline string
}

func parse(args []string, stdout io.Writer) (*options, error) {
	o := &options{}
	flags := cli.NewFlags("changes", about, stdout)
	flags.StringVar(&o.repo, "repo", ".", "the repository, or a `DIR`ectory in it")
	flags.StringVar(&o.base, "base", "", "`REVISION` to compare with; with -worktree default HEAD")
	flags.StringVar(&o.head, "head", "HEAD", "`REVISION` that has the changes")
	flags.BoolVar(&o.tree, "worktree", false, "take the working tree as the head: uncommitted changes and untracked files too")
	flags.BoolVar(&o.direct, "direct", false, "compare with the base, not with its merge base with the head")
	flags.BoolVar(&o.ci, "ci", false, "compare what the variables of GitLab or GitHub say")
	flags.BoolVar(&o.sinceDefault, "since-default", false, "with -ci, compare each push of a branch with the default branch")
	flags.Func("on-no-base", "what to do where the base cannot be had: `error|all`; default error", choice(&o.onNoBase, map[string]changes.Policy{"error": changes.Fail, "all": changes.SelectAll}))
	o.all.Alone = "-all"
	flags.Var(&o.all, "all", "select all modules but those on demand; -all=REASON says why")
	flags.StringVar(&o.modules, "modules", "", "YAML `FILE` of the modules; of a head that is not checked out, the commit's file")
	flags.BoolVar(&o.discover, "discover", false, "find the modules by their markers: go.mod, package.json, pyproject.toml, setup.py, Dockerfile, *.tf")
	flags.Func("global", "`GLOB` of files that concern all modules but those on demand; repeatable", func(glob string) error {
		o.global = append(o.global, glob)
		return nil
	})
	flags.BoolVar(&o.git, "git", false, "have the git binary read the repository")
	flags.StringVar(&o.before, "before", "", "YAML `FILE` of the modules as they were at the base, for deleted ones")
	flags.Func("dependents", "how far a change spreads: `deep|direct|none`; default deep",
		choice(&o.dependents, map[string]changes.Dependents{"deep": changes.DependentsDeep, "direct": changes.DependentsDirect, "none": changes.DependentsNone}))
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.BoolVar(&o.matrix, "matrix", false, "print the matrix of a GitHub job")
	flags.StringVar(&o.dotenv, "dotenv", "", "write a dotenv report for GitLab to `FILE`")
	flags.StringVar(&o.childPipeline, "child-pipeline", "", "write a child pipeline for GitLab to `FILE`; needs -job-template")
	flags.StringVar(&o.jobTemplate, "job-template", "", "`FILE` of the jobs of a module, as gitlab.ReadTemplate documents it")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return o, o.check()
}

// check is the first fault in how the flags go together.
func (o *options) check() error {
	faults := []struct {
		wrong bool
		text  string
	}{
		{o.base == "" && !o.ci && !o.tree, "-base is required, or -ci"},
		{o.ci && (o.base != "" || o.head != "HEAD" || o.tree || o.direct), "-ci decides what is compared, so -base, -head, -worktree and -direct do not go with it"},
		{o.sinceDefault && !o.ci, "-since-default needs -ci"},
		{o.head == "", "-head is empty"},
		{o.tree && o.head != "HEAD", "-worktree is the head, so -head does not go with it"},
		{o.modules != "" && o.discover, "-modules and -discover are two ways to know the modules"},
		{!o.selects() && o.needModules() != "", o.needModules() + " needs -modules or -discover"},
		{(o.childPipeline != "") != (o.jobTemplate != ""), "-child-pipeline and -job-template need each other"},
		{o.matrix && o.json, "-matrix and -json are both for stdout"},
	}
	for _, f := range faults {
		if f.wrong {
			return errors.New(f.text + " (-h lists the flags)")
		}
	}
	return nil
}

// selects reports whether modules are selected, not only files listed.
func (o *options) selects() bool { return o.modules != "" || o.discover }

func (o *options) open(ctx context.Context) (*changes.Repository, error) {
	if o.git {
		return changes.OpenGit(ctx, o.repo, "")
	}
	return changes.Open(o.repo)
}

// needModules is the first of the flags that say something about modules.
func (o *options) needModules() string {
	for _, f := range []struct {
		given bool
		name  string
	}{
		{o.all.Text != "", "-all"},
		{o.before != "", "-before"},
		{len(o.global) > 0, "-global"},
		{o.matrix, "-matrix"},
		{o.dotenv != "", "-dotenv"},
		{o.childPipeline != "", "-child-pipeline"},
	} {
		if f.given {
			return f.name
		}
	}
	return ""
}

// between is what to compare.
func (o *options) between(getenv func(string) string) (changes.Range, error) {
	if o.ci {
		return changes.FromCI(getenv, changes.CIOptions{Everything: o.all.Text, SinceDefault: o.sinceDefault, OnNoBase: o.onNoBase})
	}
	between := changes.Range{Base: o.base, Head: o.head, OnNoBase: o.onNoBase, All: o.all.Text}
	if o.direct {
		between.Mode = changes.Direct
	}
	if o.tree {
		between.Head = changes.WorkTree
		if between.Base == "" {
			between.Base = "HEAD"
		}
	}
	return between, nil
}

// writeFiles writes what is for GitLab.
func (o *options) writeFiles(s sides, selection changes.Selection) error {
	if o.dotenv != "" {
		var report bytes.Buffer
		if err := gitlab.WriteDotenv(&report, selection, gitlab.DotenvOptions{}); err != nil {
			return err
		}
		if err := os.WriteFile(o.dotenv, report.Bytes(), 0o644); err != nil {
			return fmt.Errorf("write dotenv report: %w", err)
		}
	}
	if o.childPipeline == "" {
		return nil
	}
	template, err := gitlab.LoadTemplate(o.jobTemplate)
	if err != nil {
		return err
	}
	pipeline, err := template.Pipeline(s.now, selection, gitlab.Options{Before: s.before})
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.childPipeline, pipeline, 0o644); err != nil {
		return fmt.Errorf("write child pipeline: %w", err)
	}
	return nil
}

// choice sets a flag to one of named values.
func choice[T any](to *T, values map[string]T) func(string) error {
	return func(name string) error {
		value, ok := values[name]
		if !ok {
			return fmt.Errorf("it is none of %s", strings.Join(slices.Sorted(maps.Keys(values)), ", "))
		}
		*to = value
		return nil
	}
}

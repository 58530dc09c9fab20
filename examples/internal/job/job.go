// Package job is what the mains of a pipeline's jobs have in common: how they are
// called, what they read, and what they leave.
//
//	func main() { cli.Main("deploy", job.Main{Name: "deploy", About: about, Stages: stages}.Run) }
//
// A job is a few stages, one after the other. Each leaves a file in the run
// directory, STAGE.json: what came out for people, of which the report of the run is
// made, and what later stages need, which may be those of other processes. A stage
// that was killed is there as one that is running, so that a run can be resumed.
//
// It links neither an SDK nor a linter: stages do.
package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
)

// Job is what all stages of a run know.
type Job struct {
	Config *config.File
	Env    envname.Environment
	Run    Identity
	Dir    Directory
	Getenv func(string) string // the environment variables, as CI sets them
}

// Stage is one step of a job.
type Stage struct {
	// Name is that of its file, as "build".
	Name string
	// Needs are those stages of the same job without which it is not done. Nil are all
	// before it; an empty slice is none, for a stage that is worth doing whatever
	// became of others.
	Needs []string
	// Do does it. What it finds out, it puts into the record, which is kept also where
	// it fails. Its error is one of the input, unless it is marked by [cli.Failed].
	Do func(ctx context.Context, j *Job, r *Record) error
}

// Main is a job's main.
type Main struct {
	Name  string
	About string // the text of -h
	// Flags adds flags of its own, and Check refuses some; either may be nil.
	Flags func(*cli.Flags)
	Check func() error
	// Stages are what it does, one after the other. They are asked for when the flags
	// are known.
	Stages func(j *Job) []Stage
	// AnyBranch lets it run for branches that have no environment, for tags and requests,
	// and where no branch is known.
	AnyBranch bool
}

// Options are the flags that all jobs have.
type Options struct {
	File, Branch, Dir string
	JSON              bool
}

// Flags adds them to a set.
func (o *Options) Flags(flags *cli.Flags) {
	flags.StringVar(&o.File, "file", config.Name, "`FILE` that describes the system")
	flags.StringVar(&o.Branch, "branch", "", "`NAME` of the branch; default that of the CI job")
	flags.StringVar(&o.Dir, "run", "", "`DIR`ectory that stages leave their outcome in; default .delivery beside the file")
	flags.BoolVar(&o.JSON, "json", false, "print JSON")
}

// Run is a [cli.Job].
func (m Main) Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := cli.NewFlags(m.Name, m.About, stdout)
	var o Options
	o.Flags(flags)
	if m.Flags != nil {
		m.Flags(flags)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if m.Check != nil {
		if err := m.Check(); err != nil {
			return err
		}
	}
	j, err := o.Open(os.Getenv, m.AnyBranch)
	if err != nil {
		return err
	}
	if j.Run.Revision == "" {
		j.Run.Revision = head(ctx, j.Config.Dir)
	}
	console := NewConsole(stdout, stderr, os.Getenv, o.JSON)
	return console.Finish(j.Do(ctx, console, m.Stages(j)...))
}

// Open reads what the options name. It fails with an error marked by [cli.Failed] where
// the branch has no environment, unless that does not matter.
func (o Options) Open(getenv func(string) string, anyBranch bool) (*Job, error) {
	file, err := config.Load(o.File)
	if err != nil {
		return nil, err
	}
	j := &Job{Config: file, Getenv: getenv}
	j.Dir = Directory(cmp.Or(o.Dir, filepath.Join(file.Dir, ".delivery")))
	rules := file.Rules()
	if o.Branch != "" {
		j.Env, err = rules.Resolve(o.Branch)
	} else {
		j.Env, err = rules.FromCI(getenv)
	}
	switch {
	case err != nil && anyBranch && (o.Branch == "" || errors.Is(err, envname.ErrNoEnvironment)):
		j.Env = envname.Environment{Branch: cmp.Or(o.Branch, getenv("CI_COMMIT_REF_NAME"), getenv("GITHUB_REF_NAME"))}
	case errors.Is(err, envname.ErrNoEnvironment):
		return nil, cli.Failed(err)
	case err != nil && o.Branch == "":
		return nil, fmt.Errorf("-branch names the branch, where the variables of CI do not: %w", err)
	case err != nil:
		return nil, err
	}
	j.Run = Identity{Environment: j.Env.Name, Kind: string(j.Env.Kind), Branch: j.Env.Branch, Revision: revision(getenv), URL: pipelineURL(getenv)}
	return j, nil
}

// revision is the commit that the CI job is for; "" outside of CI.
func revision(getenv func(string) string) string {
	return cmp.Or(getenv("CI_COMMIT_SHA"), getenv("GITHUB_SHA"))
}

// pipelineURL is where the CI system shows the pipeline.
func pipelineURL(getenv func(string) string) string {
	if url := getenv("CI_PIPELINE_URL"); url != "" {
		return url
	}
	if id := getenv("GITHUB_RUN_ID"); id != "" {
		return getenv("GITHUB_SERVER_URL") + "/" + getenv("GITHUB_REPOSITORY") + "/actions/runs/" + id
	}
	return ""
}

// Do does stages, one after the other. Where one fails, those that need it are skipped;
// see [Stage.Needs]. Each is kept in the run directory when it begins and when it has
// ended. The errors of stages are joined.
func (j *Job) Do(ctx context.Context, console *Console, stages ...Stage) error {
	var errs []error
	var undone []string // what later stages have to do without
	for _, stage := range stages {
		if i := slices.IndexFunc(undone, stage.needs); i >= 0 {
			errs, undone = append(errs, j.Skip(console, stage.Name, undone[i]+" was not done")), append(undone, stage.Name)
			continue
		}
		err := j.do(ctx, console, stage)
		if err != nil {
			errs, undone = append(errs, err), append(undone, stage.Name)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// needs reports whether s is not to be done without the named stage before it.
func (s Stage) needs(name string) bool { return s.Needs == nil || slices.Contains(s.Needs, name) }

// Package stagetest runs stages in tests: a delivery.yaml with its files in a temporary
// directory, an account in memory, and what is printed.
//
//	system := stagetest.New(t, stagetest.Options{Files: files})
//	run := system.Do(t, build.Stage(system.Connect(), build.Options{}))
//	if run.Err != nil { ... run.Printed ... }
package stagetest

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/report"
)

// Branch is the branch whose environment is delivered, where none is given, and
// Environment its name under the project "automation".
const (
	Branch      = "dev/feature/login"
	Environment = "automation-8527fec8"
)

// Options say what there is.
type Options struct {
	// Files are those of the repository by path, delivery.yaml among them.
	Files  map[string]string
	Branch string            // default Branch
	Env    map[string]string // the environment variables
	Cloud  *localcloud.Cloud // default one with the bucket "templates"
}

// System is a repository and the account that it is delivered to.
type System struct {
	Dir   string
	Cloud *localcloud.Cloud
	opts  Options
}

// New writes the files, and makes the account.
func New(t testing.TB, o Options) *System {
	t.Helper()
	s := &System{Dir: t.TempDir(), Cloud: o.Cloud, opts: o}
	if s.Cloud == nil {
		s.Cloud = localcloud.New(localcloud.Options{Buckets: []string{"templates"}})
	}
	if s.opts.Branch == "" {
		s.opts.Branch = Branch
	}
	for path, text := range o.Files {
		s.Write(t, path, text)
	}
	return s
}

// Write writes a file of the repository.
func (s *System) Write(t testing.TB, path, text string) {
	t.Helper()
	path = filepath.Join(s.Dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// On is the same system for another branch.
func (s *System) On(branch string) *System {
	other := *s
	other.opts.Branch = branch
	return &other
}

// Connect connects to the account.
func (s *System) Connect() cloud.Connect { return cloud.Fixed(s.Connection()) }

// Connection is the account as stages have it.
func (s *System) Connection() *cloud.Cloud {
	return &cloud.Cloud{AWS: s.Cloud.Config(), Account: localcloud.Account, Speed: 1, Name: "an account in memory"}
}

// Job reads delivery.yaml.
func (s *System) Job(t testing.TB) *job.Job {
	t.Helper()
	o := job.Options{File: filepath.Join(s.Dir, config.Name), Branch: s.opts.Branch}
	j, err := o.Open(func(name string) string { return s.opts.Env[name] }, false)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// Run is what came of stages.
type Run struct {
	Printed string // on stdout
	Live    string // on stderr
	Stages  []report.Stage
	Err     error
	Writes  int // calls that change something
}

// Stage is the record of a stage that was done.
func (r Run) Stage(t testing.TB, name string) report.Stage {
	t.Helper()
	for _, s := range r.Stages {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("stage %s was not done: %s", name, r.Printed)
	return report.Stage{}
}

// Exit is the exit code of a job that ends as the stages did, and the line that it
// prints.
func (r Run) Exit() (code int, line string) {
	var out strings.Builder
	ended := func(context.Context, []string, io.Writer, io.Writer) error { return r.Err }
	code = cli.Run(context.Background(), "job", ended, nil, io.Discard, &out)
	return code, out.String()
}

// Do does stages.
func (s *System) Do(t testing.TB, stages ...job.Stage) Run {
	t.Helper()
	j := s.Job(t)
	before := s.Cloud.Calls()
	var out, live strings.Builder
	console := job.NewConsole(&out, &live, func(string) string { return "" }, false)
	err := j.Do(t.Context(), console, stages...)
	if closing := console.Close(); closing != nil {
		t.Fatal(closing)
	}
	run := Run{Printed: out.String(), Live: live.String(), Err: err, Writes: writes(s.Cloud.Calls()) - writes(before)}
	kept, err := j.Dir.Report()
	if err != nil {
		t.Fatal(err)
	}
	run.Stages = kept.Stages
	return run
}

// writes counts the calls of actions that do not only read. A change set that would do
// nothing is made and deleted by planning.
func writes(calls map[string]int) (n int) {
	for action := range maps.Keys(calls) {
		_, verb, _ := strings.Cut(action, ":")
		reads := strings.HasSuffix(verb, "ChangeSet") && verb != "ExecuteChangeSet"
		for _, prefix := range []string{"Get", "List", "Describe", "Head", "BatchGet", "BatchCheck"} {
			reads = reads || strings.HasPrefix(verb, prefix)
		}
		if !reads {
			n += calls[action]
		}
	}
	return n
}

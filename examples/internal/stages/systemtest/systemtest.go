// Package systemtest runs the stages of jobs on a whole system in memory, with all its
// services, for tests.
package systemtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go/middleware"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/report"
)

// System is a system of a delivery.yaml, and the account in memory that it is in.
type System struct {
	T     *testing.T
	File  string // path of delivery.yaml
	Cloud *localcloud.Cloud
	// Digests are those of the images of modules, as Build has left them.
	Digests map[string]string
	// Variables are the environment variables of jobs.
	Variables map[string]string
	// Offline is a cloud without a Papertrail of its own.
	Offline bool
	// Asked hears of the input of each call of AWS, such as *cloudformation.DeleteStackInput.
	Asked func(input any)
}

// New returns the system of a delivery.yaml, which is at path, with its repositories
// and its bucket of templates.
func New(t *testing.T, path string) *System {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &System{T: t, File: filepath.Join(t.TempDir(), config.Name), Digests: map[string]string{}}
	if err := os.WriteFile(s.File, text, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := config.Load(s.File)
	if err != nil {
		t.Fatal(err)
	}
	opts := localcloud.Options{Seed: 1, Buckets: []string{file.Infrastructure.TemplateBucket}}
	for _, image := range file.Images.Modules {
		opts.Repositories = append(opts.Repositories, file.Repository(image.Module))
	}
	s.Cloud = localcloud.New(opts)
	return s
}

// Connect connects stages to the account.
func (s *System) Connect(context.Context, *job.Job) (*cloud.Cloud, error) {
	c := &cloud.Cloud{AWS: s.Cloud.Config(), Account: localcloud.Account, Speed: 1, Name: "in memory"}
	if !s.Offline {
		c.Papertrail = s.Cloud.Papertrail()
	}
	if s.Asked != nil {
		c.AWS.APIOptions = append(slices.Clone(c.AWS.APIOptions), s.listen)
	}
	return c, nil
}

// listen lets Asked hear of what an SDK client is asked.
func (s *System) listen(stack *middleware.Stack) error {
	hear := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		s.Asked(in.Parameters)
		return next.HandleInitialize(ctx, in)
	}
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Asked", hear), middleware.Before)
}

// Job is one for a branch, with the run directory dir.
func (s *System) Job(branch, dir string) *job.Job {
	s.T.Helper()
	j, err := job.Options{File: s.File, Branch: branch, Dir: dir}.Open(func(name string) string { return s.Variables[name] }, false)
	if err != nil {
		s.T.Fatal(err)
	}
	return j
}

// Basics makes the network and the roles of a branch, and builds all images.
func (s *System) Basics(branch string) {
	s.T.Helper()
	j := s.Job(branch, s.T.TempDir())
	c, err := s.Connect(s.T.Context(), j)
	if err != nil {
		s.T.Fatal(err)
	}
	at, manager := site.Of(j), site.Manager(c, j, nil)
	for _, template := range []site.Template{at.Network(), at.Roles()} {
		want, err := at.Stack(template)
		if err != nil {
			s.T.Fatal(err)
		}
		plan, err := manager.Plan(s.T.Context(), want)
		if err == nil {
			_, err = manager.Apply(s.T.Context(), plan)
		}
		if err != nil {
			s.T.Fatal(err)
		}
	}
	for _, image := range j.Config.Images.Modules {
		s.Build(j, image.Module, 1)
	}
}

// Build makes an image of a module, which is another for each build number, with the
// tags that the job build gives it.
func (s *System) Build(j *job.Job, module string, number int) {
	s.Digests[module] = s.Cloud.Images().AddImage(j.Config.Repository(module), ecrtest.Image{
		Tags: []string{fmt.Sprintf("%s-%d", j.Env.ID, number), "latest-" + j.Env.ID},
	})
}

// Images are those of Build, for the options of deploy.
func (s *System) Images(_ context.Context, _ *cloud.Cloud, j *job.Job) (map[string]string, error) {
	images := map[string]string{}
	for module, digest := range s.Digests {
		images[module] = ecrtest.DefaultHost + "/" + j.Config.Repository(module) + "@" + digest
	}
	return images, nil
}

// Do does stages, and returns what was printed, the stages by name, and the error.
func (s *System) Do(ctx context.Context, j *job.Job, stages ...job.Stage) (printed string, done map[string]report.Stage, err error) {
	s.T.Helper()
	var out strings.Builder
	console := job.NewConsole(&out, io.Discard, j.Getenv, false)
	err = j.Do(ctx, console, stages...)
	if closeErr := console.Close(); closeErr != nil {
		s.T.Error(closeErr)
	}
	run, reportErr := j.Dir.Report()
	if reportErr != nil {
		s.T.Fatal(reportErr)
	}
	done = make(map[string]report.Stage, len(run.Stages))
	for _, stage := range run.Stages {
		done[stage.Name] = stage
	}
	return out.String(), done, err
}

// Edit changes delivery.yaml: each old text, which must be there, becomes the new one.
func (s *System) Edit(oldnew ...string) {
	s.T.Helper()
	text, err := os.ReadFile(s.File)
	if err != nil {
		s.T.Fatal(err)
	}
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(string(text), oldnew[i]) {
			s.T.Fatalf("delivery.yaml has no %q", oldnew[i])
		}
	}
	if err := os.WriteFile(s.File, []byte(strings.NewReplacer(oldnew...).Replace(string(text))), 0o600); err != nil {
		s.T.Fatal(err)
	}
}

// Writes are the actions of AWS that have changed something since before, which is what
// Calls of the account was, with their number. What planning writes is none: change sets
// that come and go, and templates that CloudFormation has to read.
func (s *System) Writes(before map[string]int) map[string]int {
	writes := map[string]int{}
	for action, n := range s.Cloud.Calls() {
		_, verb, _ := strings.Cut(action, ":")
		reads := strings.HasPrefix(verb, "Describe") || strings.HasPrefix(verb, "List") || strings.HasPrefix(verb, "Get") || strings.HasPrefix(verb, "BatchGet") || strings.HasPrefix(verb, "Head")
		if n -= before[action]; n > 0 && !reads && verb != "CreateChangeSet" && verb != "DeleteChangeSet" && verb != "PutObject" {
			writes[action] = n
		}
	}
	return writes
}

package systemtest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/report"
)

// Branch is an ephemeral one, and Environment the name of its environment under the
// project "automation".
const (
	Branch      = "dev/feature/login"
	Environment = "automation-8527fec8"
)

// Of returns a system of files by path, delivery.yaml among them, in an account that has
// nothing but what opts name.
func Of(t *testing.T, opts localcloud.Options, files map[string]string) *System {
	t.Helper()
	s := &System{T: t, File: filepath.Join(t.TempDir(), config.Name), Digests: map[string]string{}, Cloud: localcloud.New(opts)}
	for path, text := range files {
		s.Write(path, text)
	}
	return s
}

// Write writes a file beside delivery.yaml.
func (s *System) Write(path, text string) {
	s.T.Helper()
	path = filepath.Join(filepath.Dir(s.File), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.T.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.T.Fatal(err)
	}
}

// Run is what came of stages.
type Run struct {
	Printed string
	Stages  map[string]report.Stage // by name
	Err     error
	Writes  map[string]int // see [System.Writes]
}

// Exit is the exit code of a job that ends as the stages did, and the line that it
// prints.
func (r Run) Exit(ctx context.Context) (code int, line string) {
	var out strings.Builder
	ended := func(context.Context, []string, io.Writer, io.Writer) error { return r.Err }
	code = cli.Run(ctx, "job", ended, nil, io.Discard, &out)
	return code, out.String()
}

// Run does stages for a branch, in a run directory of its own.
func (s *System) Run(branch string, stages ...job.Stage) Run {
	s.T.Helper()
	before := s.Cloud.Calls()
	var run Run
	run.Printed, run.Stages, run.Err = s.Do(s.T.Context(), s.Job(branch, s.T.TempDir()), stages...)
	run.Writes = s.Writes(before)
	return run
}

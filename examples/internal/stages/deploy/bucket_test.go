package deploy_test

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/deploy"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
)

func TestAMissingBucketOfTemplatesNamesTheJobThatMakesIt(t *testing.T) {
	ready(t, branch, func(t *testing.T, s *systemtest.System, j *job.Job) {
		if err := s.Cloud.Objects().Remove(j.Config.Infrastructure.TemplateBucket); err != nil {
			t.Fatal(err)
		}
		_, done, err := run(t, s, j, deploy.Options{})
		code, line := systemtest.Run{Err: err}.Exit(t.Context())
		if code != cli.ExitFailed || !strings.Contains(line, "the bucket does not exist") || !strings.HasSuffix(strings.TrimSpace(line), `run the job "basic-infra -network" first, which makes it`) {
			t.Errorf("exit code %d: %s", code, line)
		}
		if len(done[deploy.Stack].Failures) == 0 {
			t.Errorf("%+v", done[deploy.Stack])
		}
	})
}

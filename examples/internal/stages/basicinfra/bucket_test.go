package basicinfra_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/basicinfra"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
	"github.com/mettel-automation/delivery/report"
)

// keepTemplates names a bucket in the file.
func keepTemplates(s *systemtest.System) {
	s.Write("delivery.yaml", strings.Replace(system, "infrastructure:\n", "infrastructure:\n  template_bucket: automation-templates\n", 1)+many(40))
}

func bucketOf(s report.Stage) (all []report.Change) {
	for _, c := range s.Changes {
		if c.Type == "bucket" {
			all = append(all, c)
		}
	}
	return all
}

func TestTheBucketOfTemplatesComesWithTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		keepTemplates(s)
		planned := s.Run(systemtest.Branch, basicinfra.Network(s.Connect, basicinfra.Options{PlanOnly: true}))
		if planned.Err != nil || len(s.Cloud.Objects().Buckets()) > 0 || !strings.Contains(planned.Printed, "create bucket automation-templates\n") {
			t.Errorf("%v, writes %v, buckets %v:\n%s", planned.Err, planned.Writes, s.Cloud.Objects().Buckets(), planned.Printed)
		}
		made := network(t, s, systemtest.Branch)
		want := []report.Change{{
			Action: "create", Name: "automation-templates", Type: "bucket",
			Detail: "in us-east-1, its objects owned by the account; public access blocked; what is below templates/ expires after 30 days",
		}}
		if d := cmp.Diff(want, bucketOf(made.Stages[basicinfra.NetworkName])); d != "" {
			t.Errorf("bucket (-want +got):\n%s", d)
		}
		tags, err := s3.NewFromConfig(s.Cloud.Config()).GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: new("automation-templates")})
		if err != nil || len(tags.TagSet) != 2 || *tags.TagSet[0].Value != "automation-ephemeral" {
			t.Errorf("tags: %v, %+v", err, tags)
		}
		for _, branch := range []string{systemtest.Branch, "master"} { // to production, it is that of others
			again := s.Run(branch, basicinfra.Network(s.Connect, basicinfra.Options{}))
			if n := again.Writes["s3:CreateBucket"] + again.Writes["s3:PutLifecycleConfiguration"] + again.Writes["s3:PutBucketPublicAccessBlock"]; again.Err != nil || n > 0 {
				t.Errorf("%s: %v, writes %v", branch, again.Err, again.Writes)
			}
			if d := cmp.Diff([]report.Change{{Action: "none", Name: "automation-templates", Type: "bucket"}}, bucketOf(again.Stages[basicinfra.NetworkName])); d != "" {
				t.Errorf("%s (-want +got):\n%s", branch, d)
			}
		}
	})
}

// elsewhere is the account of s to somebody of another account.
func elsewhere(s *systemtest.System) cloud.Connect {
	return func(ctx context.Context, j *job.Job) (*cloud.Cloud, error) {
		c, err := s.Connect(ctx, j)
		c.Account = "999999999999"
		return c, err
	}
}

func TestABucketOfAnotherAccountStopsBeforeAnyWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		keepTemplates(s)
		s.Cloud.Objects().AddBucket("automation-templates")
		run := s.Run(systemtest.Branch, basicinfra.Network(elsewhere(s), basicinfra.Options{}))
		code, line := run.Exit(t.Context())
		want := "plan bucket automation-templates: the bucket belongs to another account, or the credentials may not ask for it"
		if code != cli.ExitFailed || !strings.Contains(line, want) {
			t.Errorf("exit code %d: %s", code, line)
		}
		if d := cmp.Diff(map[string]int{}, run.Writes, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("writes (-want +got):\n%s", d)
		}
		if stage := run.Stages[basicinfra.NetworkName]; len(stage.Failures) != 1 || stage.Failures[0].Subject != "automation-templates" {
			t.Errorf("%+v", stage)
		}
	})
}

func TestANetworkThatIsStillBeingMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		ended := make(chan error)
		go func() {
			ended <- s.Run(systemtest.Branch, basicinfra.Network(s.Connect, basicinfra.Options{})).Err
		}()
		time.Sleep(15 * time.Second)
		run := s.Run(systemtest.Branch, stages(s)[2])
		code, line := run.Exit(t.Context())
		want := "stack automation-ephemeral-network is still being created (CREATE_IN_PROGRESS): run again when it is complete"
		if code != cli.ExitFailed || !strings.Contains(line, want) {
			t.Errorf("exit code %d: %s", code, line)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if again := s.Run(systemtest.Branch, stages(s)[2]); again.Err != nil {
			t.Errorf("when it is complete: %v", again.Err)
		}
	})
}

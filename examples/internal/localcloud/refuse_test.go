package localcloud_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/mettel-automation/delivery/examples/internal/localcloud"
)

func TestEveryProtocolHearsWhatIsNotThere(t *testing.T) {
	ways(t, localcloud.Options{}, func(t *testing.T, cloud *localcloud.Cloud, cfg aws.Config) {
		ctx := t.Context()
		for action, err := range map[string]error{
			"route53:GET /2013-04-01/hostedzone": second(route53.NewFromConfig(cfg).ListHostedZones(ctx, &route53.ListHostedZonesInput{})),
			"monitoring:DescribeAlarms":          second(cloudwatch.NewFromConfig(cfg).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})),
		} {
			if err == nil || !strings.Contains(err.Error(), "NotImplemented: the cloud in memory does not have "+action) {
				t.Errorf("%s: %v", action, err)
			}
			if cloud.Calls()[action] != 1 {
				t.Errorf("%s is not among %v", action, cloud.Calls())
			}
		}
	})
}

func TestRequestsThatCannotBeRead(t *testing.T) {
	cloud := localcloud.New(localcloud.Options{})
	tests := map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"a form that is none":                     {http.MethodPost, "/", "Action=%zz", http.StatusBadRequest, "<Code>MalformedQueryString</Code>"},
		"a form that is too large":                {http.MethodPost, "/", "Action=" + strings.Repeat("x", 5<<20), http.StatusRequestEntityTooLarge, "<Code>RequestEntityTooLarge</Code>"},
		"an operation in the address is one, too": {http.MethodGet, "/?Action=GetCallerIdentity&Version=2011-06-15", "", http.StatusOK, "<Account>123456789012</Account>"},
	}
	for name, tt := range tests {
		r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, strings.NewReader(tt.body))
		if tt.method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		cloud.ServeHTTP(w, r)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, tt.status, tt.want)
		}
	}
}

func TestATemplateOfNonsenseHurtsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStacks(t, localcloud.Options{})
		if status, why := s.create("demo", `Resources: {C: {Type: AWS::ECS::Cluster, Properties: {ClusterSettings: [{"": 1, Name: containerInsights, Value: enabled}]}}}`); status != "CREATE_COMPLETE" && status != "ROLLBACK_COMPLETE" {
			t.Error(status, why)
		}
	})
}

// TestARepositoryHasOneOwner holds a stack to a repository of its own: it must not
// take one over that is there, and delete it with its images.
func TestARepositoryHasOneOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStacks(t, localcloud.Options{Repositories: []string{"automation/notifier"}})
		body := "Resources: {R: {Type: AWS::ECR::Repository, Properties: {RepositoryName: automation/notifier, EmptyOnDelete: true}}}"
		if status, why := s.create("demo", body); status != "ROLLBACK_COMPLETE" || !strings.Contains(why, "already exists") {
			t.Error(status, why)
		}
		if _, err := awsecr.NewFromConfig(s.cloud.Config()).DescribeRepositories(t.Context(), &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"automation/notifier"}}); err != nil {
			t.Errorf("it is gone with the stack that did not make it: %v", err)
		}
	})
}

func TestARepositoryIsEmptiedByWhateverTheTemplateCallsTrue(t *testing.T) {
	for _, value := range []string{"true", "'true'"} {
		synctest.Test(t, func(t *testing.T) {
			s := newStacks(t, localcloud.Options{RegistryHost: "registry.local:5000"})
			if status, why := s.create("demo", "Resources: {R: {Type: AWS::ECR::Repository, Properties: {RepositoryName: automation/notifier, EmptyOnDelete: "+value+"}}}"); status != "CREATE_COMPLETE" {
				t.Fatal(status, why)
			}
			if _, err := publish(t, s.cloud, s.cloud.Engine()); err != nil {
				t.Fatal(err)
			}
			if status, why := s.delete("demo"); status != "DELETE_COMPLETE" {
				t.Error(value, status, why)
			}
		})
	}
}

// TestWhatWasRetainedIsNotThatOfTheNextStack makes a stack again under a name whose
// former stack has left something behind.
func TestWhatWasRetainedIsNotThatOfTheNextStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStacks(t, localcloud.Options{})
		body := "Resources: {G: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain}, B: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}}"
		if status, why := s.create("demo", body); status != "CREATE_COMPLETE" {
			t.Fatal(status, why)
		}
		if status, why := s.delete("demo"); status != "DELETE_COMPLETE" {
			t.Fatal(status, why)
		}
		left := s.cloud.Leftovers()
		if len(left) != 2 {
			t.Fatalf("left %q", left)
		}
		if status, why := s.create("demo", body); status != "CREATE_COMPLETE" {
			t.Fatal(status, why)
		}
		if again := s.cloud.Leftovers(); !slices.Equal(again, append(left, "stack demo")) {
			t.Errorf("left %q, and with the next stack %q", left, again)
		}
	})
}

func TestASpeedIsANumber(t *testing.T) {
	for _, speed := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0} {
		if got := localcloud.New(localcloud.Options{Speed: speed}).Scaled(time.Second); got != time.Second {
			t.Errorf("at speed %v a second takes %v", speed, got)
		}
	}
}

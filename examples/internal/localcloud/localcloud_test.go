package localcloud_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/internal/depcheck"
	"github.com/mettel-automation/delivery/papertrail/httpapi"
)

// TestImports keeps the EC2 API, client-go, helm, BuildKit and Docker's client out.
func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/credentials",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/service/cloudformation",
		"github.com/aws/aws-sdk-go-v2/service/ecr",
		"github.com/aws/aws-sdk-go-v2/service/ecs",
		"github.com/aws/smithy-go",
		"github.com/docker/docker",
		"github.com/docker/go-connections",
		"github.com/docker/go-units",
		"github.com/moby/docker-image-spec",
		"github.com/opencontainers/go-digest",
		"github.com/opencontainers/image-spec",
		"go.yaml.in/yaml/v4",
	)
}

// ways are the two by which a client reaches an account, each with one of its own.
func ways(t *testing.T, opts localcloud.Options, test func(t *testing.T, cloud *localcloud.Cloud, cfg aws.Config)) {
	t.Run("in the process", func(t *testing.T) {
		cloud := localcloud.New(opts)
		test(t, cloud, cloud.Config())
	})
	t.Run("over a socket", func(t *testing.T) {
		cloud := localcloud.New(opts)
		server := httptest.NewServer(cloud)
		defer server.Close()
		cfg := cloud.Config()
		cfg.HTTPClient, cfg.BaseEndpoint = server.Client(), &server.URL
		test(t, cloud, cfg)
	})
}

func TestEveryServiceAnswersAtOneAddress(t *testing.T) {
	type call func(ctx context.Context, cfg aws.Config) (string, error)
	tests := map[string]struct {
		call call
		want string // of the answer, or of the error
	}{
		"cloudformation:DescribeStacks": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: new("none")})
			return "", err
		}, "ValidationError: Stack with id none does not exist"},
		"ecs:ListClusters": {func(ctx context.Context, cfg aws.Config) (string, error) {
			out, err := awsecs.NewFromConfig(cfg).ListClusters(ctx, &awsecs.ListClustersInput{})
			return strings.Join(out.ClusterArns, " "), err
		}, "arn:aws:ecs:us-east-1:123456789012:cluster/demo"},
		"servicediscovery:GetOperation": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := servicediscovery.NewFromConfig(cfg).GetOperation(ctx, &servicediscovery.GetOperationInput{OperationId: new("o")})
			return "", err
		}, "OperationNotFound"},
		"logs:GetLogEvents": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := cloudwatchlogs.NewFromConfig(cfg).GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: new("g"), LogStreamName: new("s")})
			return "", err
		}, "ResourceNotFoundException"},
		"elasticloadbalancing:DescribeTargetHealth": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := elb.NewFromConfig(cfg).DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: new("g")})
			return "", err
		}, "TargetGroupNotFound"},
		"ecr:DescribeRepositories": {func(ctx context.Context, cfg aws.Config) (string, error) {
			out, err := awsecr.NewFromConfig(cfg).DescribeRepositories(ctx, &awsecr.DescribeRepositoriesInput{})
			return *out.Repositories[0].RepositoryUri, err
		}, "registry.local:5000/automation/notifier"},
		"s3:ListAllMyBuckets": {func(ctx context.Context, cfg aws.Config) (string, error) {
			out, err := s3.NewFromConfig(cfg).ListBuckets(ctx, &s3.ListBucketsInput{})
			return *out.Buckets[0].Name, err
		}, "templates"},
		"sts:GetCallerIdentity": {func(ctx context.Context, cfg aws.Config) (string, error) {
			out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			return *out.Account + " " + *out.Arn, err
		}, "123456789012 arn:aws:iam::123456789012:user/local"},

		// What is not there says so, in each protocol, and is not tried again.
		"iam:ListUsers": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := iam.NewFromConfig(cfg).ListUsers(ctx, &iam.ListUsersInput{})
			return "", err
		}, "NotImplemented: the cloud in memory does not have iam:ListUsers"},
		"ssm:GetParameter": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: new("p")})
			return "", err
		}, "NotImplemented: the cloud in memory does not have ssm:GetParameter"},
		"eks:GET /clusters": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := eks.NewFromConfig(cfg).ListClusters(ctx, &eks.ListClustersInput{})
			return "", err
		}, "NotImplemented: the cloud in memory does not have eks:GET /clusters"},
		"sts:GetSessionToken": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := sts.NewFromConfig(cfg).GetSessionToken(ctx, &sts.GetSessionTokenInput{})
			return "", err
		}, "NotImplemented: the cloud in memory does not have sts:GetSessionToken"},
		"s3:GET bucket ?policy": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := s3.NewFromConfig(cfg).GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: new("templates")})
			return "", err
		}, "NotImplemented: the S3 in memory does not have GET bucket ?policy"},
		"ecs:ListAccountSettings": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := awsecs.NewFromConfig(cfg).ListAccountSettings(ctx, &awsecs.ListAccountSettingsInput{})
			return "", err
		}, "ListAccountSettings"},
		"elasticloadbalancing:DescribeLoadBalancers": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := elb.NewFromConfig(cfg).DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
			return "", err
		}, "DescribeLoadBalancers"},
		"cloudformation:ListTypes": {func(ctx context.Context, cfg aws.Config) (string, error) {
			_, err := cloudformation.NewFromConfig(cfg).ListTypes(ctx, &cloudformation.ListTypesInput{Visibility: cfntypes.VisibilityPublic})
			return "", err
		}, "ListTypes"},
	}
	opts := localcloud.Options{
		Clusters: []string{"demo"}, Buckets: []string{"templates"}, Repositories: []string{"automation/notifier"}, RegistryHost: "registry.local:5000",
	}
	for action, tt := range tests {
		t.Run(action, func(t *testing.T) {
			ways(t, opts, func(t *testing.T, cloud *localcloud.Cloud, cfg aws.Config) {
				got, err := tt.call(t.Context(), cfg)
				if api, ok := errors.AsType[smithy.APIError](err); ok {
					got = api.ErrorCode() + ": " + api.ErrorMessage()
				} else if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(got, tt.want) {
					t.Errorf("%s, want %s", got, tt.want)
				}
				if d := cmp.Diff(map[string]int{action: 1}, cloud.Calls()); d != "" {
					t.Errorf("actions (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestRequestsWithoutSignatureAreToldByTheirProtocol(t *testing.T) {
	cloud := localcloud.New(localcloud.Options{Clusters: []string{"demo"}, Buckets: []string{"b"}})
	server := httptest.NewServer(cloud)
	defer server.Close()
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	target := func(t string) http.Header {
		return http.Header{"X-Amz-Target": {t}, "Content-Type": {"application/x-amz-json-1.1"}}
	}
	tests := map[string]struct {
		method, path string
		header       http.Header
		body         string
		status       int
		want         string
	}{
		"JSON of ECS":               {"POST", "/", target("AmazonEC2ContainerServiceV20141113.ListClusters"), "{}", 200, "cluster/demo"},
		"JSON of ECR":               {"POST", "/", target("AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"), "{}", 200, `"repositories":[]`},
		"JSON of nobody":            {"POST", "/", target("AmazonSSM.GetParameter"), "{}", 501, "does not have amazonssm:GetParameter"},
		"a form of CloudFormation":  {"POST", "/", form, "Action=ListStacks&Version=2010-05-15", 200, "ListStacksResponse"},
		"a form of STS":             {"POST", "/", form, "Action=GetCallerIdentity&Version=2011-06-15", 200, "<Account>123456789012</Account>"},
		"a form of nobody":          {"POST", "/", form, "Action=Run&Version=1999-01-01", 501, "<ErrorResponse>"},
		"a form that is none":       {"POST", "/", form, "%zz", 400, "read request"},
		"a presigned request of S3": {"GET", "/b?X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", nil, "", 200, "ListBucketResult"},
		"an object of S3":           {"GET", "/b/none", nil, "", 404, "NoSuchKey"},
		"the registry, and nobody":  {"GET", "/v2/", nil, "", 401, "Not Authorized"},
		"Papertrail":                {"GET", "/papertrail/api/v1/groups.json", http.Header{"X-Papertrail-Token": {"any"}}, "", 200, "[]"},
		"a Docker Engine":           {"GET", "/_ping", nil, "", 200, "OK"},
		"what no Engine has":        {"GET", "/v1.47/containers/json", nil, "", 400, "does not have GET /v1.47/containers/json"},
		"what is left":              {"GET", "/_leftovers", nil, "", 200, ""},
		"which actions were used":   {"GET", "/_actions", nil, "", 200, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(r.Header, tt.header)
			answer, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != tt.status || !strings.Contains(string(body), tt.want) {
				t.Errorf("%d %s, %v; want %d %s", answer.StatusCode, body, err, tt.status, tt.want)
			}
		})
	}
}

func TestARequestWhoseContextHasEndedIsNotAnswered(t *testing.T) {
	cloud := localcloud.New(localcloud.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := awsecs.NewFromConfig(cloud.Config()).CreateCluster(ctx, &awsecs.CreateClusterInput{ClusterName: new("c")})
	if !errors.Is(err, context.Canceled) || len(cloud.Leftovers()) > 0 {
		t.Errorf("%v, left %q", err, cloud.Leftovers())
	}
}

func TestWhatIsThereFromTheBeginningIsNotLeft(t *testing.T) {
	ways(t, localcloud.Options{Clusters: []string{"demo"}, Buckets: []string{"b"}, Repositories: []string{"r"}, LogGroups: []string{"g"}},
		func(t *testing.T, cloud *localcloud.Cloud, cfg aws.Config) {
			if left := cloud.Leftovers(); len(left) > 0 {
				t.Errorf("at the beginning: %q", left)
			}
			ctx := t.Context()
			if _, err := awsecs.NewFromConfig(cfg).CreateCluster(ctx, &awsecs.CreateClusterInput{ClusterName: new("c")}); err != nil {
				t.Fatal(err)
			}
			objects := s3.NewFromConfig(cfg)
			if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: new("mine")}); err != nil {
				t.Fatal(err)
			}
			if _, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: new("mine"), Key: new("k"), Body: strings.NewReader("v")}); err != nil {
				t.Fatal(err)
			}
			trail, err := httpapi.New(httpapi.Options{Token: "any", Transport: cloud.Papertrail()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := trail.CreateGroup(ctx, "automation-1", "*"); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{"ecs cluster c", "papertrail group automation-1", "s3 bucket mine (1 object)"}, cloud.Leftovers()); d != "" {
				t.Errorf("left (-want +got):\n%s", d)
			}
		})
}

func TestActionsAreThoseOfIAM(t *testing.T) {
	ways(t, localcloud.Options{Buckets: []string{"b"}}, func(t *testing.T, cloud *localcloud.Cloud, cfg aws.Config) {
		api, ctx := s3.NewFromConfig(cfg), t.Context()
		bucket, key := new("b"), new("k")
		for _, err := range []error{
			second(api.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader([]byte("v"))})),
			second(api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key})),
			second(api.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: new("null")})),
			second(api.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket})),
			second(api.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket})),
			second(api.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket})),
			second(api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key})),
			second(api.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: bucket})),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		want := []string{
			"s3:DeleteObject", "s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketMultipartUploads",
			"s3:ListBucketVersions", "s3:PutObject",
		}
		if d := cmp.Diff(want, cloud.Actions()); d != "" {
			t.Errorf("actions (-want +got):\n%s", d)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestFaultsAreReadAsTheyAreWritten(t *testing.T) {
	for _, text := range []string{"notifier=crash", "web=unhealthy-target", "stack:LogGroup=delete", "stack:demo/LogGroup=update", "image:automation/notifier=denied"} {
		f, err := localcloud.ParseFault(text)
		if err != nil || f.String() != text {
			t.Errorf("%s: %v, %v", text, f, err)
		}
	}
	if f, err := localcloud.ParseFault("stack:LogGroup"); err != nil || f.String() != "stack:LogGroup=create" {
		t.Errorf("without a phase: %v, %v", f, err)
	}
	tests := map[string]string{
		"notifier":          "it does not say what goes wrong: want notifier=FAULT, one of crash",
		"notifier=sad":      `unknown fault "sad"`,
		"=crash":            "it does not say where",
		"image:=denied":     "it does not say where",
		"image:r=crash":     `unknown fault "crash": want one of rate-exceeded`,
		"stack:A=sometimes": `unknown fault "sometimes": want one of create, update, delete, rollback`,
		"moon:full=yes":     `unknown kind "moon"`,
	}
	for text, want := range tests {
		var all localcloud.Faults
		if err := all.Set(text); err == nil || !strings.Contains(err.Error(), want) || len(all) > 0 {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	for _, seed := range []string{"notifier=crash", "stack:LogGroup", "stack:A/B=rollback", "image:a/b=hangup", "a:b:c=d=e", ":=", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := localcloud.ParseFault(text)
		if err != nil {
			return
		}
		again, err := localcloud.ParseFault(fault.String())
		if err != nil || again != fault {
			t.Errorf("%q is %+v, which is %+v, %v", text, fault, again, err)
		}
		localcloud.New(localcloud.Options{Faults: localcloud.Faults{fault}})
	})
}

func TestTheActionsOfTheRegistryAreCounted(t *testing.T) {
	cloud := localcloud.New(localcloud.Options{Repositories: []string{"automation/notifier"}})
	if _, err := publish(t, cloud, cloud.Engine()); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage", "ecr:BatchGetImage"} {
		if !slices.Contains(cloud.Actions(), action) {
			t.Errorf("%s is not among %q", action, cloud.Actions())
		}
	}
}

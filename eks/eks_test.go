package eks_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/ekstest"
)

const developer = "arn:aws:iam::123456789012:role/eks-developer-demo-jane"

func TestDescribe(t *testing.T) {
	cloud := ekstest.New(ekstest.Options{Endpoint: "https://kube.example.com:6443"})
	cloud.AddCluster("demo", types.AuthenticationModeApiAndConfigMap)
	got, err := eks.Describe(t.Context(), cloud.Client(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(got.CA), "-----BEGIN CERTIFICATE-----") || !strings.HasPrefix(got.OIDCIssuer, "https://oidc.eks.us-east-1.amazonaws.com/id/") {
		t.Errorf("authority %q, issuer %q", got.CA, got.OIDCIssuer)
	}
	got.CA, got.OIDCIssuer = nil, ""
	want := eks.Cluster{
		Name: "demo", ARN: "arn:aws:eks:us-east-1:123456789012:cluster/demo", Account: "123456789012", Region: "us-east-1",
		Version: ekstest.Version, Status: types.ClusterStatusActive, Endpoint: "https://kube.example.com:6443",
		AuthenticationMode: types.AuthenticationModeApiAndConfigMap,
		Access:             eks.EndpointAccess{Public: true, CIDRs: []string{"0.0.0.0/0"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("cluster (-want +got):\n%s", d)
	}
}

// answers gives one answer to whoever describes a cluster.
type answers func() (*types.Cluster, error)

func (a answers) DescribeCluster(context.Context, *awseks.DescribeClusterInput, ...func(*awseks.Options)) (*awseks.DescribeClusterOutput, error) {
	cluster, err := a()
	return &awseks.DescribeClusterOutput{Cluster: cluster}, err
}

func TestDescribeOfWhatCannotBeUsed(t *testing.T) {
	failed := types.ClusterIssue{Code: types.ClusterIssueCodeInsufficientFreeAddresses, Message: new("subnet-a has no free address.\x1b[2J")}
	once := func(fault *ekstest.Error) ekstest.Options {
		return ekstest.Options{Before: func(string, int) *ekstest.Error { return fault }}
	}
	tests := map[string]struct {
		options ekstest.Options
		name    string
		status  types.ClusterStatus
		issues  []types.ClusterIssue
		is      error
		want    string // part of the error
	}{
		"a cluster that is being updated serves on": {status: types.ClusterStatusUpdating},
		"one that does not exist": {
			name: "other", is: eks.ErrNotFound,
			want: "describe cluster other: no such cluster in this account and region: check its name, the region and the AWS profile: ",
		},
		"one with a blank for a name": {name: " ", want: "describe cluster  : no such cluster"},
		"one that is being created":   {status: types.ClusterStatusCreating, is: eks.ErrNotReady, want: "describe cluster demo: the cluster is not ready: it is being created, which takes some ten minutes"},
		"one that is being deleted":   {status: types.ClusterStatusDeleting, is: eks.ErrNotReady, want: "it is being deleted"},
		"one that is not connected":   {status: types.ClusterStatusPending, is: eks.ErrNotReady, want: "registered and not connected"},
		"one whose creation failed":   {status: types.ClusterStatusFailed, is: eks.ErrNotReady, want: "its creation has failed: delete it"},
		"and the reason, if given":    {status: types.ClusterStatusFailed, issues: []types.ClusterIssue{failed}, is: eks.ErrNotReady, want: `has failed (InsufficientFreeAddresses subnet-a has no free address.\x1b[2J): delete it`},
		"one in a status of tomorrow": {status: "HIBERNATING", is: eks.ErrNotReady, want: "its status is HIBERNATING"},
		"expired credentials":         {options: once(ekstest.ExpiredToken()), is: eks.ErrCredentials, want: "the AWS credentials are expired or missing: sign in again"},
		"credentials that may not":    {options: once(ekstest.AccessDenied("DescribeCluster")), is: eks.ErrDenied, want: "is not authorized to perform: eks:DescribeCluster"},
		"an endpoint that is none":    {options: ekstest.Options{Endpoint: "kube.example.com"}, want: `its endpoint "kube.example.com" is no https address`},
		"an authority that is none":   {options: ekstest.Options{CA: []byte("random text")}, want: "its certificate authority: its data is no PEM certificate"},
		"a key instead of one":        {options: ekstest.Options{CA: []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}, want: "there is a PRIVATE KEY where only certificates may be"},
		"a broken certificate":        {options: ekstest.Options{CA: []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}, want: "certificate 1: x509"},
		"no authority at all":         {options: ekstest.Options{CA: []byte{}}, is: eks.ErrNotReady, want: "it has no certificate authority"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := ekstest.New(tt.options)
			cloud.AddCluster("demo", types.AuthenticationModeApi)
			if tt.status != "" {
				cloud.SetStatus("demo", tt.status, tt.issues...)
			}
			if tt.name == "" {
				tt.name = "demo"
			}
			_, err := eks.Describe(t.Context(), cloud.Client(), tt.name)
			check(t, err, tt.is, tt.want)
		})
	}
}

// check compares an error with one that it is to match, and a part of its text.
func check(t *testing.T, err, is error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v", err)
	case want == "":
	case err == nil || !strings.Contains(err.Error(), want):
		t.Errorf("error %v, want %q in it", err, want)
	case is != nil && !errors.Is(err, is):
		t.Errorf("error %v is not %v", err, is)
	}
}

func TestDescribeOfStrangeAnswers(t *testing.T) {
	sound := func() *types.Cluster {
		return &types.Cluster{Status: types.ClusterStatusActive, Arn: new("arn:aws:eks:eu-west-1:1:cluster/demo"), Endpoint: new("https://kube")}
	}
	tests := map[string]struct {
		change func(*types.Cluster)
		want   string
	}{
		"an ARN that is none":  {func(c *types.Cluster) { c.Arn = new("demo") }, `its ARN "demo" is none`},
		"no endpoint":          {func(c *types.Cluster) { c.Endpoint = nil }, "the cluster is not ready: it has no endpoint"},
		"an endpoint of files": {func(c *types.Cluster) { c.Endpoint = new("file://etc/passwd") }, "is no https address"},
		"no base64":            {func(c *types.Cluster) { c.CertificateAuthority = &types.Certificate{Data: new("%")} }, "is no base64"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := sound()
			tt.change(c)
			_, err := eks.Describe(t.Context(), answers(func() (*types.Cluster, error) { return c, nil }), "demo")
			check(t, err, nil, tt.want)
		})
	}
	_, err := eks.Describe(t.Context(), answers(func() (*types.Cluster, error) { return nil, nil }), "demo")
	check(t, err, nil, "the answer has no cluster")
	_, err = eks.Describe(t.Context(), answers(func() (*types.Cluster, error) { return sound(), nil }), "")
	check(t, err, nil, "its name is empty")
}

// TestDescribeWithoutCredentials: the SDK has no type for the error of a call that it
// could not sign.
func TestDescribeWithoutCredentials(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	tests := map[string]struct {
		cause error
		want  bool // the credentials are at fault
	}{
		"a session that is over":               {errors.New("failed to refresh cached credentials, the SSO session has expired or is invalid"), true},
		"one of which Identity Center says so": {&smithy.GenericAPIError{Code: "UnauthorizedException", Message: "Session token not found or invalid"}, true},
		"none, and no EC2 to ask":              {fmt.Errorf("no EC2 IMDS role found, %w", refused), true},
		"the network to where they come from":  {refused, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := ekstest.New(ekstest.Options{})
			cloud.AddCluster("demo", types.AuthenticationModeApi)
			client := cloud.Client(func(o *awseks.Options) {
				o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, tt.cause })
				o.RetryMaxAttempts = 1
			})
			_, err := eks.Describe(t.Context(), client, "demo")
			if err == nil || errors.Is(err, eks.ErrCredentials) != tt.want || !errors.Is(err, tt.cause) {
				t.Errorf("error %v", err)
			}
			if _, err := eks.NewTokens(&signer{fails: tt.cause}, "demo", eks.TokenOptions{}).Token(t.Context()); errors.Is(err, eks.ErrCredentials) != tt.want {
				t.Errorf("of a token: error %v", err)
			}
		})
	}
}

func TestDescribeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	cloud := ekstest.New(ekstest.Options{})
	began := time.Now()
	if _, err := eks.Describe(ctx, cloud.Client(), "demo"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Second {
		t.Errorf("error %v after %s", err, time.Since(began))
	}
}

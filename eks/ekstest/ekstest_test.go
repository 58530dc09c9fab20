package ekstest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/ekstest"
)

const (
	nodeRole = "arn:aws:iam::123456789012:role/nodes"
	jane     = "arn:aws:iam::123456789012:role/team/jane"
)

// newCluster is what CreateCluster needs at least.
func newCluster(name string) *awseks.CreateClusterInput {
	return &awseks.CreateClusterInput{
		Name: &name, RoleArn: new("arn:aws:iam::123456789012:role/eks"),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-a", "subnet-b"}},
	}
}

// refused checks the code of an error of the service, and a part of its message.
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		t.Errorf("error %v, want %s: %s", err, code, message)
	}
}

// do fails the test for an error.
func do[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestLifeOfACluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cloud := t.Context(), ekstest.New(ekstest.Options{})
		api := cloud.Client()
		status := func() types.ClusterStatus {
			return do[*awseks.DescribeClusterOutput](t)(api.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: new("demo")})).Cluster.Status
		}
		began := time.Now()
		in := newCluster("demo")
		in.AccessConfig = &types.CreateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApi}
		made := do[*awseks.CreateClusterOutput](t)(api.CreateCluster(ctx, in)).Cluster
		if made.Status != types.ClusterStatusCreating || made.Endpoint != nil || !made.CreatedAt.Equal(began) {
			t.Errorf("made with status %s, endpoint %v, at %s", made.Status, made.Endpoint, made.CreatedAt)
		}
		_, err := api.CreateNodegroup(ctx, newGroup("workers"))
		refused(t, err, "InvalidRequestException", "Cluster 'demo' is not in ACTIVE status")
		_, err = api.CreateCluster(ctx, newCluster("demo"))
		refused(t, err, "ResourceInUseException", "Cluster already exists with name: demo")

		if err := awseks.NewClusterActiveWaiter(api).Wait(ctx, &awseks.DescribeClusterInput{Name: new("demo")}, time.Hour); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 10*time.Minute || took > 13*time.Minute {
			t.Errorf("it took %s", took)
		}
		if got := cloud.Entries("demo"); len(got) != 1 || got[0].Principal != ekstest.Creator || len(got[0].Policies) != 1 {
			t.Errorf("access entries %v, want that of its creator", got)
		}
		do[*awseks.CreateNodegroupOutput](t)(api.CreateNodegroup(ctx, newGroup("workers")))
		_, err = api.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: new("demo")})
		refused(t, err, "ResourceInUseException", "Cluster has nodegroups attached")
		do[*awseks.DeleteNodegroupOutput](t)(api.DeleteNodegroup(ctx, &awseks.DeleteNodegroupInput{ClusterName: new("demo"), NodegroupName: new("workers")}))
		time.Sleep(4 * time.Minute)
		do[*awseks.DeleteClusterOutput](t)(api.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: new("demo")}))
		if s := status(); s != types.ClusterStatusDeleting {
			t.Errorf("status %s", s)
		}
		time.Sleep(5 * time.Minute)
		_, err = api.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: new("demo")})
		refused(t, err, "ResourceNotFoundException", "No cluster found for name: demo.")
	})
}

func TestClustersThatCannotBe(t *testing.T) {
	tests := map[string]struct {
		change func(*awseks.CreateClusterInput)
		want   string
	}{
		"a name with a blank":    {func(in *awseks.CreateClusterInput) { in.Name = new("de mo") }, "cluster name"},
		"a single subnet":        {func(in *awseks.CreateClusterInput) { in.ResourcesVpcConfig.SubnetIds = []string{"a"} }, "two different AZs"},
		"an unknown mode":        {func(in *awseks.CreateClusterInput) { in.AccessConfig = access("NONE", nil) }, "Unsupported authentication mode NONE"},
		"nobody who may do more": {func(in *awseks.CreateClusterInput) { in.AccessConfig = access("CONFIG_MAP", new(false)) }, "must be true if cluster authentication mode is set to CONFIG_MAP"},
		"no endpoint at all": {func(in *awseks.CreateClusterInput) {
			in.ResourcesVpcConfig.EndpointPublicAccess, in.ResourcesVpcConfig.EndpointPrivateAccess = new(false), new(false)
		}, "Private and public endpoint access cannot be false"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := newCluster("demo")
			tt.change(in)
			_, err := ekstest.New(ekstest.Options{}).Client().CreateCluster(t.Context(), in)
			refused(t, err, "InvalidParameterException", tt.want)
		})
	}
}

func access(mode types.AuthenticationMode, bootstrap *bool) *types.CreateAccessConfigRequest {
	return &types.CreateAccessConfigRequest{AuthenticationMode: mode, BootstrapClusterCreatorAdminPermissions: bootstrap}
}

func TestAuthenticationModeGoesOneWay(t *testing.T) {
	const config, both, api = types.AuthenticationModeConfigMap, types.AuthenticationModeApiAndConfigMap, types.AuthenticationModeApi
	tests := map[string]struct {
		from, to types.AuthenticationMode
		ok       bool
	}{
		"entries are added":            {config, both, true},
		"the ConfigMap is left":        {both, api, true},
		"not both at once":             {config, api, false},
		"nor back":                     {api, both, false},
		"nor all the way":              {api, config, false},
		"nor to what is there already": {both, both, false},
		"nor to what there is not":     {both, "NONE", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := ekstest.New(ekstest.Options{})
				cloud.AddCluster("demo", tt.from)
				client := cloud.Client()
				out, err := client.UpdateClusterConfig(t.Context(), &awseks.UpdateClusterConfigInput{
					Name: new("demo"), AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: tt.to},
				})
				if !tt.ok {
					refused(t, err, "InvalidParameterException", "Unsupported authentication mode update from "+string(tt.from)+" to "+string(tt.to))
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				describe := func() (*types.Update, *types.Cluster) {
					u := do[*awseks.DescribeUpdateOutput](t)(client.DescribeUpdate(t.Context(), &awseks.DescribeUpdateInput{Name: new("demo"), UpdateId: out.Update.Id}))
					c := do[*awseks.DescribeClusterOutput](t)(client.DescribeCluster(t.Context(), &awseks.DescribeClusterInput{Name: new("demo")}))
					return u.Update, c.Cluster
				}
				u, c := describe()
				if u.Status != types.UpdateStatusInProgress || c.Status != types.ClusterStatusUpdating || c.AccessConfig.AuthenticationMode != tt.from {
					t.Errorf("at first: update %s, cluster %s with %s", u.Status, c.Status, c.AccessConfig.AuthenticationMode)
				}
				_, err = client.UpdateClusterVersion(t.Context(), &awseks.UpdateClusterVersionInput{Name: new("demo"), Version: new("1.36")})
				refused(t, err, "ResourceInUseException", "Cannot VersionUpdate because cluster demo currently has update "+*out.Update.Id+" in progress")
				time.Sleep(3 * time.Minute)
				u, c = describe()
				if u.Status != types.UpdateStatusSuccessful || c.Status != types.ClusterStatusActive || c.AccessConfig.AuthenticationMode != tt.to {
					t.Errorf("then: update %s, cluster %s with %s", u.Status, c.Status, c.AccessConfig.AuthenticationMode)
				}
				if creator := len(cloud.Entries("demo")) == 1; tt.from == config && !creator {
					t.Error("the creator of the cluster has lost access")
				}
			})
		})
	}
}

func TestClusterUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ekstest.New(ekstest.Options{})
		cloud.AddCluster("demo", types.AuthenticationModeApi)
		ctx, api := t.Context(), cloud.Client()
		update := func(in *awseks.UpdateClusterConfigInput) error {
			in.Name = new("demo")
			_, err := api.UpdateClusterConfig(ctx, in)
			time.Sleep(3 * time.Minute)
			return err
		}
		vpc := &types.VpcConfigRequest{EndpointPrivateAccess: new(true), PublicAccessCidrs: []string{"192.0.2.0/24"}}
		logs := &types.Logging{ClusterLogging: []types.LogSetup{{Enabled: new(true), Types: []types.LogType{types.LogTypeAudit}}}}
		for _, in := range []*awseks.UpdateClusterConfigInput{{ResourcesVpcConfig: vpc}, {Logging: logs}, {DeletionProtection: new(true)}} {
			if err := update(in); err != nil {
				t.Error(err)
			}
		}
		refused(t, update(&awseks.UpdateClusterConfigInput{}), "InvalidParameterException", "No changes")
		refused(t, update(&awseks.UpdateClusterConfigInput{ResourcesVpcConfig: vpc, Logging: logs}), "InvalidParameterException", "Only one type of update can be allowed.")
		refused(t, update(&awseks.UpdateClusterConfigInput{ResourcesVpcConfig: vpc}), "InvalidParameterException",
			"Cluster is already at the desired configuration with endpointPrivateAccess: true , endpointPublicAccess: true, and Public Endpoint Restrictions: [192.0.2.0/24]")
		refused(t, update(&awseks.UpdateClusterConfigInput{ResourcesVpcConfig: &types.VpcConfigRequest{EndpointPublicAccess: new(false), EndpointPrivateAccess: new(false)}}),
			"InvalidParameterException", "cannot be false")
		for version, want := range map[string]string{"1.35": "already at version", "1.37": "Unsupported Kubernetes minor version update", "latest": "unsupported Kubernetes version"} {
			_, err := api.UpdateClusterVersion(ctx, &awseks.UpdateClusterVersionInput{Name: new("demo"), Version: &version})
			refused(t, err, "InvalidParameterException", want)
		}
		if _, err := api.UpdateClusterVersion(ctx, &awseks.UpdateClusterVersionInput{Name: new("demo"), Version: new("1.36")}); err != nil {
			t.Error(err)
		}
		time.Sleep(6 * time.Minute)
		c := do[*awseks.DescribeClusterOutput](t)(api.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: new("demo")})).Cluster
		if *c.Version != "1.36" || !c.ResourcesVpcConfig.EndpointPrivateAccess || c.ResourcesVpcConfig.PublicAccessCidrs[0] != "192.0.2.0/24" || !*c.DeletionProtection ||
			c.Logging.ClusterLogging[0].Types[0] != types.LogTypeAudit {
			t.Errorf("the cluster is %+v", c)
		}
		_, err := api.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: new("demo")})
		refused(t, err, "InvalidRequestException", "deletion protection")
		ids := do[*awseks.ListUpdatesOutput](t)(api.ListUpdates(ctx, &awseks.ListUpdatesInput{Name: new("demo")})).UpdateIds
		if len(ids) != 4 {
			t.Errorf("updates %v", ids)
		}
		_, err = api.DescribeUpdate(ctx, &awseks.DescribeUpdateInput{Name: new("demo"), UpdateId: new("none")})
		refused(t, err, "ResourceNotFoundException", "No update found for ID: none")
	})
}

func TestFaultsReachTheClient(t *testing.T) {
	once := func(fault *ekstest.Error) func(string, int) *ekstest.Error {
		return func(_ string, n int) *ekstest.Error {
			if n == 1 {
				return fault
			}
			return nil
		}
	}
	tests := map[string]struct {
		before, after func(string, int) *ekstest.Error
		calls         int
		code          string // "" where the client gets over it
	}{
		"throttling passes":             {before: once(ekstest.Throttled()), calls: 2},
		"so does a fault of the server": {before: once(ekstest.Unavailable()), calls: 2},
		"and an answer that was lost":   {after: once(ekstest.Unavailable()), calls: 2},
		"credentials that are over do not": {
			before: once(ekstest.ExpiredToken()), calls: 1, code: "ExpiredTokenException",
		},
		"nor does what one may not do": {before: once(ekstest.AccessDenied("CreateCluster")), calls: 1, code: "AccessDeniedException"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := ekstest.New(ekstest.Options{Before: tt.before, After: tt.after})
				_, err := cloud.Client().CreateCluster(t.Context(), newCluster("demo"))
				if tt.code != "" {
					refused(t, err, tt.code, "")
				} else if err != nil {
					t.Error(err)
				}
				if n := cloud.Calls("CreateCluster"); n != tt.calls {
					t.Errorf("%d calls, want %d", n, tt.calls)
				}
			})
		})
	}
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ekstest.New(ekstest.Options{Throttle: true})
		cloud.AddCluster("demo", types.AuthenticationModeApi)
		api := cloud.Client(func(o *awseks.Options) { o.Retryer = aws.NopRetryer{} })
		var n int
		for range 50 {
			if _, err := api.DescribeCluster(t.Context(), &awseks.DescribeClusterInput{Name: new("demo")}); err == nil {
				n++
			} else if !retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool() {
				t.Fatal(err)
			}
		}
		if n != 20 {
			t.Errorf("%d of 50 reads at once were served", n)
		}
	})
}

func TestUnknownOperation(t *testing.T) {
	_, err := ekstest.New(ekstest.Options{}).Client().ListAddons(t.Context(), &awseks.ListAddonsInput{ClusterName: new("demo")})
	refused(t, err, "UnknownOperationException", "GET /clusters/demo/addons")
}

func TestOverASocket(t *testing.T) {
	cloud := ekstest.New(ekstest.Options{})
	cloud.AddCluster("demo", types.AuthenticationModeApi)
	s := httptest.NewServer(cloud)
	defer s.Close()
	api := cloud.Client(func(o *awseks.Options) { o.BaseEndpoint, o.HTTPClient = &s.URL, http.DefaultClient })
	in := &awseks.CreateAccessEntryInput{ClusterName: new("demo"), PrincipalArn: new(jane)}
	if _, err := api.CreateAccessEntry(t.Context(), in); err != nil {
		t.Error(err)
	}
	if e := cloud.Entries("demo"); len(e) != 1 || e[0].Principal != jane {
		t.Errorf("entries %v", e)
	}
	if d := cmp.Diff([]ekstest.Entry(nil), cloud.Entries("other")); d != "" {
		t.Error(d)
	}
}

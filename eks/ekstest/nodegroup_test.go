package ekstest_test

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/eks/ekstest"
)

func newGroup(name string) *awseks.CreateNodegroupInput {
	return &awseks.CreateNodegroupInput{ClusterName: new("demo"), NodegroupName: &name, NodeRole: new(nodeRole), Subnets: []string{"subnet-a"}}
}

func TestLifeOfANodegroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ekstest.New(ekstest.Options{})
		cloud.AddCluster("demo", types.AuthenticationModeApiAndConfigMap)
		ctx, api := t.Context(), cloud.Client()
		describe := func() *types.Nodegroup {
			in := &awseks.DescribeNodegroupInput{ClusterName: new("demo"), NodegroupName: new("mongo")}
			return do[*awseks.DescribeNodegroupOutput](t)(api.DescribeNodegroup(ctx, in)).Nodegroup
		}
		dedicated := types.Taint{Key: new("dedicated"), Value: new("mongo"), Effect: types.TaintEffectNoSchedule}
		in := newGroup("mongo")
		in.ScalingConfig = &types.NodegroupScalingConfig{MinSize: new(int32(0)), MaxSize: new(int32(3)), DesiredSize: new(int32(1))}
		in.Labels, in.Taints, in.Tags = map[string]string{"role": "db"}, []types.Taint{dedicated}, map[string]string{"a": "b"}
		do[*awseks.CreateNodegroupOutput](t)(api.CreateNodegroup(ctx, in))
		if g := describe(); g.Status != types.NodegroupStatusCreating || *g.DiskSize != 20 || g.InstanceTypes[0] != "t3.medium" || *g.ScalingConfig.MinSize != 0 {
			t.Errorf("made as %+v", g)
		}
		_, err := api.CreateNodegroup(ctx, newGroup("mongo"))
		refused(t, err, "ResourceInUseException", "NodeGroup already exists with name mongo and cluster name demo")
		_, err = api.UpdateNodegroupVersion(ctx, &awseks.UpdateNodegroupVersionInput{ClusterName: new("demo"), NodegroupName: new("mongo")})
		refused(t, err, "ResourceInUseException", "CREATING")
		time.Sleep(3 * time.Minute)

		if e := cloud.Entries("demo"); len(e) != 1 || e[0].Principal != nodeRole || e[0].Type != "EC2_LINUX" || e[0].Groups[0] != "system:nodes" {
			t.Errorf("entries %v, want that of the nodes", e)
		}
		update := &awseks.UpdateNodegroupConfigInput{
			ClusterName: new("demo"), NodegroupName: new("mongo"),
			ScalingConfig: &types.NodegroupScalingConfig{DesiredSize: new(int32(0))},
			Labels:        &types.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"tier": "2"}, RemoveLabels: []string{"role"}},
			Taints:        &types.UpdateTaintsPayload{RemoveTaints: []types.Taint{dedicated}},
		}
		out := do[*awseks.UpdateNodegroupConfigOutput](t)(api.UpdateNodegroupConfig(ctx, update))
		time.Sleep(time.Minute)
		look := &awseks.DescribeUpdateInput{Name: new("demo"), UpdateId: out.Update.Id, NodegroupName: new("mongo")}
		if u := do[*awseks.DescribeUpdateOutput](t)(api.DescribeUpdate(ctx, look)).Update; u.Status != types.UpdateStatusSuccessful {
			t.Errorf("update %s", u.Status)
		}
		g := describe()
		if *g.ScalingConfig.DesiredSize != 0 || *g.ScalingConfig.MaxSize != 3 || !maps.Equal(g.Labels, map[string]string{"tier": "2"}) || len(g.Taints) != 0 || g.Status != types.NodegroupStatusActive {
			t.Errorf("updated to %+v", g)
		}
		list := do[*awseks.ListNodegroupsOutput](t)(api.ListNodegroups(ctx, &awseks.ListNodegroupsInput{ClusterName: new("demo")}))
		if d := cmp.Diff([]string{"mongo"}, list.Nodegroups); d != "" {
			t.Error(d)
		}
		do[*awseks.DeleteNodegroupOutput](t)(api.DeleteNodegroup(ctx, &awseks.DeleteNodegroupInput{ClusterName: new("demo"), NodegroupName: new("mongo")}))
		time.Sleep(4 * time.Minute)
		_, err = api.DescribeNodegroup(ctx, &awseks.DescribeNodegroupInput{ClusterName: new("demo"), NodegroupName: new("mongo")})
		refused(t, err, "ResourceNotFoundException", "No node group found for name: mongo.")
	})
}

func TestNodegroupsThatCannotBe(t *testing.T) {
	size := func(low, high, desired int32) *types.NodegroupScalingConfig {
		return &types.NodegroupScalingConfig{MinSize: &low, MaxSize: &high, DesiredSize: &desired}
	}
	tests := map[string]struct {
		change func(*awseks.CreateNodegroupInput)
		want   string
	}{
		"no subnets":               {func(in *awseks.CreateNodegroupInput) { in.Subnets = []string{} }, "Subnet list must not be empty"},
		"a long name":              {func(in *awseks.CreateNodegroupInput) { in.NodegroupName = new(string(make([]byte, 64))) }, "1 to 63 characters"},
		"less than nothing":        {func(in *awseks.CreateNodegroupInput) { in.ScalingConfig = size(-1, 1, 0) }, "at least 0"},
		"no room":                  {func(in *awseks.CreateNodegroupInput) { in.ScalingConfig = size(3, 2, 2) }, "can't be greater than maximum size"},
		"more than the most":       {func(in *awseks.CreateNodegroupInput) { in.ScalingConfig = size(1, 2, 3) }, "must be between minimum 1 and maximum 2"},
		"newer than the cluster's": {func(in *awseks.CreateNodegroupInput) { in.Version = new("1.99") }, "newer than the cluster's"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := ekstest.New(ekstest.Options{})
			cloud.AddCluster("demo", types.AuthenticationModeApi)
			in := newGroup("workers")
			tt.change(in)
			_, err := cloud.Client().CreateNodegroup(t.Context(), in)
			refused(t, err, "InvalidParameterException", tt.want)
		})
	}
}

func TestTags(t *testing.T) {
	cloud := ekstest.New(ekstest.Options{Timing: ekstest.Instant()})
	cloud.AddCluster("demo", types.AuthenticationModeApi)
	ctx, api := t.Context(), cloud.Client()
	group := do[*awseks.CreateNodegroupOutput](t)(api.CreateNodegroup(ctx, newGroup("workers"))).Nodegroup
	made := do[*awseks.CreateAccessEntryOutput](t)(api.CreateAccessEntry(ctx, &awseks.CreateAccessEntryInput{ClusterName: new("demo"), PrincipalArn: new(jane)}))
	for _, arn := range []string{"arn:aws:eks:us-east-1:123456789012:cluster/demo", *group.NodegroupArn, *made.AccessEntry.AccessEntryArn} {
		do[*awseks.TagResourceOutput](t)(api.TagResource(ctx, &awseks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2", "c": "3"}}))
		do[*awseks.UntagResourceOutput](t)(api.UntagResource(ctx, &awseks.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a", "c"}}))
		got := do[*awseks.ListTagsForResourceOutput](t)(api.ListTagsForResource(ctx, &awseks.ListTagsForResourceInput{ResourceArn: &arn}))
		if d := cmp.Diff(map[string]string{"b": "2"}, got.Tags, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s", arn, d)
		}
		_, err := api.TagResource(ctx, &awseks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"aws:x": "1"}})
		refused(t, err, "BadRequestException", "aws:")
	}
	_, err := api.ListTagsForResource(ctx, &awseks.ListTagsForResourceInput{ResourceArn: new("arn:aws:eks:us-east-1:123456789012:cluster/other")})
	refused(t, err, "NotFoundException", "cluster/other")
}

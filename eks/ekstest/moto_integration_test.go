//go:build integration

package ekstest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/ekstest"
)

// TestConformance makes the same calls to the Cloud and to moto, as far as moto has them:
// it has neither access entries nor updates, and every cluster is active at once.
func TestConformance(t *testing.T) {
	url := os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	moto := awseks.New(awseks.Options{
		Region: ekstest.Region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	name := "demo-" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_, errGroup := moto.DeleteNodegroup(ctx, &awseks.DeleteNodegroupInput{ClusterName: &name, NodegroupName: new("workers")})
		_, errCluster := moto.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: &name})
		for _, err := range []error{errGroup, errCluster} {
			if gone := new(types.ResourceNotFoundException); err != nil && !errors.As(err, &gone) {
				t.Error(err)
			}
		}
	})
	ours := trace(t, ekstest.New(ekstest.Options{Timing: ekstest.Instant()}).Client(), name)
	theirs := trace(t, moto, name)
	if d := cmp.Diff(theirs, ours); d != "" {
		t.Errorf("what happened (-moto +ours):\n%s", d)
	}
}

// trace makes calls one after the other, and returns what they came to.
func trace(t *testing.T, api *awseks.Client, name string) (lines []string) {
	t.Helper()
	ctx := t.Context()
	note := func(op string, err error, what ...any) {
		line := op + ": " + fmt.Sprint(what...)
		if e, ok := errors.AsType[smithy.APIError](err); ok {
			line = op + " fails: " + e.ErrorCode() + ": " + e.ErrorMessage()
		} else if err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		lines = append(lines, line)
	}
	describe := func(when string) string {
		out, err := api.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: &name})
		if err != nil {
			note("describe "+when, err)
			return ""
		}
		c := out.Cluster
		note("describe "+when, nil, *c.Name, c.Status, *c.Arn, *c.RoleArn, c.ResourcesVpcConfig.SubnetIds, c.ResourcesVpcConfig.EndpointPublicAccess,
			c.ResourcesVpcConfig.EndpointPrivateAccess, strings.HasPrefix(*c.Identity.Oidc.Issuer, "https://oidc.eks."), c.Tags, *c.Version)
		return *c.Arn
	}
	group := func(when string) {
		out, err := api.DescribeNodegroup(ctx, &awseks.DescribeNodegroupInput{ClusterName: &name, NodegroupName: new("workers")})
		if err != nil {
			note("describe group "+when, err)
			return
		}
		g := out.Nodegroup
		note("describe group "+when, nil, *g.NodegroupName, *g.ClusterName, g.Status, *g.NodeRole, g.Subnets, *g.ScalingConfig.MinSize, *g.ScalingConfig.MaxSize,
			*g.ScalingConfig.DesiredSize, slices.Sorted(maps.Keys(g.Labels)), g.InstanceTypes, *g.DiskSize, g.CapacityType)
	}

	describe("before")
	in := newCluster(name)
	in.Version, in.Tags = new("1.34"), map[string]string{"Project": "demo"}
	in.ResourcesVpcConfig.EndpointPublicAccess = new(true) // the default of EKS, and not of moto
	_, err := api.CreateCluster(ctx, in)
	note("create", err)
	arn := describe("after")
	_, err = api.CreateCluster(ctx, newCluster(name))
	note("create again", err)
	list, err := api.ListClusters(ctx, &awseks.ListClustersInput{})
	note("list", err, err == nil && slices.Contains(list.Clusters, name))

	group("before")
	create := newGroup("workers")
	create.ClusterName, create.Labels = &name, map[string]string{"role": "worker"}
	create.ScalingConfig = &types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(4)), DesiredSize: new(int32(2))}
	_, err = api.CreateNodegroup(ctx, create)
	note("create group", err)
	group("after")
	create.ClientRequestToken = nil // which the SDK has set, and which moto does not look at
	_, err = api.CreateNodegroup(ctx, create)
	note("create group again", err)
	groups, err := api.ListNodegroups(ctx, &awseks.ListNodegroupsInput{ClusterName: &name})
	note("list groups", err, groups.Nodegroups)
	_, err = api.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: &name})
	note("delete too early", err)

	update := &awseks.UpdateNodegroupConfigInput{
		ClusterName: &name, NodegroupName: new("workers"),
		ScalingConfig: &types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(5)), DesiredSize: new(int32(3))},
		Labels:        &types.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"tier": "2"}},
	}
	_, err = api.UpdateNodegroupConfig(ctx, update)
	note("update group", err)
	group("updated")

	_, err = api.TagResource(ctx, &awseks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}})
	note("tag", err)
	_, err = api.UntagResource(ctx, &awseks.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a"}})
	note("untag", err)
	tags, err := api.ListTagsForResource(ctx, &awseks.ListTagsForResourceInput{ResourceArn: &arn})
	note("tags", err, tags.Tags)

	_, err = api.DeleteNodegroup(ctx, &awseks.DeleteNodegroupInput{ClusterName: &name, NodegroupName: new("workers")})
	note("delete group", err)
	group("deleted")
	_, err = api.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: &name})
	note("delete", err)
	describe("deleted")
	_, err = api.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: &name})
	note("delete again", err)
	return lines
}

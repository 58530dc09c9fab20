package kresystem

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/mettel-automation/delivery/eks/ekstest"
	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/examples/internal/kresystem/keystore"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// memory is an AWS in memory, and a Kubernetes cluster that EKS there has.
type memory struct {
	e     *Environment
	stack string

	stacks *stacktest.Cloud
	eks    *ekstest.Cloud
	dns    *route53test.Cloud
	store  *keystore.Store
	kube   *kubetest.Cluster
	begun  atomic.Bool  // what is there at the beginning is made in no time
	denied atomic.Value // the operation of Route 53 that is not allowed
}

func newMemory(e *Environment, speed float64) (*memory, error) {
	name, err := e.KRECluster().StackName()
	if err != nil {
		return nil, err
	}
	m := &memory{e: e, stack: name}
	m.stacks = stacktest.New(stacktest.Options{Speed: speed, PageSize: 50, Timing: func(resourceType string) stacktest.Timing {
		t := stacktest.DefaultTiming(resourceType)
		if !m.begun.Load() {
			t = t.Scale(1e-6)
		}
		return t
	}})
	m.eks = ekstest.New(ekstest.Options{Timing: ekstest.Instant()})
	m.dns = route53test.New(route53test.Options{Sync: time.Duration(float64(30*time.Second) / speed), Before: m.refuse})
	m.store = keystore.New(m.stacks, name)
	m.kube = kubetest.New(kubetest.Options{Timing: faster(speed)})
	parents := make(map[string]bool)
	for _, r := range e.Runtimes {
		if domain := strings.ToLower(strings.TrimSuffix(r.Domain, ".")); domain != "" && !parents[domain] {
			parents[domain] = true
			m.dns.AddZone(domain)
		}
	}
	return m, nil
}

func (m *memory) refuse(op string, _ int) *route53test.Error {
	if m.denied.Load() == op {
		return route53test.Denied(op)
	}
	return nil
}

// faster is how long things take in a cluster that is speed times faster.
func faster(speed float64) kubetest.Timing {
	t := kubetest.DefaultTiming()
	for _, d := range []*time.Duration{&t.React, &t.Schedule, &t.Pull, &t.Ready, &t.Run, &t.Crash, &t.Backoff, &t.Stop, &t.Volume, &t.Balance, &t.Ingress} {
		*d = max(time.Millisecond, time.Duration(float64(*d)/speed))
	}
	return t
}

func (m *memory) cloud() cloud {
	clusters := &clusters{Client: m.eks.Client(), m: m}
	return cloud{
		stacks: m.stacks.Client(), templates: m.stacks, buckets: m.store,
		clusters: clusters, entries: clusters, tokens: m.eks.Presigner(ekstest.Creator),
		keys: keys.API{Objects: m.store, Parameters: m.store, AccessKeys: m.store}, zones: m.dns.Client(),
	}
}

// clusters is an EKS that has the cluster that CloudFormation has made.
type clusters struct {
	*awseks.Client
	m *memory
}

// DescribeCluster implements eks.Clusters.
func (c *clusters) DescribeCluster(ctx context.Context, in *awseks.DescribeClusterInput, optFns ...func(*awseks.Options)) (*awseks.DescribeClusterOutput, error) {
	if err := c.follow(ctx); err != nil {
		return nil, err
	}
	return c.Client.DescribeCluster(ctx, in, optFns...)
}

// follow makes the cluster, or takes it away, as CloudFormation has.
func (c *clusters) follow(ctx context.Context) error {
	_, err := c.Client.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: &c.m.e.Name})
	made, there := keystore.Find(c.m.stacks, c.m.stack, "AWS::EKS::Cluster")
	switch {
	case there && err != nil:
		in := asCreated(made)
		if _, err := c.CreateCluster(ctx, in); err != nil {
			return err
		}
		time.Sleep(time.Millisecond) // what is instant there is later than now
		return c.m.admitNodes(in.AccessConfig.AuthenticationMode)
	case !there && err == nil:
		_, err = c.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: &c.m.e.Name})
		time.Sleep(time.Millisecond)
		return err
	}
	return nil
}

// admitNodes makes the ConfigMap that EKS makes with the first group of nodes.
func (m *memory) admitNodes(mode types.AuthenticationMode) error {
	role, made := keystore.Find(m.stacks, m.stack, "AWS::EKS::Nodegroup")
	if !made || mode == types.AuthenticationModeApi {
		return nil
	}
	return m.kube.Add(fmt.Sprintf(awsAuth, role.Properties["NodeRole"]))
}

const awsAuth = `apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - groups: [system:bootstrappers, system:nodes]
      rolearn: %v
      username: system:node:{{EC2PrivateDNSName}}
`

// asCreated is how CloudFormation calls EKS for a resource.
func asCreated(r stacktest.Resource) *awseks.CreateClusterInput {
	text := func(path ...string) string {
		var v any = r.Properties
		for _, key := range path {
			m, _ := v.(map[string]any)
			v = m[key]
		}
		return fmt.Sprint(v)
	}
	return &awseks.CreateClusterInput{
		Name: new(r.PhysicalID), Version: new(text("Version")), RoleArn: new(text("RoleArn")),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-1", "subnet-2"}},
		AccessConfig: &types.CreateAccessConfigRequest{
			AuthenticationMode:                      types.AuthenticationMode(text("AccessConfig", "AuthenticationMode")),
			BootstrapClusterCreatorAdminPermissions: new(text("AccessConfig", "BootstrapClusterCreatorAdminPermissions") == "true"),
		},
		DeletionProtection: new(text("DeletionProtection") == "true"),
	}
}

// RoundTrip answers for the API server of the cluster: it takes the tokens that EKS
// would let in, and then is the cluster in memory.
func (m *memory) RoundTrip(r *http.Request) (*http.Response, error) {
	out, err := m.eks.Client().DescribeCluster(r.Context(), &awseks.DescribeClusterInput{Name: &m.e.Name})
	if err != nil {
		return nil, kubetest.UnknownHost()
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	_, err = m.eks.Authenticate(r.Context(), m.e.Name, token)
	if err == nil || out.Cluster.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap { // which knows its creator
		return m.kube.RoundTrip(r)
	}
	status := apierrors.NewUnauthorized("Unauthorized").Status()
	body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":%q,"reason":%q,"code":%d}`, status.Message, status.Reason, status.Code)
	return &http.Response{
		StatusCode: http.StatusUnauthorized, Status: "401 Unauthorized", Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

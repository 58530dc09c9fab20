package kresystem

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/readiness"
	"github.com/mettel-automation/delivery/kre/zone"
	"github.com/mettel-automation/delivery/stack"
)

// System is where an environment is: AWS and its Kubernetes cluster, real or in memory.
type System struct {
	Environment *Environment
	Console     *Console
	Secrets     *Secrets

	cloud      cloud
	kubernetes *rest.Config      // in place of the cluster's own; nil is that
	transport  http.RoundTripper // what answers for the cluster's own; nil is the network
	charts     http.RoundTripper // where charts are fetched from; nil is the network
	factor     float64           // how many times faster than in reality AWS is; 1 is reality
	kubeFactor float64           // the same of Kubernetes
}

// cloud is what is needed of AWS.
type cloud struct {
	stacks    stack.API
	templates stack.Uploader
	buckets   stack.Emptier
	clusters  eks.Clusters
	entries   access.Entries
	tokens    eks.Presigner
	keys      keys.API
	zones     zone.API
}

// pace is how long to wait between two looks at something that is factor times faster
// than in reality.
func pace(d time.Duration, factor float64) time.Duration {
	if factor == 1 {
		return d
	}
	return max(20*time.Millisecond, time.Duration(float64(d)/factor))
}

func (s *System) stacks() *stack.Manager {
	return stack.New(s.cloud.stacks, stack.Options{
		Progress: s.Console.Emit, Templates: s.cloud.templates, Buckets: s.cloud.buckets,
		PollInterval: pace(5*time.Second, s.factor), MaxPollInterval: pace(15*time.Second, s.factor),
	})
}

// Outputs are those of the environment's stack. A stack that is not there is
// [stack.ErrNotFound].
func (s *System) Outputs(ctx context.Context) (infra.KREClusterOutputs, error) {
	k := s.Environment.KRECluster()
	name, err := k.StackName()
	if err != nil {
		return infra.KREClusterOutputs{}, err
	}
	outputs, err := s.stacks().Outputs(ctx, name)
	if err != nil {
		return infra.KREClusterOutputs{}, err
	}
	return k.Read(outputs)
}

// Cluster is the environment's cluster, connected.
type Cluster struct {
	EKS    eks.Cluster
	client kubernetes.Interface
	engine *kre.Engine
}

// Connect makes what talks to the cluster. It asks EKS about it, and Kubernetes nothing.
func (s *System) Connect(ctx context.Context) (*Cluster, error) {
	found, err := eks.Describe(ctx, s.cloud.clusters, s.Environment.Name)
	if err != nil {
		return nil, err
	}
	config := s.kubernetes
	if config == nil {
		tokens := eks.NewTokens(s.cloud.tokens, found.Name, eks.TokenOptions{})
		config = eks.Config(found, tokens, eks.ConfigOptions{Transport: s.transport})
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to cluster %s: %w", found.Name, err)
	}
	engine, err := kre.New(config, kre.Options{Progress: s.Console.Emit, HTTP: s.charts, Rollback: true, Waiter: s.waiter})
	if err != nil {
		return nil, fmt.Errorf("connect to cluster %s: %w", found.Name, err)
	}
	return &Cluster{EKS: found, client: client, engine: engine}, nil
}

// waiter waits as package kre does, at the pace of the cluster.
func (s *System) waiter(c kre.Cluster, redact func(string) string) kre.Waiter {
	return readiness.New(c.Client, c.Mapper, readiness.Options{
		Namespace: c.Namespace, Progress: c.Progress, Redact: redact,
		PollInterval: pace(time.Second, s.kubeFactor), MaxPollInterval: max(pace(5*time.Second, s.kubeFactor), 250*time.Millisecond),
	})
}

// patient are releases with the time that they have where the cluster is faster.
func (s *System) patient(timeout time.Duration) time.Duration {
	const usual, least = 5 * time.Minute, 10 * time.Second // that of package kre, and what a busy machine needs
	return max(least, pace(cmp.Or(timeout, usual), s.kubeFactor))
}

func (s *System) access(c *Cluster, options access.Options) *access.Manager {
	options.Progress, options.Owner = s.Console.Emit, s.Environment.Name
	options.LaterGroups = []string{"cert-manager.io"}
	return access.New(access.Cluster{
		Name: c.EKS.Name, Mode: c.EKS.AuthenticationMode, Entries: s.cloud.entries, Kubernetes: c.client,
	}, options)
}

// keys are what is to be in the bucket of the environment, which is in the account of its
// cluster.
func (s *System) keys(out infra.KREClusterOutputs) (*keys.Deliverer, keys.Spec) {
	cluster, _ := arn.Parse(out.ARN) // without an account, no plan is made
	return keys.New(s.cloud.keys, keys.Options{Progress: s.Console.Emit}), keys.Spec{
		Bucket: out.Bucket, Account: cluster.AccountID, KeyPairID: out.KeyPair, SMTPUser: out.SMTPUser, Region: s.Environment.Region, Facts: out,
	}
}

// protected reports whether the cluster refuses to be deleted.
func (s *System) protected(ctx context.Context) (bool, error) {
	out, err := s.cloud.clusters.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: &s.Environment.Name})
	if err != nil {
		return false, err
	}
	return out.Cluster != nil && out.Cluster.DeletionProtection != nil && *out.Cluster.DeletionProtection, nil
}

// NoClusterError is an environment whose cluster is not there.
type NoClusterError struct {
	Name string
	Err  error
}

func (e *NoClusterError) Error() string {
	return fmt.Sprintf("there is no environment %s: %v; make it with basic-infra-kre apply", e.Name, e.Err)
}

// Unwrap returns what was found in its place.
func (e *NoClusterError) Unwrap() error { return e.Err }

// Found is [System.Outputs] and [System.Connect], with a [*NoClusterError] where there
// is no stack or no cluster.
func (s *System) Found(ctx context.Context) (infra.KREClusterOutputs, *Cluster, error) {
	out, err := s.Outputs(ctx)
	var c *Cluster
	if err == nil {
		c, err = s.Connect(ctx)
	}
	if errors.Is(err, stack.ErrNotFound) || errors.Is(err, eks.ErrNotFound) {
		err = &NoClusterError{Name: s.Environment.Name, Err: err}
	}
	return out, c, err
}

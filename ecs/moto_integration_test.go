//go:build integration

package ecs_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/ecs"
)

// TestTheWireAgainstMoto rolls out onto moto's ECS, which never starts a task:
// what is registered and created there must compare as unchanged afterwards.
func TestTheWireAgainstMoto(t *testing.T) {
	url := os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	client := awsecs.New(awsecs.Options{
		Region: "us-east-1", BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	ctx := t.Context()
	if _, err := client.CreateCluster(ctx, &awsecs.CreateClusterInput{ClusterName: new(cluster)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in := &awsecs.DeleteServiceInput{Cluster: new(cluster), Service: new("a"), Force: new(true)}
		if _, err := client.DeleteService(context.WithoutCancel(ctx), in); err != nil {
			t.Error(err)
		}
	})
	deployer := ecs.New(client, ecs.Options{Cluster: cluster, PollInterval: 50 * time.Millisecond, Timeout: time.Second, KeepFailed: true})
	services := []ecs.Service{svc("a", "v1"), svc("b", "v1", "a")}

	plan, err := deployer.Plan(ctx, services)
	if err != nil || plan.Count(ecs.Create) != 2 {
		t.Fatalf("plan %v, %v; want 2 to create", plan, err)
	}
	if _, err := deployer.Apply(ctx, plan); !errors.Is(err, ecs.ErrTimeout) {
		t.Errorf("error %v, want a time-out: moto starts no task", err)
	}
	if plan, err = deployer.Plan(ctx, services); err != nil || plan.Changes[0].Action != ecs.Unchanged || plan.Changes[1].Action != ecs.Create {
		t.Errorf("plan %v, %v; want a unchanged and b to create", plan, err)
	}
	services[0] = svc("a", "v2")
	if plan, err = deployer.Plan(ctx, services); err != nil || plan.Changes[0].Action != ecs.Update {
		t.Errorf("plan %v, %v; want a to update", plan, err)
	}
}

package capacity_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

var (
	seeds    = flag.Int("seeds", 300, "how many random updates to compare with the scheduler")
	onlySeed = flag.Uint64("seed", 0, "compare this one alone")
)

// TestVerdictsComeTrue updates a random service on random instances and
// compares what happens with what was foretold. Since all its tasks are alike,
// both the refusals and the promises must come true.
func TestVerdictsComeTrue(t *testing.T) {
	outcomes := make(map[capacity.Outcome]int)
	for seed := range uint64(*seeds) {
		if *onlySeed != 0 {
			seed = *onlySeed
		}
		synctest.Test(t, func(t *testing.T) {
			v, completed := update(t, rand.New(rand.NewPCG(seed, 0)))
			if v.OK() != completed {
				t.Errorf("completed %t, foretold: %s(run with -args -seed %d)", completed, v, seed)
			}
			if len(v.Warnings) > 0 {
				t.Errorf("all was read, and yet %q (run with -args -seed %d)", v.Warnings, seed)
			}
			outcomes[v.Outcome]++
		})
		if *onlySeed != 0 {
			return
		}
	}
	t.Log(outcomes)
	for _, o := range []capacity.Outcome{capacity.Fits, capacity.FitsInBatches, capacity.DoesNotFit, capacity.CannotProgress} {
		if outcomes[o] < *seeds/50 {
			t.Errorf("%q came out %d times: the worlds are too much alike", o, outcomes[o])
		}
	}
}

func update(t *testing.T, rnd *rand.Rand) (v capacity.Verdict, completed bool) {
	cloud := ecstest.New(ecstest.Options{})
	client := cloud.Client()
	for range 1 + rnd.IntN(3) {
		cloud.AddInstance("demo", ecstest.Instance{CPU: 1000 + rnd.IntN(1000), Memory: 1000 + rnd.IntN(1000)})
	}
	ports := [][]int32{nil, nil, nil, {80}}[rnd.IntN(4)]
	percents := &types.DeploymentConfiguration{
		MinimumHealthyPercent: new([]int32{0, 50, 100, 100}[rnd.IntN(4)]), MaximumPercent: new([]int32{100, 150, 200, 200}[rnd.IntN(4)]),
	}
	run(t, client, container("web", int32(100+rnd.IntN(600)), int32(100+rnd.IntN(600)), ports...), awsecs.CreateServiceInput{
		Cluster: new("demo"), DesiredCount: new(int32(1 + rnd.IntN(4))), DeploymentConfiguration: percents,
	})
	time.Sleep(20 * time.Minute)

	described, err := client.DescribeServices(t.Context(), &awsecs.DescribeServicesInput{Cluster: new("demo"), Services: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	old, err := client.DescribeTaskDefinition(t.Context(), &awsecs.DescribeTaskDefinitionInput{TaskDefinition: new("web")})
	if err != nil {
		t.Fatal(err)
	}
	supply, err := capacity.NewReader(client, capacity.Options{Tasks: client}).Supply(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	next := container("web", int32(100+rnd.IntN(600)), int32(100+rnd.IntN(600)), ports...)
	demand, err := capacity.Updating(described.Services[0], next, old.TaskDefinition)
	if err != nil {
		t.Fatal(err)
	}
	v = capacity.Check([]capacity.Demand{demand}, supply)

	registered, err := client.RegisterTaskDefinition(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateService(t.Context(), &awsecs.UpdateServiceInput{
		Cluster: new("demo"), Service: new("web"), TaskDefinition: registered.TaskDefinition.TaskDefinitionArn,
	}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Hour)
	described, err = client.DescribeServices(t.Context(), &awsecs.DescribeServicesInput{Cluster: new("demo"), Services: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	d := described.Services[0].Deployments
	return v, len(d) == 1 && d[0].RolloutState == types.DeploymentRolloutStateCompleted
}

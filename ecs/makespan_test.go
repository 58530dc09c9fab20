package ecs_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

var rollouts = flag.Uint64("rollouts", 20, "how many rollouts TestMakespan compares")

// sampleSystem is the system of examples/pipeline: NATS, capabilities, use cases.
func sampleSystem() []ecs.Service {
	nats := []string{"nats-server", "nats-server-1", "nats-server-2"}
	capabilities := []string{
		"bruin-bridge", "cts-bridge", "hawkeye-bridge", "lit-bridge", "notifier", "prometheus", "t7-bridge", "velocloud-bridge",
	}
	useCases := []string{
		"customer-cache", "dispatch-portal-backend", "hawkeye-customer-cache", "hawkeye-outage-monitor", "last-contact-report",
		"lumin-billing-report", "service-affecting-monitor", "service-dispatch-monitor", "service-outage-monitor-1",
		"service-outage-monitor-2", "service-outage-monitor-3", "service-outage-monitor-4", "service-outage-monitor-triage",
		"sites-monitor", "tnba-feedback", "tnba-monitor",
	}
	services := []ecs.Service{svc(nats[0], "v1"), svc(nats[1], "v1", nats[0]), svc(nats[2], "v1", nats[1])}
	for _, name := range capabilities {
		services = append(services, svc(name, "v1", nats[2]))
	}
	for _, name := range useCases {
		services = append(services, svc(name, "v1", capabilities...))
	}
	return append(services, svc("dispatch-portal-frontend", "v1", append(slices.Clone(capabilities), "dispatch-portal-backend")...))
}

// TestMakespan compares how long the sample system takes to roll out, on the same
// simulated ECS and seeds, with two ways that people use instead, and with the
// critical path: `go test ./ecs -run TestMakespan -v -args -rollouts 500`.
func TestMakespan(t *testing.T) {
	const poll = 5 * time.Second
	services := sampleSystem()
	var ours, barrier, backoff, overCritical []float64
	for seed := range *rollouts {
		timing := ecstest.Varied(seed, 1)
		critical := criticalPath(services, timing)
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, ecstest.Options{Timing: timing}, ecs.Options{})
			start := time.Now()
			r := l.mustRoll(services)
			took := time.Since(start)
			const levels = 6
			if limit := critical*105/100 + 2*poll*levels; took > limit {
				t.Errorf("seed %d: %v, over the %v that the critical path of %v allows", seed, took, limit, critical)
			}
			for _, o := range r.Services {
				if late := o.Ended.Sub(o.Started) - healthTime(timing(o.Service)); late > 2*poll {
					t.Errorf("seed %d: %s was healthy %v before it was noticed", seed, o.Service, late)
				}
			}
			ours = append(ours, took.Seconds())
			overCritical = append(overCritical, float64(took)/float64(critical))
		})
		barrier = append(barrier, drive(t, timing, services, func(int) time.Duration { return 15 * time.Second }))
		backoff = append(backoff, drive(t, timing, services, func(n int) time.Duration { return 5 * time.Second << n }))
	}
	ratioBarrier, ratioBackoff := medianRatio(ours, barrier), medianRatio(ours, backoff)
	t.Logf("makespan of %d services, %d seeds, median: %.0f s; levels with 15 s polling %.0f s (ratio %.2f); uncapped back-off %.0f s (ratio %.2f); %.3f of the critical path",
		len(services), len(ours), median(ours), median(barrier), ratioBarrier, median(backoff), ratioBackoff, median(overCritical))
	if ratioBackoff > 0.65 {
		t.Errorf("%.2f of the makespan with uncapped back-off in the median, want at most 0.65", ratioBackoff)
	}
}

// healthTime is how long a checked task takes to be healthy.
func healthTime(timing ecstest.Timing) time.Duration {
	return timing.Provision + timing.Pull + timing.Start
}

func criticalPath(services []ecs.Service, timing func(string) ecstest.Timing) time.Duration {
	ends := make(map[string]time.Duration)
	var last time.Duration
	for _, s := range services { // in order of their needs
		var start time.Duration
		for _, need := range s.DependsOn {
			start = max(start, ends[need])
		}
		ends[s.Name] = start + healthTime(timing(s.Name))
		last = max(last, ends[s.Name])
	}
	return last
}

// drive rolls services out level by level, each service polled by itself after
// the pauses that pause gives, and returns the seconds that took.
func drive(t *testing.T, timing func(string) ecstest.Timing, services []ecs.Service, pause func(attempt int) time.Duration) (seconds float64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.New(ecstest.Options{Timing: timing})
		cloud.AddCluster(cluster)
		plan, err := ecs.New(cloud.Client(), ecs.Options{Cluster: cluster}).Plan(t.Context(), services)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for _, level := range plan.Levels {
			var group sync.WaitGroup
			for _, name := range level {
				group.Go(func() { create(t, cloud.Client(), name, pause) })
			}
			group.Wait()
		}
		seconds = time.Since(start).Seconds()
	})
	return seconds
}

// create makes a service and waits until it is stable.
func create(t *testing.T, client *awsecs.Client, name string, pause func(int) time.Duration) {
	td, err := client.RegisterTaskDefinition(t.Context(), svc(name, "v1").TaskDefinition)
	if err == nil {
		_, err = client.CreateService(t.Context(), &awsecs.CreateServiceInput{
			Cluster: new(cluster), ServiceName: &name, TaskDefinition: td.TaskDefinition.TaskDefinitionArn, DesiredCount: new(int32(1)),
		})
	}
	for attempt := 0; err == nil; attempt++ {
		time.Sleep(pause(attempt))
		var out *awsecs.DescribeServicesOutput
		out, err = client.DescribeServices(t.Context(), &awsecs.DescribeServicesInput{Cluster: new(cluster), Services: []string{name}})
		if err == nil && out.Services[0].Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted {
			return
		}
	}
	t.Error(err)
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return s[len(s)/2]
}

func medianRatio(a, b []float64) float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return median(r)
}

// TestAThousandServices drives a large graph, less of it under the race detector, and
// holds its calls and its memory to what is promised.
func TestAThousandServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 2))
		var services []ecs.Service
		for i := range crowd {
			var needs []string
			for range 3 {
				if layer := i / 50; layer > 0 {
					needs = append(needs, fmt.Sprintf("s%03d", (layer-1)*50+rnd.IntN(50)))
				}
			}
			services = append(services, svc(fmt.Sprintf("s%03d", i), "v1", needs...))
		}
		once := func(o *awsecs.Options) { o.RetryMaxAttempts = 1 } // a call over the rates fails, and is seen
		l := newLab(t, ecstest.Options{Timing: ecstest.Varied(1, 1), Throttle: true}, ecs.Options{})
		before := liveHeap()
		start, peak, events := time.Now(), uint64(0), 0
		d := ecs.New(l.cloud.Client(once), ecs.Options{Cluster: cluster, Progress: func(e progress.Event) {
			if e.Message == "no answer from ECS" {
				t.Error("a poll was over the documented rate")
			}
			if events++; events%1000 == 0 {
				peak = max(peak, liveHeap())
			}
		}})
		plan, err := d.Plan(t.Context(), services)
		if err != nil {
			t.Fatal(err)
		}
		polls := l.cloud.Calls("DescribeServices")
		r, err := d.Apply(t.Context(), plan)
		if done := r.Names(progress.Done); err != nil || len(done) != crowd {
			t.Fatalf("%d services are healthy, %v", len(done), err)
		}
		ticks := int(time.Since(start) / (5 * time.Second))
		polls = l.cloud.Calls("DescribeServices") - polls
		var inFlight time.Duration
		for _, o := range r.Services {
			inFlight += o.Ended.Sub(o.Started)
		}
		perServiceTick := float64(polls) / (inFlight.Seconds() / 5)
		t.Logf("%d services in %v; %d polls in %d ticks, %.3f for each service and tick; live heap with the ECS in memory %d MB at most, %d MB before",
			crowd, time.Since(start), polls, ticks, perServiceTick, peak>>20, before>>20)
		if perServiceTick > 0.2 {
			t.Errorf("%.3f DescribeServices calls for each service and tick", perServiceTick)
		}
		if peak > 50<<20 {
			t.Errorf("%d MB of live heap, want less than 50", peak>>20)
		}
		writes := l.cloud.Calls("UpdateService") + l.cloud.Calls("CreateService") + l.cloud.Calls("RegisterTaskDefinition")
		if _, err := (deployer{d}).apply(t, services); err != nil {
			t.Fatal(err)
		}
		if n := l.cloud.Calls("UpdateService") + l.cloud.Calls("CreateService") + l.cloud.Calls("RegisterTaskDefinition") - writes; n != 0 {
			t.Errorf("%d writes for nothing to do", n)
		}
	})
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

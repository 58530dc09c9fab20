package ecs_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// Run more by `go test ./ecs -run TestSimulation -args -seeds 1000`, and one
// that failed by `-args -seed 17`.
var (
	seeds   = flag.Uint64("seeds", 25, "how many random rollouts to run")
	oneSeed = flag.Int64("seed", -1, "the only seed to run")
)

// TestSimulation rolls random graphs out under random faults and checks
// what must always hold.
func TestSimulation(t *testing.T) {
	first, end := uint64(0), *seeds
	if *oneSeed >= 0 {
		first, end = uint64(*oneSeed), uint64(*oneSeed)+1
	}
	for seed := first; seed < end; seed++ {
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("again: go test ./ecs -run TestSimulation -args -seed %d", seed)
				}
			}()
			rnd := rand.New(rand.NewPCG(seed, 1))
			services := randomServices(rnd, 1+rnd.IntN(40), "v1")
			l := newLab(t, ecstest.Options{
				Timing: ecstest.Varied(seed, 1), Lag: rnd.IntN(3),
				Before: func(string, int) *ecstest.Error {
					if rnd.IntN(20) == 0 {
						return ecstest.Throttled()
					}
					return nil
				},
			}, ecs.Options{MaxInFlight: rnd.IntN(8)})
			if rnd.IntN(2) == 0 {
				l.mustRoll(services)
				for i := range services {
					services[i] = svc(services[i].Name, "v2", services[i].DependsOn...)
				}
			}
			before := make(map[string]string)
			for _, s := range services {
				before[s.Name] = l.running(s.Name)
			}
			bad := ""
			if rnd.IntN(3) > 0 {
				bad = services[rnd.IntN(len(services))].Name
				l.cloud.Inject(bad, ecstest.Faults()[rnd.IntN(4)])
			}
			r, err := l.roll(services)
			checkInvariants(t, seed, l, services, r, err, before, bad)
		})
	}
	if n := runtime.NumGoroutine(); n > 10 {
		t.Errorf("%d goroutines are left", n)
	}
}

func randomServices(rnd *rand.Rand, n int, image string) []ecs.Service {
	var services []ecs.Service
	for i := range n {
		var needs []string
		for j := range i {
			if rnd.IntN(i+1) < 2 {
				needs = append(needs, fmt.Sprintf("s%02d", j))
			}
		}
		services = append(services, svc(fmt.Sprintf("s%02d", i), image, needs...))
	}
	rnd.Shuffle(n, func(i, j int) { services[i], services[j] = services[j], services[i] })
	return services
}

func checkInvariants(t *testing.T, seed uint64, l *lab, services []ecs.Service, r ecs.Result, err error, before map[string]string, bad string) {
	t.Helper()
	if (err != nil) != (bad != "") {
		t.Errorf("seed %d: fault in %q, error %v", seed, bad, err)
	}
	for _, s := range services {
		o := find(r, s.Name)
		for _, need := range s.DependsOn {
			if n := find(r, need); bad == "" && o.Started.Before(n.Ended) {
				t.Errorf("seed %d: %s started at %v, before %s was healthy at %v", seed, s.Name, o.Started, need, n.Ended)
			}
		}
		snap, exists := l.cloud.Service(cluster, s.Name)
		switch {
		case bad == "" && (o.State != progress.Done || snap.Healthy != 1):
			t.Errorf("seed %d: %s is %s with %+v", seed, s.Name, o.State, snap)
		case bad != "" && before[s.Name] == "nothing" && exists && snap.Status == "ACTIVE":
			t.Errorf("seed %d: %s is left behind", seed, s.Name)
		case bad != "" && before[s.Name] != "nothing" && l.running(s.Name) != before[s.Name]:
			t.Errorf("seed %d: %s runs %s, want its baseline %s", seed, s.Name, l.running(s.Name), before[s.Name])
		case bad != "" && !slices.Contains([]progress.State{progress.RolledBack, progress.Skipped}, o.State):
			t.Errorf("seed %d: %s is %s after a failure", seed, s.Name, o.State)
		}
	}
}

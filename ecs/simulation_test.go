package ecs_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// Calls that are made at once come in any order, so that a seed does not always
// fail again at the first try. Run more by `go test ./ecs -run TestSimulation -args -seeds 1000`, and one that
// failed by `-args -seed 17`.
var (
	seeds   = flag.Uint64("seeds", fewSeeds, "how many simulated rollouts to run")
	oneSeed = flag.Int64("seed", -1, "the only seed to run")
)

// TestSimulation rolls random graphs out under random faults, throttling, stale
// reads and kills, continues what was killed, and checks at every step what
// must always hold.
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
			newSimulation(t, seed).run()
		})
		if t.Failed() {
			return
		}
	}
}

// simulation is one world: a cloud, what is to run there, and what goes wrong.
type simulation struct {
	*testing.T
	rnd      *rand.Rand
	cloud    *ecstest.Cloud
	services []ecs.Service
	before   map[string]string // what ran at first, by service
	journal  memory
	bad      map[string]bool // services with a fault
	opts     ecs.Options
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	rnd := rand.New(rand.NewPCG(seed, 1))
	s := &simulation{T: t, rnd: rnd, before: map[string]string{}, bad: map[string]bool{}}
	throttle := rnd.IntN(15)
	s.cloud = ecstest.New(ecstest.Options{
		Timing: ecstest.Varied(seed, 1), Lag: rnd.IntN(3), Throttle: rnd.IntN(2) == 0,
		Before: func(op string, n int) *ecstest.Error {
			// By the operation and its number, so that little depends on which call comes first.
			if rand.New(rand.NewPCG(seed, uint64(n)<<8+uint64(len(op)))).IntN(100) < throttle {
				return ecstest.Throttled()
			}
			return nil
		},
	})
	s.cloud.AddCluster(cluster)
	size := 1 + rnd.IntN(10)
	if rnd.IntN(25) == 0 {
		size = 1 + rnd.IntN(200)
	}
	s.services = randomServices(rnd, size, "v1")
	s.opts = ecs.Options{Cluster: cluster, Journal: &s.journal, MaxInFlight: rnd.IntN(8), Progress: s.watch}
	return s
}

func (s *simulation) run() {
	if s.rnd.IntN(2) == 0 { // something runs already
		s.apply(s.cloud.Client(), &s.journal, nil)
		for i := range s.services {
			if s.rnd.IntN(4) > 0 {
				s.services[i] = svc(s.services[i].Name, "v2", s.services[i].DependsOn...)
			}
		}
	}
	for _, service := range s.services {
		s.before[service.Name] = s.running(service.Name)
	}
	for range s.rnd.IntN(3) {
		name := s.services[s.rnd.IntN(len(s.services))].Name
		s.cloud.Inject(name, ecstest.Faults()[s.rnd.IntN(4)])
		s.bad[name] = s.wants(name) // an unchanged service runs what was registered before the fault
	}
	for range s.rnd.IntN(4) {
		if finished := s.killed(); finished {
			return
		}
		time.Sleep(time.Duration(s.rnd.IntN(300)) * time.Second)
	}
	s.finish()
}

// wants reports whether the named service is to run something else than before.
func (s *simulation) wants(name string) bool {
	if s.before[name] == "nothing" {
		return true
	}
	i := slices.IndexFunc(s.services, func(service ecs.Service) bool { return service.Name == name })
	return *s.services[i].TaskDefinition.ContainerDefinitions[0].Image != "v1"
}

func (s *simulation) running(name string) string {
	snap, ok := s.cloud.Service(cluster, name)
	if !ok || snap.Status != "ACTIVE" {
		return "nothing"
	}
	return snap.TaskDefinition
}

// killed runs a process that dies at some call, before or after that has taken
// effect. It reports whether the process came to its end before.
func (s *simulation) killed() (finished bool) {
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	fate := &mortal{cloud: s.cloud, journal: &s.journal, die: cancel, left: 1 + s.rnd.IntN(20*len(s.services)), effect: s.rnd.IntN(2) == 0}
	client := s.cloud.Client(func(o *awsecs.Options) { o.HTTPClient = &http.Client{Transport: fate} })
	opts := s.opts
	opts.Journal = fate
	d := ecs.New(client, opts)
	plan, err := d.Plan(ctx, s.services)
	if err == nil {
		var result ecs.Result
		if result, err = d.Apply(ctx, plan); ctx.Err() == nil {
			s.judge(result, err)
			return true
		}
	}
	if ctx.Err() == nil {
		s.Errorf("planning failed: %v", err)
	}
	return false
}

// finish runs a process that lives.
func (s *simulation) finish() {
	s.apply(s.cloud.Client(), &s.journal, s.judge)
}

func (s *simulation) apply(client *awsecs.Client, journal ecs.Journal, judge func(ecs.Result, error)) {
	opts := s.opts
	opts.Journal = journal
	d := ecs.New(client, opts)
	plan, err := d.Plan(s.Context(), s.services)
	if err != nil {
		s.Fatalf("plan: %v", err)
	}
	result, err := d.Apply(s.Context(), plan)
	if judge == nil && err != nil {
		s.Fatalf("apply: %v", err)
	}
	if judge != nil {
		judge(result, err)
	}
}

// judge holds the end against what must always hold.
func (s *simulation) judge(r ecs.Result, err error) {
	fails := slices.ContainsFunc(s.services, func(service ecs.Service) bool { return s.bad[service.Name] })
	if (err != nil) != fails {
		s.Errorf("faults %v, error %v", s.bad, err)
		return
	}
	for _, service := range s.services {
		snap, _ := s.cloud.Service(cluster, service.Name)
		runs := s.running(service.Name)
		switch {
		case fails && runs != s.before[service.Name]:
			s.Errorf("%s runs %s after a rollback, want %s as before", service.Name, runs, s.before[service.Name])
		case !fails && (snap.Healthy != 1 || s.wants(service.Name) == (runs == s.before[service.Name])):
			s.Errorf("%s runs %s with %+v after a success, and %s before", service.Name, runs, snap, s.before[service.Name])
		}
		if o := find(r, service.Name); fails && (o.State == progress.Done || o.State == progress.Running) {
			s.Errorf("%s is %s after a failure", service.Name, o.State)
		} else if !fails && o.State != progress.Done && o.State != progress.Unchanged {
			s.Errorf("%s is %s after a success", service.Name, o.State)
		}
	}
}

// watch checks that a service starts only when all that it needs is healthy.
func (s *simulation) watch(e progress.Event) {
	if e.State != progress.Running || e.Message != "" {
		return
	}
	i := slices.IndexFunc(s.services, func(service ecs.Service) bool { return service.Name == e.Subject })
	for _, need := range s.services[i].DependsOn {
		if snap, _ := s.cloud.Service(cluster, need); snap.Healthy != 1 || snap.Status != "ACTIVE" {
			s.Errorf("%s starts while %s, which it needs, is %+v", e.Subject, need, snap)
		}
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

// memory is a journal in memory.
type memory struct {
	mu       sync.Mutex
	document []byte
}

func (m *memory) Load(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.document, nil
}

func (m *memory) Save(_ context.Context, document []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.document = slices.Clone(document)
	return nil
}

var errDead = errors.New("the process is dead")

// mortal is all that a process can reach, until it dies.
type mortal struct {
	cloud   *ecstest.Cloud
	journal ecs.Journal
	die     func()

	mu     sync.Mutex
	left   int  // calls until death
	effect bool // the last call takes effect, but is never answered
}

// step counts one call down. Last is the one that kills.
func (m *mortal) step() (last, dead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left--
	if m.left == 0 {
		m.die()
	}
	return m.left == 0, m.left < 0
}

func (m *mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	last, dead := m.step()
	if dead || last && !m.effect {
		return nil, errDead
	}
	if last {
		r = r.WithContext(context.WithoutCancel(r.Context()))
	}
	response, err := m.cloud.RoundTrip(r)
	if last {
		return nil, errDead
	}
	return response, err
}

func (m *mortal) Load(ctx context.Context) ([]byte, error) {
	if _, dead := m.step(); dead {
		return nil, errDead
	}
	return m.journal.Load(ctx)
}

func (m *mortal) Save(ctx context.Context, document []byte) error {
	last, dead := m.step()
	if dead || last && !m.effect {
		return errDead
	}
	return m.journal.Save(ctx, document)
}

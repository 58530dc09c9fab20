package system

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// Local is an ECS in memory to roll out to, as flags describe it.
type Local struct {
	Enabled bool
	speed   float64
	seed    uint64
	faults  faults
}

// Flags adds the flags that describe the ECS in memory, and -local, which
// enables it.
func (l *Local) Flags(set *flag.FlagSet) {
	set.BoolVar(&l.Enabled, "local", false, "roll out onto an ECS in memory instead of AWS")
	set.Float64Var(&l.speed, "speed", 100, "how many times faster than real the ECS in memory is")
	set.Uint64Var(&l.seed, "seed", 1, "`NUMBER` that decides how long each service takes to start there")
	set.Var(&l.faults, "inject", "`SERVICE=FAULT` that goes wrong there: "+l.faults.known()+"; may be repeated")
}

// Tuned reports whether any flag that describes the ECS in memory was given.
func (l Local) Tuned(set *flag.FlagSet) (tuned bool) {
	set.Visit(func(f *flag.Flag) { tuned = tuned || f.Name == "speed" || f.Name == "seed" || f.Name == "inject" })
	return tuned
}

// Start returns the ECS with an empty cluster, and deployer options that fit
// its speed.
func (l Local) Start(cluster string, services []Service) (ecs.API, ecs.Options, error) {
	for _, f := range l.faults {
		if !slices.ContainsFunc(services, func(s Service) bool { return s.Name == f.service }) {
			return nil, ecs.Options{}, fmt.Errorf("-inject %s=%s: there is no service %s", f.service, f.fault, f.service)
		}
	}
	cloud, err := l.cloud(cluster)
	if err != nil {
		return nil, ecs.Options{}, err
	}
	scale := func(d time.Duration) time.Duration { return time.Duration(float64(d) / l.speed) }
	return cloud.Client(), ecs.Options{
		Cluster:           cluster,
		PollInterval:      scale(5 * time.Second),
		Timeout:           scale(15 * time.Minute),
		PlacementPatience: scale(2 * time.Minute),
		Rate:              l.speed,
	}, nil
}

// cloud returns the ECS with an empty cluster.
func (l Local) cloud(cluster string) (*ecstest.Cloud, error) {
	if l.speed <= 0 {
		return nil, fmt.Errorf("-speed %v: want more than 0", l.speed)
	}
	cloud := ecstest.New(ecstest.Options{Timing: ecstest.Varied(l.seed, 1/l.speed)})
	cloud.AddCluster(cluster)
	for _, f := range l.faults {
		cloud.Inject(f.service, f.fault)
	}
	return cloud, nil
}

type faults []struct {
	service string
	fault   ecstest.Fault
}

func (f faults) known() string {
	var names []string
	for _, fault := range ecstest.Faults() {
		names = append(names, string(fault))
	}
	return strings.Join(names, ", ")
}

func (f *faults) String() string { return "" }

// Set adds SERVICE=FAULT.
func (f *faults) Set(text string) error {
	service, fault, ok := strings.Cut(text, "=")
	if !ok || service == "" {
		return errors.New("want SERVICE=FAULT")
	}
	if !slices.Contains(ecstest.Faults(), ecstest.Fault(fault)) {
		return fmt.Errorf("unknown fault %q, want one of %s", fault, f.known())
	}
	*f = append(*f, struct {
		service string
		fault   ecstest.Fault
	}{service, ecstest.Fault(fault)})
	return nil
}

package whose

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/nuke"
)

const env = "automation-1a2b3c4d"

// things are made of lines: type, name, tag, and the key of what each is part of.
func things(lines ...[4]string) []*Thing {
	var all []*Thing
	for _, l := range lines {
		t := &Thing{Resource: nuke.Resource{Type: l[0], ID: l[1]}, Name: l[1], Keys: []string{l[1]}}
		if l[2] != "" {
			t.Tags = map[string]string{nuke.TagKey: l[2]}
		}
		if l[3] != "" {
			t.Within = []Part{{"cluster", l[3]}}
		}
		all = append(all, t)
	}
	return all
}

func ids(rs []nuke.Resource) []string {
	var all []string
	for _, r := range rs {
		all = append(all, r.ID)
	}
	return all
}

func TestTheLongestNameDecides(t *testing.T) {
	tests := map[string]struct {
		things []*Thing
		mine   []string
		others []string
	}{
		"an environment whose name goes on after a hyphen": {
			things: things([4]string{"ECSCluster", env + "-two", env + "-two"}, [4]string{"ELBv2", env + "-two-web"}, [4]string{"ELBv2", env + "-web"}),
			mine:   []string{env + "-web"}, others: []string{env + "-two", env + "-two-web"},
		},
		"a tag that is only the beginning of the name": {
			things: things([4]string{"ECSCluster", "c", "automation"}, [4]string{"ELBv2", env + "-web"}),
			mine:   []string{env + "-web"}, others: []string{"c"},
		},
		"an environment that is known by names only": {
			things: things([4]string{"ELBv2", "automation-ffffffff-web", ""}, [4]string{"ELBv2", "web", env}),
			mine:   []string{"web"}, others: []string{"automation-ffffffff-web"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := New(env, tt.things).Split()
			if d := cmp.Diff(tt.mine, ids(s.Mine)); d != "" || len(s.Conflicts) > 0 {
				t.Errorf("conflicts %v, mine (-want +got):\n%s", s.Conflicts, d)
			}
			if d := cmp.Diff(tt.others, ids(s.Others)); d != "" {
				t.Errorf("others (-want +got):\n%s", d)
			}
		})
	}
}

func TestBelongingGoesThroughSeveralThings(t *testing.T) {
	s := New(env, things(
		[4]string{"ECSTask", "task", "", "service"}, [4]string{"ECSService", "service", "", "cluster"}, [4]string{"ECSCluster", "cluster", env},
		[4]string{"ECSTask", "lost", "", "nothing"},
	)).Split()
	if d := cmp.Diff([]string{"cluster", "service", "task"}, ids(s.Mine)); d != "" {
		t.Errorf("mine (-want +got):\n%s", d)
	}
}

// What is in dispute passes nothing on: who has the parts is said by themselves.
func TestADisputePassesNothingOn(t *testing.T) {
	s := New(env, things([4]string{"ECSCluster", env, "production"}, [4]string{"ECSService", "a", "", env}, [4]string{"ECSService", "b", env, env})).Split()
	if len(s.Conflicts) != 1 || s.Conflicts[0].Resource.ID != env {
		t.Errorf("conflicts %v", s.Conflicts)
	}
	if d := cmp.Diff([]string{"b"}, ids(s.Mine)); d != "" {
		t.Errorf("mine (-want +got):\n%s", d)
	}
}

func TestSuspectsAreWhatAnybodyClaims(t *testing.T) {
	all := things([4]string{"ELBv2", env + "-web", "production"}, [4]string{"ELBv2", "web", env}, [4]string{"ELBv2", "shared", "shared"})
	suspects := New(env, all).Suspects()
	if len(suspects) != 2 || suspects[0] != all[0] || suspects[1] != all[1] {
		t.Errorf("suspects %v", suspects)
	}
}

// TestRandomAccounts: nothing is lost or told twice, nobody's thing that has a tag of
// its own is taken, and the order of things decides nothing.
func TestRandomAccounts(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	names := []string{env, env + "e", env + "-x", "automation-master", "shared", "", "x-" + env}
	for range 2000 {
		var all []*Thing
		for i := range 1 + r.IntN(12) {
			pick := func() string { return names[r.IntN(len(names))] }
			one := things([4]string{"ECSService", pick() + "-" + fmt.Sprint(i), pick(), fmt.Sprint(r.IntN(12))})[0]
			one.ID = fmt.Sprint(i)
			one.Keys = []string{one.ID}
			all = append(all, one)
		}
		s := New(env, all).Split()
		if len(s.Mine)+len(s.Others) != len(all) {
			t.Fatalf("seed %d: %d and %d of %d", seed, len(s.Mine), len(s.Others), len(all))
		}
		mine := make(map[string]bool)
		for _, m := range s.Mine {
			mine[m.ID] = true
		}
		for _, one := range all {
			if tag := one.Tags[nuke.TagKey]; tag != "" && tag != env && mine[one.ID] {
				t.Fatalf("seed %d: %s is taken, and its tag says %s", seed, one.ID, tag)
			}
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		again := New(env, all).Split()
		for _, m := range again.Mine {
			if !mine[m.ID] {
				t.Fatalf("seed %d: in another order %s is taken too", seed, m.ID)
			}
		}
	}
}

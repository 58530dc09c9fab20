package whose

import (
	"fmt"
	"math/rand/v2"
	"strings"
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

// A name speaks against a tag by its form alone, even where nothing else in the account
// is known to be of that environment.
func TestATagDoesNotTakeWhatIsNamedForAnother(t *testing.T) {
	tests := map[string]struct{ env, typ, name, tag, says string }{
		"production":                                      {env, "ECSCluster", "automation-master-web", env, "automation-master"},
		"production, and another sign behind it":          {env, "ECSCluster", "automation-master_web", env, "automation-master"},
		"a sibling, and a slash behind it":                {env, "CloudWatchLogsLogGroup", "automation-ffffffff/web", env, "automation-ffffffff"},
		"production in capitals":                          {env, "ECSCluster", "Automation-Master-web", env, "Automation-Master"},
		"production's dashboard":                          {env, "CloudWatchDashboard", "cluster-automation-master", env, "automation-master"},
		"production's service of Cloud Map":               {env, "ServiceDiscoveryService", "bridge-automation-master", env, "automation-master"},
		"production's alarm":                              {env, "CloudWatchAlarm", "Running tasks count of x service in ECS cluster with name automation-master", env, "automation-master"},
		"production's namespace":                          {env, "ServiceDiscoveryNamespace", "prod.local", env, "prod.local"},
		"a record below production's label":               {env, "Route53ResourceRecordSet", "www.automation-master.example.com", env, "automation-master"},
		"production of a project with a hyphen":           {"met-tel-1a2b3c4d", "ECSCluster", "met-tel-master-web", "met-tel-1a2b3c4d", "met-tel-master"},
		"a sibling of a project with a hyphen":            {"met-tel-1a2b3c4d", "CloudWatchDashboard", "cluster-met-tel-ffffffff", "met-tel-1a2b3c4d", "met-tel-ffffffff"},
		"production of a project with several":            {"a-b-c-1a2b3c4d", "ECSCluster", "a-b-c-prod2", "a-b-c-1a2b3c4d", "a-b-c-prod2"},
		"production, where the environment has no hyphen": {"automation", "ECSCluster", "automation-master-web", "automation", "automation-master"},
		"production, where the environment has several":   {"automation-review-x", "ECSCluster", "automation-master-web", "automation-review-x", "automation-master"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := New(tt.env, things([4]string{tt.typ, tt.name, tt.tag})).Split()
			if len(s.Mine) > 0 || len(s.Conflicts) != 1 || !strings.Contains(s.Conflicts[0].Detail, fmt.Sprintf("its name says %q", tt.says)) {
				t.Errorf("mine %v, conflicts %v", ids(s.Mine), s.Conflicts)
			}
		})
	}
}

// What begins with the project alone is not the project's, and what goes on after the
// environment is its own.
func TestNamesWithoutATag(t *testing.T) {
	tests := map[string]struct {
		env, name string
		mine      bool
	}{
		"production, where the environment has no hyphen": {"automation", "automation-master-web", false},
		"a sibling, where the environment has no hyphen":  {"automation", "automation-1a2b3c4d-web", false},
		"its own, where the environment has no hyphen":    {"automation", "automation-web", true},
		"its own, with a word of production behind it":    {env, env + "-master-web", true},
		"its own, with a serial behind it":                {env, env + "-0123456789abcdef", true},
		"its own, where the project has a hyphen":         {"met-tel-1a2b3c4d", "met-tel-1a2b3c4d-main", true},
		"another sign behind it":                          {env, env + "_web", false},
		"a name that is no UTF-8":                         {"a\xff-b", "a\xff-b-c", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := New(tt.env, things([4]string{"ECSTaskDefinition", tt.name, ""})).Split()
			if (len(s.Mine) == 1) != tt.mine || len(s.Conflicts) > 0 {
				t.Errorf("mine %v, conflicts %v", ids(s.Mine), s.Conflicts)
			}
		})
	}
}

package capacity

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// box is an active instance with so much room, all of it free.
func box(id string, cpu, memory int) Instance {
	r := Resources{CPU: cpu, Memory: memory}
	return Instance{ID: id, Status: "ACTIVE", Connected: true, Free: r, Total: r}
}

// using is i with a task on it.
func (i Instance) using(t Task) Instance {
	i.Free.CPU, i.Free.Memory, i.Free.GPUs = i.Free.CPU-t.CPU, i.Free.Memory-t.Memory, i.Free.GPUs-t.GPUs
	i.TCP, i.UDP = append(i.TCP, t.TCP...), append(i.UDP, t.UDP...)
	return i
}

func size(cpu, memory int) Task { return Task{Resources: Resources{CPU: cpu, Memory: memory}} }

func port(t Task, tcp ...int) Task {
	t.TCP = tcp
	return t
}

func awsvpc(t Task) Task {
	t.ENI = true
	return t
}

// updated is a service of n tasks that is updated with minimum and maximum percent.
func updated(name string, t Task, n, least, most int) Demand {
	return Demand{Service: name, Task: t, Desired: n, Running: n, MinPercent: &least, MaxPercent: &most}
}

func created(name string, t Task, n int) Demand { return Demand{Service: name, Task: t, Desired: n} }

func TestCheckOnInstances(t *testing.T) {
	two := []Instance{box("i-a", 1024, 2048), box("i-b", 1024, 2048)}
	web := port(size(256, 512), 80)
	tests := map[string]struct {
		demands []Demand
		supply  Supply
		want    Verdict
	}{
		"T69: enough memory in all, and not on any single instance": {
			demands: []Demand{created("bridge", size(256, 3000), 1)},
			supply:  Supply{Instances: append(two, box("i-c", 4096, 2500))},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimMemory, Tasks: 1, Needed: 3000, Available: 2500, Missing: 500,
				Instance: "i-c", FreeInAll: 6596,
			}}},
		},
		"T70: a fixed host port on the only instance, which the old task keeps": {
			demands: []Demand{updated("web", web, 1, 100, 200)},
			supply:  Supply{Instances: []Instance{box("i-a", 1024, 2048).using(web)}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "web", Outcome: DoesNotFit, Dimension: DimPort, Port: "80/tcp", Tasks: 1, Needed: 1, Missing: 1, Instance: "i-a",
			}}},
		},
		"T70: with a minimum of 0 the old task makes way": {
			demands: []Demand{updated("web", web, 1, 0, 200)},
			supply:  Supply{Instances: []Instance{box("i-a", 1024, 2048).using(web)}},
			want: Verdict{Outcome: FitsInBatches, Shortages: []Shortage{{
				Service: "web", Outcome: FitsInBatches, Dimension: DimPort, Port: "80/tcp", Tasks: 1, Needed: 1, Missing: 1, Instance: "i-a",
			}}},
		},
		"T70: with a maximum of 100 it makes way before anything is tried": {
			demands: []Demand{updated("web", web, 1, 0, 100)},
			supply:  Supply{Instances: []Instance{box("i-a", 1024, 2048).using(web)}},
			want:    Verdict{Outcome: Fits},
		},
		"T70: a second instance has the port free": {
			demands: []Demand{updated("web", web, 1, 100, 200)},
			supply:  Supply{Instances: []Instance{box("i-a", 1024, 2048).using(web), box("i-b", 1024, 2048)}},
			want:    Verdict{Outcome: Fits},
		},
		"T71: one task at most 150 percent rounds down to one": {
			demands: []Demand{updated("bridge", size(1, 1), 1, 100, 150)},
			supply:  Supply{Instances: two},
			want: Verdict{Outcome: CannotProgress, Shortages: []Shortage{{
				Service: "bridge", Outcome: CannotProgress, Dimension: DimPercent, Tasks: 1, Needed: 1, Missing: 1,
			}}},
		},
		"T71: a minimum of 51 percent of one task rounds up to one": {
			demands: []Demand{updated("bridge", size(1, 1), 1, 51, 199)},
			supply:  Supply{Instances: two},
			want: Verdict{Outcome: CannotProgress, Shortages: []Shortage{{
				Service: "bridge", Outcome: CannotProgress, Dimension: DimPercent, Tasks: 1, Needed: 1, Missing: 1,
			}}},
		},
		"T71: two tasks at most 150 percent are three": {
			demands: []Demand{updated("bridge", size(1, 1), 2, 100, 150)},
			supply:  Supply{Instances: two},
			want:    Verdict{Outcome: Fits},
		},
		"T71: what does not run yet can always start": {
			demands: []Demand{{Service: "bridge", Task: size(1, 1), Desired: 1, MaxPercent: new(100)}},
			supply:  Supply{Instances: two},
			want:    Verdict{Outcome: Fits},
		},
		"T72: draining and disconnected instances take nothing": {
			demands: []Demand{created("bridge", size(256, 512), 1)},
			supply: Supply{Instances: []Instance{
				{ID: "i-a", Status: "DRAINING", Connected: true, Free: Resources{CPU: 4096, Memory: 8192}},
				{ID: "i-b", Status: "ACTIVE", Free: Resources{CPU: 4096, Memory: 8192}},
			}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimInstances, Tasks: 1, Needed: 1, Missing: 1,
			}}},
		},
		"T73: the third awsvpc task on an instance with two slots": {
			demands: []Demand{created("bridge", awsvpc(size(1, 1)), 1)},
			supply:  Supply{Instances: []Instance{{ID: "i-a", Status: "ACTIVE", Connected: true, Free: Resources{CPU: 9, Memory: 9}, ENISlots: new(2), TaskENIs: new(2)}}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimENI, Tasks: 1, Needed: 1, Missing: 1, Instance: "i-a",
			}}},
		},
		"T73: a trunk has more slots": {
			demands: []Demand{created("bridge", awsvpc(size(1, 1)), 1)},
			supply:  Supply{Instances: []Instance{{ID: "i-a", Status: "ACTIVE", Connected: true, Free: Resources{CPU: 9, Memory: 9}, ENISlots: new(10), TaskENIs: new(2)}}},
			want:    Verdict{Outcome: Fits},
		},
		"T73: slots that were not read are a warning, not a refusal": {
			demands: []Demand{created("bridge", awsvpc(size(1, 1)), 50)},
			supply:  Supply{Instances: []Instance{box("i-a", 50, 50)}},
			want: Verdict{Outcome: Fits, Warnings: []string{
				"the free network interfaces of some instances were not read: whether all tasks in awsvpc mode find one is not known",
			}},
		},
		"T74: an exact fit is a fit": {
			demands: []Demand{created("bridge", size(512, 1024), 4)},
			supply:  Supply{Instances: two},
			want:    Verdict{Outcome: Fits},
		},
		"T74: and one task more is not": {
			demands: []Demand{created("bridge", size(512, 1024), 5)},
			supply:  Supply{Instances: two},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimCPU, Tasks: 1, Needed: 512, Missing: 512, Instance: "i-a",
			}}},
		},
		"T76: UDP 53 and TCP 53 do not collide": {
			demands: []Demand{created("dns", Task{Resources: Resources{CPU: 1, Memory: 1}, UDP: []int{53}}, 1)},
			supply:  Supply{Instances: []Instance{box("i-a", 10, 10).using(port(size(1, 1), 53))}},
			want:    Verdict{Outcome: Fits},
		},
		"T76: UDP 53 and UDP 53 do": {
			demands: []Demand{created("dns", Task{Resources: Resources{CPU: 1, Memory: 1}, UDP: []int{53}}, 2)},
			supply:  Supply{Instances: []Instance{box("i-a", 10, 10)}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "dns", Outcome: DoesNotFit, Dimension: DimPort, Port: "53/udp", Tasks: 1, Needed: 1, Missing: 1, Instance: "i-a",
			}}},
		},
		"T77: what is unchanged demands nothing": {
			demands: []Demand{{Service: "bridge", Task: size(99999, 99999), Desired: 9, Running: 9, Unchanged: true, MaxPercent: new(100)}},
			supply:  Supply{Instances: []Instance{}},
			want:    Verdict{Outcome: Fits},
		},
		"a cluster without instances has no room": {
			demands: []Demand{created("bridge", size(1, 1), 2)},
			supply:  Supply{Instances: []Instance{}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimInstances, Tasks: 2, Needed: 2, Missing: 2,
			}}},
		},
		"instances that were not read are a warning, not a refusal": {
			demands: []Demand{created("bridge", size(1, 1), 2), updated("web", web, 2, 100, 200)},
			want: Verdict{Outcome: Fits, Warnings: []string{
				"the container instances of the cluster were not read: whether they have room is not known",
			}},
		},
		"a full instance is updated one task at a time": {
			demands: []Demand{updated("bridge", size(512, 512), 2, 50, 200)},
			supply:  Supply{Instances: []Instance{box("i-a", 1024, 1024).using(size(512, 512)).using(size(512, 512))}},
			want: Verdict{Outcome: FitsInBatches, Shortages: []Shortage{{
				Service: "bridge", Outcome: FitsInBatches, Dimension: DimCPU, Tasks: 2, Needed: 512, Missing: 512, Instance: "i-a",
			}}},
		},
		"a full instance without a task to spare cannot be updated": {
			demands: []Demand{updated("bridge", size(512, 512), 2, 100, 200)},
			supply:  Supply{Instances: []Instance{box("i-a", 1024, 1024).using(size(512, 512)).using(size(512, 512))}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimCPU, Tasks: 2, Needed: 512, Missing: 512, Instance: "i-a",
			}}},
		},
		"distinct instances are needed for two tasks": {
			demands: []Demand{{Service: "bridge", Task: size(1, 1), Desired: 2, DistinctInstance: true}},
			supply:  Supply{Instances: []Instance{box("i-a", 10, 10)}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimInstances, Tasks: 1, Needed: 1, Missing: 1,
			}}},
		},
		"memberOf and the platform leave one instance": {
			demands: []Demand{{
				Service: "bridge", Task: Task{Resources: Resources{CPU: 1, Memory: 1}, Arch: "arm64", OS: "linux"}, Desired: 1,
				MemberOf: []string{"attribute:stack == prod"},
			}},
			supply: Supply{Instances: []Instance{
				{ID: "i-a", Status: "ACTIVE", Connected: true, Free: Resources{CPU: 9, Memory: 9}, Attributes: map[string]string{"stack": "prod", "ecs.cpu-architecture": "x86_64"}},
				{ID: "i-b", Status: "ACTIVE", Connected: true, Free: Resources{CPU: 9, Memory: 9}, Attributes: map[string]string{"stack": "test", "ecs.cpu-architecture": "arm64"}},
				{ID: "i-c", Status: "ACTIVE", Connected: true, Free: Resources{CPU: 9, Memory: 0}, Attributes: map[string]string{"stack": "prod", "ecs.cpu-architecture": "arm64"}},
			}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimMemory, Tasks: 1, Needed: 1, Missing: 1, Instance: "i-c",
			}}},
		},
		"an expression that is not understood is a warning, not a refusal": {
			demands: []Demand{{Service: "bridge", Task: size(1, 1), Desired: 1, MemberOf: []string{"attribute:ecs.instance-type =~ m5.*"}}},
			supply:  Supply{Instances: two},
			want: Verdict{Outcome: Fits, Warnings: []string{
				`bridge: the placement constraint "attribute:ecs.instance-type =~ m5.*" is not understood: instances count as if they satisfied it`,
			}},
		},
		"GPUs": {
			demands: []Demand{created("train", Task{Resources: Resources{CPU: 1, Memory: 1, GPUs: 2}}, 1)},
			supply:  Supply{Instances: []Instance{{ID: "i-a", Status: "ACTIVE", Connected: true, Free: Resources{CPU: 9, Memory: 9, GPUs: 1}}}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "train", Outcome: DoesNotFit, Dimension: DimGPU, Tasks: 1, Needed: 2, Available: 1, Missing: 1, Instance: "i-a", FreeInAll: 1,
			}}},
		},
		"daemons and external instances are not checked": {
			demands: []Demand{{Service: "agent", Task: size(9999, 1), Desired: 1, Daemon: true}, {Service: "edge", Task: size(9999, 1), Desired: 1, LaunchType: "EXTERNAL"}},
			supply:  Supply{Instances: two},
			want: Verdict{Outcome: Fits, Warnings: []string{
				"agent is a daemon service: whether each instance has room for it is not checked",
				"edge runs on external instances: whether they have room for it is not checked",
			}},
		},
		"scaled to zero, a service frees what it has": {
			demands: []Demand{
				{Service: "old", Task: size(1024, 2048), Desired: 0, Running: 1},
				{Service: "new", Task: size(1024, 2048), Desired: 1, Needs: []string{"old"}},
			},
			supply: Supply{Instances: []Instance{box("i-a", 1024, 2048).using(size(1024, 2048))}},
			want:   Verdict{Outcome: Fits},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Check(tt.demands, tt.supply)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("verdict (-want +got):\n%s\n%s", d, got)
			}
		})
	}
}

func TestCheckInWaves(t *testing.T) {
	// Two instances that two services of one task fill by half; each update needs half of one more.
	half := size(500, 500)
	full := func(n int) Supply {
		s := Supply{Instances: []Instance{}, Placed: map[string][]string{}}
		for i := range n {
			s.Instances = append(s.Instances, box(fmt.Sprintf("i-%d", i), 1000, 1000).using(half))
			s.Placed[fmt.Sprintf("s%d", i)] = []string{fmt.Sprintf("i-%d", i)}
		}
		return s
	}
	chain := func(n int) []Demand {
		var ds []Demand
		for i := range n {
			d := updated(fmt.Sprintf("s%d", i), half, 1, 100, 200)
			if i > 0 {
				d.Needs = []string{fmt.Sprintf("s%d", i-1)}
			}
			ds = append(ds, d)
		}
		return ds
	}
	t.Run("services that wait for one another use the same room in turn", func(t *testing.T) {
		supply := full(3)
		supply.Instances[1], supply.Instances[2] = supply.Instances[1].using(half), supply.Instances[2].using(half) // others fill these
		if v := Check(chain(3), supply); v.Outcome != Fits {
			t.Errorf("one after another in one gap: %s", v)
		}
	})
	t.Run("services that do not must wait for it", func(t *testing.T) {
		supply := full(3)
		supply.Instances[1], supply.Instances[2] = supply.Instances[1].using(half), supply.Instances[2].using(half)
		demands := chain(3)
		for i := range demands {
			demands[i].Needs = nil
		}
		if v := Check(demands, supply); v.Outcome != FitsInBatches || len(v.Shortages) == 0 {
			t.Errorf("three at once in one gap: %s", v)
		}
	})
	t.Run("a service of an earlier level may still be under way", func(t *testing.T) {
		// s0 <- s1, and s2 alone: s1 and s2 may be under way together.
		supply := full(3)
		supply.Instances[2] = supply.Instances[2].using(half)
		supply.Instances[1] = supply.Instances[1].using(half)
		demands := chain(2)
		demands = append(demands, updated("s2", half, 1, 100, 200))
		if v := Check(demands, supply); v.Outcome != FitsInBatches {
			t.Errorf("s1 beside s2 in one gap: %s", v)
		}
		demands[0].Unchanged = true
		supply.Instances[1].Free = Resources{CPU: 500, Memory: 500}
		if v := Check(demands, supply); v.Outcome != Fits {
			t.Errorf("two gaps for two: %s", v)
		}
	})
	t.Run("an unchanged service between two still keeps them apart", func(t *testing.T) {
		supply := full(3)
		supply.Instances[1], supply.Instances[2] = supply.Instances[1].using(half), supply.Instances[2].using(half)
		demands := chain(3)
		demands[1].Unchanged = true
		if v := Check(demands, supply); v.Outcome != Fits {
			t.Errorf("s0 before s2 by way of s1: %s", v)
		}
	})
	t.Run("a cycle counts everything together", func(t *testing.T) {
		supply := full(2)
		supply.Instances[1] = supply.Instances[1].using(half)
		demands := chain(2)
		demands[0].Needs = []string{"s1"}
		if v := Check(demands, supply); v.Outcome != FitsInBatches {
			t.Errorf("two at once in one gap: %s", v)
		}
	})
}

func TestCheckWithoutPlaces(t *testing.T) {
	small, large := size(400, 400), size(600, 600)
	supply := Supply{Instances: []Instance{box("i-a", 1000, 1000).using(small).using(small), box("i-b", 1000, 1000).using(small).using(small)}}
	same := updated("bridge", small, 4, 50, 200)
	larger := updated("bridge", large, 2, 50, 200)
	larger.Old = &small

	if v := Check([]Demand{same}, supply); v.Outcome != FitsInBatches || len(v.Warnings) > 0 {
		t.Errorf("tasks as large as those that stop fit where these ran: %s", v)
	}
	v := Check([]Demand{larger}, supply)
	want := []string{"bridge may find no room even when others have stopped: on which instances the tasks of bridge run was not read"}
	if v.Outcome != FitsInBatches || !cmp.Equal(v.Warnings, want) {
		t.Errorf("larger ones are a warning, not a refusal: %s", v)
	}
	supply.Placed = map[string][]string{"bridge": {"i-a", "i-b"}}
	if v := Check([]Demand{larger}, supply); v.Outcome != FitsInBatches || len(v.Warnings) > 0 {
		t.Errorf("once the places are known, so is the verdict: %s", v)
	}
	hopeless := updated("bridge", size(1001, 1), 2, 50, 200)
	hopeless.Old = &small
	supply.Placed = nil
	if v := Check([]Demand{hopeless}, supply); v.Outcome != DoesNotFit {
		t.Errorf("what fits on no empty instance never fits: %s", v)
	}
}

func TestCheckTriesOtherOrders(t *testing.T) {
	// First-fit decreasing makes 4+4 and 3+3+3, and has no room for the last 3.
	supply := Supply{Instances: []Instance{box("i-a", 100, 10), box("i-b", 100, 10)}}
	var demands []Demand
	for i, memory := range []int{4, 4, 3, 3, 3, 3} {
		demands = append(demands, created(fmt.Sprintf("s%d", i), size(1, memory), 1))
	}
	if v := Check(demands, supply); v.Outcome != Fits {
		t.Errorf("4+3+3 and 4+3+3 in two tens: %s", v)
	}
}

func TestVerdictReadsWell(t *testing.T) {
	v := Check([]Demand{
		created("bridge", size(256, 3000), 2),
		updated("web", size(1, 1), 1, 100, 150),
	}, Supply{Instances: []Instance{box("i-a", 1024, 2048)}, Warnings: []string{"may not read where tasks run"}})
	const want = `capacity: cannot progress
  web: minimum and maximum percent allow no task to start or stop: lower the minimum or raise the maximum
  bridge: 2 tasks without room: each needs 3000 MiB of memory, the largest gap has 2048 (on i-a; all together 2048): 952 missing
  warning: may not read where tasks run
`
	if d := cmp.Diff(want, v.String()); d != "" {
		t.Errorf("text (-want +got):\n%s", d)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var back Verdict
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(v, back); d != "" {
		t.Errorf("through JSON (-want +got):\n%s", d)
	}
}

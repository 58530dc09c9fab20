package capacity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// exact reports whether tasks have room on instances, by trying every way.
func exact(tasks []Task, instances []Instance) bool {
	if len(tasks) == 0 {
		return true
	}
	t := tasks[0]
	for i, in := range instances {
		if t.CPU > in.Free.CPU || t.Memory > in.Free.Memory || slices.ContainsFunc(t.TCP, func(p int) bool { return slices.Contains(in.TCP, p) }) {
			continue
		}
		next := slices.Clone(instances)
		next[i] = in.using(Task{Resources: t.Resources, TCP: slices.Clone(t.TCP)})
		next[i].TCP = slices.Clone(next[i].TCP)
		if exact(tasks[1:], next) {
			return true
		}
	}
	return false
}

// TestPackingAgainstEveryWay compares random packings with an exhaustive
// search: a promise is always kept, and hardly any refusal is wrong.
func TestPackingAgainstEveryWay(t *testing.T) {
	fits, wrong := 0, 0
	const worlds = 3000
	for seed := range uint64(worlds) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var instances []Instance
		for i := range 1 + rnd.IntN(3) {
			instances = append(instances, box(fmt.Sprintf("i-%d", i), 500+rnd.IntN(1000), 500+rnd.IntN(1000)))
		}
		var tasks []Task
		var demands []Demand
		for i := range 2 + rnd.IntN(6) {
			task := size(50+rnd.IntN(500), 50+rnd.IntN(500))
			if rnd.IntN(4) == 0 {
				task.TCP = []int{80}
			}
			tasks = append(tasks, task)
			demands = append(demands, created(fmt.Sprintf("s%d", i), task, 1))
		}
		v, possible := Check(demands, Supply{Instances: instances}), exact(tasks, instances)
		switch {
		case v.OK() && !possible:
			t.Errorf("seed %d: promised room that is not there", seed)
		case v.OK():
			fits++
		case possible:
			fits, wrong = fits+1, wrong+1
		}
		if !v.OK() {
			for _, s := range v.Shortages {
				if s.Missing <= 0 || s.Tasks <= 0 || s.Missing != s.Needed-s.Available {
					t.Errorf("seed %d: shortage %+v does not add up", seed, s)
				}
			}
		}
	}
	t.Logf("%d of %d worlds have room, %d of them were refused", fits, worlds, wrong)
	if fits < worlds/10 || fits > worlds*9/10 {
		t.Errorf("%d of %d worlds have room: they are too much alike", fits, worlds)
	}
	if wrong > fits/50 {
		t.Errorf("%d of %d packings that are possible were refused, want at most 2 %%", wrong, fits)
	}
}

// TestCheckChangesNothing guards the values of the caller.
func TestCheckChangesNothing(t *testing.T) {
	web := port(size(256, 512), 80)
	supply := Supply{Instances: []Instance{box("i-a", 1024, 2048).using(web)}, Subnets: map[string]int{"subnet-a": 5}, Warnings: []string{"b", "a"}}
	demands := []Demand{updated("web", web, 1, 0, 200), {Service: "net", Task: awsvpc(size(1, 1)), Desired: 2, Subnets: []string{"subnet-a"}}}
	before := fmt.Sprintf("%+v %+v", demands, supply)
	first := Check(demands, supply).String()
	if after := fmt.Sprintf("%+v %+v", demands, supply); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	if second := Check(demands, supply).String(); second != first {
		t.Errorf("first %s\nthen %s", first, second)
	}
}

func BenchmarkCheck(b *testing.B) {
	var supply Supply
	for i := range 100 {
		supply.Instances = append(supply.Instances, box(fmt.Sprintf("i-%03d", i), 16384, 65536))
	}
	var demands []Demand
	for i := range 1000 {
		d := updated(fmt.Sprintf("s%04d", i), size(256, 512), 2, 100, 200)
		if i >= 10 {
			d.Needs = []string{fmt.Sprintf("s%04d", i-10), fmt.Sprintf("s%04d", i/2)}
		}
		demands = append(demands, d)
	}
	for b.Loop() {
		if v := Check(demands, supply); !v.OK() {
			b.Fatal(v)
		}
	}
}

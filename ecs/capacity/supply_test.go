package capacity

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckOnFargate(t *testing.T) {
	task := awsvpc(size(1024, 2048))
	fargate := func(d Demand) Demand {
		d.LaunchType = "FARGATE"
		return d
	}
	tests := map[string]struct {
		demands []Demand
		supply  Supply
		want    Verdict
	}{
		"T75: the quota counts what other clusters use, and the surge": {
			demands: []Demand{fargate(updated("bridge", task, 2, 100, 200))},
			supply:  Supply{OnDemand: Quota{Limit: new(6 * 1024), Used: new(5 * 1024)}}, // 2 of it here
			want: Verdict{Outcome: FitsInBatches, Shortages: []Shortage{{
				Service: "bridge", Outcome: FitsInBatches, Dimension: DimVCPU, Tasks: 1, Needed: 1024, Missing: 1024,
			}}},
		},
		"T75: without room for one task more nothing can move": {
			demands: []Demand{fargate(updated("bridge", task, 2, 100, 200))},
			supply:  Supply{OnDemand: Quota{Limit: new(6 * 1024), Used: new(5*1024 + 1)}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimVCPU, Tasks: 2, Needed: 2048, Available: 1023, Missing: 1025,
			}}},
		},
		"T75: an exact fit is a fit": {
			demands: []Demand{fargate(updated("bridge", task, 2, 100, 200))},
			supply:  Supply{OnDemand: Quota{Limit: new(6 * 1024), Used: new(4 * 1024)}},
			want:    Verdict{Outcome: Fits},
		},
		"a quota that was not read is a warning, not a refusal": {
			demands: []Demand{{Service: "bridge", Task: task, Desired: 9999, Providers: []string{"FARGATE_SPOT"}}},
			want: Verdict{Outcome: Fits, Warnings: []string{
				"the vCPU quota of FARGATE_SPOT, or what is used of it, was not read: whether it allows the rollout is not known",
			}},
		},
		"either quota serves a strategy of both": {
			demands: []Demand{{Service: "bridge", Task: task, Desired: 3, Providers: []string{"FARGATE", "FARGATE_SPOT"}}},
			supply:  Supply{OnDemand: Quota{Limit: new(1024), Used: new(0)}, Spot: Quota{Limit: new(2048), Used: new(0)}},
			want:    Verdict{Outcome: Fits},
		},
		"the default providers of the cluster are used where none is named": {
			demands: []Demand{{Service: "bridge", Task: task, Desired: 2}},
			supply:  Supply{DefaultProviders: []string{"FARGATE"}, OnDemand: Quota{Limit: new(1024), Used: new(0)}},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimVCPU, Tasks: 1, Needed: 1024, Missing: 1024,
			}}},
		},
		"a subnet with too few addresses": {
			demands: []Demand{fargate(Demand{Service: "bridge", Task: task, Desired: 5, Subnets: []string{"subnet-a", "subnet-b"}})},
			supply: Supply{
				OnDemand: Quota{Limit: new(1 << 20), Used: new(0)}, Subnets: map[string]int{"subnet-a": 1, "subnet-b": 2},
			},
			want: Verdict{Outcome: DoesNotFit, Shortages: []Shortage{{
				Service: "bridge", Outcome: DoesNotFit, Dimension: DimAddresses, Tasks: 2, Needed: 2, Missing: 2,
			}}},
		},
		"a stopped task leaves its address to the next": {
			demands: []Demand{fargate(Demand{Service: "bridge", Task: task, Desired: 3, Running: 3, Subnets: []string{"subnet-a"}})},
			supply:  Supply{OnDemand: Quota{Limit: new(1 << 20), Used: new(0)}, Subnets: map[string]int{"subnet-a": 1}},
			want: Verdict{Outcome: FitsInBatches, Shortages: []Shortage{{
				Service: "bridge", Outcome: FitsInBatches, Dimension: DimAddresses, Tasks: 2, Needed: 2, Missing: 2,
			}}},
		},
		"addresses that were not read are a warning, not a refusal": {
			demands: []Demand{fargate(Demand{Service: "bridge", Task: task, Desired: 3, Subnets: []string{"subnet-a", "subnet-b"}})},
			supply:  Supply{OnDemand: Quota{Limit: new(1 << 20), Used: new(0)}, Subnets: map[string]int{"subnet-a": 1}},
			want: Verdict{Outcome: Fits, Warnings: []string{
				"the free addresses of some subnets were not read: whether they suffice is not known",
			}},
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

func TestCheckOnGrowingProviders(t *testing.T) {
	in := box("i-a", 1000, 1000).using(size(900, 900))
	in.Provider = "asg"
	demand := Demand{Service: "bridge", Task: size(400, 400), Desired: 5, Providers: []string{"asg"}}
	supply := Supply{Instances: []Instance{in}, Growing: []string{"asg"}}

	v := Check([]Demand{demand}, supply)
	want := []string{"capacity provider asg must start about 3 more instances: whether its group may grow so far was not read"}
	if v.Outcome != Fits || !cmp.Equal(v.Warnings, want) {
		t.Errorf("five tasks, two an instance: %s", v)
	}
	supply.Instances = []Instance{}
	v = Check([]Demand{demand}, supply)
	want = []string{"capacity provider asg must start instances first: how many was not told, since it has none yet"}
	if v.Outcome != Fits || !cmp.Equal(v.Warnings, want) {
		t.Errorf("a provider without instances: %s", v)
	}
	supply.Instances = []Instance{in}
	demand.Task = size(1001, 1)
	if v := Check([]Demand{demand}, supply); v.Outcome != DoesNotFit {
		t.Errorf("a task that is larger than its instances: %s", v)
	}
	supply.Growing, demand.Task = nil, size(400, 400)
	if v := Check([]Demand{demand}, supply); v.Outcome != DoesNotFit {
		t.Errorf("a provider that does not grow: %s", v)
	}
}

func TestTaskLimit(t *testing.T) {
	tests := map[string]struct {
		used, limit int
		demands     []Demand
		missing     int // 0 fits
	}{
		"T74: an exact fit is a fit":                 {used: 95, limit: 100, demands: []Demand{created("a", Task{}, 5)}},
		"T74: and one more is not":                   {used: 95, limit: 100, demands: []Demand{created("a", Task{}, 6)}, missing: 1},
		"what is there already does not count twice": {used: 100, limit: 100, demands: []Demand{updated("a", Task{}, 50, 100, 200)}},
		"a project beyond its limit may shrink":      {used: 120, limit: 100, demands: []Demand{{Service: "a", Desired: 1, Running: 2}}},
		"and may not grow":                           {used: 120, limit: 100, demands: []Demand{{Service: "a", Desired: 2, Running: 1}}, missing: 1},
		"what is unchanged does not count":           {used: 100, limit: 100, demands: []Demand{{Service: "a", Desired: 9, Unchanged: true}}},
		"no limit":                                   {used: 100, demands: []Demand{created("a", Task{}, 6)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := Check(tt.demands, Supply{Instances: []Instance{box("i", 9999, 9999)}, Tasks: TaskCount{Limit: tt.limit, Used: &tt.used}})
			if fits := v.Outcome == Fits; fits != (tt.missing == 0) {
				t.Fatal(v)
			}
			if tt.missing > 0 && (v.Shortages[0].Missing != tt.missing || v.Shortages[0].Dimension != DimTasks) {
				t.Errorf("shortage %+v, want %d tasks missing", v.Shortages[0], tt.missing)
			}
		})
	}
	v := Check(nil, Supply{Instances: []Instance{}, Tasks: TaskCount{Limit: 100}})
	if want := []string{"the tasks of the project's clusters were not counted: whether they stay within 100 is not known"}; !cmp.Equal(v.Warnings, want) {
		t.Errorf("warnings %q, want %q", v.Warnings, want)
	}
}

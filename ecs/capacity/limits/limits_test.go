package limits_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotatypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/ecs/capacity/limits"
)

// The clients of the SDK fit.
var (
	_ limits.EC2    = (*ec2.Client)(nil)
	_ limits.Quotas = (*servicequotas.Client)(nil)
)

// world is an account: it answers what it knows and notes what it is asked.
type world struct {
	interfaces map[string]int32
	addresses  map[string]int32
	quotas     map[string]float64 // set for the account
	defaults   map[string]float64
	refuse     map[string]error // by operation
	asked      []string
}

type refusal string

func (r refusal) Error() string     { return "no policy allows it: " + string(r) }
func (r refusal) ErrorCode() string { return string(r) }

func (w *world) ask(op string, what ...string) error {
	w.asked = append(w.asked, op+" "+strings.Join(what, " "))
	return w.refuse[op]
}

func (w *world) DescribeInstanceTypes(_ context.Context, in *ec2.DescribeInstanceTypesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error) {
	out := &ec2.DescribeInstanceTypesOutput{}
	var names []string
	for _, t := range in.InstanceTypes {
		names = append(names, string(t))
		out.InstanceTypes = append(out.InstanceTypes, ec2types.InstanceTypeInfo{
			InstanceType: t, NetworkInfo: &ec2types.NetworkInfo{MaximumNetworkInterfaces: new(w.interfaces[string(t)])},
		})
	}
	return out, w.ask("DescribeInstanceTypes", names...)
}

func (w *world) DescribeSubnets(_ context.Context, in *ec2.DescribeSubnetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	out := &ec2.DescribeSubnetsOutput{}
	for _, id := range in.SubnetIds {
		out.Subnets = append(out.Subnets, ec2types.Subnet{SubnetId: &id, AvailableIpAddressCount: new(w.addresses[id])})
	}
	return out, w.ask("DescribeSubnets", in.SubnetIds...)
}

func (w *world) GetServiceQuota(_ context.Context, in *servicequotas.GetServiceQuotaInput, _ ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error) {
	if err := w.ask("GetServiceQuota", *in.ServiceCode, *in.QuotaCode); err != nil {
		return nil, err
	}
	v, ok := w.quotas[*in.QuotaCode]
	if !ok {
		return nil, refusal("NoSuchResourceException")
	}
	return &servicequotas.GetServiceQuotaOutput{Quota: &quotatypes.ServiceQuota{Value: &v}}, nil
}

func (w *world) GetAWSDefaultServiceQuota(_ context.Context, in *servicequotas.GetAWSDefaultServiceQuotaInput, _ ...func(*servicequotas.Options)) (*servicequotas.GetAWSDefaultServiceQuotaOutput, error) {
	v := w.defaults[*in.QuotaCode]
	return &servicequotas.GetAWSDefaultServiceQuotaOutput{Quota: &quotatypes.ServiceQuota{Value: &v}}, w.ask("GetAWSDefaultServiceQuota", *in.ServiceCode, *in.QuotaCode)
}

func instance(id, kind string, tasks int, trunk bool) capacity.Instance {
	i := capacity.Instance{
		ID: id, Type: kind, Status: "ACTIVE", Connected: true, TaskENIs: &tasks,
		Free: capacity.Resources{CPU: 9999, Memory: 9999}, Total: capacity.Resources{CPU: 9999, Memory: 9999},
	}
	if trunk {
		i.Attributes = map[string]string{"ecs.awsvpc-trunk-id": "eni-1"}
	}
	return i
}

func awsvpc(name, launchType string, desired int, subnets ...string) capacity.Demand {
	return capacity.Demand{
		Service: name, LaunchType: launchType, Desired: desired, Subnets: subnets,
		Task: capacity.Task{Resources: capacity.Resources{CPU: 1024, Memory: 2048}, ENI: true},
	}
}

func TestT73InterfacesOfInstances(t *testing.T) {
	tests := map[string]struct {
		kind    string
		trunk   bool
		running int
		start   int
		want    capacity.Outcome
		warned  bool
	}{
		"an instance of three interfaces has two for tasks":    {kind: "c5.large", running: 0, start: 2, want: capacity.Fits},
		"and none for a third":                                 {kind: "c5.large", running: 0, start: 3, want: capacity.DoesNotFit},
		"those of other tasks count":                           {kind: "c5.large", running: 2, start: 1, want: capacity.DoesNotFit},
		"a trunk has more":                                     {kind: "c5.large", trunk: true, running: 2, start: 8, want: capacity.Fits},
		"and an end":                                           {kind: "c5.large", trunk: true, running: 2, start: 9, want: capacity.DoesNotFit},
		"a trunk of unknown size is a warning, not a refusal":  {kind: "m5.large", trunk: true, start: 50, want: capacity.Fits, warned: true},
		"a type that nobody tells is a warning, not a refusal": {start: 50, want: capacity.Fits, warned: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := instance("i-a", tt.kind, tt.running, tt.trunk)
			in.Free = capacity.Resources{CPU: 1 << 20, Memory: 1 << 20}
			supply := capacity.Supply{Instances: []capacity.Instance{in}}
			demands := []capacity.Demand{awsvpc("bridge", "EC2", tt.start)}
			reader := limits.New(limits.Options{
				EC2: &world{interfaces: map[string]int32{"c5.large": 3, "m5.large": 3}}, TrunkTasks: map[string]int{"c5.large": 10},
			})
			if err := reader.Complete(t.Context(), &supply, demands); err != nil {
				t.Fatal(err)
			}
			v := capacity.Check(demands, supply)
			if v.Outcome != tt.want || (len(v.Warnings) > 0) != tt.warned {
				t.Error(v)
			}
		})
	}
}

func TestCompleteAsksOnlyForWhatCounts(t *testing.T) {
	bridge := awsvpc("bridge", "FARGATE", 1, "subnet-b", "subnet-a")
	spot := awsvpc("spot", "", 1, "subnet-a")
	spot.Providers = []string{"FARGATE_SPOT"}
	byDefault := awsvpc("default", "", 1)
	unchanged := awsvpc("unchanged", "FARGATE", 1, "subnet-z")
	unchanged.Unchanged = true
	tests := map[string]struct {
		demands  []capacity.Demand
		defaults []string
		want     []string
	}{
		"nothing to deploy":        {},
		"nothing that has changed": {demands: []capacity.Demand{unchanged}},
		"bridge mode":              {demands: []capacity.Demand{{Service: "web", LaunchType: "EC2", Desired: 1}}},
		"instances":                {demands: []capacity.Demand{awsvpc("web", "EC2", 1)}, want: []string{"DescribeInstanceTypes c5.large m5.large"}},
		"Fargate":                  {demands: []capacity.Demand{bridge}, want: []string{"DescribeSubnets subnet-a subnet-b", "GetServiceQuota fargate L-3032A538"}},
		"Fargate Spot":             {demands: []capacity.Demand{spot}, want: []string{"DescribeInstanceTypes c5.large m5.large", "DescribeSubnets subnet-a", "GetServiceQuota fargate L-36FBB829"}},
		"Fargate as the default":   {demands: []capacity.Demand{byDefault}, defaults: []string{"FARGATE"}, want: []string{"DescribeInstanceTypes c5.large m5.large", "GetServiceQuota fargate L-3032A538"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := &world{quotas: map[string]float64{"L-3032A538": 6, "L-36FBB829": 2.5}, addresses: map[string]int32{"subnet-a": 7, "subnet-b": 9}}
			supply := capacity.Supply{DefaultProviders: tt.defaults, Instances: []capacity.Instance{
				instance("i-a", "m5.large", 0, false), instance("i-b", "c5.large", 0, false), instance("i-c", "c5.large", 0, true),
			}}
			if err := limits.New(limits.Options{EC2: w, Quotas: w}).Complete(t.Context(), &supply, tt.demands); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, w.asked); d != "" {
				t.Errorf("calls (-want +got):\n%s", d)
			}
			w.asked = nil
			if err := limits.New(limits.Options{}).Complete(t.Context(), &supply, tt.demands); err != nil || w.asked != nil {
				t.Errorf("a Reader without clients: %v, asked %q", err, w.asked)
			}
		})
	}
}

func TestQuotasAndSubnets(t *testing.T) {
	w := &world{
		quotas: map[string]float64{"L-36FBB829": 2.5}, defaults: map[string]float64{"L-3032A538": 6},
		addresses: map[string]int32{"subnet-a": 7},
	}
	demand := awsvpc("bridge", "", 1, "subnet-a", "subnet-b")
	demand.Providers = []string{"FARGATE", "FARGATE_SPOT"}
	supply := capacity.Supply{Subnets: map[string]int{"subnet-b": 1}}
	if err := limits.New(limits.Options{EC2: w, Quotas: w}).Complete(t.Context(), &supply, []capacity.Demand{demand}); err != nil {
		t.Fatal(err)
	}
	want := capacity.Supply{
		OnDemand: capacity.Quota{Limit: new(6 * 1024)}, Spot: capacity.Quota{Limit: new(2560)},
		Subnets: map[string]int{"subnet-a": 7, "subnet-b": 1},
	}
	if d := cmp.Diff(want, supply); d != "" {
		t.Errorf("supply (-want +got):\n%s", d)
	}
	if slices.Contains(w.asked, "DescribeSubnets subnet-a subnet-b") {
		t.Error("asked for a subnet that was known")
	}
}

func TestManyTypesAndSubnets(t *testing.T) {
	w := &world{}
	demand := awsvpc("bridge", "EC2", 1)
	var supply capacity.Supply
	for i := range 150 {
		supply.Instances = append(supply.Instances, instance(fmt.Sprint(i), fmt.Sprintf("t%03d", i), 0, false))
		demand.Subnets = append(demand.Subnets, fmt.Sprintf("subnet-%03d", i))
	}
	if err := limits.New(limits.Options{EC2: w}).Complete(t.Context(), &supply, []capacity.Demand{demand}); err != nil {
		t.Fatal(err)
	}
	if len(w.asked) != 4 || len(supply.Subnets) != 150 {
		t.Errorf("%d calls and %d subnets, want 4 and 150", len(w.asked), len(supply.Subnets))
	}
}

func TestFailures(t *testing.T) {
	demands := []capacity.Demand{awsvpc("web", "EC2", 1), awsvpc("bridge", "FARGATE", 1, "subnet-a")}
	supply := func() capacity.Supply {
		return capacity.Supply{Instances: []capacity.Instance{instance("i-a", "c5.large", 0, false)}}
	}
	t.Run("missing permissions are warnings", func(t *testing.T) {
		w := &world{refuse: map[string]error{
			"DescribeInstanceTypes": refusal("UnauthorizedOperation"), "DescribeSubnets": refusal("UnauthorizedOperation"), "GetServiceQuota": refusal("AccessDeniedException"),
		}}
		s := supply()
		if err := limits.New(limits.Options{EC2: w, Quotas: w}).Complete(t.Context(), &s, demands); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"may not read the network interfaces of instance types: no policy allows it: UnauthorizedOperation",
			"may not read the free addresses of subnets: no policy allows it: UnauthorizedOperation",
			"may not read the vCPU quota of Fargate: no policy allows it: AccessDeniedException",
		}
		if d := cmp.Diff(want, s.Warnings); d != "" {
			t.Errorf("warnings (-want +got):\n%s", d)
		}
		if v := capacity.Check(demands, s); v.Outcome != capacity.Fits {
			t.Errorf("what may not be read is no refusal: %s", v)
		}
	})
	t.Run("other failures are joined, and the rest is read", func(t *testing.T) {
		w := &world{
			refuse: map[string]error{"DescribeInstanceTypes": refusal("RequestLimitExceeded"), "DescribeSubnets": refusal("InvalidSubnetID.NotFound")},
			quotas: map[string]float64{"L-3032A538": 6},
		}
		s := supply()
		err := limits.New(limits.Options{EC2: w, Quotas: w}).Complete(t.Context(), &s, demands)
		for _, want := range []string{"read the network interfaces of instance types: no policy", "read the free addresses of subnets: no policy"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q in it", err, want)
			}
		}
		if s.OnDemand.Limit == nil {
			t.Error("the quota was not read")
		}
	})
}

func Example() {
	account := &world{interfaces: map[string]int32{"c5.large": 3}} // or ec2.NewFromConfig(cfg)
	supply := capacity.Supply{Instances: []capacity.Instance{instance("i-1", "c5.large", 2, false)}}
	demands := []capacity.Demand{awsvpc("bridge", "EC2", 1)}

	reader := limits.New(limits.Options{EC2: account})
	if err := reader.Complete(context.Background(), &supply, demands); err != nil {
		fmt.Println(err)
	}
	fmt.Print(capacity.Check(demands, supply))
	// Output:
	// capacity: does not fit
	//   bridge: 1 task without room: each needs 1 network interface, the largest gap has 0 (on i-1; all together 0): 1 missing
}

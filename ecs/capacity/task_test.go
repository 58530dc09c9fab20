package capacity

import (
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

func definition(change func(*awsecs.RegisterTaskDefinitionInput)) *awsecs.RegisterTaskDefinitionInput {
	td := &awsecs.RegisterTaskDefinitionInput{
		Family: new("bridge"),
		ContainerDefinitions: []types.ContainerDefinition{
			{Name: new("app"), Cpu: 256, Memory: new(int32(1024)), MemoryReservation: new(int32(512))},
			{Name: new("proxy"), Cpu: 64, Memory: new(int32(128))},
		},
	}
	if change != nil {
		change(td)
	}
	return td
}

func mapping(host, container int32, p types.TransportProtocol) types.PortMapping {
	return types.PortMapping{HostPort: &host, ContainerPort: &container, Protocol: p}
}

func TestTaskOf(t *testing.T) {
	tests := map[string]struct {
		change func(*awsecs.RegisterTaskDefinitionInput)
		want   Task
		fault  string
	}{
		"the sums of its containers, with the reservation before the limit": {
			want: size(320, 640),
		},
		"the size of the task where it is given": {
			change: func(td *awsecs.RegisterTaskDefinitionInput) { td.Cpu, td.Memory = new("1 vCPU"), new("2 GB") },
			want:   size(1024, 2048),
		},
		"fixed host ports of both protocols": {
			change: func(td *awsecs.RegisterTaskDefinitionInput) {
				td.ContainerDefinitions[0].PortMappings = []types.PortMapping{
					mapping(443, 8443, types.TransportProtocolTcp), mapping(80, 8080, ""), mapping(53, 53, types.TransportProtocolUdp), mapping(0, 9090, ""),
				}
			},
			want: Task{Resources: Resources{CPU: 320, Memory: 640}, TCP: []int{80, 443}, UDP: []int{53}},
		},
		"in host mode a container port is a host port": {
			change: func(td *awsecs.RegisterTaskDefinitionInput) {
				td.NetworkMode = types.NetworkModeHost
				td.ContainerDefinitions[0].PortMappings = []types.PortMapping{{ContainerPort: new(int32(9090))}}
			},
			want: Task{Resources: Resources{CPU: 320, Memory: 640}, TCP: []int{9090}},
		},
		"in awsvpc mode the ports are those of an interface of its own": {
			change: func(td *awsecs.RegisterTaskDefinitionInput) {
				td.NetworkMode = types.NetworkModeAwsvpc
				td.ContainerDefinitions[0].PortMappings = []types.PortMapping{mapping(80, 80, "")}
			},
			want: Task{Resources: Resources{CPU: 320, Memory: 640}, ENI: true},
		},
		"GPUs, the platform and constraints": {
			change: func(td *awsecs.RegisterTaskDefinitionInput) {
				td.ContainerDefinitions[1].ResourceRequirements = []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: new("2")}}
				td.RuntimePlatform = &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureArm64, OperatingSystemFamily: types.OSFamilyWindowsServer2022Core}
				td.PlacementConstraints = []types.TaskDefinitionPlacementConstraint{
					{Type: types.TaskDefinitionPlacementConstraintTypeMemberOf, Expression: new("attribute:stack == prod")},
				}
			},
			want: Task{Resources: Resources{CPU: 320, Memory: 640, GPUs: 2}, OS: "windows", Arch: "arm64", MemberOf: []string{"attribute:stack == prod"}},
		},
		"a size that is none": {
			change: func(td *awsecs.RegisterTaskDefinitionInput) { td.Cpu = new("fast") },
			fault:  `cpu "fast": want CPU units such as "256", or "0.25 vCPU"`,
		},
		"a number of GPUs that is none": {
			change: func(td *awsecs.RegisterTaskDefinitionInput) {
				td.ContainerDefinitions[1].ResourceRequirements = []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: new("some")}}
			},
			fault: `container proxy: number of GPUs "some": want a whole number`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := TaskOf(definition(tt.change))
			if tt.fault != "" {
				if err == nil || err.Error() != tt.fault {
					t.Errorf("error %v, want %s", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("task (-want +got):\n%s", d)
			}
		})
	}
}

func TestDemands(t *testing.T) {
	d, err := Creating("bridge", definition(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Demand{Service: "bridge", Task: size(320, 640), Desired: 1}, d); diff != "" {
		t.Errorf("a service without settings (-want +got):\n%s", diff)
	}

	network := &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-a"}}}
	percents := &types.DeploymentConfiguration{MinimumHealthyPercent: new(int32(50)), MaximumPercent: new(int32(150))}
	constraints := []types.PlacementConstraint{
		{Type: types.PlacementConstraintTypeDistinctInstance},
		{Type: types.PlacementConstraintTypeMemberOf, Expression: new("attribute:stack == prod")},
	}
	d, err = Creating("bridge", definition(nil), &awsecs.CreateServiceInput{
		DesiredCount: new(int32(3)), NetworkConfiguration: network, DeploymentConfiguration: percents, PlacementConstraints: constraints,
		CapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: new("asg")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Demand{
		Service: "bridge", Task: size(320, 640), Desired: 3, MinPercent: new(50), MaxPercent: new(150), Providers: []string{"asg"},
		Subnets: []string{"subnet-a"}, DistinctInstance: true, MemberOf: []string{"attribute:stack == prod"},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("a service to create (-want +got):\n%s", diff)
	}

	d, err = Updating(types.Service{
		ServiceName: new("bridge"), DesiredCount: 3, RunningCount: 2, PendingCount: 1, LaunchType: types.LaunchTypeEc2,
		NetworkConfiguration: network, DeploymentConfiguration: percents, PlacementConstraints: constraints,
	}, definition(nil), &types.TaskDefinition{Cpu: new("128"), Memory: new("256")})
	if err != nil {
		t.Fatal(err)
	}
	old := size(128, 256)
	want.Running, want.Old, want.Providers, want.LaunchType = 3, &old, nil, "EC2"
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("a service to update (-want +got):\n%s", diff)
	}

	bad := definition(func(td *awsecs.RegisterTaskDefinitionInput) { td.Memory = new("lots") })
	const fault = `capacity for bridge: memory "lots": want MiB such as "512", or "0.5 GB"`
	if _, err := Creating("bridge", bad, nil); err == nil || err.Error() != fault {
		t.Errorf("error %v, want %s", err, fault)
	}
	if _, err := Updating(types.Service{ServiceName: new("bridge")}, bad, nil); err == nil || err.Error() != fault {
		t.Errorf("error %v, want %s", err, fault)
	}
}

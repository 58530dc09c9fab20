package taskdef_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/taskdef"
)

type definition = awsecs.RegisterTaskDefinitionInput

// onEC2 has nothing that Check could find: two containers and a volume in bridge mode.
func onEC2() *definition {
	return &definition{
		Family: new("web"),
		ContainerDefinitions: []types.ContainerDefinition{
			{
				Name: new("app"), Image: new("registry:5000/app:1"), Memory: new(int32(512)), MemoryReservation: new(int32(256)),
				PortMappings: []types.PortMapping{{ContainerPort: new(int32(80)), HostPort: new(int32(8080))}, {ContainerPort: new(int32(53)), HostPort: new(int32(8080)), Protocol: types.TransportProtocolUdp}},
				HealthCheck:  &types.HealthCheck{Command: []string{"CMD", "true"}, Interval: new(int32(5)), Timeout: new(int32(60)), Retries: new(int32(10))},
				MountPoints:  []types.MountPoint{{SourceVolume: new("data"), ContainerPath: new("/data")}},
				DependsOn:    []types.ContainerDependency{{ContainerName: new("setup"), Condition: types.ContainerConditionSuccess}},
			},
			{
				Name: new("setup"), Image: new("setup"), Memory: new(int32(64)), Essential: new(false),
				VolumesFrom:  []types.VolumeFrom{{SourceContainer: new("app")}},
				PortMappings: []types.PortMapping{{ContainerPort: new(int32(80))}},
			},
		},
		Volumes: []types.Volume{{Name: new("data")}},
	}
}

// onFargate has nothing that Check could find either.
func onFargate() *definition {
	return &definition{
		Family: new("web"), NetworkMode: types.NetworkModeAwsvpc, Cpu: new("256"), Memory: new("512"),
		ExecutionRoleArn:        new("arn:role"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: new("app"), Image: new("1.dkr.ecr.us-east-1.amazonaws.com/app:1"), Cpu: 256,
			PortMappings: []types.PortMapping{{ContainerPort: new(int32(80)), HostPort: new(int32(80))}, {ContainerPort: new(int32(81)), HostPort: new(int32(0))}},
			Environment:  []types.KeyValuePair{{Name: new("A"), Value: new("1")}},
			Secrets:      []types.Secret{{Name: new("B"), ValueFrom: new("arn:secret")}},
			LogConfiguration: &types.LogConfiguration{
				LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-stream-prefix": "app"},
			},
		}},
	}
}

func TestCheckFindsNothingInSoundDefinitions(t *testing.T) {
	for name, td := range map[string]*definition{"on EC2": onEC2(), "on Fargate": onFargate()} {
		if err := taskdef.Check(td); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck(t *testing.T) {
	ec2 := func(change func(td *definition, app, setup *types.ContainerDefinition)) *definition {
		td := onEC2()
		change(td, &td.ContainerDefinitions[0], &td.ContainerDefinitions[1])
		return td
	}
	fargate := func(change func(td *definition, app *types.ContainerDefinition)) *definition {
		td := onFargate()
		change(td, &td.ContainerDefinitions[0])
		return td
	}
	type container = types.ContainerDefinition
	tests := map[string]struct {
		td   *definition
		want []string
	}{
		"nothing at all":  {nil, []string{"no task definition"}},
		"an empty one":    {&definition{}, []string{`family "": want 1 to 255 letters, digits, hyphens and underscores`, "no containers"}},
		"a family of two": {ec2(func(td *definition, _, _ *container) { td.Family = new("web app") }), []string{`family "web app": want 1 to 255 letters, digits, hyphens and underscores`}},
		"no essential container": {
			ec2(func(_ *definition, app, _ *container) { app.Essential = new(false) }),
			[]string{"no essential container: at least one must be"},
		},
		"a name given twice": {
			ec2(func(_ *definition, app, setup *container) { setup.Name, app.DependsOn = new("app"), nil }), []string{"container app: defined twice"},
		},
		"a container without a name": {
			ec2(func(_ *definition, app, setup *container) { setup.Name, app.DependsOn = nil, nil }),
			[]string{`container 2: name "": want 1 to 255 letters, digits, hyphens and underscores`},
		},
		"a container without an image": {ec2(func(_ *definition, app, _ *container) { app.Image = nil }), []string{"container app: no image"}},
		"a dependency on nobody": {
			ec2(func(_ *definition, app, _ *container) { app.DependsOn[0].ContainerName = new("ghost") }),
			[]string{`container app: depends on unknown container "ghost"`},
		},
		"a dependency without a condition": {
			ec2(func(_ *definition, app, _ *container) { app.DependsOn[0].Condition = "" }), []string{"container app: depends on setup without a condition"},
		},
		"a circle": {
			ec2(func(_ *definition, _, setup *container) {
				setup.DependsOn = []types.ContainerDependency{{ContainerName: new("app"), Condition: types.ContainerConditionStart}}
			}),
			[]string{"container app: dependsOn goes round in a circle: app -> setup -> app"},
		},
		"a container that waits for itself": {
			ec2(func(_ *definition, _, setup *container) {
				setup.DependsOn = []types.ContainerDependency{{ContainerName: new("setup"), Condition: types.ContainerConditionStart}}
			}),
			[]string{"container setup: dependsOn goes round in a circle: setup -> setup"},
		},
		"health of a container without a check": {
			ec2(func(_ *definition, app, _ *container) { app.DependsOn[0].Condition = types.ContainerConditionHealthy }),
			[]string{"container app: waits until setup is HEALTHY, which has no healthCheck"},
		},
		"the end of an essential container": {
			ec2(func(_ *definition, _, setup *container) { setup.Essential = nil }),
			[]string{"container app: waits for SUCCESS of setup, which is essential: its end would end the task"},
		},
		"an unknown volume": {
			ec2(func(td *definition, _, _ *container) { td.Volumes[0].Name = new("date") }), []string{`container app: mounts unknown volume "data"`},
		},
		"a volume given twice": {
			ec2(func(td *definition, _, _ *container) { td.Volumes = append(td.Volumes, td.Volumes[0]) }), []string{`volume "data" is defined twice`},
		},
		"the volumes of nobody": {
			ec2(func(_ *definition, _, setup *container) { setup.VolumesFrom[0].SourceContainer = new("ghost") }),
			[]string{`container setup: takes the volumes of unknown container "ghost"`},
		},
		"no memory anywhere": {
			ec2(func(_ *definition, _, setup *container) { setup.Memory = nil }),
			[]string{"container setup: no memory: the task has none either, so that the container needs memory or memoryReservation"},
		},
		"memory of the task is enough": {ec2(func(td *definition, _, setup *container) { setup.Memory, td.Memory = nil, new("512") }), nil},
		"a hard limit below the soft one": {
			ec2(func(_ *definition, app, _ *container) { app.MemoryReservation = new(int32(513)) }),
			[]string{"container app: memory 512 MiB is less than memoryReservation 513 MiB"},
		},
		"too little memory": {ec2(func(_ *definition, _, setup *container) { setup.Memory = new(int32(3)) }), []string{"container setup: memory of 3 MiB: want at least 4"}},
		"more than the task has": {
			ec2(func(td *definition, _, _ *container) { td.Memory = new("0.25 GB") }),
			[]string{"container app: memory 512 MiB is more than the 256 MiB of the task"},
		},
		"together more than the task has": {
			ec2(func(td *definition, app, _ *container) { td.Memory, app.MemoryReservation = new("512"), nil }),
			[]string{"the containers reserve 576 MiB, the task has 512 MiB"},
		},
		"sizes that are none": {
			ec2(func(td *definition, _, _ *container) { td.Cpu, td.Memory = new("one"), new("1 TB") }),
			[]string{`memory "1 TB": want MiB, such as "512", or GB, such as "2 GB"`, `cpu "one": want units, such as "256", or vCPUs, such as "1 vCPU"`},
		},
		"a port out of range": {
			ec2(func(_ *definition, app, _ *container) { app.PortMappings[0].ContainerPort = new(int32(70000)) }),
			[]string{"container app: container port 70000: want 1 to 65535"},
		},
		"a host port out of range": {
			ec2(func(_ *definition, app, _ *container) { app.PortMappings[0].HostPort = new(int32(-1)) }), []string{"container app: host port -1: want 0 to 65535"},
		},
		"a mapping of nothing": {
			ec2(func(_ *definition, _, setup *container) { setup.PortMappings[0].ContainerPort = nil }), []string{"container setup: port mapping without a containerPort"},
		},
		"a range of ports is no mapping of nothing": {
			ec2(func(_ *definition, _, setup *container) {
				setup.PortMappings[0] = types.PortMapping{ContainerPortRange: new("80-90")}
			}), nil,
		},
		"a host port that two want": {
			ec2(func(_ *definition, _, setup *container) { setup.PortMappings[0].HostPort = new(int32(8080)) }),
			[]string{"container setup: host port 8080/tcp is also that of container app"},
		},
		"ports without a network": {
			ec2(func(td *definition, app, _ *container) {
				td.NetworkMode, app.PortMappings = types.NetworkModeNone, nil
			}),
			[]string{"container setup: port 80 with network mode none"},
		},
		"another port on the host's network": {
			ec2(func(td *definition, app, _ *container) {
				td.NetworkMode, app.PortMappings = types.NetworkModeHost, app.PortMappings[:1]
			}),
			[]string{"container app: host port 8080 differs from container port 80, which network mode host does not allow; leave hostPort out"},
		},
		"a health check of nothing": {
			ec2(func(_ *definition, app, _ *container) { app.HealthCheck.Command = nil }), []string{"container app: health check without a command"},
		},
		"a health check without a word": {
			ec2(func(_ *definition, app, _ *container) { app.HealthCheck.Command = []string{"CMD-SHELL"} }),
			[]string{"container app: the command of the health check is only CMD-SHELL"},
		},
		"a health check as Docker has it": {
			ec2(func(_ *definition, app, _ *container) { app.HealthCheck.Command = []string{"curl", "-f"} }),
			[]string{"container app: the command of the health check must begin with CMD or CMD-SHELL"},
		},
		"a health check out of its limits": {
			ec2(func(_ *definition, app, _ *container) {
				*app.HealthCheck = types.HealthCheck{
					Command: []string{"CMD", "true"}, Interval: new(int32(4)), Timeout: new(int32(61)), Retries: new(int32(0)), StartPeriod: new(int32(301)),
				}
			}),
			[]string{
				"container app: interval 4 of the health check: want 5 to 300", "container app: timeout 61 of the health check: want 2 to 60",
				"container app: retries 0 of the health check: want 1 to 10", "container app: startPeriod 301 of the health check: want 0 to 300",
			},
		},
		"secrets that nobody may read": {
			ec2(func(_ *definition, app, _ *container) {
				app.Secrets = []types.Secret{{Name: new("A"), ValueFrom: new("arn:secret")}}
			}),
			[]string{"container app: secrets need an executionRoleArn, which reads them"},
		},
		"a secret that is also a variable": {
			fargate(func(_ *definition, app *container) { app.Secrets[0].Name = new("A") }),
			[]string{"container app: secret A has the name of another secret or variable"},
		},
		"logs that nobody routes": {
			ec2(func(_ *definition, app, _ *container) {
				app.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwsfirelens}
			}),
			[]string{"container app: log driver awsfirelens, but no container has a firelensConfiguration"},
		},
		"another port on awsvpc": {
			fargate(func(_ *definition, app *container) { app.PortMappings[0].HostPort = new(int32(8080)) }),
			[]string{"container app: host port 8080 differs from container port 80, which network mode awsvpc does not allow; leave hostPort out"},
		},
		"Fargate in bridge mode": {
			fargate(func(td *definition, _ *container) { td.NetworkMode = "" }), []string{"Fargate needs network mode awsvpc, not bridge (the default)"},
		},
		"Fargate without a size": {fargate(func(td *definition, _ *container) { td.Cpu = nil }), []string{"Fargate needs cpu and memory of the task"}},
		"Fargate with a CPU that there is not": {
			fargate(func(td *definition, _ *container) { td.Cpu = new("300") }), []string{"cpu 300: Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384"},
		},
		"Fargate with memory that does not go with it": {
			fargate(func(td *definition, _ *container) { td.Memory = new("4 GB") }),
			[]string{"memory 4096 MiB does not go with cpu 256: Fargate has 512, 1024, 2048 MiB"},
		},
		"Fargate with memory between the steps": {
			fargate(func(td *definition, _ *container) { td.Cpu, td.Memory = new("8 vCPU"), new("18432") }),
			[]string{"memory 18432 MiB does not go with cpu 8192: Fargate has 16384 to 61440 MiB in steps of 4096"},
		},
		"Windows on less than a CPU": {
			fargate(func(td *definition, _ *container) {
				td.RuntimePlatform = &types.RuntimePlatform{OperatingSystemFamily: types.OSFamilyWindowsServer2022Core}
			}),
			[]string{"cpu 256: Fargate has 1024, 2048, 4096"},
		},
		"containers with more CPU than the task": {
			fargate(func(_ *definition, app *container) { app.Cpu = 257 }), []string{"the containers have cpu 257, the task has 256"},
		},
		"all that Fargate does not take": {
			fargate(func(td *definition, app *container) {
				td.IpcMode, td.PidMode = types.IpcModeTask, types.PidModeHost
				td.PlacementConstraints = []types.TaskDefinitionPlacementConstraint{{}}
				td.Volumes = []types.Volume{{Name: new("v"), Host: &types.HostVolumeProperties{SourcePath: new("/")}}}
				app.Privileged, app.Links = new(true), []string{"x"}
				app.StartTimeout, app.StopTimeout = new(int32(121)), new(int32(121))
				app.LogConfiguration.LogDriver = types.LogDriverSyslog
			}),
			[]string{
				"Fargate takes no pidMode host", "Fargate takes no ipcMode", "Fargate takes no placementConstraints",
				`volume "v": Fargate takes no Docker volumes and no paths of the host`,
				"container app: log driver syslog: Fargate has awslogs, splunk and awsfirelens", "container app: Fargate runs no privileged containers",
				"container app: Fargate takes no links", "container app: stopTimeout 121: Fargate has at most 120 seconds",
				"container app: startTimeout 121: Fargate has at most 120 seconds",
			},
		},
		"Fargate without an execution role": {
			fargate(func(td *definition, app *container) {
				td.ExecutionRoleArn, app.Secrets, app.LogConfiguration.Options = nil, nil, nil
			}),
			[]string{
				"container app: log driver awslogs needs an executionRoleArn on Fargate",
				"container app: log driver awslogs needs the option awslogs-stream-prefix on Fargate",
				"container app: an image in ECR needs an executionRoleArn on Fargate",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			if err := taskdef.Check(tt.td); err != nil {
				got = strings.Split(err.Error(), "\n")
				if _, ok := errors.AsType[*taskdef.FaultError](err); !ok {
					t.Errorf("%T has no *FaultError", err)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("Check (-want +got):\n%s", d)
			}
		})
	}
}

// TestFargateSizes tries every size of the table of the documentation, and the
// same a MiB larger.
func TestFargateSizes(t *testing.T) {
	const gib = 1024
	table := map[string][3]int{ // CPU: least, most and step of the memory
		"256": {512, 512, 1}, "0.25 vCPU": {1 * gib, 2 * gib, gib}, "512": {1 * gib, 4 * gib, gib}, "1 vcpu": {2 * gib, 8 * gib, gib},
		"2vCPU": {4 * gib, 16 * gib, gib}, "4096": {8 * gib, 30 * gib, gib}, "8192": {16 * gib, 60 * gib, 4 * gib}, "16 VCPU": {32 * gib, 120 * gib, 8 * gib},
	}
	for cpu, row := range table {
		for memory := row[0]; memory <= row[1]; memory += row[2] {
			for surplus := range 2 {
				td := onFargate()
				td.Cpu, td.Memory = &cpu, new(strconv.Itoa(memory+surplus))
				if err := taskdef.Check(td); (err == nil) != (surplus == 0) {
					t.Errorf("cpu %s with memory %d MiB: %v", cpu, memory+surplus, err)
				}
			}
		}
	}
	td := onFargate()
	td.Cpu = new(".25")
	if taskdef.Check(td) == nil {
		t.Error("cpu .25 is taken")
	}
}

package taskdef_test

import (
	"strings"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/taskdef"
)

// one is a definition of one container.
func one(change func(*definition, *types.ContainerDefinition)) *definition {
	td := &awsecs.RegisterTaskDefinitionInput{
		Family: new("web"), ContainerDefinitions: []types.ContainerDefinition{{Name: new("app"), Image: new("app:1")}},
	}
	if change != nil {
		change(td, &td.ContainerDefinitions[0])
	}
	return td
}

// TestDiffSeesThroughDefaults pairs what is written with what ECS makes of it.
func TestDiffSeesThroughDefaults(t *testing.T) { // T53
	type (
		container = types.ContainerDefinition
		change    = func(*definition, *container)
	)
	efs := func(c types.EFSVolumeConfiguration) change {
		c.FileSystemId = new("fs-1")
		return func(td *definition, _ *container) {
			td.Volumes = []types.Volume{{Name: new("v"), EfsVolumeConfiguration: &c}}
		}
	}
	linux := func(p types.LinuxParameters) change {
		return func(_ *definition, c *container) { c.LinuxParameters = &p }
	}
	platform := func(p types.RuntimePlatform) change {
		return func(td *definition, _ *container) { td.RuntimePlatform = &p }
	}
	tests := map[string]struct {
		desired, running change
		want             []string
	}{
		"vCPU and GB become units and MiB": {
			func(td *definition, _ *container) { td.Cpu, td.Memory = new("1 vCPU"), new("2GB") },
			func(td *definition, _ *container) { td.Cpu, td.Memory = new("1024"), new("2048") }, nil,
		},
		"other sizes are a difference": {
			func(td *definition, _ *container) { td.Cpu, td.Memory = new(".5 vCPU"), new("2GB") },
			func(td *definition, _ *container) { td.Cpu, td.Memory = new("1024"), new("1024") },
			[]string{"cpu: 1024 -> 512", "memory: 1024 -> 2048"},
		},
		"a role's name becomes its ARN": {
			func(td *definition, _ *container) { td.TaskRoleArn, td.ExecutionRoleArn = new("task"), new("exec") },
			func(td *definition, _ *container) {
				td.TaskRoleArn, td.ExecutionRoleArn = new("arn:aws:iam::1:role/task"), new("arn:aws:iam::1:role/path/exec")
			}, nil,
		},
		"another role's name does not": {
			func(td *definition, _ *container) { td.TaskRoleArn = new("ask") },
			func(td *definition, _ *container) { td.TaskRoleArn = new("arn:aws:iam::1:role/task") },
			[]string{"taskRoleArn: arn:aws:iam::1:role/task -> ask"},
		},
		"Linux on x86 is the default": {nil, platform(types.RuntimePlatform{OperatingSystemFamily: types.OSFamilyLinux, CpuArchitecture: types.CPUArchitectureX8664}), nil},
		"ARM is not": {
			platform(types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureArm64}), nil, []string{"runtimePlatform added"},
		},
		"consistent versions are the default": {nil, func(_ *definition, c *container) { c.VersionConsistency = types.VersionConsistencyEnabled }, nil},
		"inconsistent versions are not": {
			func(_ *definition, c *container) { c.VersionConsistency = types.VersionConsistencyDisabled }, nil, []string{"app.versionConsistency added"},
		},
		"the root and no encryption are EFS's defaults": {
			efs(types.EFSVolumeConfiguration{}),
			efs(types.EFSVolumeConfiguration{
				RootDirectory: new("/"), TransitEncryption: types.EFSTransitEncryptionDisabled,
				AuthorizationConfig: &types.EFSAuthorizationConfig{Iam: types.EFSAuthorizationConfigIAMDisabled},
			}), nil,
		},
		"encryption is not": {
			efs(types.EFSVolumeConfiguration{TransitEncryption: types.EFSTransitEncryptionEnabled}), efs(types.EFSVolumeConfiguration{}),
			[]string{"volumes.v.efsVolumeConfiguration.transitEncryption added"},
		},
		"a Docker volume is the task's and local by default": {
			func(td *definition, _ *container) {
				td.Volumes = []types.Volume{{Name: new("v"), DockerVolumeConfiguration: &types.DockerVolumeConfiguration{Autoprovision: new(false)}}}
			},
			func(td *definition, _ *container) {
				td.Volumes = []types.Volume{{Name: new("v"), DockerVolumeConfiguration: &types.DockerVolumeConfiguration{Scope: types.ScopeTask, Driver: new("local")}}}
			}, nil,
		},
		"an empty host is no host": {
			func(td *definition, _ *container) { td.Volumes = []types.Volume{{Name: new("v")}} },
			func(td *definition, _ *container) {
				td.Volumes = []types.Volume{{Name: new("v"), Host: &types.HostVolumeProperties{}}}
			}, nil,
		},
		"App Mesh is the default proxy": {
			func(td *definition, _ *container) {
				td.ProxyConfiguration = &types.ProxyConfiguration{ContainerName: new("envoy")}
			},
			func(td *definition, _ *container) {
				td.ProxyConfiguration = &types.ProxyConfiguration{ContainerName: new("envoy"), Type: types.ProxyConfigurationTypeAppmesh}
			}, nil,
		},
		"a host port of 0 is none": {
			func(_ *definition, c *container) {
				c.PortMappings = []types.PortMapping{{ContainerPort: new(int32(80))}}
			},
			func(_ *definition, c *container) {
				c.PortMappings = []types.PortMapping{{ContainerPort: new(int32(80)), HostPort: new(int32(0)), Protocol: types.TransportProtocolTcp}}
			}, nil,
		},
		"empty lists, objects and list entries are none": {
			func(_ *definition, c *container) {
				c.Environment, c.DependsOn, c.LinuxParameters = []types.KeyValuePair{{}}, []types.ContainerDependency{}, &types.LinuxParameters{Capabilities: &types.KernelCapabilities{Add: []string{}}}
			}, nil, nil,
		},
		"nobody else's defaults matter": {
			nil, func(td *definition, c *container) {
				td.EnableFaultInjection, c.Privileged, c.Interactive = new(false), new(false), new(false)
			}, nil,
		},
		"the order of sets does not matter": {
			func(td *definition, c *container) {
				c.LinuxParameters = &types.LinuxParameters{
					Capabilities: &types.KernelCapabilities{Add: []string{"SYS_PTRACE", "NET_ADMIN"}},
					Devices:      []types.Device{{HostPath: new("/dev/a")}, {HostPath: new("/dev/b"), Permissions: []types.DeviceCgroupPermission{"read", "write"}}},
				}
				c.RestartPolicy = &types.ContainerRestartPolicy{Enabled: new(true), IgnoredExitCodes: []int32{2, 1}}
				c.SystemControls = []types.SystemControl{{Namespace: new("a"), Value: new("1")}, {Namespace: new("b"), Value: new("2")}}
				c.ExtraHosts = []types.HostEntry{{Hostname: new("h"), IpAddress: new("1.1.1.1")}, {Hostname: new("h"), IpAddress: new("2.2.2.2")}}
				c.PortMappings = []types.PortMapping{{ContainerPortRange: new("80-90")}, {ContainerPortRange: new("100-110")}}
				td.PlacementConstraints = []types.TaskDefinitionPlacementConstraint{{Type: "memberOf", Expression: new("a")}, {Type: "memberOf", Expression: new("b")}}
			},
			func(td *definition, c *container) {
				c.LinuxParameters = &types.LinuxParameters{
					Capabilities: &types.KernelCapabilities{Add: []string{"NET_ADMIN", "SYS_PTRACE"}},
					Devices:      []types.Device{{HostPath: new("/dev/b"), Permissions: []types.DeviceCgroupPermission{"write", "read"}}, {HostPath: new("/dev/a")}},
				}
				c.RestartPolicy = &types.ContainerRestartPolicy{Enabled: new(true), IgnoredExitCodes: []int32{1, 2}}
				c.SystemControls = []types.SystemControl{{Namespace: new("b"), Value: new("2")}, {Namespace: new("a"), Value: new("1")}}
				c.ExtraHosts = []types.HostEntry{{Hostname: new("h"), IpAddress: new("2.2.2.2")}, {Hostname: new("h"), IpAddress: new("1.1.1.1")}}
				c.PortMappings = []types.PortMapping{{ContainerPortRange: new("100-110")}, {ContainerPortRange: new("80-90")}}
				td.PlacementConstraints = []types.TaskDefinitionPlacementConstraint{{Type: "memberOf", Expression: new("b")}, {Type: "memberOf", Expression: new("a")}}
			}, nil,
		},
		"the order of environment files does": {
			func(_ *definition, c *container) {
				c.EnvironmentFiles = []types.EnvironmentFile{{Type: "s3", Value: new("a")}, {Type: "s3", Value: new("b")}}
			},
			func(_ *definition, c *container) {
				c.EnvironmentFiles = []types.EnvironmentFile{{Type: "s3", Value: new("b")}, {Type: "s3", Value: new("a")}}
			},
			[]string{"app.environmentFiles.0.value changed", "app.environmentFiles.1.value changed"},
		},
		"no swap is not the host's swap": {
			linux(types.LinuxParameters{MaxSwap: new(int32(0)), Swappiness: new(int32(0))}), linux(types.LinuxParameters{InitProcessEnabled: new(true)}),
			[]string{"app.linuxParameters.initProcessEnabled removed", "app.linuxParameters.maxSwap added", "app.linuxParameters.swappiness added"},
		},
		"labels that differ in case are two": {
			func(_ *definition, c *container) { c.DockerLabels = map[string]string{"Team": "a", "team": "b"} },
			func(_ *definition, c *container) { c.DockerLabels = map[string]string{"Team": "b", "team": "b"} },
			[]string{"app.dockerLabels.Team changed"},
		},
		"a label without a value is a label": {
			func(_ *definition, c *container) { c.DockerLabels = map[string]string{"Team": ""} }, nil, []string{"app.dockerLabels added"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d, r := one(tt.desired), one(tt.running)
			if diff := cmp.Diff(tt.want, taskdef.Diff(d, registeredFrom(r))); diff != "" {
				t.Errorf("Diff (-want +got):\n%s", diff)
			}
			if back := taskdef.Diff(r, registeredFrom(d)); (back == nil) != (tt.want == nil) && !strings.Contains(name, "role") {
				t.Errorf("the other way round: %v", back)
			}
		})
	}
}

// TestDiffShowsNoSecretWhateverItsName names secrets like fields whose values are shown.
func TestDiffShowsNoSecretWhateverItsName(t *testing.T) {
	names := []string{"image", "cpu", "memory", "essential", "hostPort", "my.image", "taskRoleArn", "runtimePlatform.cpuArchitecture", "containerDefinitions"}
	for _, name := range names {
		for _, old := range []string{"", "hunter1"} {
			secret := func(value string) *definition {
				return one(func(td *definition, c *types.ContainerDefinition) {
					if value == "" {
						return
					}
					c.Environment = []types.KeyValuePair{{Name: &name, Value: &value}}
					c.Secrets = []types.Secret{{Name: &name, ValueFrom: &value}}
					c.DockerLabels = map[string]string{name: value}
					c.LogConfiguration = &types.LogConfiguration{Options: map[string]string{name: value}}
					c.Command = []string{value}
					td.ContainerDefinitions = append(td.ContainerDefinitions, types.ContainerDefinition{
						Name: &name, Image: new("x"), Environment: []types.KeyValuePair{{Name: new("A"), Value: &value}},
					})
				})
			}
			lines := taskdef.Diff(secret("hunter2"), registeredFrom(secret(old)))
			if len(lines) < 4 || strings.Contains(strings.Join(lines, "\n"), "hunter") {
				t.Errorf("%s:\n%s", name, strings.Join(lines, "\n"))
			}
		}
	}
}

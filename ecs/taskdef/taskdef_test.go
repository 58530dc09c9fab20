package taskdef_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/taskdef"
)

// desired is a definition as people write it.
func desired() *awsecs.RegisterTaskDefinitionInput {
	return &awsecs.RegisterTaskDefinitionInput{
		Family:      new("web"),
		NetworkMode: types.NetworkModeAwsvpc,
		Cpu:         new("256"), Memory: new("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate, types.CompatibilityEc2},
		Tags:                    []types.Tag{{Key: new("Environment"), Value: new("test")}},
		ContainerDefinitions: []types.ContainerDefinition{
			{
				Name: new("app"), Image: new("app:1"), Command: []string{"serve", "--fast"},
				Environment:  []types.KeyValuePair{{Name: new("A"), Value: new("1")}, {Name: new("B"), Value: new("2")}},
				Secrets:      []types.Secret{{Name: new("KEY"), ValueFrom: new("arn:key")}, {Name: new("DB"), ValueFrom: new("arn:db")}},
				PortMappings: []types.PortMapping{{ContainerPort: new(int32(80))}, {ContainerPort: new(int32(53)), Protocol: types.TransportProtocolUdp}},
				HealthCheck:  &types.HealthCheck{Command: []string{"CMD", "true"}},
			},
			{Name: new("log"), Image: new("log:1"), Essential: new(false)},
		},
	}
}

// registered is the same as ECS gives it back.
func registered() *types.TaskDefinition {
	return &types.TaskDefinition{
		TaskDefinitionArn: new("arn:aws:ecs:x:1:task-definition/web:7"), Revision: 7, Status: types.TaskDefinitionStatusActive,
		Family: new("web"), NetworkMode: types.NetworkModeAwsvpc, Cpu: new("256"), Memory: new("512"),
		RegisteredBy:            new("arn:someone"),
		Compatibilities:         []types.Compatibility{types.CompatibilityEc2, types.CompatibilityFargate},
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityEc2, types.CompatibilityFargate},
		RequiresAttributes:      []types.Attribute{{Name: new("com.amazonaws.ecs.capability.x")}},
		Volumes:                 []types.Volume{}, PlacementConstraints: []types.TaskDefinitionPlacementConstraint{},
		ContainerDefinitions: []types.ContainerDefinition{
			{Name: new("log"), Image: new("log:1"), Essential: new(false), Cpu: 0, Environment: []types.KeyValuePair{}},
			{
				Name: new("app"), Image: new("app:1"), Essential: new(true), Command: []string{"serve", "--fast"},
				Environment: []types.KeyValuePair{{Name: new("B"), Value: new("2")}, {Name: new("A"), Value: new("1")}},
				Secrets:     []types.Secret{{Name: new("DB"), ValueFrom: new("arn:db")}, {Name: new("KEY"), ValueFrom: new("arn:key")}},
				PortMappings: []types.PortMapping{
					{ContainerPort: new(int32(53)), HostPort: new(int32(53)), Protocol: types.TransportProtocolUdp},
					{ContainerPort: new(int32(80)), HostPort: new(int32(80)), Protocol: types.TransportProtocolTcp},
				},
				HealthCheck: &types.HealthCheck{Command: []string{"CMD", "true"}, Interval: new(int32(30)), Timeout: new(int32(5)), Retries: new(int32(3))},
				MountPoints: []types.MountPoint{}, VolumesFrom: []types.VolumeFrom{},
			},
		},
	}
}

func TestDiff(t *testing.T) { // T53
	tests := map[string]struct {
		change func(*awsecs.RegisterTaskDefinitionInput)
		want   []string
	}{
		"what ECS fills in and reorders is no difference": {func(*awsecs.RegisterTaskDefinitionInput) {}, nil},
		"a tag is no difference":                          {func(d *awsecs.RegisterTaskDefinitionInput) { d.Tags = nil }, nil},
		"an image is shown": {
			func(d *awsecs.RegisterTaskDefinitionInput) { d.ContainerDefinitions[0].Image = new("app:2") },
			[]string{"app.image: app:1 -> app:2"},
		},
		"sizes are shown": {
			func(d *awsecs.RegisterTaskDefinitionInput) { d.Cpu, d.Memory = new("1024"), new("2048") },
			[]string{"cpu: 256 -> 1024", "memory: 512 -> 2048"},
		},
		"the value of a variable is not shown": {
			func(d *awsecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions[0].Environment = []types.KeyValuePair{{Name: new("A"), Value: new("hunter2")}, {Name: new("C"), Value: new("hunter3")}}
			},
			[]string{"app.environment.A.value changed", "app.environment.B removed", "app.environment.C added"},
		},
		"nor where a secret comes from": {
			func(d *awsecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions[0].Secrets[0].ValueFrom = new("arn:other")
			},
			[]string{"app.secrets.KEY.valueFrom changed"},
		},
		"nor a command, whose order matters": {
			func(d *awsecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions[0].Command = []string{"--fast", "serve"}
			},
			[]string{"app.command changed"},
		},
		"a container more": {
			func(d *awsecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions = append(d.ContainerDefinitions, types.ContainerDefinition{Name: new("proxy"), Image: new("proxy:1")})
			},
			[]string{"proxy added"},
		},
		"a container that becomes essential": {
			func(d *awsecs.RegisterTaskDefinitionInput) { d.ContainerDefinitions[1].Essential = nil },
			[]string{"log.essential: true added"},
		},
		"a port": {
			func(d *awsecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions[0].PortMappings = d.ContainerDefinitions[0].PortMappings[:1]
			},
			[]string{"app.portMappings.53/udp removed"},
		},
		"a slower health check": {
			func(d *awsecs.RegisterTaskDefinitionInput) {
				d.ContainerDefinitions[0].HealthCheck.Interval = new(int32(60))
			},
			[]string{"app.healthCheck.interval changed"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := desired()
			tt.change(d)
			if diff := cmp.Diff(tt.want, taskdef.Diff(d, registered())); diff != "" {
				t.Errorf("Diff (-want +got):\n%s", diff)
			}
		})
	}
	plain, filled := desired(), registered()
	plain.NetworkMode, filled.NetworkMode = "", types.NetworkModeBridge
	filled.ContainerDefinitions[1].PortMappings[0].HostPort, filled.ContainerDefinitions[1].PortMappings[1].HostPort = new(int32(0)), nil
	if got := taskdef.Diff(plain, filled); got != nil {
		t.Errorf("the default network mode is a difference: %v", got)
	}
	if got := taskdef.Diff(desired(), nil); len(got) == 0 {
		t.Error("nothing running is no difference")
	}
}

// TestDiffSeesEverySingleChange changes one leaf of a definition at a time.
func TestDiffSeesEverySingleChange(t *testing.T) {
	b, err := json.Marshal(desired())
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	leaves := 0
	walk(tree, "", func(path string, set func(any), old any) {
		if strings.Contains(path, "Tags") || strings.HasSuffix(path, "Family") || strings.HasSuffix(path, "NetworkMode") {
			return
		}
		text, ok := old.(string)
		if !ok {
			return
		}
		leaves++
		set(text + "x")
		changed, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		set(old)
		var d awsecs.RegisterTaskDefinitionInput
		if err := json.Unmarshal(changed, &d); err != nil {
			t.Fatal(err)
		}
		if len(taskdef.Diff(&d, registered())) == 0 {
			t.Errorf("%s: %q -> %q is no difference", path, text, text+"x")
		}
	})
	if leaves < 20 {
		t.Errorf("only %d leaves were changed", leaves)
	}
}

func walk(v any, path string, visit func(path string, set func(any), old any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			visit(path+"."+key, func(x any) { v[key] = x }, item)
			walk(item, path+"."+key, visit)
		}
	case []any:
		for i, item := range v {
			visit(fmt.Sprintf("%s[%d]", path, i), func(x any) { v[i] = x }, item)
			walk(item, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}

// TestOrderOfSetsDoesNotMatter shuffles all that is a set.
func TestOrderOfSetsDoesNotMatter(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		d := desired()
		shuffle(rnd, d.ContainerDefinitions)
		for i := range d.ContainerDefinitions {
			shuffle(rnd, d.ContainerDefinitions[i].Environment)
			shuffle(rnd, d.ContainerDefinitions[i].Secrets)
			shuffle(rnd, d.ContainerDefinitions[i].PortMappings)
		}
		shuffle(rnd, d.RequiresCompatibilities)
		if got := taskdef.Diff(d, registered()); got != nil {
			t.Errorf("seed %d: %v", seed, got)
		}
	}
}

func shuffle[T any](rnd *rand.Rand, s []T) {
	rnd.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

func ExampleDiff() {
	running := &types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{
		Name: new("notifier"), Image: new("notifier:41"), Essential: new(true),
		Environment: []types.KeyValuePair{{Name: new("SLACK_TOKEN"), Value: new("xoxb-1")}},
	}}}
	desired := &awsecs.RegisterTaskDefinitionInput{ContainerDefinitions: []types.ContainerDefinition{{
		Name: new("notifier"), Image: new("notifier:42"),
		Environment: []types.KeyValuePair{{Name: new("SLACK_TOKEN"), Value: new("xoxb-2")}},
	}}}
	for _, line := range taskdef.Diff(desired, running) {
		fmt.Println(line)
	}
	// Output:
	// notifier.environment.SLACK_TOKEN.value changed
	// notifier.image: notifier:41 -> notifier:42
}

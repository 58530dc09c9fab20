package infra

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

// NodeGroup is a group of worker nodes that EKS manages: an Auto Scaling group and
// a launch template. Their disks are encrypted, and the role of a node is out of
// reach of its pods.
//
// Another instance type, AMI type or capacity is another group: new nodes come, and
// the old ones go with all that is on their disks.
type NodeGroup struct {
	// Name is what people call it, as "mongo"; its nodes are named after it. EKS has
	// another name for the group, so that it can be replaced.
	Name string `json:"name"`
	// InstanceTypes are those that its nodes may have, as "m6i.large", 20 at most, all
	// for one kind of processor.
	InstanceTypes []string `json:"instanceTypes"`
	// Desired is the number of nodes. An autoscaler, where one is installed, changes it
	// between Min and Max; Max is by default Desired, and at least 1.
	Desired int `json:"desired"`
	Min     int `json:"min,omitempty"`
	Max     int `json:"max,omitempty"`
	// Disk is the size of the disk that containers use in GiB, 20 to 16,384; default 100.
	Disk int `json:"disk,omitempty"`
	// Spot buys spare capacity, which AWS takes back within two minutes.
	Spot bool `json:"spot,omitempty"`
	// AMIType is the system of its nodes, one for Linux that EKS knows; default
	// AL2023_x86_64_STANDARD, and AL2023_ARM_64_STANDARD for instances with Graviton.
	AMIType string `json:"amiType,omitempty"`
	// Labels are those of its nodes in Kubernetes.
	Labels map[string]string `json:"labels,omitempty"`
	// Taints keep pods off that do not tolerate them, as kubectl writes them:
	// "dedicated=mongo:NoSchedule". Effects are NoSchedule, PreferNoSchedule and NoExecute.
	Taints []string `json:"taints,omitempty"`
}

// The limits of a group. Source: EKS User Guide, "View and manage Amazon EKS
// quotas"; EKS API reference, CreateNodegroup and Taint; Amazon EBS User Guide,
// "General Purpose SSD volumes".
const (
	maxWorkers       = 450
	maxInstanceTypes = 20
	minDisk          = 20 // what AMIs of EKS need
	maxDisk          = 16_384
	maxTaintKey      = 63
	lastMinorOfAL2   = "1.32" // EKS has no AMIs with Amazon Linux 2 beyond
)

// amiTypes are the AMI types for Linux.
// Source: EKS API reference, CreateNodegroup, "amiType".
func amiTypes() []string {
	return []string{
		"AL2023_ARM_64_NVIDIA", "AL2023_ARM_64_STANDARD", "AL2023_x86_64_NEURON", "AL2023_x86_64_NVIDIA", "AL2023_x86_64_STANDARD",
		"AL2_ARM_64", "AL2_x86_64", "AL2_x86_64_GPU",
		"BOTTLEROCKET_ARM_64", "BOTTLEROCKET_ARM_64_FIPS", "BOTTLEROCKET_ARM_64_NVIDIA", "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
		"BOTTLEROCKET_x86_64", "BOTTLEROCKET_x86_64_FIPS", "BOTTLEROCKET_x86_64_NVIDIA", "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
	}
}

// graviton reports whether instances of a type have an ARM processor: a "g" follows
// the generation. Source: Amazon EC2 User Guide, "Instance type naming conventions".
func graviton(instanceType string) bool { return matches(`(a1|[a-z]+[0-9]+g[a-z]*)\..*`, instanceType) }

func (g NodeGroup) withDefaults() NodeGroup {
	g.Max = cmp.Or(g.Max, g.Desired, 1)
	g.Disk = cmp.Or(g.Disk, 100)
	if g.AMIType == "" {
		g.AMIType = "AL2023_x86_64_STANDARD"
		if len(g.InstanceTypes) > 0 && graviton(g.InstanceTypes[0]) {
			g.AMIType = "AL2023_ARM_64_STANDARD"
		}
	}
	return g
}

// id is what the logical ids of the group begin with.
func (g NodeGroup) id() string { return "Nodes" + exemplar.LogicalID(g.Name) }

// copy returns what stands for the group in the template.
func (g NodeGroup) copy() exemplar.Copy {
	device, capacity := "/dev/xvda", "ON_DEMAND"
	if strings.HasPrefix(g.AMIType, "BOTTLEROCKET") {
		device = "/dev/xvdb" // the first is its system's
	}
	if g.Spot {
		capacity = "SPOT"
	}
	return exemplar.Copy{
		IDs: map[string]string{"Nodes": g.id()},
		Values: map[string]any{
			"NodesName": g.Name, "NodesTypes": g.InstanceTypes, "NodesAmi": g.AMIType, "NodesDevice": device, "NodesCapacity": capacity,
			"NodesDesired": g.Desired, "NodesMin": g.Min, "NodesMax": g.Max, "NodesDisk": g.Disk,
		},
	}
}

// taint is a taint as templates write it.
type taint struct {
	Key    string `yaml:"Key"`
	Value  string `yaml:"Value,omitempty"`
	Effect string `yaml:"Effect"`
}

// tagged says which tags a launch template gives to what it makes.
type tagged struct {
	ResourceType string `yaml:"ResourceType"`
	Tags         []tag  `yaml:"Tags"`
}

// edit puts in what no parameter holds: labels, taints, and the tags of instances
// and their disks, which CloudFormation gives to the launch template alone.
func (g NodeGroup) edit(t *exemplar.Template, o Owner) error {
	var errs []error
	if len(g.Labels) > 0 {
		errs = append(errs, t.Set(g.id()+"Group", "Labels", g.Labels))
	}
	var taints []taint
	for _, text := range g.Taints {
		parsed, _ := parseTaint(text) // check has seen them
		taints = append(taints, parsed)
	}
	if len(taints) > 0 {
		errs = append(errs, t.Set(g.id()+"Group", "Taints", taints))
	}
	tags := map[string]string{"Name": o.Name + " " + g.Name}
	maps.Copy(tags, o.Tags)
	var all []tagged
	for _, kind := range []string{"instance", "volume"} {
		all = append(all, tagged{kind, tagList(tags)})
	}
	return errors.Join(append(errs, t.Set(g.id()+"Template", "LaunchTemplateData.TagSpecifications", all))...)
}

// parseTaint reads key=value:Effect or key:Effect, as kubectl does.
func parseTaint(text string) (taint, error) {
	effects := map[string]string{"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
	label, effect, _ := strings.Cut(text, ":")
	key, value, _ := strings.Cut(label, "=")
	t := taint{Key: key, Value: value, Effect: effects[effect]}
	switch {
	case t.Effect == "":
		return t, fmt.Errorf("want an effect of %s after a colon, as dedicated=mongo:NoSchedule", strings.Join(slices.Sorted(maps.Keys(effects)), ", "))
	case labelKeyFault(key) != "":
		return t, errors.New(labelKeyFault(key))
	case len(key) > maxTaintKey:
		return t, fmt.Errorf("its key has %d characters: want at most %d", len(key), maxTaintKey)
	case !labelValue(value):
		return t, fmt.Errorf("value %q: want %s", value, labelValueRule)
	}
	return t, nil
}

const labelValueRule = "at most 63 letters, digits and -_. with a letter or digit at both ends"

// labelValue and labelKeyFault hold a text against the syntax of labels.
// Source: Kubernetes, "Labels and Selectors", "Syntax and character set".
func labelValue(text string) bool {
	return len(text) <= 63 && matches(`(([A-Za-z0-9][A-Za-z0-9_.-]*)?[A-Za-z0-9])?`, text)
}

func labelKeyFault(key string) string {
	name := key
	if prefix, rest, found := strings.Cut(key, "/"); found {
		name = rest
		if len(prefix) > maxDomain || !matches(`[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*`, prefix) {
			return fmt.Sprintf("key %q: want a DNS name in lower case before the slash", key)
		}
	}
	if name == "" || !labelValue(name) {
		return fmt.Sprintf("key %q: want %s", key, strings.Replace(labelValueRule, "at most", "1 to", 1))
	}
	return ""
}

// reserved reports whether a node may not give itself a label: the kubelet refuses
// to start with those of Kubernetes, but for two groups, and EKS keeps its own.
// Source: Kubernetes, kubelet, "--node-labels"; EKS User Guide, "Managed node groups".
func reserved(key string) bool {
	prefix, _, found := strings.Cut(key, "/")
	if !found || prefix == "node.kubernetes.io" || prefix == "kubelet.kubernetes.io" {
		return false
	}
	return matches(`(.*\.)?(kubernetes\.io|k8s\.io|eks\.amazonaws\.com)`, prefix)
}

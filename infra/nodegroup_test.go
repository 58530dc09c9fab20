package infra_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNodeGroups(t *testing.T) {
	_, tpl := renderKRE(t, kreProduction(t))
	group := func(id string) any { return tpl.Resources[id]["Properties"] }
	for name, tt := range map[string]struct {
		got, want any
	}{
		"the number of nodes": {at(group("NodesWorkersGroup"), "ScalingConfig"), map[string]any{"DesiredSize": "5", "MinSize": "3", "MaxSize": "10"}},
		"max is as desired":   {at(group("NodesMongoGroup"), "ScalingConfig"), map[string]any{"DesiredSize": "3", "MinSize": "0", "MaxSize": "3"}},
		"max of no nodes":     {at(group("NodesInfluxGroup"), "ScalingConfig"), map[string]any{"DesiredSize": "0", "MinSize": "0", "MaxSize": "1"}},
		"spot":                {at(group("NodesWorkersGroup"), "CapacityType"), "SPOT"},
		"on demand":           {at(group("NodesMongoGroup"), "CapacityType"), "ON_DEMAND"},
		"Graviton by itself":  {at(group("NodesMongoGroup"), "AmiType"), "AL2023_ARM_64_STANDARD"},
		"labels":              {at(group("NodesMongoGroup"), "Labels"), map[string]any{"dedicated": "mongo", "on": "yes"}},
		"taints": {
			at(group("NodesMongoGroup"), "Taints"),
			[]any{map[string]any{"Key": "dedicated", "Value": "mongo", "Effect": "NO_SCHEDULE"}, map[string]any{"Key": "no", "Effect": "NO_EXECUTE"}},
		},
		"no labels": {at(group("NodesInfluxGroup"), "Labels"), map[string]any{"!Ref": "AWS::NoValue"}},
		"the disk of Bottlerocket's containers": {
			at(group("NodesInfluxTemplate"), "LaunchTemplateData", "BlockDeviceMappings", 0),
			map[string]any{"DeviceName": "/dev/xvdb", "Ebs": map[string]any{"VolumeSize": "100", "VolumeType": "gp3", "Encrypted": "true", "DeleteOnTermination": "true"}},
		},
		"tags of instances": {
			at(group("NodesMongoTemplate"), "LaunchTemplateData", "TagSpecifications", 0, "Tags"),
			[]any{
				map[string]any{"Key": "Environment", "Value": "mettel-automation-kre"},
				map[string]any{"Key": "Name", "Value": "mettel-automation-kre mongo"},
				map[string]any{"Key": "Project", "Value": "mettel-automation"},
			},
		},
		"tags of disks": {at(group("NodesMongoTemplate"), "LaunchTemplateData", "TagSpecifications", 1, "ResourceType"), "volume"},
		"no name of its own, so that it can be replaced": {at(group("NodesMongoGroup"), "NodegroupName"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	if body, _ := renderKRE(t, kreProduction(t)); !strings.Contains(string(body.Body), "'on': 'yes'") {
		t.Error("a label that YAML 1.1 takes for a boolean has no quotes")
	}
}

func TestSSH(t *testing.T) {
	k := kreDev(t)
	k.SSH = true
	_, tpl := renderKRE(t, k)
	if groups := tpl.of("AWS::EC2::SecurityGroup"); len(groups) > 0 {
		t.Errorf("nobody is let in, and there is %q", groups)
	}
	k.SSHClients = []string{"10.0.0.0/16", "192.0.2.7/32"}
	_, tpl = renderKRE(t, k)
	var ranges []any
	for _, rule := range at(tpl.Resources["SshSecurityGroup"]["Properties"], "SecurityGroupIngress").([]any) {
		ranges = append(ranges, at(rule, "CidrIp"))
	}
	if d := cmp.Diff([]any{"10.0.0.0/16", "192.0.2.7/32"}, ranges); d != "" {
		t.Errorf("ranges (-want +got):\n%s", d)
	}
	groups := at(tpl.Resources["NodesWorkersTemplate"]["Properties"], "LaunchTemplateData", "SecurityGroupIds")
	if d := cmp.Diff([]any{map[string]any{"!GetAtt": "Cluster.ClusterSecurityGroupId"}, map[string]any{"!Ref": "SshSecurityGroup"}}, groups); d != "" {
		t.Errorf("groups of nodes (-want +got):\n%s", d)
	}
}

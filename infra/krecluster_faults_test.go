package infra_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/infra"
)

func TestKREFaults(t *testing.T) {
	tests := map[string]struct {
		change func(*infra.KRECluster)
		want   string // after the beginning
	}{
		"no fault": {func(*infra.KRECluster) {}, ""},
		"nothing but an owner": {
			func(k *infra.KRECluster) { *k = infra.KRECluster{Owner: k.Owner} },
			`version: "": want one like 1.34` + "\n" + `VPC: "": want the id of a VPC` + "\n" +
				"subnets: 0 given: want at least 2, in as many zones\nnode groups: none given: want at least one",
		},
		"without ResourceName": {
			func(k *infra.KRECluster) { k.ResourceName = nil },
			"ResourceName is nil: give a function that makes names, as the method of an envname.Environment does",
		},
		"a version that is more than one": {
			func(k *infra.KRECluster) { k.Version = "1.34.2" },
			`version: "1.34.2": want one like 1.34`,
		},
		"subnets that are none": {
			func(k *infra.KRECluster) { k.Subnets, k.NodeSubnets = []string{"subnet-1"}, []string{} },
			"subnets: 1 given: want at least 2, in as many zones\nworker subnets: 0 given: want at least 1, in as many zones",
		},
		"neither endpoint": {
			func(k *infra.KRECluster) { k.NoPrivateEndpoint = true },
			"endpoint: it is neither private nor public: give public clients, or leave the private one",
		},
		"public clients that are none": {
			func(k *infra.KRECluster) {
				k.PublicClients = []string{"10.0.0.0/8", "192.0.2.7", "192.0.2.7/24", "2001:db8::/32"}
			},
			`public clients: "192.0.2.7" is no IPv4 range: want one like 10.0.0.0/16` + "\n" +
				"public clients: 192.0.2.7/24 has bits beyond its prefix: want 192.0.2.0/24\n" +
				`public clients: "2001:db8::/32" is no IPv4 range: want one like 10.0.0.0/16` + "\n" +
				"public clients: 10.0.0.0/8 is private, and the public endpoint never sees it",
		},
		"more public clients than EKS takes": {
			func(k *infra.KRECluster) {
				for i := range 41 {
					k.PublicClients = append(k.PublicClients, fmt.Sprintf("192.0.2.%d/32", i))
				}
			},
			"public clients: 41 ranges: want at most 40",
		},
		"everybody, where that is said": {func(k *infra.KRECluster) { k.PublicClients = []string{"0.0.0.0/0"} }, ""},
		"an authentication mode that is none": {
			func(k *infra.KRECluster) { k.AuthenticationMode = "IAM" },
			`authentication mode "IAM": want one of API, API_AND_CONFIG_MAP, CONFIG_MAP`,
		},
		"a cluster that nobody can enter": {
			func(k *infra.KRECluster) { k.AuthenticationMode, k.NoCreatorAdmin = "CONFIG_MAP", true },
			"authentication mode CONFIG_MAP: without its creator as administrator nobody could enter the cluster",
		},
		"logs that are none": {
			func(k *infra.KRECluster) { k.Logs, k.LogDays = []string{"audit", "kubelet", "audit"}, 13 },
			"log \"kubelet\": want one of api, audit, authenticator, controllerManager, scheduler\nlog audit: given twice\n" +
				"log days: 13: want one of [1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653]",
		},
		"the alias of a key": {
			func(k *infra.KRECluster) { k.SecretsKey = "arn:aws:kms:us-east-1:123456789012:alias/eks" },
			`secrets key: "arn:aws:kms:us-east-1:123456789012:alias/eks": want the ARN of a key in KMS, and not of an alias`,
		},
		"a boundary of no account": {
			func(k *infra.KRECluster) { k.Boundary = "arn:aws:iam:::policy/tasks" },
			`boundary: "arn:aws:iam:::policy/tasks": want the ARN of a managed policy`,
		},
		"SSH for everybody, and without a key": {
			func(k *infra.KRECluster) { k.SSHClients = []string{"0.0.0.0/0"} },
			"SSH clients: 1 given: want SSH, too\nSSH clients: 0.0.0.0/0 is everybody: want the ranges of those who need it",
		},
		"zones by their path, and twice": {
			func(k *infra.KRECluster) { k.HostedZones = []string{"/hostedzone/Z1", "Z2", "Z2"} },
			`hosted zone: "/hostedzone/Z1": want an id like Z2FDTNDATAQYW2` + "\nhosted zone Z2: given twice",
		},
		"more zones than a policy has room for": {
			func(k *infra.KRECluster) {
				for i := range 51 {
					k.HostedZones = append(k.HostedZones, fmt.Sprint("Z", i))
				}
			},
			"hosted zones: 51: want at most 50, or none for all of the account",
		},
		"service accounts that would break the policy": {
			func(k *infra.KRECluster) { k.ExternalDNSAccount, k.EBSAccount = `*`, `kube-system:a"b` },
			`service account of external-dns: "*": want its namespace and name, as kube-system:external-dns` + "\n" +
				`service account of the EBS CSI driver: "kube-system:a\"b": want its namespace and name, as kube-system:external-dns`,
		},
		"mail from nowhere": {
			func(k *infra.KRECluster) { k.Mail.HostedZone = "Z1" },
			"mail: there is no domain to send it from",
		},
		"mail from elsewhere": {
			func(k *infra.KRECluster) {
				k.Mail = infra.Mail{Domain: "Example.com", HostedZone: "z", From: []string{"a@other.com", "b@x.Example.com", "a,b@Example.com", "b@x.Example.com", "@Example.com"}}
			},
			`mail: domain: "Example.com": want a DNS name in lower case, without a final dot` + "\n" +
				`mail: hosted zone: "z": want an id like Z2FDTNDATAQYW2` + "\n" +
				`mail: from "a@other.com": want an address of Example.com, in which * may stand for any text before the @` + "\n" +
				`mail: from "a,b@Example.com": want an address of Example.com, in which * may stand for any text before the @` + "\n" +
				"mail: from b@x.Example.com: given twice\n" +
				`mail: from "@Example.com": want an address of Example.com, in which * may stand for any text before the @`,
		},
		"a tag that is that of people in another letter case": {
			func(k *infra.KRECluster) { k.Tags = map[string]string{"project": "a", "user": "b"} },
			"tag project: the roles of people have a tag Project, which IAM does not tell apart from it\n" +
				"tag user: the roles of people have a tag User, which IAM does not tell apart from it",
		},
		"more tags than there is room for": {
			func(k *infra.KRECluster) {
				k.Tags = map[string]string{"User": "x"}
				for i := range 40 {
					k.Tags[fmt.Sprint("tag ", i)] = ""
				}
			},
			"41 tags: want at most 40, since EKS and the roles of people have some of their own",
		},
		"a project that is no tag": {
			func(k *infra.KRECluster) { k.Project, k.ProjectEnv = "a#b", "b\n" },
			`project: "a#b": want 1 to 256 letters, digits, spaces and _.:/=+-@` + "\n" + `project environment: "b\n": want 1 to 256 letters, digits, spaces and _.:/=+-@`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			k := kreDev(t)
			tt.change(&k)
			_, err := k.Render()
			if tt.want != "" {
				tt.want = `render KRE cluster of "mettel-automation-kre-dev": ` + tt.want
			}
			says(t, err, tt.want)
		})
	}
}

func TestNodeGroupFaults(t *testing.T) {
	tests := map[string]struct {
		groups []infra.NodeGroup
		want   string
	}{
		"a group of zeros": {
			[]infra.NodeGroup{{}},
			`node group: "": want 1 to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last` + "\n" +
				"node group : instance types: 0: want 1 to 20",
		},
		"two of one name": {
			[]infra.NodeGroup{{Name: "a", InstanceTypes: []string{"m6i.large"}}, {Name: "a", InstanceTypes: []string{"m6i.large"}}},
			"node group a: given twice",
		},
		"numbers that contradict each other": {
			[]infra.NodeGroup{{Name: "a", InstanceTypes: []string{"m6i.large"}, Desired: 5, Min: 6, Max: 4, Disk: 8}, {Name: "b", InstanceTypes: []string{"m6i.large"}, Desired: -1, Min: -1, Max: 451}},
			"node group a: desired: 5: want 6 to 4, its min and max\nnode group a: disk: 8: want 20 to 16384\n" +
				"node group b: max: 451: want 1 to 450\nnode group b: min: -1: want 0 to 450",
		},
		"a system that is none, and one that is no more": {
			[]infra.NodeGroup{{Name: "a", InstanceTypes: []string{"m6i.large"}, AMIType: "WINDOWS_CORE_2022_x86_64"}, {Name: "b", InstanceTypes: []string{"m6i.large"}, AMIType: "AL2_x86_64"}},
			`node group a: AMI type "WINDOWS_CORE_2022_x86_64": want one of AL2023_ARM_64_NVIDIA, AL2023_ARM_64_STANDARD, AL2023_x86_64_NEURON, AL2023_x86_64_NVIDIA, AL2023_x86_64_STANDARD, ` +
				"AL2_ARM_64, AL2_x86_64, AL2_x86_64_GPU, BOTTLEROCKET_ARM_64, BOTTLEROCKET_ARM_64_FIPS, BOTTLEROCKET_ARM_64_NVIDIA, BOTTLEROCKET_ARM_64_NVIDIA_FIPS, " +
				"BOTTLEROCKET_x86_64, BOTTLEROCKET_x86_64_FIPS, BOTTLEROCKET_x86_64_NVIDIA, BOTTLEROCKET_x86_64_NVIDIA_FIPS\n" +
				"node group b: AMI type AL2_x86_64: there is none for Kubernetes 1.34: take one like AL2023_x86_64_STANDARD",
		},
		"instances that are none, given twice, or of two processors": {
			[]infra.NodeGroup{
				{Name: "a", InstanceTypes: []string{"large", "m6i.large", "m6i.large", "m7g.large"}},
				{Name: "b", InstanceTypes: []string{"c6gn.xlarge", "a1.large", "g4dn.xlarge"}},
				{Name: "c", InstanceTypes: []string{"m6i.large"}, AMIType: "BOTTLEROCKET_ARM_64"},
			},
			`node group a: instance type: "large": want one like m6i.large` + "\n" +
				"node group a: instance type m6i.large: given twice\n" +
				"node group a: instance type m7g.large: it does not start AMI type AL2023_x86_64_STANDARD, which is for another processor\n" +
				"node group b: instance type g4dn.xlarge: it does not start AMI type AL2023_ARM_64_STANDARD, which is for another processor\n" +
				"node group c: instance type m6i.large: it does not start AMI type BOTTLEROCKET_ARM_64, which is for another processor",
		},
		"labels that Kubernetes refuses": {
			[]infra.NodeGroup{{Name: "a", InstanceTypes: []string{"m6i.large"}, Labels: map[string]string{
				"": "a", "-a": "b", "Example.com/a": "c", "example.com/": "d", "a": "-", "b": strings.Repeat("b", 64),
				"node-role.kubernetes.io/mongo": "", "kubernetes.io/os": "linux", "eks.amazonaws.com/x": "y", "node.kubernetes.io/ok": "", "mykubernetes.io/ok": "",
			}}},
			`node group a: label: key "": want 1 to 63 letters, digits and -_. with a letter or digit at both ends` + "\n" +
				`node group a: label: key "-a": want 1 to 63 letters, digits and -_. with a letter or digit at both ends` + "\n" +
				`node group a: label: key "Example.com/a": want a DNS name in lower case before the slash` + "\n" +
				`node group a: label a: value "-": want at most 63 letters, digits and -_. with a letter or digit at both ends` + "\n" +
				`node group a: label b: value "` + strings.Repeat("b", 64) + `": want at most 63 letters, digits and -_. with a letter or digit at both ends` + "\n" +
				"node group a: label eks.amazonaws.com/x: its prefix is reserved: take another\n" +
				`node group a: label: key "example.com/": want 1 to 63 letters, digits and -_. with a letter or digit at both ends` + "\n" +
				"node group a: label kubernetes.io/os: its prefix is reserved: take another\n" +
				"node group a: label node-role.kubernetes.io/mongo: its prefix is reserved: take another",
		},
		"taints that are none": {
			[]infra.NodeGroup{{Name: "a", InstanceTypes: []string{"m6i.large"}, Taints: []string{
				"dedicated=mongo", "dedicated=mongo:Never", "=mongo:NoSchedule", "a=b c:NoExecute", strings.Repeat("a", 62) + ".b/" + "c:NoExecute",
				"a=b:NoExecute", "a=c:NoExecute", "a=b:NoSchedule",
			}}},
			`node group a: taint "dedicated=mongo": want an effect of NoExecute, NoSchedule, PreferNoSchedule after a colon, as dedicated=mongo:NoSchedule` + "\n" +
				`node group a: taint "dedicated=mongo:Never": want an effect of NoExecute, NoSchedule, PreferNoSchedule after a colon, as dedicated=mongo:NoSchedule` + "\n" +
				`node group a: taint "=mongo:NoSchedule": key "": want 1 to 63 letters, digits and -_. with a letter or digit at both ends` + "\n" +
				`node group a: taint "a=b c:NoExecute": value "b c": want at most 63 letters, digits and -_. with a letter or digit at both ends` + "\n" +
				`node group a: taint "` + strings.Repeat("a", 62) + `.b/c:NoExecute": its key has 66 characters: want at most 63` + "\n" +
				"node group a: taint a=c:NoExecute: its key and effect are those of a=b:NoExecute",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			k := kreDev(t)
			k.NodeGroups = tt.groups
			_, err := k.Render()
			says(t, err, `render KRE cluster of "mettel-automation-kre-dev": `+tt.want)
		})
	}
}

func TestUserFaults(t *testing.T) {
	const want = ": want a user of IAM: a name of at most 64 letters, digits and _+=.@-, with its path if there is one, or an ARN"
	tests := map[string]struct {
		users infra.Users
		want  string
	}{
		"users that are none": {
			infra.Users{Developer: []string{"", "a,b", "arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:usera", "*", strings.Repeat("a", 65), "a/"}},
			`developer: ""` + want + "\n" + `developer: "a/"` + want + "\n" +
				`developer: "*"` + want + "\n" + `developer: "arn:aws:iam::123456789012:role/a"` + want + "\n" + `developer: "a,b"` + want + "\n" +
				`developer: "` + strings.Repeat("a", 65) + `"` + want + "\n" +
				`developer: "arn:aws:iam::123456789012:usera"` + want,
		},
		"one user twice, by name and by ARN, and in another letter case": {
			infra.Users{Devops: []string{"jdoe", "arn:aws:iam::123456789012:user/jdoe", "JDoe"}},
			"devops arn:aws:iam::123456789012:user/jdoe: the role eks-devops-mettel-automation-kre-dev-jdoe is that of JDoe, too\n" +
				"devops jdoe: the role eks-devops-mettel-automation-kre-dev-jdoe is that of arn:aws:iam::123456789012:user/jdoe, too",
		},
		"one user in two groups has two roles": {infra.Users{Devops: []string{"jdoe"}, Developer: []string{"/jdoe"}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			k := kreDev(t)
			k.Users = tt.users
			_, err := k.Render()
			if tt.want != "" {
				tt.want = `render KRE cluster of "mettel-automation-kre-dev": ` + tt.want
			}
			says(t, err, tt.want)
		})
	}
}

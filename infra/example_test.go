package infra_test

import (
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/infra"
)

func ExampleEnvironment() {
	env, err := envname.Resolve("dev/feature/login")
	if err != nil {
		fmt.Println(err)
		return
	}
	environment := infra.Environment{
		Owner: infra.Owner{
			Name: env.Name,
			Tags: env.Tags(),
			ResourceName: func(kind string, parts ...string) (string, error) {
				return env.ResourceName(envname.ResourceType(kind), parts...)
			},
		},
		// From the outputs of a Network.
		VPC:            "vpc-0a1b2c3d",
		PublicSubnets:  []string{"subnet-1", "subnet-2"},
		PrivateSubnets: []string{"subnet-3", "subnet-4"},
		Services: []infra.Service{
			{Name: "notifier"},
			{Name: "frontend", Route: &infra.Route{Priority: 1000}},
		},
	}
	rendered, err := environment.Render()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("stack", rendered.Name, "in", rendered.Parameters["Vpc"])
	for line := range strings.Lines(string(rendered.Body)) {
		if strings.Contains(line, "ReplicationGroupId") {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// stack automation-8527fec8 in vpc-0a1b2c3d
	// ReplicationGroupId: !Sub '${Environment}'
	// ReplicationGroupId: !Sub '${Environment}-customer-cache-redis'
	// ReplicationGroupId: automation-8527fec8-tnba-feedba-0ed06331
}

func ExampleNetwork_Read() {
	network := infra.Network{Owner: infra.Owner{
		Name: "automation-ephemeral",
		ResourceName: func(_ string, parts ...string) (string, error) {
			return strings.Join(append([]string{"automation-ephemeral"}, parts...), "-"), nil
		},
	}}
	rendered, err := network.Render()
	fmt.Println(rendered.Name, rendered.Parameters["PrivateCidrB"], err)

	// The outputs of the stack, when it has been applied.
	out, err := network.Read(map[string]string{
		"Vpc": "vpc-1", "PublicSubnets": "subnet-1,subnet-2", "Zones": "us-east-1a,us-east-1b", "NatAddresses": "192.0.2.1",
	})
	fmt.Println(out.VPC, out.PublicSubnets)
	fmt.Println(err)
	// Output:
	// automation-ephemeral-network 10.0.64.0/18 <nil>
	// vpc-1 [subnet-1 subnet-2]
	// read the outputs of stack automation-ephemeral-network: there is no PrivateSubnets; apply the stack as it is rendered now
}

func ExampleRoles() {
	roles := infra.Roles{
		Owner: infra.Owner{
			Name: "automation-master",
			ResourceName: func(_ string, parts ...string) (string, error) {
				return strings.Join(append([]string{"automation-master"}, parts...), "-"), nil
			},
		},
		Repository: "automation-*",
		Services:   []infra.ServiceRole{{Service: "reports", Statements: []infra.Statement{{Actions: []string{"*"}, Resources: []string{"*"}}}}},
	}
	_, err := roles.Render()
	fmt.Println(err)

	roles.Services[0].Statements[0] = infra.Statement{Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::reports/*"}}
	rendered, err := roles.Render()
	fmt.Println(rendered.Name, strings.Contains(string(rendered.Body), "'s3:GetObject'"), err)
	// Output:
	// render roles of "automation-master": role of service reports: statement 1: action: "*": want the actions of one service, as s3:GetObject
	// automation-master-roles true <nil>
}

func ExampleKRECluster() {
	cluster := infra.KRECluster{
		Owner: infra.Owner{
			Name: "mettel-automation-kre-dev",
			ResourceName: func(_ string, parts ...string) (string, error) {
				return strings.Join(append([]string{"mettel-automation-kre-dev"}, parts...), "-"), nil
			},
		},
		Version: "1.34",
		// From the outputs of a Network.
		VPC:     "vpc-0a1b2c3d",
		Subnets: []string{"subnet-3", "subnet-4"},
		NodeGroups: []infra.NodeGroup{
			{Name: "workers", InstanceTypes: []string{"m6i.large"}, Desired: 4},
			{Name: "mongo", InstanceTypes: []string{"r7g.large"}, Desired: 3, Taints: []string{"dedicated=mongo:NoSchedule"}},
		},
		Mail:  infra.Mail{Domain: "kre-dev.example.com"},
		Users: infra.Users{Developer: []string{"jdoe"}, Devops: []string{"paulo"}},
	}
	rendered, err := cluster.Render()
	fmt.Println("stack", rendered.Name, "in", rendered.Parameters["Vpc"], err)
	for line := range strings.Lines(string(rendered.Body)) {
		if strings.Contains(line, "RoleName: eks-") || strings.Contains(line, "AmiType") {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// stack mettel-automation-kre-dev in vpc-0a1b2c3d <nil>
	// AmiType: AL2023_x86_64_STANDARD
	// AmiType: AL2023_ARM_64_STANDARD
	// RoleName: eks-developer-mettel-automation-kre-dev-jdoe
	// RoleName: eks-devops-mettel-automation-kre-dev-paulo
}

package awsauth_test

import (
	"fmt"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
)

func ExampleEdit_Apply() {
	mapRoles := `# written by EKS, leave it
- groups: [system:bootstrappers, system:nodes]
  rolearn: arn:aws:iam::111122223333:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
- rolearn: arn:aws:iam::111122223333:role/eks-developer-kre-bob
  username: delivery:bob:{{SessionName}}
  groups: [developer]
`
	text, err := awsauth.Edit{
		Prefix: "delivery:",
		Entries: []awsauth.Entry{{
			RoleARN:  "arn:aws:iam::111122223333:role/eks-developer-kre-ana",
			Username: "delivery:ana:{{SessionName}}",
			Groups:   []string{"developer"},
		}},
	}.Apply(mapRoles)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(text)
	// Output:
	// # written by EKS, leave it
	// - groups: [system:bootstrappers, system:nodes]
	//   rolearn: arn:aws:iam::111122223333:role/nodes
	//   username: system:node:{{EC2PrivateDNSName}}
	// - rolearn: arn:aws:iam::111122223333:role/eks-developer-kre-ana
	//   username: delivery:ana:{{SessionName}}
	//   groups:
	//   - developer
}

func ExampleParse() {
	_, err := awsauth.Parse("- rolearn: arn:aws:iam::111122223333:role/ana\n  groups: developer\n")
	fmt.Println(err)
	// Output: read mapRoles line 1 (entry 1): groups: want a list of names, got a string
}

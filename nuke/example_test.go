package nuke_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/mettel-automation/delivery/nuke"
)

// The inventory of an account with two environments, one of which is to go.
// Package nuke/inventory reads such a thing from AWS.
func exampleInventory() nuke.Inventory {
	topic := func(env string) nuke.Resource {
		return nuke.Resource{
			Type: "SNSTopic", Region: "us-east-1", ID: "TopicARN: arn:aws:sns:us-east-1:123456789012:" + env,
			Properties: map[string]string{"tag:Environment": env},
		}
	}
	return nuke.Inventory{
		Account: "123456789012", Alias: "mettel-dev", Regions: []string{"us-east-1", nuke.Global},
		Environment: "automation-1a2b3c4d",
		Read:        []string{"SNSTopic", "CloudWatchDashboard"},
		Mine:        []nuke.Resource{topic("automation-1a2b3c4d")},
		Others:      []nuke.Resource{topic("automation-1a2b3c4de")},
	}
}

func ExampleOptions_Generate() {
	config, err := nuke.Options{Blocklist: []string{"999999999999"}}.Generate(exampleInventory())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = config.WriteTo(os.Stdout)
	fmt.Println(err)
	// Output:
	// # aws-nuke v3: deletes the environment automation-1a2b3c4d and nothing else.
	// # Account 123456789012 (mettel-dev).
	// # Format 1 of github.com/mettel-automation/delivery/nuke. Filters say what stays: inverted ones, what goes.
	// #
	// # Goes: 1 of 2 resources that were read, of these types:
	// #   SNSTopic                     1 of 2
	// #
	// # Dry run: aws-nuke run -c FILE; with --no-dry-run it deletes.
	// blocklist:
	//   - "999999999999"
	// regions:
	//   - "us-east-1"
	// resource-types:
	//   includes:
	//     - SNSTopic
	//   excludes:
	//     - EC2InternetGateway
	//     - EC2InternetGatewayAttachment
	//     - EC2NATGateway
	//     - EC2NetworkACL
	//     - EC2RouteTable
	//     - EC2Subnet
	//     - EC2VPC
	//     - EC2VPCEndpoint
	//     - ECRPublicRepository
	//     - ECRRepository
	//     - EKSCluster
	//     - EKSFargateProfile
	//     - EKSNodegroup
	//     - Route53HostedZone
	//     - S3Object
	// accounts:
	//   "123456789012":
	//     filters:
	//       SNSTopic:
	//         - value: "TopicARN: arn:aws:sns:us-east-1:123456789012:automation-1a2b3c4d"
	//           invert: true
	//         - property: "tag:Environment"
	//           value: "automation-1a2b3c4d"
	//           invert: true
	// <nil>
}

func ExampleOptions_Check() {
	inventory := exampleInventory()
	inventory.Environment = "automation-master"
	err := nuke.Options{Blocklist: []string{"999999999999"}}.Check(inventory)
	fmt.Println(errors.Is(err, nuke.ErrProduction))
	// Output: true
}

// A configuration that somebody wrote: the name of one environment is the
// beginning of the other's.
func ExampleVerify() {
	config, err := nuke.Parse("nuke.yaml", []byte(`
blocklist: ["999999999999"]
regions: [us-east-1]
resource-types: {includes: [SNSTopic]}
accounts:
  "123456789012":
    filters:
      SNSTopic:
        - {type: contains, value: automation-1a2b3c4d, invert: true}
`), 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	verdict, err := nuke.Verify(config, exampleInventory(), nuke.Run{})
	fmt.Println(err)
	fmt.Println(verdict.Warnings[0])
	// Output:
	// verify nuke.yaml: 1 resource not of automation-1a2b3c4d would be deleted (us-east-1 SNSTopic TopicARN: arn:aws:sns:us-east-1:123456789012:automation-1a2b3c4de first)
	// nuke.yaml:9: inverted, this lets go whatever mentions "automation-1a2b3c4d" in the id, such as another environment whose name begins the same way
}

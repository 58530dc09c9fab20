package keys_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/mettel-automation/delivery/eks/keys"
)

func Example() {
	ctx := context.Background()
	cloud := newMemory(new(testing.T)) // with AWS: the clients of S3, SSM and IAM

	deliverer := keys.New(keys.API{Objects: cloud, Parameters: cloud, AccessKeys: cloud}, keys.Options{})
	plan, err := deliverer.Plan(ctx, keys.Spec{
		Bucket: bucket, Account: account, Prefix: "dev/",
		KeyPairID: keyPair, SMTPUser: user, Region: "us-east-1",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	result, err := deliverer.Apply(ctx, plan)
	fmt.Println(len(result.Done), "done, error:", err)
	// Output:
	// create nodes.pem: the private key of key-0123456789abcdef0
	// create smtp.json: a new access key of user kre-dev-smtp, since there is none
	// 2 done, error: <nil>
}

func ExampleSecret() {
	smtp := keys.SMTP{
		Host: keys.Host("us-east-1"), Port: keys.Port, Username: "AKIAIOSFODNN7EXAMPLE",
		Password: keys.Password(keys.Hide("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "us-east-1"),
	}
	fmt.Println(smtp.Host, smtp.Password)
	fmt.Println(len(smtp.Password.Reveal()), "characters")
	// Output:
	// email-smtp.us-east-1.amazonaws.com ***
	// 44 characters
}

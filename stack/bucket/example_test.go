package bucket_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/stack/bucket"
)

func ExampleEmptier_Empty() {
	client := newMemory("automation-8527fec8-thanos").fill(2500).client() // yours is s3.NewFromConfig(cfg)
	emptier := bucket.New(client, bucket.Options{})
	deleted, err := emptier.Empty(context.Background(), "automation-8527fec8-thanos", "123456789012")
	fmt.Println(deleted, err)
	// Output: 2500 <nil>
}

func ExampleTemplates_Upload() {
	client := newMemory("automation-templates").client() // yours is s3.NewFromConfig(cfg)
	templates := bucket.Templates{API: client, Bucket: "automation-templates", Region: "eu-west-1"}
	url, err := templates.Upload(context.Background(), []byte("Resources: {Logs: {Type: AWS::Logs::LogGroup}}"))
	fmt.Println(url, err)
	// Output: https://automation-templates.s3.eu-west-1.amazonaws.com/templates/7d8df29cc6b0bff315409768e0a4663bec8fff3ebc8663afbc236b9aa55acf82.template <nil>
}

func ExampleHome() {
	memory := newMemory("automation-templates")
	memory.absent = true
	home := bucket.Home{API: memory.client(), Bucket: "automation-templates", Region: "eu-west-1"} // yours is s3.NewFromConfig(cfg)
	plan, err := home.Plan(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	fmt.Println(home.Apply(context.Background(), plan))
	// Output:
	// create bucket automation-templates
	//   in eu-west-1, its objects owned by the account
	//   public access blocked
	//   what is below templates/ expires after 30 days
	// <nil>
}

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

package ecrtest_test

import (
	"context"
	"fmt"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// A test says which images there are, lets the code under test use the client,
// and looks at what is left.
func Example() {
	ctx := context.Background()
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddImage("notifier", ecrtest.Image{Tags: []string{"v1", "latest"}, Labels: map[string]string{"team": "voice"}})
	old := cloud.AddImage("notifier", ecrtest.Image{Tags: []string{"v0"}, Pushed: time.Now().AddDate(0, -1, 0)})

	client := cloud.Client()
	deleted, err := client.BatchDeleteImage(ctx, &awsecr.BatchDeleteImageInput{
		RepositoryName: new("notifier"),
		ImageIds:       []types.ImageIdentifier{{ImageDigest: &old}, {ImageTag: new("v9")}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*deleted.ImageIds[0].ImageTag, "is gone")
	fmt.Println(*deleted.Failures[0].ImageId.ImageTag, deleted.Failures[0].FailureCode)
	for _, img := range cloud.Images("notifier") {
		fmt.Println(img.Tags, img.Labels)
	}
	// Output:
	// v0 is gone
	// v9 ImageNotFound
	// [latest v1] map[team:voice]
}

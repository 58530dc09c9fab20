//go:build integration

package cleanup_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// TestMoto cleans up a repository of moto.
func TestMoto(t *testing.T) {
	url := os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	ctx := t.Context()
	client := awsecr.New(awsecr.Options{
		Region: ecrtest.Region, BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	const repository = "delivery-cleanup/shop"
	if _, err := client.CreateRepository(ctx, &awsecr.CreateRepositoryInput{RepositoryName: new(repository)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteRepository(context.WithoutCancel(ctx), &awsecr.DeleteRepositoryInput{RepositoryName: new(repository), Force: true}); err != nil {
			t.Error(err)
		}
	})
	for n, tags := range [][]string{{"c721e158-1", "latest-c721e158"}, {"c721e158-2", "aaaaaaaa-1"}, {"c721e1589-1"}, {"inputs-1"}, {"master-1"}} {
		manifest := fmt.Sprintf(`{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
			"config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": "sha256:%064d"},
			"layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 1, "digest": "sha256:%064d"}]}`, n, n+100)
		for _, tag := range tags {
			if _, err := client.PutImage(ctx, &awsecr.PutImageInput{RepositoryName: new(repository), ImageManifest: &manifest, ImageTag: &tag}); err != nil {
				t.Fatal(err)
			}
		}
	}
	cleaner := cleanup.New(client, cleanup.Options{MinAge: -1})
	for round := range 2 {
		plan, err := cleaner.Plan(ctx, live(repository))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cleaner.Apply(ctx, plan); err != nil {
			t.Fatal(err)
		}
		if plan.Empty() != (round == 1) {
			t.Errorf("round %d: %s", round, plan)
		}
	}
	out, err := client.DescribeImages(ctx, &awsecr.DescribeImagesInput{RepositoryName: new(repository)})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, d := range out.ImageDetails {
		left = append(left, d.ImageTags...)
	}
	slices.Sort(left)
	if d := cmp.Diff([]string{"aaaaaaaa-1", "c721e1589-1", "inputs-1", "master-1"}, left); d != "" || len(out.ImageDetails) != 4 {
		t.Errorf("%d images; tags (-want +got):\n%s", len(out.ImageDetails), d)
	}
}

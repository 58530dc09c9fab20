//go:build integration

package ecr_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// TestMoto plans and tags on moto, which has the API of ECR and no registry: an
// image is put there as a push would have left it.
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
	const repository = "delivery-publish/web"
	publisher := ecr.New(client, ecr.Options{})
	web := module(t, repository)
	web.Tags = []string{"8527fec8-1", "latest-8527fec8"}
	if _, err := publisher.Plan(ctx, []ecr.Image{web}); err == nil || !strings.Contains(err.Error(), ecr.ErrNoRepository.Error()) {
		t.Fatalf("without a repository: %v, want %v", err, ecr.ErrNoRepository)
	}
	if _, err := client.CreateRepository(ctx, &awsecr.CreateRepositoryInput{RepositoryName: new(repository)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteRepository(context.WithoutCancel(ctx), &awsecr.DeleteRepositoryInput{RepositoryName: new(repository), Force: true}); err != nil {
			t.Error(err)
		}
	})
	plan, err := publisher.Plan(ctx, []ecr.Image{web})
	if err != nil || plan.Count(ecr.ActionBuild) != 1 {
		t.Fatalf("plan %v, %v; want one to build", plan, err)
	}
	manifest := fmt.Sprintf(`{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
		"config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": "sha256:%064d"},
		"layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 1, "digest": "sha256:%064d"}]}`, 1, 2)
	_, err = client.PutImage(ctx, &awsecr.PutImageInput{RepositoryName: new(repository), ImageManifest: &manifest, ImageTag: &plan.Images[0].Tag})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []ecr.Action{ecr.ActionRetag, ecr.ActionSkip} {
		plan, err := publisher.Plan(ctx, []ecr.Image{web})
		if err != nil || plan.Images[0].Action != want {
			t.Fatalf("plan %v, %v; want %s", plan, err, want)
		}
		result, err := publisher.Apply(ctx, plan)
		if err != nil || len(result.Images) != 1 || len(result.Images[0].Tags) != 2 {
			t.Errorf("%v, %v; want both tags in place", result, err)
		}
	}
}

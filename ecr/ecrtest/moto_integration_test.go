//go:build integration

package ecrtest_test

import (
	"context"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// TestConformanceOfMoto holds moto's ECR and the Cloud to one behaviour.
func TestConformanceOfMoto(t *testing.T) {
	url := os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	client := awsecr.New(awsecr.Options{
		Region: ecrtest.Region, BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}, once)
	// The images are made by the Cloud; moto asks for no layers.
	b := newBench(t, ecrtest.Options{})
	b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1"}})
	b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v2"}})
	s := stage{client, b.manifest(tag("v1")), b.manifest(tag("v2"))}
	for name, tt := range conformance() {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if _, err := client.CreateRepository(ctx, &awsecr.CreateRepositoryInput{RepositoryName: new("app")}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				in := &awsecr.DeleteRepositoryInput{RepositoryName: new("app"), Force: true}
				if _, err := client.DeleteRepository(context.WithoutCancel(ctx), in); err != nil {
					t.Error(err)
				}
			})
			for _, put := range []struct{ manifest, tag string }{{s.one, "v1"}, {s.one, "latest"}, {s.two, "v2"}} {
				if _, err := client.PutImage(ctx, &awsecr.PutImageInput{RepositoryName: new("app"), ImageManifest: &put.manifest, ImageTag: &put.tag}); err != nil {
					t.Fatal(err)
				}
			}
			if got := tt.do(ctx, s); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

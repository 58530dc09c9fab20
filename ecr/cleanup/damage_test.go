package cleanup_test

import (
	"context"
	"strings"
	"testing"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// damaged is an API whose answers to BatchGetImage are changed, and that keeps the
// registry of each call.
type damaged struct {
	cleanup.API
	change     func(*awsecr.BatchGetImageOutput)
	registries map[string]bool
}

func (d *damaged) note(registry *string) {
	if registry == nil {
		registry = new("default")
	}
	d.registries[*registry] = true
}

func (d *damaged) BatchGetImage(ctx context.Context, in *awsecr.BatchGetImageInput, o ...func(*awsecr.Options)) (*awsecr.BatchGetImageOutput, error) {
	d.note(in.RegistryId)
	out, err := d.API.BatchGetImage(ctx, in, o...)
	if err == nil && d.change != nil {
		d.change(out)
	}
	return out, err
}

func (d *damaged) DescribeImages(ctx context.Context, in *awsecr.DescribeImagesInput, o ...func(*awsecr.Options)) (*awsecr.DescribeImagesOutput, error) {
	d.note(in.RegistryId)
	return d.API.DescribeImages(ctx, in, o...)
}

func (d *damaged) BatchDeleteImage(ctx context.Context, in *awsecr.BatchDeleteImageInput, o ...func(*awsecr.Options)) (*awsecr.BatchDeleteImageOutput, error) {
	d.note(in.RegistryId)
	return d.API.BatchDeleteImage(ctx, in, o...)
}

func TestAnIndexThatCannotBeReadIsAnError(t *testing.T) {
	tests := map[string]struct {
		change func(*awsecr.BatchGetImageOutput)
		want   string
	}{
		"it is gone":       {func(out *awsecr.BatchGetImageOutput) { out.Images = nil }, "ECR does not return it: plan again"},
		"it has no id":     {func(out *awsecr.BatchGetImageOutput) { out.Images[0].ImageId = nil }, "ECR does not return it: plan again"},
		"it is another":    {func(out *awsecr.BatchGetImageOutput) { out.Images[0].ImageId.ImageDigest = new("sha256:0") }, "ECR does not return it: plan again"},
		"it is no JSON":    {func(out *awsecr.BatchGetImageOutput) { out.Images[0].ImageManifest = new("{") }, "unexpected end of JSON"},
		"ECR gives no key": {func(out *awsecr.BatchGetImageOutput) { out.Failures = failures(types.ImageFailureCodeKmsError) }, "KmsError: why"},
		"it is archived": {func(out *awsecr.BatchGetImageOutput) {
			out.Failures = failures(types.ImageFailureCodeImageInaccessible)
		}, "ImageInaccessible: why"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := ecrtest.New(ecrtest.Options{})
			part := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
			cloud.AddImage("shop", ecrtest.Image{Tags: []string{"aaaaaaaa-1"}, Manifests: []string{part}})
			api := &damaged{API: cloud.Client(), change: tt.change, registries: map[string]bool{}}
			_, err := cleanup.New(api, cleanup.Options{MinAge: -1}).Plan(t.Context(), live("shop"))
			if err == nil || !strings.HasPrefix(err.Error(), "plan clean-up of shop: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q: nobody knows what the index needs", err, tt.want)
			}
		})
	}
}

func failures(code types.ImageFailureCode) []types.ImageFailure {
	return []types.ImageFailure{{ImageId: &types.ImageIdentifier{ImageDigest: new("sha256:0")}, FailureCode: code, FailureReason: new("why")}}
}

func TestTagsThatCannotBeReadAreNotRemoved(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
	api := &damaged{API: cloud.Client(), registries: map[string]bool{}, change: func(out *awsecr.BatchGetImageOutput) {
		out.Failures = failures(types.ImageFailureCodeKmsError)
	}}
	cleaner := cleanup.New(api, cleanup.Options{MinAge: -1})
	plan, err := cleaner.Plan(t.Context(), live("shop"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cleaner.Apply(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "remove tags c721e158-1 to c721e158-1 of shop: get image sha256:0: KmsError: why") {
		t.Errorf("error %v", err)
	}
	if n := cloud.Calls("BatchDeleteImage"); n != 0 {
		t.Errorf("%d deletions, want none", n)
	}
}

func TestEveryCallNamesTheRegistry(t *testing.T) {
	for _, id := range []string{"", ecrtest.Account} {
		cloud := ecrtest.New(ecrtest.Options{})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
		api := &damaged{API: cloud.Client(), registries: map[string]bool{}}
		cleaner := cleanup.New(api, cleanup.Options{MinAge: -1, RegistryID: id})
		plan, err := cleaner.Plan(t.Context(), live("shop"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cleaner.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if id == "" {
			id = "default"
		}
		if len(api.registries) != 1 || !api.registries[id] {
			t.Errorf("registries %v, want %s alone", api.registries, id)
		}
	}
}

func TestACancelledCleanUpStops(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	for _, name := range []string{"shop", "other"} {
		cloud.AddImage(name, ecrtest.Image{Tags: []string{"c721e158-1"}})
	}
	cleaner := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1})
	plan, err := cleaner.Plan(t.Context(), live("shop", "other"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cleaner.Apply(ctx, plan); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("error %v, want that of the context", err)
	}
	if n := cloud.Calls("BatchDeleteImage"); n != 0 {
		t.Errorf("%d deletions, want none", n)
	}
}

func TestPlanString(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	plan := cleanup.Plan{Repositories: []cleanup.Repository{
		{Name: "shop", Kept: 12, Images: []cleanup.Image{
			{Digest: "sha256:0123456789abcdef", Remove: []string{"c721e158-1", "latest-c721e158"}, Reason: "environment c721e158 is gone", Bytes: 52_000_000, PushedAt: &at},
			{Digest: "sha256:fedcba9876543210", Remove: []string{"c721e158-2"}, Keep: []string{"master-7"}, Reason: "environment c721e158 is gone", Bytes: 1},
		}, Spared: []cleanup.Spared{{Digest: "sha256:1111111111111111", Tags: []string{"c721e158-3"}, Reason: "it runs"}}},
		{Name: "web", Kept: 1},
	}}
	want := `shop: delete 1 image (52 MB), remove 1 tag, keep 12 images
  - sha256:0123456789ab  c721e158-1, latest-c721e158: environment c721e158 is gone
  ~ sha256:fedcba987654  c721e158-2: environment c721e158 is gone; keeps master-7
  ! sha256:111111111111  c721e158-3: spared, it runs
web: delete 0 images (0 kB), remove 0 tags, keep 1 image
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
}

func TestRemoveErrorText(t *testing.T) {
	err := &cleanup.RemoveError{Repository: "shop", Tag: "c721e158-1", Code: "KmsError", Reason: "the key is gone"}
	if want := "remove tag c721e158-1 of shop: KmsError: the key is gone"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

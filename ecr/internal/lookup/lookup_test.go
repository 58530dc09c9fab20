package lookup_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/internal/lookup"
)

// getter is an API that answers with a function.
type getter func(in *awsecr.BatchGetImageInput) (*awsecr.BatchGetImageOutput, error)

func (g getter) BatchGetImage(_ context.Context, in *awsecr.BatchGetImageInput, _ ...func(*awsecr.Options)) (*awsecr.BatchGetImageOutput, error) {
	return g(in)
}

func image(tag, digest string) types.Image {
	return types.Image{ImageId: &types.ImageIdentifier{ImageTag: &tag, ImageDigest: &digest}}
}

func TestDigests(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	one := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"a", "b"}})
	two := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c"}})
	r := lookup.Repository{API: cloud.Client(), Name: "shop"}
	got, err := r.Digests(t.Context(), []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"a": one, "b": one, "c": two}, got); d != "" {
		t.Errorf("digests (-want +got):\n%s", d)
	}
	if n := cloud.Calls("BatchGetImage"); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	many := make([]string, 250)
	for i := range many {
		many[i] = fmt.Sprint("t", i)
	}
	if got, err = r.Digests(t.Context(), many); err != nil || len(got) != 0 || cloud.Calls("BatchGetImage") != 1+3 {
		t.Errorf("%v, %v, %d calls; want none in 3", got, err, cloud.Calls("BatchGetImage")-1)
	}
	if got, err = r.Digests(t.Context(), nil); err != nil || len(got) != 0 || cloud.Calls("BatchGetImage") != 1+3 {
		t.Errorf("no tags: %v, %v, %d calls; want no call", got, err, cloud.Calls("BatchGetImage")-4)
	}
}

// TestAnswersThatNameAnotherTag is about moto, which names each image by the last
// of its tags, whichever was asked for.
func TestAnswersThatNameAnotherTag(t *testing.T) {
	calls := 0
	r := lookup.Repository{Name: "shop", API: getter(func(in *awsecr.BatchGetImageInput) (*awsecr.BatchGetImageOutput, error) {
		calls++
		out := &awsecr.BatchGetImageOutput{}
		for _, id := range in.ImageIds {
			if *id.ImageTag == "d" {
				out.Failures = append(out.Failures, types.ImageFailure{ImageId: &id, FailureCode: types.ImageFailureCodeImageNotFound})
			} else {
				out.Images = append(out.Images, image("c", "sha256:1"))
			}
		}
		return out, nil
	})}
	got, err := r.Digests(t.Context(), []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"a": "sha256:1", "b": "sha256:1", "c": "sha256:1"}, got); d != "" {
		t.Errorf("digests (-want +got):\n%s", d)
	}
	if calls != 3 {
		t.Errorf("%d calls, want 3", calls)
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	lost := errors.New("connection reset")
	tests := map[string]struct {
		answer getter
		want   string
	}{
		"the call fails": {func(*awsecr.BatchGetImageInput) (*awsecr.BatchGetImageOutput, error) { return nil, lost }, "get images: connection reset"},
		"a tag": {func(in *awsecr.BatchGetImageInput) (*awsecr.BatchGetImageOutput, error) {
			return &awsecr.BatchGetImageOutput{Failures: []types.ImageFailure{{ImageId: &in.ImageIds[0], FailureCode: "KmsError", FailureReason: new("no key")}}}, nil
		}, "get image a: KmsError: no key"},
		"something without a name": {func(*awsecr.BatchGetImageInput) (*awsecr.BatchGetImageOutput, error) {
			return &awsecr.BatchGetImageOutput{Failures: []types.ImageFailure{{FailureCode: "KmsError", FailureReason: new("no key")}}}, nil
		}, "get image : KmsError: no key"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := lookup.Repository{API: tt.answer}.Digests(t.Context(), []string{"a"})
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
	t.Run("the second look at a tag", func(t *testing.T) {
		calls := 0
		_, err := lookup.Repository{API: getter(func(*awsecr.BatchGetImageInput) (*awsecr.BatchGetImageOutput, error) {
			if calls++; calls > 1 {
				return nil, lost
			}
			return &awsecr.BatchGetImageOutput{Images: []types.Image{{}}}, nil // an image without a name
		})}.Digests(t.Context(), []string{"a"})
		if !errors.Is(err, lost) {
			t.Errorf("error %v, want %v", err, lost)
		}
	})
}

func TestImages(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	plain := cloud.AddImage("shop", ecrtest.Image{})
	index := cloud.AddImage("shop", ecrtest.Image{Manifests: []string{plain}})
	got, err := lookup.Repository{API: cloud.Client(), Name: "shop"}.Images(t.Context(), []string{index, plain, "sha256:00"})
	if err != nil || len(got) != 2 || *got[0].ImageManifestMediaType != lookup.OCIIndex || *got[1].ImageManifest == "" {
		t.Errorf("%v, %v; want the index and the image", got, err)
	}
}

func TestShort(t *testing.T) {
	for digest, want := range map[string]string{"sha256:0123456789abcdef": "sha256:0123456789ab", "sha256:01": "sha256:01", "": ""} {
		if got := lookup.Short(digest); got != want {
			t.Errorf("Short(%q) = %q, want %q", digest, got, want)
		}
	}
}

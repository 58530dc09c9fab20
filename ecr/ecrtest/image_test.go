package ecrtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

const (
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	nowhere     = "sha256:ab00000000000000000000000000000000000000000000000000000000000000"
)

func tag(t string) types.ImageIdentifier    { return types.ImageIdentifier{ImageTag: &t} }
func digest(d string) types.ImageIdentifier { return types.ImageIdentifier{ImageDigest: &d} }

func both(d, t string) types.ImageIdentifier {
	return types.ImageIdentifier{ImageDigest: &d, ImageTag: &t}
}

// manifest returns the text of an image in app.
func (b bench) manifest(id types.ImageIdentifier) string {
	b.Helper()
	out, err := b.client.BatchGetImage(b.Context(), &awsecr.BatchGetImageInput{RepositoryName: new("app"), ImageIds: []types.ImageIdentifier{id}})
	if err != nil || len(out.Images) != 1 {
		b.Fatalf("%v, %v", out, err)
	}
	return *out.Images[0].ImageManifest
}

func TestBatchGetImageSaysWhatFailed(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	one := b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1"}})
	two := b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v2"}})
	out, err := b.client.BatchGetImage(t.Context(), &awsecr.BatchGetImageInput{
		RepositoryName: new("app"),
		ImageIds:       []types.ImageIdentifier{tag("v1"), digest(two), both(two, "v1"), tag("v3"), digest(nowhere), digest("v1"), tag("-"), {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []types.ImageIdentifier
	for _, img := range out.Images {
		got = append(got, *img.ImageId)
	}
	if d := cmp.Diff([]types.ImageIdentifier{both(one, "v1"), digest(two)}, got, noMarker); d != "" {
		t.Errorf("images (-want +got):\n%s", d)
	}
	fail := func(id types.ImageIdentifier, code, reason string) types.ImageFailure {
		return types.ImageFailure{ImageId: &id, FailureCode: types.ImageFailureCode(code), FailureReason: &reason}
	}
	want := []types.ImageFailure{
		fail(both(two, "v1"), "ImageTagDoesNotMatchDigest", "Requested image tag does not match the image digest"),
		fail(tag("v3"), "ImageNotFound", "Requested image not found"),
		fail(digest(nowhere), "ImageNotFound", "Requested image not found"),
		fail(digest("v1"), "InvalidImageDigest", "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"),
		fail(tag("-"), "InvalidImageTag", "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'"),
		fail(types.ImageIdentifier{}, "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"),
	}
	if d := cmp.Diff(want, out.Failures, noMarker); d != "" {
		t.Errorf("failures (-want +got):\n%s", d)
	}
}

func TestBatchGetImageKeepsToTheAcceptedTypes(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1"}})
	for mediaType, want := range map[string]int{ociManifest: 1, "application/vnd.docker.distribution.manifest.v2+json": 0} {
		out, err := b.client.BatchGetImage(t.Context(), &awsecr.BatchGetImageInput{
			RepositoryName: new("app"), ImageIds: []types.ImageIdentifier{tag("v1")}, AcceptedMediaTypes: []string{mediaType},
		})
		if err != nil || len(out.Images) != want || len(out.Failures) != 1-want {
			t.Errorf("%s: %d images, %v", mediaType, len(out.Images), err)
		}
	}
}

// TestBatchesAreOfAHundred also holds that none is no batch.
func TestBatchesAreOfAHundred(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	for n, want := range map[int]string{0: "greater than or equal to 1", 100: "", 101: "less than or equal to 100"} {
		ids := make([]types.ImageIdentifier, n)
		for i := range ids {
			ids[i] = tag(fmt.Sprint("v", i))
		}
		if n == 0 {
			ids = []types.ImageIdentifier{} // the SDK insists on something
		}
		_, get := b.client.BatchGetImage(t.Context(), &awsecr.BatchGetImageInput{RepositoryName: new("app"), ImageIds: ids})
		_, del := b.client.BatchDeleteImage(t.Context(), &awsecr.BatchDeleteImageInput{RepositoryName: new("app"), ImageIds: ids})
		for _, err := range []error{get, del} {
			if (want == "") != (err == nil) || !strings.Contains(told(err), want) {
				t.Errorf("%d ids: %v", n, told(err))
			}
		}
	}
}

func TestDescribingImages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecrtest.Options{})
		start := time.Now().UTC()
		one := b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1", "a"}})
		time.Sleep(time.Hour)
		two := b.cloud.AddImage("app", ecrtest.Image{})
		index := b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"multi"}, Manifests: []string{one, two}})
		b.manifest(tag("v1"))
		describe := func(in awsecr.DescribeImagesInput) ([]types.ImageDetail, error) {
			in.RepositoryName = new("app")
			out, err := b.client.DescribeImages(t.Context(), &in)
			if err != nil {
				return nil, err
			}
			return out.ImageDetails, nil
		}
		got, err := describe(awsecr.DescribeImagesInput{ImageIds: []types.ImageIdentifier{tag("v1"), digest(one), tag("multi")}})
		if err != nil || len(got) != 2 {
			t.Fatalf("%d images, %v; want each once", len(got), err)
		}
		want := types.ImageDetail{
			RegistryId: new(ecrtest.Account), RepositoryName: new("app"), ImageDigest: &one, ImageTags: []string{"a", "v1"},
			ImagePushedAt: &start, LastRecordedPullTime: new(start.Add(time.Hour)), ImageSizeInBytes: got[0].ImageSizeInBytes,
			ImageManifestMediaType: new(ociManifest), ArtifactMediaType: new("application/vnd.oci.image.config.v1+json"), ImageStatus: "ACTIVE",
		}
		if d := cmp.Diff(want, got[0], noMarker); d != "" || *got[0].ImageSizeInBytes == 0 {
			t.Errorf("image (-want +got):\n%s", d)
		}
		if *got[1].ImageDigest != index || *got[1].ImageSizeInBytes != *got[0].ImageSizeInBytes || *got[1].ImageManifestMediaType != ociIndex {
			t.Errorf("index %+v: want the size of its largest image", got[1])
		}
		for status, want := range map[types.TagStatus]int{"TAGGED": 2, "UNTAGGED": 1, "ANY": 3, "": 3} {
			got, err := describe(awsecr.DescribeImagesInput{Filter: &types.DescribeImagesFilter{TagStatus: status}})
			if err != nil || len(got) != want {
				t.Errorf("%q: %d images, %v; want %d", status, len(got), err, want)
			}
		}
		_, err = describe(awsecr.DescribeImagesInput{ImageIds: []types.ImageIdentifier{tag("v1"), tag("v9")}})
		if want := "ImageNotFoundException: The image with imageId {imageDigest:'null', imageTag:'v9'} does not exist within the repository with name 'app' in the registry with id '123456789012'"; told(err) != want {
			t.Errorf("%v\nwant %s", told(err), want)
		}
		_, err = describe(awsecr.DescribeImagesInput{ImageIds: []types.ImageIdentifier{tag("v1")}, MaxResults: new(int32(1))})
		if !strings.Contains(told(err), "cannot be used when you specify imageIds") {
			t.Errorf("a page of named images: %v", err)
		}
	})
}

func TestImagesAreListedInPages(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	for i := range 7 {
		b.cloud.AddImage("app", ecrtest.Image{Tags: []string{fmt.Sprint("v", i), fmt.Sprint("w", i)}})
		b.cloud.AddImage("app", ecrtest.Image{})
	}
	seen := make(map[string]int)
	pages := awsecr.NewListImagesPaginator(b.client, &awsecr.ListImagesInput{RepositoryName: new("app"), MaxResults: new(int32(4))})
	var sizes []int
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.ImageIds))
		for _, id := range page.ImageIds {
			key := *id.ImageDigest
			if id.ImageTag != nil {
				key += *id.ImageTag
			}
			seen[key]++
		}
	}
	if d := cmp.Diff([]int{4, 4, 4, 4, 4, 1}, sizes); d != "" || len(seen) != 21 {
		t.Errorf("%d ids in pages of %v", len(seen), sizes)
	}
	for status, want := range map[types.TagStatus]int{"TAGGED": 14, "UNTAGGED": 7} {
		out, err := b.client.ListImages(t.Context(), &awsecr.ListImagesInput{RepositoryName: new("app"), Filter: &types.ListImagesFilter{TagStatus: status}})
		if err != nil || len(out.ImageIds) != want {
			t.Errorf("%s: %d, %v; want %d", status, len(out.ImageIds), err, want)
		}
	}
	details := awsecr.NewDescribeImagesPaginator(b.client, &awsecr.DescribeImagesInput{RepositoryName: new("app"), MaxResults: new(int32(5))})
	for n := range 3 {
		page, err := details.NextPage(t.Context())
		if want := min(5, 14-5*n); err != nil || len(page.ImageDetails) != want {
			t.Errorf("page %d has %d images, %v", n, len(page.ImageDetails), err)
		}
	}
}

func TestDeletingImages(t *testing.T) {
	// Image 0 has the tags a and b, image 1 has c, image 2 has none, and image 3
	// is an index of 1 and 2.
	tests := map[string]struct {
		ids      func(d []string) []types.ImageIdentifier
		left     map[string]int
		images   int
		gone     int
		failures []string
	}{
		"one tag of two":               {func([]string) []types.ImageIdentifier { return []types.ImageIdentifier{tag("a")} }, map[string]int{"b": 0, "c": 1, "multi": 3}, 4, 1, nil},
		"the last tag takes the image": {func([]string) []types.ImageIdentifier { return []types.ImageIdentifier{tag("a"), tag("b")} }, map[string]int{"c": 1, "multi": 3}, 3, 2, nil},
		"a digest takes all its tags":  {func(d []string) []types.ImageIdentifier { return []types.ImageIdentifier{digest(d[0])} }, map[string]int{"c": 1, "multi": 3}, 3, 2, nil},
		"each tag with its digest": {func(d []string) []types.ImageIdentifier {
			return []types.ImageIdentifier{both(d[0], "a"), both(d[0], "b")}
		}, map[string]int{"c": 1, "multi": 3}, 3, 2, nil},
		"an image of an index":          {func(d []string) []types.ImageIdentifier { return []types.ImageIdentifier{digest(d[1]), digest(d[2])} }, map[string]int{"a": 0, "b": 0, "c": 1, "multi": 3}, 4, 0, []string{"ImageReferencedByManifestList", "ImageReferencedByManifestList"}},
		"the last tag of such an image": {func([]string) []types.ImageIdentifier { return []types.ImageIdentifier{tag("c")} }, map[string]int{"a": 0, "b": 0, "c": 1, "multi": 3}, 4, 0, []string{"ImageReferencedByManifestList"}},
		"an index and its images at once": {
			func(d []string) []types.ImageIdentifier {
				return []types.ImageIdentifier{digest(d[3]), digest(d[2])}
			},
			map[string]int{"a": 0, "b": 0, "c": 1},
			3, 1,
			[]string{"ImageReferencedByManifestList"},
		},
		"what is not there": {func(d []string) []types.ImageIdentifier {
			return []types.ImageIdentifier{tag("z"), digest(nowhere), both(d[0], "c"), {}}
		}, map[string]int{"a": 0, "b": 0, "c": 1, "multi": 3}, 4, 0, []string{"ImageNotFound", "ImageNotFound", "ImageTagDoesNotMatchDigest", "MissingDigestAndTag"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ecrtest.Options{})
			var d []string
			for _, tags := range [][]string{{"a", "b"}, {"c"}, nil} {
				d = append(d, b.cloud.AddImage("app", ecrtest.Image{Tags: tags}))
			}
			d = append(d, b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"multi"}, Manifests: d[1:]}))
			out, err := b.client.BatchDeleteImage(t.Context(), &awsecr.BatchDeleteImageInput{RepositoryName: new("app"), ImageIds: tt.ids(d)})
			if err != nil {
				t.Fatal(err)
			}
			var failures []string
			for _, f := range out.Failures {
				failures = append(failures, string(f.FailureCode))
			}
			if diff := cmp.Diff(tt.left, b.tagged(d...)) + cmp.Diff(tt.failures, failures); diff != "" || len(out.ImageIds) != tt.gone || len(b.cloud.Images("app")) != tt.images {
				t.Errorf("%d gone, %d images left (-want +got):\n%s", len(out.ImageIds), len(b.cloud.Images("app")), diff)
			}
		})
	}
}

func TestARepositoryFills(t *testing.T) {
	b := newBench(t, ecrtest.Options{MaxImages: 1})
	b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1"}})
	text := strings.Replace(b.manifest(tag("v1")), "{", "{ ", 1)
	err := b.put(text, "v2")
	if want := "LimitExceededException: The maximum number of images (1) has been reached in the repository with name 'app' in the registry with id '123456789012'"; told(err) != want {
		t.Errorf("%v\nwant %s", told(err), want)
	}
	for i := range 1000 {
		if err = b.put(b.manifest(tag("v1")), fmt.Sprint("t", i)); err != nil && i < 999 {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(told(err), "LimitExceededException: The maximum number of tags per image (1000)") {
		t.Errorf("tag 1001: %v", err)
	}
}

func TestImageOperationsNeedARepository(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	ctx, none, ids := t.Context(), new("none"), []types.ImageIdentifier{tag("v1")}
	calls := map[string]func() error{
		"BatchGetImage": func() error {
			_, err := b.client.BatchGetImage(ctx, &awsecr.BatchGetImageInput{RepositoryName: none, ImageIds: ids})
			return err
		},
		"BatchDeleteImage": func() error {
			_, err := b.client.BatchDeleteImage(ctx, &awsecr.BatchDeleteImageInput{RepositoryName: none, ImageIds: ids})
			return err
		},
		"DescribeImages": func() error {
			_, err := b.client.DescribeImages(ctx, &awsecr.DescribeImagesInput{RepositoryName: none})
			return err
		},
		"ListImages": func() error {
			_, err := b.client.ListImages(ctx, &awsecr.ListImagesInput{RepositoryName: none})
			return err
		},
		"PutImage": func() error {
			_, err := b.client.PutImage(ctx, &awsecr.PutImageInput{RepositoryName: none, ImageManifest: new("{}")})
			return err
		},
	}
	for op, call := range calls {
		if err := call(); told(err) != "RepositoryNotFoundException: The repository with name 'none' does not exist in the registry with id '123456789012'" || b.cloud.Calls(op) != 1 {
			t.Errorf("%s: %v", op, err)
		}
	}
}

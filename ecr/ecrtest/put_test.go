package ecrtest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// put puts a manifest into app, under a tag unless that is empty.
func (b bench) put(text, tag string) error {
	in := &awsecr.PutImageInput{RepositoryName: new("app"), ImageManifest: &text}
	if tag != "" {
		in.ImageTag = &tag
	}
	_, err := b.client.PutImage(b.Context(), in)
	return err
}

// tagged is which image in app, by number, each tag has.
func (b bench) tagged(digests ...string) map[string]int {
	out := make(map[string]int)
	for _, img := range b.cloud.Images("app") {
		for _, tag := range img.Tags {
			out[tag] = slices.Index(digests, img.Digest)
		}
	}
	return out
}

// TestPuttingATag is who may move a tag to where: image 0 has the tags v1 and
// latest, and image 1 has v2; what is put is image 1.
func TestPuttingATag(t *testing.T) {
	moved := map[string]int{"v1": 1, "latest": 0, "v2": 1}
	fixed := "ImageTagAlreadyExistsException: The image tag '%s' already exists in the 'app' repository and cannot be overwritten because the tag is immutable."
	same := "ImageAlreadyExistsException: Image with digest '%s' and tag '%s' already exists in the repository with name 'app' in registry with id '123456789012'"
	tests := map[string]struct {
		mutability types.ImageTagMutability
		filters    []string
		tag        string
		want       map[string]int // nil is a refusal
		refusal    string
	}{
		"a new tag":                             {"MUTABLE", nil, "v3", map[string]int{"v1": 0, "latest": 0, "v2": 1, "v3": 1}, ""},
		"a new tag that will be fixed":          {"IMMUTABLE", nil, "v3", map[string]int{"v1": 0, "latest": 0, "v2": 1, "v3": 1}, ""},
		"a tag moves":                           {"MUTABLE", nil, "v1", moved, ""},
		"a fixed tag does not":                  {"IMMUTABLE", nil, "v1", nil, fixed},
		"an excluded tag moves":                 {"IMMUTABLE_WITH_EXCLUSION", []string{"latest*", "v1"}, "v1", moved, ""},
		"one that is not excluded does not":     {"IMMUTABLE_WITH_EXCLUSION", []string{"latest*"}, "v1", nil, fixed},
		"a wildcard stands for nothing too":     {"IMMUTABLE_WITH_EXCLUSION", []string{"*v1*"}, "v1", moved, ""},
		"a filter matches the whole tag":        {"IMMUTABLE_WITH_EXCLUSION", []string{"v"}, "v1", nil, fixed},
		"an exclusion fixes where others move":  {"MUTABLE_WITH_EXCLUSION", []string{"v*"}, "v1", nil, fixed},
		"and leaves the others to move":         {"MUTABLE_WITH_EXCLUSION", []string{"w*"}, "v1", moved, ""},
		"a tag that is there already":           {"MUTABLE", nil, "v2", nil, same},
		"a fixed tag that is there already":     {"IMMUTABLE", nil, "v2", nil, fixed},
		"no tag, for an image that is there":    {"IMMUTABLE", nil, "", nil, same},
		"a tag that begins with a dash":         {"MUTABLE", nil, "-v", nil, "InvalidParameterException: Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}''"},
		"a tag that is longer than 128 letters": {"MUTABLE", nil, strings.Repeat("v", 129), nil, "InvalidParameterException: Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}''"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ecrtest.Options{})
			digests := []string{
				b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1", "latest"}}),
				b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v2"}}),
			}
			in := &awsecr.PutImageTagMutabilityInput{RepositoryName: new("app"), ImageTagMutability: tt.mutability}
			for _, f := range tt.filters {
				in.ImageTagMutabilityExclusionFilters = append(in.ImageTagMutabilityExclusionFilters, types.ImageTagMutabilityExclusionFilter{Filter: &f, FilterType: "WILDCARD"})
			}
			if _, err := b.client.PutImageTagMutability(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			before := b.tagged(digests...)
			err := b.put(b.manifest(digest(digests[1])), tt.tag)
			switch tt.refusal {
			case fixed:
				tt.refusal = fmt.Sprintf(fixed, tt.tag)
			case same:
				tt.refusal = fmt.Sprintf(same, digests[1], orNull(tt.tag))
			case "":
				tt.refusal = "<nil>"
			}
			if tt.want == nil {
				tt.want = before
			}
			if d := cmp.Diff(tt.want, b.tagged(digests...)); told(err) != tt.refusal || d != "" {
				t.Errorf("%v, want %s; tags (-want +got):\n%s", told(err), tt.refusal, d)
			}
		})
	}
}

func orNull(tag string) string {
	if tag == "" {
		return "null"
	}
	return tag
}

func TestPuttingAManifest(t *testing.T) {
	layer := func(digest string, more string) string {
		return `{"schemaVersion":2,"mediaType":"` + ociManifest + `","config":{"digest":"CONFIG"},"layers":[{"digest":"` + digest + `"` + more + `}]}`
	}
	tests := map[string]struct {
		text, mediaType, digest string
		want                    string
	}{
		"an image with a foreign layer":   {layer(nowhere, `,"urls":["https://elsewhere/"]`), "", "", "<nil>"},
		"an index":                        {`{"schemaVersion":2,"mediaType":"` + ociIndex + `","manifests":[{"digest":"IMAGE"}]}`, "", "", "<nil>"},
		"a media type from the request":   {`{"schemaVersion":2,"config":{"digest":"CONFIG"}}`, ociManifest, "", "<nil>"},
		"no media type at all":            {`{"schemaVersion":2,"config":{"digest":"CONFIG"}}`, "", "", "InvalidParameterException: image manifest mediatype not provided in manifest or parameter"},
		"two media types":                 {layer("CONFIG", ""), ociIndex, "", "InvalidParameterException: Invalid parameter at 'imageManifestMediaType' failed to satisfy constraint: '" + "'" + ociIndex + "' does not match the mediaType '" + ociManifest + "' of the manifest'"},
		"a media type of something else":  {`{"schemaVersion":2,"mediaType":"text/plain"}`, "", "", "UnsupportedImageTypeException: manifests of type 'text/plain' are not supported"},
		"an image without a config":       {`{"schemaVersion":2,"mediaType":"` + ociManifest + `"}`, "", "", "InvalidParameterException: Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid image manifest provided'"},
		"an index with a config":          {`{"schemaVersion":2,"mediaType":"` + ociIndex + `","config":{"digest":"CONFIG"}}`, "", "", "InvalidParameterException: Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid image manifest provided'"},
		"no JSON":                         {`{`, "", "", "InvalidParameterException: Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"},
		"another digest":                  {layer("CONFIG", ""), "", nowhere, "ImageDigestDoesNotMatchException: The calculated digest 'SUM' for the provided image manifest does not match the provided image digest '" + nowhere + "'"},
		"a layer that was never uploaded": {layer(nowhere, ""), "", "", "LayersNotFoundException: Layers with digests '[" + nowhere + "]' required for pushing image into repository with name 'app' in the registry with id '123456789012' do not exist"},
		"an index of what is not there":   {`{"schemaVersion":2,"mediaType":"` + ociIndex + `","manifests":[{"digest":"` + nowhere + `"}]}`, "", "", "ReferencedImagesNotFoundException: Images with digests '[" + nowhere + "]' required for pushing image into repository with name 'app' in the registry with id '123456789012' do not exist"},
		"a text of more than 4 MiB":       {`{"a":"` + strings.Repeat("a", 4<<20) + `"}`, "", "", "InvalidParameterException: Invalid parameter at 'imageManifest' failed to satisfy constraint: 'must have length less than or equal to 4194304'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ecrtest.Options{})
			known := b.cloud.AddImage("app", ecrtest.Image{})
			var m struct{ Config struct{ Digest string } }
			if err := json.Unmarshal([]byte(b.manifest(digest(known))), &m); err != nil {
				t.Fatal(err)
			}
			text := strings.NewReplacer("CONFIG", m.Config.Digest, "IMAGE", known).Replace(tt.text)
			in := &awsecr.PutImageInput{RepositoryName: new("app"), ImageManifest: &text, ImageTag: new("new")}
			if tt.mediaType != "" {
				in.ImageManifestMediaType = &tt.mediaType
			}
			if tt.digest != "" {
				in.ImageDigest = &tt.digest
			}
			out, err := b.client.PutImage(t.Context(), in)
			got, sum := told(err), ""
			if before, after, ok := strings.Cut(got, "digest 'sha256:"); ok && strings.HasPrefix(got, "ImageDigestDoesNotMatch") {
				sum, got = after[:64], before+"digest 'SUM"+after[64:]
			}
			if got != tt.want || strings.Contains(tt.want, "SUM") && len(sum) != 64 {
				t.Fatalf("%s\nwant %s", got, tt.want)
			}
			if n := len(b.cloud.Images("app")); err == nil && (n != 2 || *out.Image.ImageId.ImageTag != "new" || *out.Image.ImageManifest != text) || err != nil && n != 1 {
				t.Errorf("%d images, %+v", n, out)
			}
		})
	}
}

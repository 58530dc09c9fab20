package ecrtest_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// remote returns the options of go-containerregistry's client, with a new token
// and without retries.
func (b bench) remote() []remote.Option {
	return []remote.Option{
		remote.WithTransport(b.cloud),
		remote.WithAuth(&authn.Basic{Username: "AWS", Password: b.password()}),
		remote.WithContext(b.Context()),
		remote.WithJobs(1),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
	}
}

// ref is a tag or a digest ("@sha256:...") in the registry.
func ref(t *testing.T, text string) name.Reference {
	t.Helper()
	r, err := name.ParseReference(ecrtest.DefaultHost + "/" + text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// randomImage is an image of two layers and a label.
func randomImage(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(2000, 2)
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.Config(img, v1.Config{Labels: map[string]string{"team": "voice"}})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func (b bench) push(img v1.Image, to string) error {
	b.Helper()
	return writeTo(ref(b.T, to), img, b.remote())
}

func writeTo(to name.Reference, img v1.Image, options []remote.Option) error {
	return remote.Write(to, img, options...)
}

// refused is how the registry has refused a request: its status, and the errors
// in its answer.
func refused(err error) string {
	refusal, ok := errors.AsType[*transport.Error](err)
	if !ok {
		return fmt.Sprint(err)
	}
	text := fmt.Sprint(refusal.StatusCode)
	for _, d := range refusal.Errors {
		text += " " + string(d.Code) + ": " + d.Message
	}
	return text
}

func TestWhatIsPushedIsSeenByTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecrtest.Options{})
		img := randomImage(t)
		if err := b.push(img, "app:v1"); err != nil {
			t.Fatal(err)
		}
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := img.RawManifest()
		if err != nil {
			t.Fatal(err)
		}
		if text := b.manifest(tag("v1")); text != string(raw) {
			t.Errorf("manifest %s", text)
		}
		m, err := img.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		want := []ecrtest.Image{{
			Tags: []string{"v1"}, Pushed: time.Now(), Labels: map[string]string{"team": "voice"}, Digest: digest.String(),
			MediaType: string(m.MediaType), Size: m.Config.Size + m.Layers[0].Size + m.Layers[1].Size,
		}}
		if d := cmp.Diff(want, b.cloud.Images("app")); d != "" {
			t.Errorf("images (-want +got):\n%s", d)
		}
	})
}

func TestWhatTheAPITagsCanBePulled(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	img := randomImage(t)
	if err := b.push(img, "app:v1"); err != nil {
		t.Fatal(err)
	}
	if err := b.put(b.manifest(tag("v1")), "latest"); err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(ref(t, "app:latest"), b.remote()...)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := pulled.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	for _, l := range layers {
		r, err := l.Compressed() // go-containerregistry checks its digest
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
	}
	tags, err := remote.List(ref(t, "app").Context(), b.remote()...)
	if d := cmp.Diff([]string{"latest", "v1"}, tags); err != nil || d != "" {
		t.Errorf("%v, tags (-want +got):\n%s", err, d)
	}
	details, err := b.client.DescribeImages(t.Context(), &awsecr.DescribeImagesInput{RepositoryName: new("app")})
	if err != nil || details.ImageDetails[0].LastRecordedPullTime == nil {
		t.Errorf("%v: the pull left no trace", err)
	}
}

func TestAnIndexIsPushedAndDeleted(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	one, two := randomImage(t), randomImage(t)
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: one}, mutate.IndexAddendum{Add: two})
	if err := remote.WriteIndex(ref(t, "app:multi"), index, b.remote()...); err != nil {
		t.Fatal(err)
	}
	child, err := one.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if images := b.cloud.Images("app"); len(images) != 3 {
		t.Fatalf("%d images, want an index and two", len(images))
	}
	err = remote.Delete(ref(t, "app@"+child.String()), b.remote()...)
	if !strings.HasPrefix(refused(err), "403 DENIED: Requested image referenced by manifest list: [sha256:") {
		t.Errorf("an image of the index is deleted: %v", refused(err))
	}
	for _, reference := range []string{"app:multi", "app@" + child.String()} {
		if err := remote.Delete(ref(t, reference), b.remote()...); err != nil {
			t.Error(err)
		}
	}
	if images := b.cloud.Images("app"); len(images) != 1 {
		t.Errorf("%d images are left, want 1", len(images))
	}
	if err := remote.Delete(ref(t, "app:multi"), b.remote()...); refused(err) != "404 MANIFEST_UNKNOWN: Requested image not found" {
		t.Error(refused(err))
	}
}

func TestPushesThatAreRefused(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	if _, err := b.client.PutImageTagMutability(t.Context(), &awsecr.PutImageTagMutabilityInput{RepositoryName: new("app"), ImageTagMutability: "IMMUTABLE"}); err != nil {
		t.Fatal(err)
	}
	img := randomImage(t)
	if err := b.push(img, "app:v1"); err != nil {
		t.Fatal(err)
	}
	taken := "400 TAG_INVALID: The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable."
	missing := "404 NAME_UNKNOWN: The repository with name 'none' does not exist in the registry with id '123456789012'"
	tests := map[string]struct {
		img  v1.Image
		to   string
		want string
	}{
		"another image for a fixed tag": {randomImage(t), "app:v1", taken},
		"the same image by its digest":  {img, "app@" + b.cloud.Images("app")[0].Digest, "<nil>"},
		"another tag":                   {img, "app:v2", "<nil>"},
		"a repository that is missing":  {img, "none:v1", missing},
	}
	for name, tt := range tests {
		if err := b.push(tt.img, tt.to); refused(err) != tt.want {
			t.Errorf("%s: %s\nwant %s", name, refused(err), tt.want)
		}
	}
	// go-containerregistry looks first, and does not push what is there: see it put.
	if w := b.send("PUT", "/v2/app/manifests/v1", b.manifest(tag("v1")), map[string]string{"Content-Type": "application/vnd.docker.distribution.manifest.v2+json"}); w.Code != 400 || !strings.Contains(w.Body.String(), "TAG_INVALID") {
		t.Errorf("the same image for a fixed tag: %d %s", w.Code, w.Body)
	}
	if _, err := remote.Get(ref(t, "app:v9"), b.remote()...); refused(err) != "404 MANIFEST_UNKNOWN: Requested image not found" {
		t.Errorf("a pull of what is missing: %s", refused(err))
	}
}

func TestMounts(t *testing.T) {
	tests := map[string]struct {
		mounts bool
		upload int // of two layers and a config
	}{
		"the account has not enabled them": {false, 3},
		"layers of an image elsewhere":     {true, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ecrtest.Options{Mounts: tt.mounts})
			b.cloud.AddRepository("other")
			if err := b.push(randomImage(t), "other:v1"); err != nil {
				t.Fatal(err)
			}
			there, err := remote.Image(ref(t, "other:v1"), b.remote()...) // knows where its layers are
			if err != nil {
				t.Fatal(err)
			}
			before := b.cloud.Calls("PUT uploads")
			if err := b.push(there, "app:v1"); err != nil {
				t.Fatal(err)
			}
			if n := b.cloud.Calls("PUT uploads") - before; n != tt.upload {
				t.Errorf("%d uploads, want %d", n, tt.upload)
			}
		})
	}
}

func TestNothingIsMountedThatNoImageHas(t *testing.T) {
	b := newBench(t, ecrtest.Options{Mounts: true})
	b.cloud.AddRepository("other")
	const sum = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" // of foo
	if w := b.send("POST", "/v2/other/blobs/uploads/?digest="+sum, "foo", nil); w.Code != 201 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := b.send("POST", "/v2/app/blobs/uploads/?from=other&mount="+sum, "", nil); w.Code != 202 {
		t.Errorf("%d, want an upload to be begun", w.Code)
	}
}

// TestThePushesOfAnAccountAreThrottled: the manifests of pushes and the calls of
// PutImage share a rate.
func TestThePushesOfAnAccountAreThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecrtest.Options{Throttle: true})
		img := randomImage(t)
		for i := range 9 {
			if err := b.push(img, fmt.Sprint("app:v", i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.put(b.manifest(tag("v1")), "latest"); err != nil {
			t.Fatal(err)
		}
		if err := b.push(img, "app:v10"); refused(err) != "429 TOOMANYREQUESTS: Rate exceeded" {
			t.Errorf("%s", refused(err))
		}
		time.Sleep(100 * time.Millisecond)
		if err := b.push(img, "app:v10"); err != nil {
			t.Error(err)
		}
	})
}

func TestAPushIntoARepositoryThatIsDeletedMeanwhile(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	b.cloud.AddRepository("short")
	w := b.send("POST", "/v2/short/blobs/uploads/", "", nil)
	if _, err := b.client.DeleteRepository(t.Context(), &awsecr.DeleteRepositoryInput{RepositoryName: new("short")}); err != nil {
		t.Fatal(err)
	}
	if w := b.send("PATCH", w.Header().Get("Location"), "foo", nil); w.Code != 404 || !strings.Contains(w.Body.String(), "NAME_UNKNOWN") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestFaultsOfPushes injects each fault twice: two pushes see it, the third one
// is through, and other repositories never do.
func TestFaultsOfPushes(t *testing.T) {
	want := map[ecrtest.Fault]string{
		ecrtest.RateExceeded:     "429 TOOMANYREQUESTS: Rate exceeded",
		ecrtest.ServerFault:      "500 UNKNOWN: Service Unavailable. Please try again later.",
		ecrtest.TagTaken:         "400 TAG_INVALID: The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.",
		ecrtest.Hangup:           "unexpected EOF",
		ecrtest.ExpiredToken:     "403 DENIED: Your authorization token has expired. Reauthenticate and try again.",
		ecrtest.ExpiredTokenText: "403",
		ecrtest.Denied: "403 DENIED: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:InitiateLayerUpload on resource: " +
			"arn:aws:ecr:us-east-1:123456789012:repository/app because no identity-based policy allows the ecr:InitiateLayerUpload action",
		ecrtest.NoRepository: "404 NAME_UNKNOWN: The repository with name 'app' does not exist in the registry with id '123456789012'",
	}
	for _, fault := range ecrtest.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			b := newBench(t, ecrtest.Options{})
			b.cloud.AddRepository("other")
			b.cloud.Inject("app", fault, 2)
			img := randomImage(t)
			if err := b.push(img, "other:v1"); err != nil {
				t.Errorf("another repository: %v", err)
			}
			for range 2 {
				if err := b.push(img, "app:v1"); want[fault] == "" || !strings.Contains(refused(err), want[fault]) {
					t.Errorf("%s\nwant %s", refused(err), want[fault])
				}
			}
			if err := b.push(img, "app:v1"); err != nil {
				t.Errorf("the third push: %v", err)
			}
		})
	}
}

func TestFaultsComeOneAfterTheOtherAndHeal(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	b.cloud.Inject("app", ecrtest.RateExceeded, 1)
	b.cloud.Inject("app", ecrtest.ServerFault, -1)
	img := randomImage(t)
	for _, want := range []string{"429", "500", "500", "500"} {
		if err := b.push(img, "app:v1"); !strings.HasPrefix(refused(err), want) {
			t.Errorf("%s, want %s", refused(err), want)
		}
	}
	b.cloud.Heal("app")
	if err := b.push(img, "app:v1"); err != nil {
		t.Error(err)
	}
	b.cloud.Inject("app", "gremlins", 1)
	if w := b.send("POST", "/v2/app/blobs/uploads/", "", nil); w.Code != 500 || !strings.Contains(w.Body.String(), `ecrtest has no fault \"gremlins\"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestWhatIsPushedIsDeletedByTheAPI closes the circle.
func TestWhatIsPushedIsDeletedByTheAPI(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	if err := b.push(randomImage(t), "app:v1"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.BatchDeleteImage(t.Context(), &awsecr.BatchDeleteImageInput{RepositoryName: new("app"), ImageIds: []types.ImageIdentifier{tag("v1")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Head(ref(t, "app:v1"), b.remote()...); !strings.HasPrefix(refused(err), "404") {
		t.Errorf("%v", refused(err))
	}
}

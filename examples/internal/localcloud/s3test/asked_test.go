package s3test_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/localcloud/s3test"
)

// TestWhatTheStoreDoesNotHaveIsNotSomethingElse asks for operations that differ from
// those that the Store has by a word of the query, or by a header.
func TestWhatTheStoreDoesNotHaveIsNotSomethingElse(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("empty")
		store.AddBucket("b")
		if err := store.Put("b", "k", []byte("v")); err != nil {
			t.Fatal(err)
		}
		ctx, b, k, empty := t.Context(), new("b"), new("k"), new("empty")
		for name, err := range map[string]error{
			"deleting the CORS of a bucket":     second(api.DeleteBucketCors(ctx, &s3.DeleteBucketCorsInput{Bucket: empty})),
			"reading the CORS of a bucket":      second(api.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: b})),
			"copying an object":                 second(api.CopyObject(ctx, &s3.CopyObjectInput{Bucket: b, Key: k, CopySource: new("b/other")})),
			"holding an object":                 second(api.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{Bucket: b, Key: k, LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn}})),
			"a part of an upload":               second(api.UploadPart(ctx, &s3.UploadPartInput{Bucket: b, Key: k, UploadId: new("u"), PartNumber: new(int32(1)), Body: strings.NewReader("x")})),
			"reading the attributes":            second(api.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: b, Key: k, ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesEtag}})),
			"keeping no more versions":          second(api.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: b, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusSuspended}})),
			"versions below a common beginning": second(api.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: b, Delimiter: new("/")})),
		} {
			if got := code(err); got != "NotImplemented" {
				t.Errorf("%s: %s, want NotImplemented", name, got)
			}
		}
		if got := read(t, api, &s3.GetObjectInput{Bucket: b, Key: k}); got != "v" {
			t.Errorf("the object is %q after all that was refused", got)
		}
		if d := cmp.Diff([]string{"b", "empty"}, store.Buckets()); d != "" {
			t.Errorf("buckets (-want +got):\n%s", d)
		}
	})
}

func TestAPartOfAnObject(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("b")
		if err := store.Put("b", "k", []byte("0123456789")); err != nil {
			t.Fatal(err)
		}
		in := &s3.GetObjectInput{Bucket: new("b"), Key: new("k"), Range: new("bytes=2-4"), ChecksumMode: types.ChecksumModeEnabled}
		if got := read(t, api, in); got != "234" {
			t.Errorf("%q", got)
		}
	})
}

func TestAnObjectThatIsTooLargeIsNotCutShort(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("b")
		_, err := api.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("b"), Key: new("k"), Body: bytes.NewReader(make([]byte, 64<<20+1))})
		if got := code(err); got != "EntityTooLarge" || store.Objects("b") > 0 {
			t.Errorf("%s, and %d objects", got, store.Objects("b"))
		}
	})
}

// TestAnEmptierMayDeleteWhatItHasListed goes on after a version that is gone.
func TestAnEmptierMayDeleteWhatItHasListed(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		if err := store.Create("b", true); err != nil {
			t.Fatal(err)
		}
		for i := range 9 {
			if err := store.Put("b", fmt.Sprint("k", i/5), nil); err != nil {
				t.Fatal(err)
			}
		}
		pages := s3.NewListObjectVersionsPaginator(api, &s3.ListObjectVersionsInput{Bucket: new("b"), MaxKeys: new(int32(2))})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Versions {
				if _, err := api.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: new("b"), Key: v.Key, VersionId: v.VersionId}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := store.Objects("b"); n != 0 {
			t.Errorf("%d versions left", n)
		}
	})
}

func TestFoldersAndTheOlderListing(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("b")
		for _, key := range []string{"a/1", "a/2", "a/3", "b", "c/d/1", "e"} {
			if err := store.Put("b", key, nil); err != nil {
				t.Fatal(err)
			}
		}
		for size := range int32(4) {
			var got []string
			pages := s3.NewListObjectsV2Paginator(api, &s3.ListObjectsV2Input{Bucket: new("b"), Delimiter: new("/"), MaxKeys: new(size + 1)})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range page.CommonPrefixes {
					got = append(got, *p.Prefix)
				}
				for _, o := range page.Contents {
					got = append(got, *o.Key)
				}
			}
			if d := cmp.Diff([]string{"a/", "b", "c/", "e"}, slices.Sorted(slices.Values(got))); d != "" {
				t.Errorf("pages of %d (-want +got):\n%s", size+1, d)
			}
		}
		page, err := api.ListObjects(t.Context(), &s3.ListObjectsInput{Bucket: new("b"), Marker: new("c/d/1")})
		if err != nil || len(page.Contents) != 1 || aws.ToString(page.Contents[0].Key) != "e" {
			t.Errorf("after a marker: %+v, %v", page, err)
		}
	})
}

// stuck is a client that takes nothing of its answer until it is let.
type stuck struct {
	http.ResponseWriter
	wait <-chan struct{}
}

func (s stuck) Header() http.Header         { return http.Header{} }
func (s stuck) WriteHeader(int)             {}
func (s stuck) Write(p []byte) (int, error) { <-s.wait; return len(p), nil }

func TestAClientThatReadsSlowlyHoldsUpNobody(t *testing.T) {
	store := s3test.New(s3test.Options{Region: "eu-west-1", Account: "123456789012"})
	store.AddBucket("b")
	if err := store.Put("b", "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/b/k", "/b?versions", "/", "/none/k"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		wait, served := make(chan struct{}), make(chan struct{})
		go func() { store.ServeHTTP(stuck{wait: wait}, r); close(served) }()
		free := make(chan struct{})
		go func() {
			for range 100 {
				store.Buckets()
				time.Sleep(time.Millisecond)
			}
			close(free)
		}()
		select {
		case <-free:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: the store is locked as long as the client does not read", path)
		}
		close(wait)
		<-served
	}
}

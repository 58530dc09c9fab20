package s3test_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/localcloud/s3test"
	"github.com/mettel-automation/delivery/internal/depcheck"
	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/stack/bucket"
)

func TestImports(t *testing.T) { depcheck.Only(t, ".") }

// inProcess hands requests to a Store without a socket.
type inProcess struct{ store *s3test.Store }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	return double.RoundTrip(p.store, r)
}

// ways are those in which a client names a bucket, and sends what it stores: in the
// host and in chunks, or in the path and as it is.
func ways(t *testing.T, test func(t *testing.T, store *s3test.Store, api *s3.Client)) {
	options := s3.Options{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), RetryMaxAttempts: 1}
	t.Run("by host", func(t *testing.T) {
		store := s3test.New(s3test.Options{Region: "eu-west-1", Account: "123456789012"})
		options.HTTPClient = &http.Client{Transport: inProcess{store}}
		test(t, store, s3.New(options))
	})
	t.Run("by path", func(t *testing.T) {
		store := s3test.New(s3test.Options{Region: "eu-west-1", Account: "123456789012"})
		server := httptest.NewServer(store)
		defer server.Close()
		options.HTTPClient, options.BaseEndpoint, options.UsePathStyle = server.Client(), &server.URL, true
		test(t, store, s3.New(options))
	})
}

func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func read(t *testing.T, api *s3.Client, in *s3.GetObjectInput) string {
	t.Helper()
	out, err := api.GetObject(t.Context(), in)
	if err != nil {
		return code(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil || aws.ToInt64(out.ContentLength) != int64(len(body)) {
		t.Errorf("%d bytes said, %d read, %v", aws.ToInt64(out.ContentLength), len(body), err)
	}
	return string(body)
}

func TestAnObjectComesBackAsItWas(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("b")
		for _, key := range []string{"k", "deep/er/k", "with space & + sign/ü"} {
			body := strings.Repeat(key, 30_000) // more than one chunk
			if _, err := api.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: new("b"), Key: &key, Body: strings.NewReader(body), ContentType: new("text/yaml"), Metadata: map[string]string{"Owner": "me"},
			}); err != nil {
				t.Fatal(err)
			}
			if got := read(t, api, &s3.GetObjectInput{Bucket: new("b"), Key: &key}); got != body {
				t.Errorf("%s: %d bytes of %d", key, len(got), len(body))
			}
			head, err := api.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: new("b"), Key: &key})
			if err != nil || *head.ContentType != "text/yaml" || head.Metadata["owner"] != "me" || *head.ContentLength != int64(len(body)) {
				t.Errorf("%s: %+v, %v", key, head, err)
			}
		}
		out, err := api.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: new("b"), Prefix: new("deep/")})
		if err != nil || len(out.Contents) != 1 || *out.Contents[0].Key != "deep/er/k" {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

func TestWhatS3Refuses(t *testing.T) {
	here := &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraintEuWest1}
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("b")
		if err := store.Put("b", "k", []byte("v")); err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		b, k := new("b"), new("k")
		put := func(in s3.PutObjectInput) error {
			in.Bucket, in.Key, in.Body = b, k, strings.NewReader("w")
			_, err := api.PutObject(ctx, &in)
			return err
		}
		get := func(in s3.GetObjectInput) error {
			_, err := api.GetObject(ctx, &in)
			return err
		}
		tests := map[string]struct {
			err  error
			want string
		}{
			"an object that is not there":       {get(s3.GetObjectInput{Bucket: b, Key: new("none")}), "NoSuchKey"},
			"a version that is not there":       {get(s3.GetObjectInput{Bucket: b, Key: k, VersionId: new("none")}), "NoSuchVersion"},
			"a bucket that is not there":        {get(s3.GetObjectInput{Bucket: new("none"), Key: k}), "NoSuchBucket"},
			"a bucket of somebody else":         {get(s3.GetObjectInput{Bucket: b, Key: k, ExpectedBucketOwner: new("210987654321")}), "AccessDenied"},
			"what is there already":             {put(s3.PutObjectInput{IfNoneMatch: new("*")}), "PreconditionFailed"},
			"what has changed":                  {put(s3.PutObjectInput{IfMatch: new(`"other"`)}), "PreconditionFailed"},
			"a wrong checksum":                  {put(s3.PutObjectInput{ChecksumSHA256: new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")}), "BadDigest"},
			"a bucket that is there already":    {second(api.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: b, CreateBucketConfiguration: here})), "BucketAlreadyOwnedByYou"},
			"deleting a bucket that has things": {second(api.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: b})), "BucketNotEmpty"},
			"deleting a bucket that is none":    {second(api.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: new("none")})), "NoSuchBucket"},
			"deleting nothing":                  {second(api.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: b, Delete: &types.Delete{Objects: []types.ObjectIdentifier{}}})), "MalformedXML"},
			"an upload that is not there":       {second(api.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: b, Key: k, UploadId: new("u")})), "NoSuchUpload"},
			"what the Store does not have":      {second(api.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b})), "NotImplemented"},
		}
		for name, tt := range tests {
			if got := code(tt.err); got != tt.want {
				t.Errorf("%s: %s, want %s", name, got, tt.want)
			}
		}
		if _, err := api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b, Key: new("none")}); code(err) != "NotFound" {
			t.Errorf("a head has no body: %v", err)
		}
		if got := read(t, api, &s3.GetObjectInput{Bucket: b, Key: k}); got != "v" {
			t.Errorf("the object is %q after all that was refused", got)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestABucketKeepsVersions(t *testing.T) {
	here := &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraintEuWest1}
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		ctx, b, k := t.Context(), new("b"), new("k")
		if _, err := api.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: b, CreateBucketConfiguration: here}); err != nil {
			t.Fatal(err)
		}
		if _, err := api.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: b, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		}); err != nil {
			t.Fatal(err)
		}
		if got, err := api.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b}); err != nil || got.Status != types.BucketVersioningStatusEnabled {
			t.Errorf("%+v, %v", got, err)
		}
		first, err := api.PutObject(ctx, &s3.PutObjectInput{Bucket: b, Key: k, Body: strings.NewReader("one")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := api.PutObject(ctx, &s3.PutObjectInput{Bucket: b, Key: k, Body: strings.NewReader("two")}); err != nil {
			t.Fatal(err)
		}
		if got := read(t, api, &s3.GetObjectInput{Bucket: b, Key: k, VersionId: first.VersionId}); got != "one" {
			t.Errorf("the first version is %q", got)
		}
		gone, err := api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b, Key: k})
		if err != nil || !aws.ToBool(gone.DeleteMarker) {
			t.Errorf("%+v, %v", gone, err)
		}
		if got := read(t, api, &s3.GetObjectInput{Bucket: b, Key: k}); got != "NoSuchKey" {
			t.Errorf("what is deleted is %q", got)
		}
		if n := store.Objects("b"); n != 3 {
			t.Errorf("%d versions and markers", n)
		}
		if _, err := api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b, Key: k, VersionId: gone.VersionId}); err != nil {
			t.Fatal(err)
		}
		if got := read(t, api, &s3.GetObjectInput{Bucket: b, Key: k}); got != "two" {
			t.Errorf("without the marker it is %q", got)
		}
	})
}

func TestTheModulesOwnEmptierEmptiesABucket(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		for _, versioned := range []bool{false, true} {
			if err := store.Create("b", versioned); err != nil {
				t.Fatal(err)
			}
			for i := range 1100 {
				for range 2 {
					if err := store.Put("b", fmt.Sprintf("k%04d", i), []byte("v")); err != nil {
						t.Fatal(err)
					}
				}
			}
			want := store.Objects("b")
			if got, err := bucket.New(api, bucket.Options{}).Empty(t.Context(), "b", "123456789012"); err != nil || got != want || store.Objects("b") > 0 {
				t.Errorf("deleted %d of %d, left %d, %v", got, want, store.Objects("b"), err)
			}
			if err := store.Remove("b"); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestListingsHavePages(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		if err := store.Create("b", true); err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range 7 {
			for range 3 {
				key := fmt.Sprint("k", i)
				want = append(want, key)
				if err := store.Put("b", key, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		var got []string
		pages := s3.NewListObjectVersionsPaginator(api, &s3.ListObjectVersionsInput{Bucket: new("b"), MaxKeys: new(int32(4))})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Versions {
				got = append(got, *v.Key)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("versions (-want +got):\n%s", d)
		}
		got = nil
		objects := s3.NewListObjectsV2Paginator(api, &s3.ListObjectsV2Input{Bucket: new("b"), MaxKeys: new(int32(2))})
		for objects.HasMorePages() {
			page, err := objects.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Contents {
				got = append(got, *o.Key)
			}
		}
		if d := cmp.Diff(slices.Compact(want), got); d != "" {
			t.Errorf("objects (-want +got):\n%s", d)
		}
	})
}

func TestATemplateIsReadByItsURL(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("templates")
		for _, endpoint := range []string{"", "http://127.0.0.1:4566"} {
			url, err := bucket.Templates{API: api, Bucket: "templates", Region: "eu-west-1", Endpoint: endpoint}.Upload(t.Context(), []byte("Resources: {}"))
			if err != nil {
				t.Fatal(err)
			}
			if body, ok := store.Read(url); !ok || !bytes.Equal(body, []byte("Resources: {}")) {
				t.Errorf("%s: %q, %v", url, body, ok)
			}
		}
		for _, url := range []string{"", "::", "https://other.s3.amazonaws.com/k", "https://templates.s3.amazonaws.com/none"} {
			if body, ok := store.Read(url); ok {
				t.Errorf("%q: %q", url, body)
			}
		}
	})
}

func TestABucketTellsItsRegion(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("b")
		out, err := api.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: new("b")})
		if err != nil || out.LocationConstraint != "eu-west-1" {
			t.Errorf("%+v, %v", out, err)
		}
		list, err := api.ListBuckets(t.Context(), &s3.ListBucketsInput{})
		if err != nil || len(list.Buckets) != 1 || *list.Buckets[0].Name != "b" {
			t.Errorf("%+v, %v", list, err)
		}
		uploads, err := api.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: new("b")})
		if err != nil || len(uploads.Uploads) > 0 {
			t.Errorf("%+v, %v", uploads, err)
		}
	})
}

// FuzzServe sends any bytes, in chunks or not, to any path.
func FuzzServe(f *testing.F) {
	f.Add("PUT", "/b/k", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n")
	f.Add("PUT", "/b/k", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "3;chunk-signature=00\r\nabc\r\n0;chunk-signature=00\r\n\r\n")
	f.Add("PUT", "/b/k", "STREAMING-", "ffffffff\r\nabc")
	f.Add("PUT", "/b/k", "STREAMING-", "-1\r\n")
	f.Add("POST", "/b?delete", "", "<Delete><Object><Key>k</Key></Object></Delete>")
	f.Add("GET", "/b?versions&key-marker=k&version-id-marker=null&max-keys=-1", "", "")
	f.Add("PUT", "/b?versioning", "", "<VersioningConfiguration><Status>Enabled</Status>")
	f.Add("DELETE", "/b", "", "")
	f.Add("GET", "/", "", "")
	f.Fuzz(func(t *testing.T, method, path, sha, body string) {
		store := s3test.New(s3test.Options{Region: "us-east-1", Account: "1"})
		store.AddBucket("b")
		if err := store.Put("b", "k", []byte("v")); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost/", strings.NewReader(body))
		if err != nil {
			return
		}
		if r.URL, err = r.URL.Parse(path); err != nil {
			return
		}
		r.Header.Set("X-Amz-Content-Sha256", sha)
		w := httptest.NewRecorder()
		store.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 501 {
			t.Errorf("%s %s is answered with %d", method, path, w.Code)
		}
	})
}

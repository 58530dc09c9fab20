package s3test

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/md5" //nolint:gosec // what an ETag is
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// virtual is a host that names the bucket: bucket.s3.us-east-1.amazonaws.com.
var virtual = regexp.MustCompile(`^(.+)\.s3[.-]`)

func host(r *http.Request) string { return cmp.Or(r.Host, r.URL.Host) }

// locate finds the bucket and the key of a request.
func locate(host, path string) (bucketName, key string) {
	path = strings.TrimPrefix(path, "/")
	if found := virtual.FindStringSubmatch(host); found != nil {
		return found[1], path
	}
	bucketName, key, _ = strings.Cut(path, "/")
	return bucketName, key
}

// Operation is what a request asks for, by its name in the S3 API reference. One
// that the Store does not have is its method and query: "GET ?policy".
func Operation(r *http.Request) string {
	name, key := locate(host(r), r.URL.Path)
	sub := subresource(r.URL.Query())
	if r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "" {
		return "CopyObject"
	}
	level := " object "
	switch {
	case name == "":
		level = " service "
	case key == "":
		level = " bucket "
	}
	if op, ok := operations()[r.Method+level+sub]; ok {
		return op
	}
	return strings.TrimSpace(r.Method + level + "?" + sub)
}

// subresource is what in a query makes of an operation another one, such as "policy":
// all but what tunes an operation, the signature, and what an SDK says about itself.
func subresource(q url.Values) string {
	var words []string
	for word := range q {
		lower := strings.ToLower(word)
		if !slices.Contains(parameters(), lower) && !strings.HasPrefix(lower, "x-amz-") && !strings.HasPrefix(lower, "response-") {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return strings.Join(words, "&")
}

func parameters() []string {
	return []string{
		"x-id", "versionid", "list-type", "prefix", "delimiter", "marker", "max-keys", "start-after", "continuation-token",
		"encoding-type", "fetch-owner", "key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "max-buckets",
		"bucket-region", "awsaccesskeyid", "signature", "expires",
	}
}

func operations() map[string]string {
	return map[string]string{
		"GET service ":          "ListBuckets",
		"PUT bucket ":           "CreateBucket",
		"HEAD bucket ":          "HeadBucket",
		"DELETE bucket ":        "DeleteBucket",
		"GET bucket ":           "ListObjectsV2",
		"GET bucket versions":   "ListObjectVersions",
		"GET bucket uploads":    "ListMultipartUploads",
		"GET bucket versioning": "GetBucketVersioning",
		"PUT bucket versioning": "PutBucketVersioning",
		"GET bucket location":   "GetBucketLocation",
		"POST bucket delete":    "DeleteObjects",

		"GET bucket lifecycle":         "GetBucketLifecycleConfiguration",
		"PUT bucket lifecycle":         "PutBucketLifecycleConfiguration",
		"GET bucket publicAccessBlock": "GetPublicAccessBlock",
		"PUT bucket publicAccessBlock": "PutPublicAccessBlock",
		"GET bucket tagging":           "GetBucketTagging",

		"GET object ":            "GetObject",
		"HEAD object ":           "HeadObject",
		"PUT object ":            "PutObject",
		"DELETE object ":         "DeleteObject",
		"DELETE object uploadId": "AbortMultipartUpload",
	}
}

// maxBody bounds a request; what PutObject takes in S3, 5 GB, is more than a test needs.
const maxBody = 64 << 20

// content reads the body of a request, in chunks or not. Source: S3 API reference,
// "Signature calculations: transferring payload in multiple chunks".
func content(r *http.Request) ([]byte, error) {
	body := http.MaxBytesReader(nil, r.Body, maxBody)
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return io.ReadAll(body)
	}
	var out bytes.Buffer
	in := bufio.NewReader(body)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read chunk: %w", err)
		}
		digits, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		size, err := strconv.ParseInt(digits, 16, 32)
		if err != nil || size < 0 {
			return nil, fmt.Errorf("read chunk: its size is %q", digits)
		}
		if size == 0 {
			_, err := io.Copy(io.Discard, in) // the trailer
			return out.Bytes(), err
		}
		if _, err := io.CopyN(&out, in, size); err != nil {
			return nil, fmt.Errorf("read chunk: %w", err)
		}
		if _, err := in.Discard(len("\r\n")); err != nil {
			return nil, fmt.Errorf("read chunk: %w", err)
		}
	}
}

func etag(body []byte) string {
	sum := md5.Sum(body) //nolint:gosec // what an ETag is
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

package bucket_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// account owns every bucket of the memory.
const account = "123456789012"

// memory is an S3 in memory with one bucket, as far as this package uses it. It
// speaks S3's protocol to a real SDK client.
type memory struct {
	mu       sync.Mutex
	bucket   string
	versions []version
	uploads  []string
	objects  map[string][]byte // by key, of HeadObject and PutObject
	calls    map[string]int
	largest  int // the most versions that one DeleteObjects had

	region   string            // that a new bucket has to be asked for; default eu-west-1
	absent   bool              // there is no bucket yet
	settings map[string][]byte // what was put, by query: "lifecycle"

	page int // versions a listing has at most; default 1,000
	// before is asked before each operation; an answer of more than 0 is given instead.
	before func(op string) (status int, code, message string)
	// refuse says why a version cannot be deleted; an empty code deletes it.
	refuse func(v version) (code, message string)
	// after happens after each operation.
	after func(op string)
}

type version struct {
	Key, VersionID string
	marker         bool
}

func newMemory(bucket string) *memory {
	return &memory{bucket: bucket, objects: map[string][]byte{}, calls: map[string]int{}, page: 1000, region: "eu-west-1", settings: map[string][]byte{}}
}

func (m *memory) fill(n int) *memory {
	for i := range n {
		m.versions = append(m.versions, version{Key: fmt.Sprintf("k%06d", i/3), VersionID: fmt.Sprintf("v%06d", i), marker: i%3 == 2})
	}
	return m
}

func (m *memory) client() *s3.Client {
	return s3.New(s3.Options{
		Region: m.region, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: &http.Client{Transport: m}, RetryMaxAttempts: 1,
	})
}

func (m *memory) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	op := operation(r)
	m.calls[op]++
	if m.after != nil {
		defer m.after(op)
	}
	if m.before != nil {
		if status, code, message := m.before(op); status > 0 {
			return failure(r, status, code, message), nil
		}
	}
	name, _, _ := strings.Cut(r.URL.Host, ".")
	if owner := r.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != account {
		return failure(r, http.StatusForbidden, "AccessDenied", "Access Denied"), nil
	}
	if op == "CreateBucket" {
		return m.create(r, body), nil
	}
	if name != m.bucket || m.absent {
		return failure(r, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"), nil
	}
	switch op {
	case "ListObjectVersions":
		return m.list(r), nil
	case "DeleteObjects":
		return m.delete(body)
	case "ListMultipartUploads":
		return m.listUploads(), nil
	case "AbortMultipartUpload":
		return m.abort(r), nil
	case "HeadObject":
		return m.head(r), nil
	case "PutObject":
		return m.put(r, body), nil
	case "HeadBucket":
		return reply(http.StatusOK, nil), nil
	}
	if query, ok := strings.CutPrefix(op, "PUT "); ok {
		m.settings[query] = body
		return reply(http.StatusOK, nil), nil
	}
	if query, ok := strings.CutPrefix(op, "GET "); ok {
		return m.setting(r, query), nil
	}
	return failure(r, http.StatusNotImplemented, "NotImplemented", op), nil
}

func operation(r *http.Request) string {
	q := r.URL.Query()
	if r.URL.Path == "/" {
		for _, setting := range []string{"lifecycle", "publicAccessBlock", "tagging"} {
			if q.Has(setting) {
				return r.Method + " " + setting
			}
		}
	}
	switch {
	case r.Method == http.MethodHead && r.URL.Path == "/":
		return "HeadBucket"
	case r.Method == http.MethodPut && r.URL.Path == "/":
		return "CreateBucket"
	case r.Method == http.MethodGet && q.Has("versions"):
		return "ListObjectVersions"
	case r.Method == http.MethodGet && q.Has("uploads"):
		return "ListMultipartUploads"
	case r.Method == http.MethodPost && q.Has("delete"):
		return "DeleteObjects"
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return "AbortMultipartUpload"
	case r.Method == http.MethodHead:
		return "HeadObject"
	case r.Method == http.MethodPut:
		return "PutObject"
	}
	return r.Method + " " + r.URL.RawQuery
}

type listed struct {
	XMLName               xml.Name
	IsTruncated           bool
	NextKeyMarker         string `xml:",omitempty"`
	NextVersion           string `xml:"NextVersionIdMarker,omitempty"`
	Version, DeleteMarker []listedVersion
	Upload                []listedUpload
}

type listedVersion struct {
	Key, VersionId string //nolint:revive // the names of the protocol
}

type listedUpload struct {
	Key, UploadId string //nolint:revive // the names of the protocol
}

func (m *memory) list(r *http.Request) *http.Response {
	q := r.URL.Query()
	from := version{Key: q.Get("key-marker"), VersionID: q.Get("version-id-marker")}
	order := func(a, b version) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.VersionID, b.VersionID))
	}
	slices.SortFunc(m.versions, order)
	out := listed{XMLName: xml.Name{Local: "ListVersionsResult"}}
	n := 0
	for _, v := range m.versions {
		if from.Key != "" && order(v, from) <= 0 {
			continue
		}
		if n++; n > m.page {
			out.IsTruncated = true
			break
		}
		out.NextKeyMarker, out.NextVersion = v.Key, v.VersionID
		if v.marker {
			out.DeleteMarker = append(out.DeleteMarker, listedVersion{v.Key, v.VersionID})
		} else {
			out.Version = append(out.Version, listedVersion{v.Key, v.VersionID})
		}
	}
	return reply(http.StatusOK, out)
}

func (m *memory) delete(body []byte) (*http.Response, error) {
	var in struct {
		Object []listedVersion
		Quiet  bool
	}
	if err := xml.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	if len(in.Object) > 1000 || !in.Quiet {
		return failure(nil, http.StatusBadRequest, "MalformedXML", fmt.Sprintf("%d objects, quiet %v", len(in.Object), in.Quiet)), nil
	}
	m.largest = max(m.largest, len(in.Object))
	type deleteError struct{ Key, VersionId, Code, Message string } //nolint:revive // the names of the protocol
	out := struct {
		XMLName xml.Name `xml:"DeleteResult"`
		Error   []deleteError
	}{}
	gone := map[version]bool{}
	for _, o := range in.Object {
		v := version{Key: o.Key, VersionID: o.VersionId}
		if m.refuse != nil {
			if code, message := m.refuse(v); code != "" {
				out.Error = append(out.Error, deleteError{o.Key, o.VersionId, code, message})
				continue
			}
		}
		gone[v] = true
	}
	m.versions = slices.DeleteFunc(m.versions, func(v version) bool {
		v.marker = false
		return gone[v]
	})
	return reply(http.StatusOK, out), nil
}

func (m *memory) listUploads() *http.Response {
	out := listed{XMLName: xml.Name{Local: "ListMultipartUploadsResult"}}
	for i, key := range m.uploads {
		out.Upload = append(out.Upload, listedUpload{key, "u" + strconv.Itoa(i)})
	}
	return reply(http.StatusOK, out)
}

func (m *memory) abort(r *http.Request) *http.Response {
	key := strings.TrimPrefix(r.URL.Path, "/")
	i := slices.Index(m.uploads, key)
	if i < 0 || strings.HasPrefix(key, "gone") {
		return failure(r, http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist")
	}
	if strings.HasPrefix(key, "denied") {
		return failure(r, http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	m.uploads = slices.Delete(m.uploads, i, i+1)
	return reply(http.StatusNoContent, nil)
}

// create makes the bucket, as S3 does it: of us-east-1 it does not want to be told.
func (m *memory) create(r *http.Request, body []byte) *http.Response {
	var in struct {
		LocationConstraint string
		Tags               struct{ Tag []struct{ Key, Value string } }
	}
	if len(body) > 0 {
		if err := xml.Unmarshal(body, &in); err != nil {
			return failure(r, http.StatusBadRequest, "MalformedXML", err.Error())
		}
	}
	switch want := strings.TrimSuffix(m.region, "us-east-1"); {
	case !m.absent:
		return failure(r, http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	case in.LocationConstraint != want:
		return failure(r, http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid")
	case r.Header.Get("X-Amz-Object-Ownership") != "BucketOwnerEnforced":
		return failure(r, http.StatusBadRequest, "InvalidBucketOwnership", "want BucketOwnerEnforced")
	}
	m.absent = false
	m.tag(in.Tags.Tag...)
	return reply(http.StatusOK, nil)
}

// tag gives the bucket tags.
func (m *memory) tag(tags ...struct{ Key, Value string }) {
	if len(tags) == 0 {
		return
	}
	text := "<Tagging><TagSet>"
	for _, t := range tags {
		text += "<Tag><Key>" + t.Key + "</Key><Value>" + t.Value + "</Value></Tag>"
	}
	m.settings["tagging"] = []byte(text + "</TagSet></Tagging>")
}

// setting is what was put, or the code by which S3 says that there is none.
func (m *memory) setting(r *http.Request, query string) *http.Response {
	body, ok := m.settings[query]
	if !ok {
		code := map[string]string{"lifecycle": "NoSuchLifecycleConfiguration", "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration", "tagging": "NoSuchTagSet"}[query]
		return failure(r, http.StatusNotFound, code, "There is none")
	}
	out := reply(http.StatusOK, nil)
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return out
}

func (m *memory) head(r *http.Request) *http.Response {
	body, ok := m.objects[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		return reply(http.StatusNotFound, nil)
	}
	out := reply(http.StatusOK, nil)
	sum := sha256.Sum256(body)
	out.Header.Set("X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(sum[:]))
	return out
}

func (m *memory) put(r *http.Request, body []byte) *http.Response {
	sum := sha256.Sum256(body)
	if r.Header.Get("X-Amz-Checksum-Sha256") != base64.StdEncoding.EncodeToString(sum[:]) {
		return failure(r, http.StatusBadRequest, "BadDigest", "The checksum is wrong")
	}
	m.objects[strings.TrimPrefix(r.URL.Path, "/")] = body
	return reply(http.StatusOK, nil)
}

func failure(r *http.Request, status int, code, message string) *http.Response {
	if r != nil && r.Method == http.MethodHead {
		return reply(status, nil) // S3 has no body there
	}
	return reply(status, struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: code, Message: message})
}

func reply(status int, v any) *http.Response {
	var body []byte
	if v != nil {
		var err error
		if body, err = xml.Marshal(v); err != nil {
			return &http.Response{StatusCode: http.StatusInternalServerError, Body: io.NopCloser(strings.NewReader(err.Error()))}
		}
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/xml"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

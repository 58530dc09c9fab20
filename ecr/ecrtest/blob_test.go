package ecrtest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// send sends one authorized request to the registry.
func (b bench) send(method, path, body string, header map[string]string) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth("AWS", b.password())
	if strings.Contains(path, "/manifests/") && method == http.MethodPut {
		r.Header.Set("Content-Type", ociManifest)
	}
	for key, value := range header {
		r.Header.Set(key, value)
	}
	w := httptest.NewRecorder()
	b.cloud.ServeHTTP(w, r)
	return w
}

const (
	foo    = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" // of "foo"
	foobar = "sha256:c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2" // of "foobar"
)

// exchange is one request about a layer, and what answers it.
type exchange struct {
	method, path string // UPLOAD is the place of the latest upload
	body         string
	header       map[string]string
	status       int
	want         string // in the body, or "Header: value"
}

// TestUploads are the ways in which clients upload a layer.
func TestUploads(t *testing.T) {
	begin := exchange{"POST", "/v2/app/blobs/uploads/", "", nil, 202, "Range: 0-0"}
	have := func(digest, content string) exchange {
		return exchange{"GET", "/v2/app/blobs/" + digest, "", nil, 200, content}
	}
	tests := map[string][]exchange{
		"as Docker does": {
			begin,
			{"PATCH", "UPLOAD", "foobar", nil, 202, "Range: 0-5"},
			{"PUT", "UPLOAD?digest=" + foobar, "", nil, 201, "Docker-Content-Digest: " + foobar},
			have(foobar, "foobar"),
			{"HEAD", "/v2/app/blobs/" + foobar, "", nil, 200, "Content-Length: 6"},
			{"GET", "/v2/app/blobs/" + foobar, "", map[string]string{"Range": "bytes=3-4"}, 206, "ba"},
		},
		"as containerd does": {
			begin,
			{"PUT", "UPLOAD?digest=" + foo, "foo", nil, 201, "Location: /v2/app/blobs/" + foo},
			have(foo, "foo"),
		},
		"in the first request": {
			{"POST", "/v2/app/blobs/uploads?digest=" + foo, "foo", nil, 201, "Location: /v2/app/blobs/" + foo},
			have(foo, "foo"),
		},
		"in parts": {
			begin,
			{"PATCH", "UPLOAD", "foo", map[string]string{"Content-Range": "0-2"}, 202, "Range: 0-2"},
			{"PATCH", "UPLOAD", "far", map[string]string{"Content-Range": "9-11"}, 416, "The part should start at byte 3"},
			{"GET", "UPLOAD", "", nil, 204, "Range: 0-2"},
			{"PATCH", "UPLOAD", "ba", map[string]string{"Content-Range": "bytes 3-4"}, 202, "Range: 0-4"},
			{"PUT", "UPLOAD?digest=" + foobar, "r", nil, 201, ""},
			have(foobar, "foobar"),
		},
		"with the wrong digest": {
			begin,
			{"PUT", "UPLOAD?digest=" + foobar, "foo", nil, 400, "DIGEST_INVALID"},
			{"PUT", "UPLOAD?digest=" + foo, "foo", nil, 404, "BLOB_UPLOAD_UNKNOWN"},
			{"GET", "/v2/app/blobs/" + foobar, "", nil, 404, "BLOB_UNKNOWN"},
		},
		"without a digest": {
			begin,
			{"PUT", "UPLOAD", "foo", nil, 400, "The layer has the digest " + foo + ", not none"},
		},
		"and think better of it": {
			begin,
			{"DELETE", "UPLOAD", "", nil, 204, ""},
			{"DELETE", "UPLOAD", "", nil, 404, "BLOB_UPLOAD_UNKNOWN"},
			{"GET", "UPLOAD", "", nil, 404, "BLOB_UPLOAD_UNKNOWN"},
			{"PATCH", "UPLOAD", "foo", nil, 404, "BLOB_UPLOAD_UNKNOWN"},
		},
		"by another repository's name": {
			begin,
			{"PATCH", "/v2/other/blobs/uploads/00000001-0000-4000-8000-000000000000", "foo", nil, 404, "BLOB_UPLOAD_UNKNOWN"},
		},
		"into what is no place for it": {
			{"PUT", "/v2/app/blobs/" + foo, "foo", nil, 405, "UNSUPPORTED"},
			{"GET", "/v2/_catalog", "", nil, 404, "NOT_FOUND"},
			{"GET", "/v2/app/tags/list", "", nil, 200, `{"name":"app","tags":[]}`},
			{"PUT", "/v2/app/manifests/v1", "{", nil, 400, "MANIFEST_INVALID"},
			{"PUT", "/v2/app/manifests/" + foo, `{"schemaVersion":2,"config":{}}`, nil, 400, "DIGEST_INVALID"},
			{"PUT", "/v2/app/manifests/v1", `{"schemaVersion":2,"config":{"digest":"` + foo + `"}}`, nil, 404, "Layers with digests '[" + foo + "]' required"},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ecrtest.Options{})
			b.cloud.AddRepository("other")
			var upload string
			for _, s := range steps {
				w := b.send(s.method, strings.Replace(s.path, "UPLOAD", upload, 1), s.body, s.header)
				got := w.Body.String()
				if key, _, ok := strings.Cut(s.want, ": "); ok && w.Header().Get(key) != "" {
					got = key + ": " + w.Header().Get(key)
				}
				if w.Code != s.status || !strings.Contains(got, s.want) {
					t.Errorf("%s %s: %d %s, want %d %s", s.method, s.path, w.Code, got, s.status, s.want)
				}
				if at := w.Header().Get("Location"); w.Code == http.StatusAccepted && at != "" {
					upload = at
				}
			}
		})
	}
}

// TestNamesInPaths: the parts of a path may be parts of a repository's name too.
func TestNamesInPaths(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	for _, name := range []string{"a/b/c", "a/tags/b", "a/manifests", "blobs/uploads"} {
		b.cloud.AddRepository(name)
		if w := b.send("POST", "/v2/"+name+"/blobs/uploads/?digest="+foo, "foo", nil); w.Code != 201 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if w := b.send("GET", "/v2/"+name+"/blobs/"+foo, "", nil); w.Body.String() != "foo" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

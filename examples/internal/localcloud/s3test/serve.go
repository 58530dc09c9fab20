package s3test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// call is one request on its way.
type call struct {
	*http.Request
	header http.Header // of the reply
	reply  *reply
	op     string
	bucket *bucket // nil of operations that are about none
	key    string
	body   []byte
}

// reply is what is sent when the Store is free again, so that a client that reads
// slowly holds up nobody.
type reply struct {
	status int
	body   []byte
	object *version // instead of a body
}

// ServeHTTP answers one request as S3 would.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in := call{Request: r, header: w.Header(), reply: &reply{status: http.StatusOK}, op: Operation(r)}
	if fault := s.take(in); fault != nil {
		in.refuse(fault)
	}
	if v := in.reply.object; v != nil {
		http.ServeContent(w, r, "", v.modified, bytes.NewReader(v.body)) // all of it, or a range
		return
	}
	w.WriteHeader(in.reply.status)
	_, _ = w.Write(in.reply.body) // whoever has gone needs no answer
}

// take reads the request and does what it asks for.
func (s *Store) take(in call) *Error {
	body, err := content(in.Request)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return &Error{http.StatusBadRequest, "EntityTooLarge", fmt.Sprintf("the S3 in memory takes at most %d bytes", maxBody)}
	}
	if err != nil {
		return &Error{http.StatusBadRequest, "IncompleteBody", err.Error()}
	}
	in.body = body
	name, key := locate(host(in.Request), in.URL.Path)
	in.key = key
	return s.serve(in, name)
}

func (in call) refuse(e *Error) {
	if in.Method == http.MethodHead {
		in.reply.status = e.Status // S3 has no body there
		return
	}
	in.answer(e.Status, struct {
		XMLName  xml.Name `xml:"Error"`
		Code     string
		Message  string
		Resource string
	}{Code: e.Code, Message: e.Message, Resource: in.URL.Path})
}

// answer replies with v as XML.
func (in call) answer(status int, v any) {
	body, err := xml.Marshal(v)
	if err != nil { // of a key that is no text
		status, body = http.StatusInternalServerError, nil
	}
	in.header.Set("Content-Type", "application/xml")
	in.reply.status, in.reply.body = status, body
}

func (s *Store) serve(in call, name string) *Error {
	switch in.op {
	case "ListBuckets":
		s.listBuckets(in)
		return nil
	case "CreateBucket":
		return s.createBucket(in, name)
	case "DeleteBucket":
		return s.deleteBucket(in, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if owner := in.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != s.opts.Account {
		return &Error{http.StatusForbidden, "AccessDenied", "Access Denied"}
	}
	if in.bucket = s.buckets[name]; in.bucket == nil {
		return noBucket()
	}
	return s.serveBucket(in)
}

func (s *Store) serveBucket(in call) *Error {
	switch in.op {
	case "HeadBucket":
		in.header.Set("X-Amz-Bucket-Region", s.opts.Region)
		return nil
	case "GetBucketLocation":
		s.location(in)
		return nil
	case "GetBucketVersioning", "PutBucketVersioning":
		return in.versioning()
	case "GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "GetPublicAccessBlock", "PutPublicAccessBlock", "GetBucketTagging":
		return in.setting()
	case "ListObjectsV2":
		return in.listObjects()
	case "ListObjectVersions":
		return in.listVersions()
	case "ListMultipartUploads":
		in.answer(http.StatusOK, struct {
			XMLName xml.Name `xml:"ListMultipartUploadsResult"`
			Bucket  string
		}{Bucket: in.bucket.name})
		return nil
	case "AbortMultipartUpload":
		return &Error{http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist."}
	case "DeleteObjects":
		return s.deleteObjects(in)
	case "DeleteObject":
		if marker := s.remove(in.bucket, in.key, in.URL.Query().Get("versionId")); marker != nil {
			in.header.Set("X-Amz-Delete-Marker", "true")
			in.header.Set("X-Amz-Version-Id", marker.id)
		}
		in.reply.status = http.StatusNoContent
		return nil
	case "GetObject", "HeadObject":
		return in.getObject()
	case "PutObject":
		return s.putObject(in)
	}
	return &Error{http.StatusNotImplemented, "NotImplemented", "the S3 in memory does not have " + in.op}
}

func (s *Store) deleteBucket(in call, name string) *Error {
	if !slices.Contains(s.Buckets(), name) {
		return noBucket()
	}
	if err := s.Remove(name); err != nil {
		return err.(*Error) //nolint:errorlint,forcetypeassert // Remove returns no other
	}
	in.reply.status = http.StatusNoContent
	return nil
}

func (s *Store) listBuckets(in call) {
	type one struct {
		Name         string
		CreationDate string
	}
	var out struct {
		XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		Owner   string   `xml:"Owner>ID"`
		Buckets []one    `xml:"Buckets>Bucket"`
	}
	s.mu.Lock()
	out.Owner = s.opts.Account
	for _, name := range slices.Sorted(maps.Keys(s.buckets)) {
		out.Buckets = append(out.Buckets, one{name, stamp(s.buckets[name].created)})
	}
	s.mu.Unlock()
	in.answer(http.StatusOK, out)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Store) location(in call) {
	out := struct {
		XMLName xml.Name `xml:"LocationConstraint"`
		Region  string   `xml:",chardata"`
	}{Region: s.opts.Region}
	if out.Region == "us-east-1" {
		out.Region = "" // S3 API reference, GetBucketLocation
	}
	in.answer(http.StatusOK, out)
}

func (in call) versioning() *Error {
	var v struct {
		XMLName xml.Name `xml:"VersioningConfiguration"`
		Status  string   `xml:",omitempty"`
	}
	if in.Method == http.MethodPut {
		if err := xml.Unmarshal(in.body, &v); err != nil {
			return malformed(err)
		}
		if v.Status != "Enabled" {
			return &Error{http.StatusNotImplemented, "NotImplemented", "the S3 in memory does not have buckets that no longer keep versions"}
		}
		in.bucket.versioned = true
		return nil
	}
	if in.bucket.versioned {
		v.Status = "Enabled"
	}
	in.answer(http.StatusOK, v)
	return nil
}

func malformed(err error) *Error { return &Error{http.StatusBadRequest, "MalformedXML", err.Error()} }

func (in call) getObject() *Error {
	v := in.bucket.find(in.key, in.URL.Query().Get("versionId"))
	switch {
	case v == nil && in.URL.Query().Has("versionId"):
		return &Error{http.StatusNotFound, "NoSuchVersion", "The specified version does not exist."}
	case v == nil:
		return &Error{http.StatusNotFound, "NoSuchKey", "The specified key does not exist."}
	case v.marker:
		return &Error{http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource."}
	}
	h := in.header
	h.Set("Content-Type", "binary/octet-stream") // where nobody said what it is
	maps.Copy(h, v.header)
	h.Set("Etag", v.etag)
	if in.bucket.versioned {
		h.Set("X-Amz-Version-Id", v.id)
	}
	if in.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" && in.Header.Get("Range") == "" { // it is that of the whole
		h.Set("X-Amz-Checksum-Sha256", checksum(v.body))
	}
	in.reply.object = v
	return nil
}

func checksum(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (s *Store) putObject(in call) *Error {
	old := in.bucket.latest(in.key)
	match := in.Header.Get("If-Match")
	switch {
	case match != "" && old == nil:
		return &Error{http.StatusNotFound, "NoSuchKey", "The specified key does not exist."}
	case in.Header.Get("If-None-Match") != "" && old != nil, match != "" && match != old.etag:
		return &Error{http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"}
	}
	if sum := in.Header.Get("X-Amz-Checksum-Sha256"); sum != "" && sum != checksum(in.body) {
		return &Error{http.StatusBadRequest, "BadDigest", "The SHA256 you specified did not match the calculated checksum."}
	}
	kept := make(http.Header)
	for name, values := range in.Header {
		if name == "Content-Type" || strings.HasPrefix(name, "X-Amz-Meta-") || strings.HasPrefix(name, "X-Amz-Server-Side-Encryption") {
			kept[name] = values
		}
	}
	v := s.put(in.bucket, in.key, in.body, kept)
	in.header.Set("Etag", v.etag)
	if in.bucket.versioned {
		in.header.Set("X-Amz-Version-Id", v.id)
	}
	return nil
}

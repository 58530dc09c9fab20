package s3test

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxKeys is how many keys or versions are in one answer, and how many one
// DeleteObjects takes. Source: S3 API reference.
const maxKeys = 1000

type listed struct {
	Key          string
	VersionID    string `xml:"VersionId,omitempty"`
	IsLatest     *bool  `xml:",omitempty"`
	LastModified string
	ETag         string `xml:",omitempty"`
	Size         *int   `xml:",omitempty"`
}

// limit is how many elements a listing shall have.
func (in call) limit() int {
	if n, err := strconv.Atoi(in.URL.Query().Get("max-keys")); err == nil && n >= 0 {
		return min(n, maxKeys)
	}
	return maxKeys
}

// listObjects gives the objects, and what those have in common that have a delimiter
// after the prefix, after a key, which is what a token is.
func (in call) listObjects() *Error {
	q := in.URL.Query()
	token := q.Get("continuation-token")
	after := max(q.Get("start-after"), q.Get("marker"), token)
	type common struct{ Prefix string }
	var out struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name, Prefix          string
		KeyCount, MaxKeys     int
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []listed
		CommonPrefixes        []common
	}
	out.Name, out.Prefix, out.MaxKeys = in.bucket.name, q.Get("prefix"), in.limit()
	last, folder := "", ""
	for _, key := range slices.Sorted(maps.Keys(in.bucket.objects)) {
		v := in.bucket.latest(key)
		if v == nil || !strings.HasPrefix(key, out.Prefix) || key <= after && after != "" {
			continue
		}
		own := within(key, out.Prefix, q.Get("delimiter"))
		if own != "" && (own == folder || strings.HasPrefix(token, own)) {
			last = key // it is listed already
			continue
		}
		if out.KeyCount == out.MaxKeys {
			out.IsTruncated, out.NextContinuationToken = true, last
			break
		}
		out.KeyCount++
		last, folder = key, own
		if own != "" {
			out.CommonPrefixes = append(out.CommonPrefixes, common{own})
			continue
		}
		out.Contents = append(out.Contents, listed{Key: key, LastModified: stamp(v.modified), ETag: v.etag, Size: new(len(v.body))})
	}
	in.answer(http.StatusOK, out)
	return nil
}

// within is the beginning of key up to the first delimiter after prefix; "" where
// there is none.
func within(key, prefix, delimiter string) string {
	if delimiter == "" {
		return ""
	}
	before, _, found := strings.Cut(key[len(prefix):], delimiter)
	if !found {
		return ""
	}
	return prefix + before + delimiter
}

// listVersions gives versions and delete markers, after the one that is marked.
func (in call) listVersions() *Error {
	q := in.URL.Query()
	var out struct {
		XMLName             xml.Name `xml:"ListVersionsResult"`
		Name, Prefix        string
		IsTruncated         bool
		NextKeyMarker       string `xml:",omitempty"`
		NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
		Version             []listed
		DeleteMarker        []listed
	}
	out.Name, out.Prefix = in.bucket.name, q.Get("prefix")
	if q.Has("delimiter") {
		return &Error{http.StatusNotImplemented, "NotImplemented", "the S3 in memory does not have versions by delimiter"}
	}
	key, id := q.Get("key-marker"), q.Get("version-id-marker")
	n := 0
	for _, k := range slices.Sorted(maps.Keys(in.bucket.objects)) {
		if !strings.HasPrefix(k, out.Prefix) || k < key || k == key && key != "" && id == "" {
			continue
		}
		for i, v := range in.bucket.objects[k] {
			if k == key && v.id >= id { // newer ones come first: the marker need not be there any more
				continue
			}
			if n++; n > in.limit() {
				out.IsTruncated = true
				in.answer(http.StatusOK, out)
				return nil
			}
			out.NextKeyMarker, out.NextVersionIDMarker = k, v.id
			one := listed{Key: k, VersionID: v.id, IsLatest: new(i == 0), LastModified: stamp(v.modified)}
			if v.marker {
				out.DeleteMarker = append(out.DeleteMarker, one)
				continue
			}
			one.ETag, one.Size = v.etag, new(len(v.body))
			out.Version = append(out.Version, one)
		}
	}
	out.NextKeyMarker, out.NextVersionIDMarker = "", ""
	in.answer(http.StatusOK, out)
	return nil
}

func (s *Store) deleteObjects(in call) *Error {
	var asked struct {
		Object []struct {
			Key       string
			VersionID string `xml:"VersionId"`
		}
		Quiet bool
	}
	if err := xml.Unmarshal(in.body, &asked); err != nil {
		return malformed(err)
	}
	if n := len(asked.Object); n == 0 || n > maxKeys {
		return &Error{http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"}
	}
	type deleted struct {
		Key       string
		VersionID string `xml:"VersionId,omitempty"`
	}
	var out struct {
		XMLName xml.Name `xml:"DeleteResult"`
		Deleted []deleted
	}
	for _, o := range asked.Object {
		s.remove(in.bucket, o.Key, o.VersionID)
		if !asked.Quiet {
			out.Deleted = append(out.Deleted, deleted{o.Key, o.VersionID})
		}
	}
	in.answer(http.StatusOK, out)
	return nil
}

package ecrtest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// upload is a layer on its way into a repository.
type upload struct {
	repository string
	content    []byte
}

func (c *Cloud) getBlob(w http.ResponseWriter, in request) *refusal {
	c.mu.Lock()
	r, f := c.in(in)
	if f != nil {
		c.mu.Unlock()
		return f
	}
	content, found := r.blobs[in.reference]
	c.mu.Unlock()
	if !found {
		return &refusal{http.StatusNotFound, "BLOB_UNKNOWN", "The layer with digest '" + in.reference + "' does not exist"}
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Docker-Content-Digest", in.reference)
	http.ServeContent(w, in.Request, "", time.Time{}, bytes.NewReader(content)) // HEAD and ranges too
	return nil
}

// startUpload begins an upload, and ends it at once where the layer is in the
// request, or where it can be mounted from another repository.
func (c *Cloud) startUpload(w http.ResponseWriter, in request) *refusal {
	query := in.URL.Query()
	content := in.read()
	c.mu.Lock()
	defer c.mu.Unlock()
	r, f := c.in(in)
	if f != nil {
		return f
	}
	if mount := query.Get("mount"); mount != "" && c.mount(r, mount, query.Get("from")) {
		r.stored(w, mount)
		return nil
	}
	if digest := query.Get("digest"); digest != "" {
		return r.store(w, content, digest)
	}
	c.serial++
	id := fmt.Sprintf("%08x-0000-4000-8000-000000000000", c.serial)
	c.uploads[id] = &upload{repository: r.name}
	c.uploads[id].accepted(w, id)
	return nil
}

// mount gives r a layer of the repository from, and reports whether it could.
// ECR mounts no layer that no image refers to: aws/containers-roadmap#2860.
func (c *Cloud) mount(r *repository, digest, from string) bool {
	source := c.repositories[from]
	if !c.opts.Mounts || source == nil || source.blobs[digest] == nil {
		return false
	}
	for _, img := range source.images {
		if slices.Contains(img.blobs(), digest) {
			r.blobs[digest] = source.blobs[digest]
			return true
		}
	}
	return false
}

func (c *Cloud) appendUpload(w http.ResponseWriter, in request) *refusal {
	content := in.read()
	c.mu.Lock()
	defer c.mu.Unlock()
	u, f := c.upload(in)
	if f != nil {
		return f
	}
	if part := in.Header.Get("Content-Range"); part != "" {
		var first int
		if _, err := fmt.Sscanf(strings.TrimPrefix(part, "bytes "), "%d-", &first); err != nil || first != len(u.content) {
			u.headers(w, in.reference)
			return &refusal{http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID", fmt.Sprintf("The part should start at byte %d", len(u.content))}
		}
	}
	u.content = append(u.content, content...)
	u.accepted(w, in.reference)
	return nil
}

func (c *Cloud) finishUpload(w http.ResponseWriter, in request) *refusal {
	content := in.read()
	c.mu.Lock()
	defer c.mu.Unlock()
	u, f := c.upload(in)
	if f != nil {
		return f
	}
	r, f := c.in(in)
	if f != nil {
		return f
	}
	delete(c.uploads, in.reference)
	return r.store(w, append(u.content, content...), in.URL.Query().Get("digest"))
}

func (c *Cloud) describeUpload(w http.ResponseWriter, in request) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	u, f := c.upload(in)
	if f != nil {
		return f
	}
	u.headers(w, in.reference)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Cloud) cancelUpload(w http.ResponseWriter, in request) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, f := c.upload(in); f != nil {
		return f
	}
	delete(c.uploads, in.reference)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// upload finds the upload that a request is about.
func (c *Cloud) upload(in request) (*upload, *refusal) {
	if u := c.uploads[in.reference]; u != nil && u.repository == in.repository {
		return u, nil
	}
	return nil, &refusal{http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", "The upload with id '" + in.reference + "' does not exist"}
}

// read returns the body of a request, the Cloud unlocked: a layer may take its
// time.
func (r request) read() []byte {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // whoever has gone needs no answer
	}
	return content
}

func (u *upload) accepted(w http.ResponseWriter, id string) {
	u.headers(w, id)
	w.WriteHeader(http.StatusAccepted)
}

func (u *upload) headers(w http.ResponseWriter, id string) {
	w.Header().Set("Location", "/v2/"+u.repository+"/blobs/uploads/"+id)
	w.Header().Set("Docker-Upload-Uuid", id)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(0, len(u.content)-1)))
}

// store keeps a blob whose content the client says has the digest.
func (r *repository) store(w http.ResponseWriter, content []byte, digest string) *refusal {
	if actual := digestOf(content); actual != digest {
		return &refusal{http.StatusBadRequest, "DIGEST_INVALID", fmt.Sprintf("The layer has the digest %s, not %s", actual, cmp.Or(digest, "none"))}
	}
	r.blobs[digest] = content
	r.stored(w, digest)
	return nil
}

func (r *repository) stored(w http.ResponseWriter, digest string) {
	w.Header().Set("Location", "/v2/"+r.name+"/blobs/"+digest)
	w.Header().Set("Docker-Content-Digest", digest)
	w.WriteHeader(http.StatusCreated)
}

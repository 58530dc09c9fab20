package ecrtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// What a push writes, as Calls names it.
const (
	postUpload   = "POST uploads"
	appendUpload = "PATCH uploads"
	putUpload    = "PUT uploads"
	putManifest  = "PUT manifests"
)

// refusal is an answer of the registry that is not a success: JSON as the
// distribution specification has it, or plain text where it has no code.
type refusal struct {
	status        int
	code, message string
}

func (f *refusal) write(w http.ResponseWriter) {
	if f.code == "" {
		http.Error(w, f.message, f.status)
		return
	}
	body, _ := json.Marshal(object{"errors": []object{{"code": f.code, "message": f.message}}}) // strings can be encoded
	double.Write(w, f.status, "application/json; charset=utf-8", append(body, '\n'))
}

// refuse puts an error of the API into the registry's terms.
func refuse(e *Error) *refusal {
	switch e.Code {
	case "RepositoryNotFoundException":
		return &refusal{http.StatusNotFound, "NAME_UNKNOWN", e.Message}
	case "ImageTagAlreadyExistsException":
		return &refusal{http.StatusBadRequest, "TAG_INVALID", e.Message}
	case "LayersNotFoundException", "ReferencedImagesNotFoundException":
		return &refusal{http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", e.Message}
	case "LimitExceededException":
		return &refusal{http.StatusForbidden, "DENIED", e.Message}
	}
	return &refusal{http.StatusBadRequest, "MANIFEST_INVALID", e.Message}
}

func tooMany() *refusal {
	return &refusal{http.StatusTooManyRequests, "TOOMANYREQUESTS", "Rate exceeded"}
}

// request is one request about something in a repository.
type request struct {
	*http.Request
	op         string // its method and kind, such as "PUT manifests"
	repository string
	reference  string // a digest, a tag, or the id of an upload; may be ""
}

var route = regexp.MustCompile(`^/v2/(.+?)/(?:blobs/(uploads)|(blobs|manifests|tags))(?:/([^/]*))?$`)

// serveRegistry answers one request of a Docker engine or another client of the
// OCI distribution protocol.
func (c *Cloud) serveRegistry(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	in := request{Request: r, op: r.Method + " " + r.URL.Path}
	if part := route.FindStringSubmatch(r.URL.Path); part != nil {
		in.repository, in.op, in.reference = part[1], r.Method+" "+part[2]+part[3], part[4]
	}
	if f := c.answer(w, in); f != nil {
		f.write(w)
	}
}

func (c *Cloud) answer(w http.ResponseWriter, in request) *refusal {
	c.mu.Lock()
	c.calls.Count(in.op)
	over := c.throttled(counterpart(in.op), time.Now())
	c.mu.Unlock()
	if f := c.authorize(w, in.Request); f != nil {
		return f
	}
	if over {
		return tooMany()
	}
	if in.repository == "" {
		if in.URL.Path == "/v2/" || in.URL.Path == "/v2" {
			return nil
		}
		return &refusal{http.StatusNotFound, "NOT_FOUND", "page not found"}
	}
	switch fault := c.strike(in.repository, in.op); fault {
	case "":
	case Hangup:
		_, _ = io.CopyN(io.Discard, in.Body, 512) // a part of the layer
		panic(http.ErrAbortHandler)
	default:
		return fault.refusal(in.repository, in.reference)
	}
	c.mu.Lock()
	_, missing := c.repository("", in.repository)
	c.mu.Unlock()
	if missing != nil {
		return refuse(noRepository(in.repository, Account))
	}
	return c.route(w, in)
}

// counterpart is the operation of the API that a request to the registry counts
// as in the rates of ECR.
func counterpart(op string) string {
	switch op {
	case "HEAD blobs":
		return "BatchCheckLayerAvailability"
	case postUpload:
		return "InitiateLayerUpload"
	case appendUpload:
		return "UploadLayerPart"
	case putUpload:
		return "CompleteLayerUpload"
	case putManifest:
		return "PutImage"
	case "GET blobs":
		return "GetDownloadUrlForLayer"
	case "GET manifests", "HEAD manifests":
		return "BatchGetImage"
	}
	return ""
}

func (c *Cloud) route(w http.ResponseWriter, in request) *refusal {
	switch in.op {
	case "GET blobs", "HEAD blobs":
		return c.getBlob(w, in)
	case postUpload:
		return c.startUpload(w, in)
	case appendUpload:
		return c.appendUpload(w, in)
	case putUpload:
		return c.finishUpload(w, in)
	case "GET uploads":
		return c.describeUpload(w, in)
	case "DELETE uploads":
		return c.cancelUpload(w, in)
	case "GET manifests", "HEAD manifests":
		return c.getManifest(w, in)
	case putManifest:
		return c.pushManifest(w, in)
	case "DELETE manifests":
		return c.deleteManifest(w, in)
	case "GET tags":
		return c.listTags(w, in)
	}
	return &refusal{http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported."}
}

// in finds the repository of a request, with the Cloud locked. It may have been
// deleted while a layer was on its way.
func (c *Cloud) in(r request) (*repository, *refusal) {
	found, missing := c.repository("", r.repository)
	if missing != nil {
		return nil, refuse(missing)
	}
	return found, nil
}

// id is what the reference of a request to manifests names.
func (r request) id() imageID {
	if validDigest.MatchString(r.reference) {
		return imageID{ImageDigest: r.reference}
	}
	return imageID{ImageTag: r.reference}
}

func (c *Cloud) getManifest(w http.ResponseWriter, in request) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, f := c.in(in)
	if f != nil {
		return f
	}
	img, fail := r.find(in.id())
	if fail != nil {
		return &refusal{http.StatusNotFound, "MANIFEST_UNKNOWN", fail.FailureReason}
	}
	if in.Method == http.MethodGet {
		img.pulled = time.Now()
	}
	w.Header().Set("Content-Type", img.MediaType)
	w.Header().Set("Content-Length", fmt.Sprint(len(img.text)))
	w.Header().Set("Docker-Content-Digest", img.digest)
	if in.Method == http.MethodGet {
		_, _ = w.Write(img.text) // whoever has gone needs no answer
	}
	return nil
}

func (c *Cloud) pushManifest(w http.ResponseWriter, in request) *refusal {
	text, err := io.ReadAll(io.LimitReader(in.Body, 4<<20+1))
	if err != nil {
		panic(http.ErrAbortHandler) // whoever has gone needs no answer
	}
	m, fault := readManifest(text, in.Header.Get("Content-Type"))
	if fault != nil {
		return refuse(fault)
	}
	digest := digestOf(text)
	id := in.id()
	if id.ImageDigest != "" && id.ImageDigest != digest {
		return &refusal{http.StatusBadRequest, "DIGEST_INVALID", "The manifest has the digest " + digest + ", not " + id.ImageDigest}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, f := c.in(in)
	if f != nil {
		return f
	}
	if _, fault := r.put(m, text, id.ImageTag, c.opts.MaxImages, time.Now()); fault != nil {
		return refuse(fault)
	}
	w.Header().Set("Docker-Content-Digest", digest)
	w.Header().Set("Location", "/v2/"+r.name+"/manifests/"+digest)
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (c *Cloud) deleteManifest(w http.ResponseWriter, in request) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, f := c.in(in)
	if f != nil {
		return f
	}
	if _, fail := r.remove(in.id(), r.indexes()); fail != nil {
		if fail.FailureCode == "ImageNotFound" {
			return &refusal{http.StatusNotFound, "MANIFEST_UNKNOWN", fail.FailureReason}
		}
		return &refusal{http.StatusForbidden, "DENIED", fail.FailureReason}
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// listTags lists all tags at once, whatever page was asked for.
func (c *Cloud) listTags(w http.ResponseWriter, in request) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, f := c.in(in)
	if f != nil {
		return f
	}
	tags := make([]string, 0, len(r.tagged))
	for tag := range r.tagged {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(object{"name": r.name, "tags": tags}) // whoever has gone needs no answer
	return nil
}

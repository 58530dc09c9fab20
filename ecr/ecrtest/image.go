package ecrtest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// image is one manifest in a repository.
type image struct {
	manifest
	digest string
	text   []byte
	pushed time.Time
	pulled time.Time // zero where it never was
}

// maxTags is how many tags an image has. Source: Amazon ECR user guide, "Amazon
// ECR service quotas".
const maxTags = 1000

// put stores the text of a manifest under its digest and, unless it is empty, a
// tag. It reports whether that changed anything.
func (r *repository) put(m manifest, text []byte, tag string, most int, now time.Time) (changed bool, fault *Error) {
	digest := digestOf(text)
	if tag != "" && !validTag.MatchString(tag) {
		return false, invalid("imageTag", "must satisfy regular expression '"+tagPattern+"'")
	}
	if fault := r.absent(m); fault != nil {
		return false, fault
	}
	if r.tagged[tag] != "" && r.fixed(tag) {
		return false, tagTaken(r.name, tag)
	}
	stored := r.images[digest] != nil
	if stored && (tag == "" || r.tagged[tag] == digest) {
		return false, nil
	}
	switch {
	case !stored && len(r.images) >= most:
		return false, full("images", most, r.name)
	case tag != "" && len(r.tags()[digest]) >= maxTags:
		return false, full("tags per image", maxTags, r.name)
	}
	if !stored {
		r.images[digest] = &image{manifest: m, digest: digest, text: text, pushed: now}
	}
	if tag != "" {
		r.tagged[tag] = digest
	}
	return true, nil
}

func full(what string, most int, repository string) *Error {
	return &Error{Code: "LimitExceededException", Message: fmt.Sprintf(
		"The maximum number of %s (%d) has been reached in the repository with name '%s' in the registry with id '%s'", what, most, repository, Account)}
}

func tagTaken(repository, tag string) *Error {
	return &Error{Code: "ImageTagAlreadyExistsException", Message: fmt.Sprintf(
		"The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the tag is immutable.", tag, repository)}
}

// tags are the tags of each image by its digest, sorted.
func (r *repository) tags() map[string][]string {
	tags := make(map[string][]string)
	for _, tag := range slices.Sorted(maps.Keys(r.tagged)) {
		tags[r.tagged[tag]] = append(tags[r.tagged[tag]], tag)
	}
	return tags
}

// tagPattern is what a tag must match. Source: OCI distribution specification,
// "Pulling manifests".
const tagPattern = `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`

var (
	validTag    = regexp.MustCompile(`^` + tagPattern + `$`)
	validDigest = regexp.MustCompile(`^[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+$`)
)

// imageID names an image by its digest, by a tag, or by both.
type imageID struct {
	ImageDigest string `json:"imageDigest,omitempty"`
	ImageTag    string `json:"imageTag,omitempty"`
}

// String is the form that ImageNotFoundException has.
func (id imageID) String() string {
	name := func(s string) string {
		if s == "" {
			return "null"
		}
		return s
	}
	return fmt.Sprintf("{imageDigest:'%s', imageTag:'%s'}", name(id.ImageDigest), name(id.ImageTag))
}

// failure is why an operation on many images did nothing with one.
type failure struct {
	ImageID       imageID `json:"imageId"`
	FailureCode   string  `json:"failureCode"`
	FailureReason string  `json:"failureReason"`
}

// find finds the image that id names, or says why it cannot.
func (r *repository) find(id imageID) (*image, *failure) {
	fail := func(code, reason string) (*image, *failure) { return nil, &failure{id, code, reason} }
	switch {
	case id == imageID{}:
		return fail("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
	case id.ImageDigest != "" && !validDigest.MatchString(id.ImageDigest):
		return fail("InvalidImageDigest", "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'")
	case id.ImageTag != "" && !validTag.MatchString(id.ImageTag):
		return fail("InvalidImageTag", "Invalid request parameters: image tag should satisfy the regex '"+tagPattern+"'")
	}
	digest := id.ImageDigest
	if digest == "" {
		digest = r.tagged[id.ImageTag]
	}
	found := r.images[digest]
	switch {
	case found == nil:
		return fail("ImageNotFound", "Requested image not found")
	case id.ImageTag != "" && r.tagged[id.ImageTag] != digest:
		return fail("ImageTagDoesNotMatchDigest", "Requested image tag does not match the image digest")
	}
	return found, nil
}

// remove removes what id names: a tag alone where it is not the last of its
// image, the image with all its tags otherwise, unless an index points to it.
// It returns what has gone. Source: Amazon ECR API reference, BatchDeleteImage.
func (r *repository) remove(id imageID, indexes map[string][]string) ([]imageID, *failure) {
	img, fail := r.find(id)
	if fail != nil {
		return nil, fail
	}
	tags := r.tags()[img.digest]
	if id.ImageDigest == "" && len(tags) > 1 {
		delete(r.tagged, id.ImageTag)
		return []imageID{{img.digest, id.ImageTag}}, nil
	}
	if lists := indexes[img.digest]; len(lists) > 0 {
		return nil, &failure{id, "ImageReferencedByManifestList", "Requested image referenced by manifest list: [" + strings.Join(lists, ", ") + "]"}
	}
	delete(r.images, img.digest)
	if len(tags) == 0 {
		return []imageID{{ImageDigest: img.digest}}, nil
	}
	var gone []imageID
	for _, tag := range tags {
		delete(r.tagged, tag)
		gone = append(gone, imageID{img.digest, tag})
	}
	return gone, nil
}

// indexes are the digests of the indexes that point to each image, sorted.
func (r *repository) indexes() map[string][]string {
	lists := make(map[string][]string)
	for _, list := range slices.Sorted(maps.Keys(r.images)) {
		for _, d := range r.images[list].Manifests {
			lists[d.Digest] = append(lists[d.Digest], list)
		}
	}
	return lists
}

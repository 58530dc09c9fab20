package ecrtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// batch is how many images an operation on many takes.
// Source: Amazon ECR API reference, BatchGetImage, "imageIds".
const batch = 100

// imageInput is what the operations on images are told.
type imageInput struct {
	RegistryID             string `json:"registryId"`
	RepositoryName         string
	ImageIDs               []imageID `json:"imageIds"`
	AcceptedMediaTypes     []string
	ImageManifest          string
	ImageManifestMediaType string
	ImageTag               string
	ImageDigest            string
	Filter                 struct{ TagStatus string }
	paging
}

func (c *Cloud) batchGetImage(in imageInput, now time.Time) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault = cmp.Or(fault, checkLength("imageIds", len(in.ImageIDs), 1, batch)); fault != nil {
		return nil, fault
	}
	images, failures := []object{}, []failure{}
	for _, id := range in.ImageIDs {
		img, fail := r.find(id)
		if fail == nil && len(in.AcceptedMediaTypes) > 0 && !slices.Contains(in.AcceptedMediaTypes, img.MediaType) {
			fail = &failure{id, "ImageNotFound", "Requested image not found"} // ECR may convert it instead
		}
		if fail != nil {
			failures = append(failures, *fail)
			continue
		}
		img.pulled = now
		images = append(images, r.wire(img, imageID{img.digest, id.ImageTag}))
	}
	return object{"images": images, "failures": failures}, nil
}

func (r *repository) wire(img *image, id imageID) object {
	return object{
		"registryId": Account, "repositoryName": r.name, "imageId": id,
		"imageManifest": string(img.text), "imageManifestMediaType": img.MediaType,
	}
}

func (c *Cloud) putImage(in imageInput, now time.Time) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault != nil {
		return nil, fault
	}
	text := []byte(in.ImageManifest)
	m, fault := readManifest(text, in.ImageManifestMediaType)
	if fault != nil {
		return nil, fault
	}
	digest := digestOf(text)
	if in.ImageDigest != "" && in.ImageDigest != digest {
		return nil, &Error{Code: "ImageDigestDoesNotMatchException", Message: fmt.Sprintf(
			"The calculated digest '%s' for the provided image manifest does not match the provided image digest '%s'", digest, in.ImageDigest)}
	}
	changed, fault := r.put(m, text, in.ImageTag, c.opts.MaxImages, now)
	if fault != nil {
		return nil, fault
	}
	if !changed {
		return nil, &Error{Code: "ImageAlreadyExistsException", Message: fmt.Sprintf(
			"Image with digest '%s' and tag '%s' already exists in the repository with name '%s' in registry with id '%s'",
			digest, cmp.Or(in.ImageTag, "null"), r.name, Account)}
	}
	return object{"image": r.wire(r.images[digest], imageID{digest, in.ImageTag})}, nil
}

func (c *Cloud) describeImages(in imageInput) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	fault = cmp.Or(fault, in.check(len(in.ImageIDs) > 0, "imageIds"), checkLength("imageIds", len(in.ImageIDs), 0, batch))
	if fault != nil {
		return nil, fault
	}
	var digests []string
	tags := r.tags()
	for _, id := range in.ImageIDs {
		img, fail := r.find(id)
		if fail != nil {
			return nil, &Error{Code: "ImageNotFoundException", Message: fmt.Sprintf(
				"The image with imageId %s does not exist within the repository with name '%s' in the registry with id '%s'", id, r.name, Account)}
		}
		if !slices.Contains(digests, img.digest) {
			digests = append(digests, img.digest)
		}
	}
	if len(in.ImageIDs) == 0 {
		digests = slices.Sorted(maps.Keys(r.images))
		digests = slices.DeleteFunc(digests, func(digest string) bool { return !in.wants(len(tags[digest]) > 0) })
	}
	part, next := in.page(digests)
	details := []object{}
	for _, digest := range part {
		details = append(details, r.detail(r.images[digest], tags[digest]))
	}
	return next.add(object{"imageDetails": details}), nil
}

func (r *repository) detail(img *image, tags []string) object {
	out := object{
		"registryId": Account, "repositoryName": r.name, "imageDigest": img.digest, "imageSizeInBytes": r.size(img),
		"imagePushedAt": double.Stamp(img.pushed), "imageManifestMediaType": img.MediaType, "imageStatus": "ACTIVE",
	}
	if len(tags) > 0 {
		out["imageTags"] = tags
	}
	if img.Config != nil {
		out["artifactMediaType"] = img.Config.MediaType
	}
	if !img.pulled.IsZero() {
		out["lastRecordedPullTime"] = double.Stamp(img.pulled)
	}
	return out
}

// size of an index is that of the largest image in it.
// Source: Amazon ECR API reference, ImageDetail, "imageSizeInBytes".
func (r *repository) size(img *image) int64 {
	largest := img.size()
	for _, d := range img.Manifests {
		if child := r.images[d.Digest]; child != nil {
			largest = max(largest, child.size())
		}
	}
	return largest
}

// wants reports whether the filter of in takes an image that has tags, or none.
func (in imageInput) wants(tagged bool) bool {
	switch in.Filter.TagStatus {
	case "TAGGED":
		return tagged
	case "UNTAGGED":
		return !tagged
	}
	return true
}

func (c *Cloud) listImages(in imageInput) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault = cmp.Or(fault, in.check(false, "")); fault != nil {
		return nil, fault
	}
	var keys []string
	tags := r.tags()
	for digest := range r.images {
		if len(tags[digest]) == 0 && in.wants(false) {
			keys = append(keys, imageKey(digest, ""))
		}
		for _, tag := range tags[digest] {
			if in.wants(true) {
				keys = append(keys, imageKey(digest, tag))
			}
		}
	}
	slices.Sort(keys)
	part, next := in.page(keys)
	ids := []imageID{}
	for _, key := range part {
		digest, tag := cutKey(key)
		ids = append(ids, imageID{digest, tag})
	}
	return next.add(object{"imageIds": ids}), nil
}

func (c *Cloud) batchDeleteImage(in imageInput) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault = cmp.Or(fault, checkLength("imageIds", len(in.ImageIDs), 1, batch)); fault != nil {
		return nil, fault
	}
	indexes := r.indexes() // as they were: images of an index are refused even where the same call deletes the index
	gone, failures := []imageID{}, []failure{}
	for _, id := range in.ImageIDs {
		if slices.ContainsFunc(gone, id.covers) {
			continue // with an id before it
		}
		removed, fail := r.remove(id, indexes)
		if fail != nil {
			failures = append(failures, *fail)
		}
		gone = append(gone, removed...)
	}
	return object{"imageIds": gone, "failures": failures}, nil
}

// covers reports whether gone, which has gone, is all or a part of what id names.
func (id imageID) covers(gone imageID) bool {
	return id != imageID{} && (id.ImageDigest == "" || id.ImageDigest == gone.ImageDigest) && (id.ImageTag == "" || id.ImageTag == gone.ImageTag)
}

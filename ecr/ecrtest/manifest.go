package ecrtest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The media types of manifests that ECR stores.
// Source: Amazon ECR user guide, "Container image manifest format support".
const (
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	ociManifest    = "application/vnd.oci.image.manifest.v1+json"
	ociIndex       = "application/vnd.oci.image.index.v1+json"
)

// descriptor points to a blob or, in an index, to a manifest.
type descriptor struct {
	MediaType string   `json:"mediaType"`
	Size      int64    `json:"size"`
	Digest    string   `json:"digest"`
	URLs      []string `json:"urls,omitempty"`
}

// manifest is what ECR must know of a manifest: an image's, with a config and
// layers, or an index of manifests.
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        *descriptor  `json:"config,omitempty"`
	Layers        []descriptor `json:"layers,omitempty"`
	Manifests     []descriptor `json:"manifests,omitempty"`

	Annotations map[string]string `json:"annotations,omitempty"`
}

// readManifest reads the text of a manifest, whose media type is given where the
// text does not say it.
func readManifest(text []byte, mediaType string) (manifest, *Error) {
	var m manifest
	switch err := json.Unmarshal(text, &m); {
	case err != nil:
		return m, invalid("ImageManifest", "Invalid JSON syntax")
	case len(text) > 4<<20:
		return m, checkLength("imageManifest", len(text), 1, 4<<20)
	case mediaType != "" && m.MediaType != "" && mediaType != m.MediaType:
		return m, invalid("imageManifestMediaType", fmt.Sprintf("'%s' does not match the mediaType '%s' of the manifest", mediaType, m.MediaType))
	}
	m.MediaType = cmp.Or(m.MediaType, mediaType)
	switch {
	case m.MediaType == "":
		return m, &Error{Code: "InvalidParameterException", Message: "image manifest mediatype not provided in manifest or parameter"}
	case !slices.Contains([]string{dockerManifest, dockerList, ociManifest, ociIndex}, m.MediaType):
		return m, &Error{Code: "UnsupportedImageTypeException", Message: fmt.Sprintf("manifests of type '%s' are not supported", m.MediaType)}
	case m.SchemaVersion != 2 || m.index() == (m.Config != nil):
		return m, invalid("ImageManifest", "Invalid image manifest provided")
	}
	return m, nil
}

func (m manifest) index() bool { return m.MediaType == dockerList || m.MediaType == ociIndex }

// blobs are the config and the layers that a registry must have to store m.
// Those with URLs are elsewhere.
func (m manifest) blobs() []string {
	var digests []string
	if m.Config != nil {
		digests = append(digests, m.Config.Digest)
	}
	for _, l := range m.Layers {
		if len(l.URLs) == 0 {
			digests = append(digests, l.Digest)
		}
	}
	return digests
}

// size is what DescribeImages says of an image: the config and the layers, each
// counted once.
func (m manifest) size() (sum int64) {
	seen := make(map[string]bool)
	for _, d := range append(slices.Clone(m.Layers), *cmp.Or(m.Config, &descriptor{})) {
		if !seen[d.Digest] {
			sum += d.Size
		}
		seen[d.Digest] = true
	}
	return sum
}

// absent refuses m where r lacks what it points to.
func (r *repository) absent(m manifest) *Error {
	code, kind := "LayersNotFoundException", "Layers"
	wanted, there := m.blobs(), func(digest string) bool { return r.blobs[digest] != nil }
	if m.index() {
		code, kind = "ReferencedImagesNotFoundException", "Images"
		there = func(digest string) bool { return r.images[digest] != nil }
		for _, d := range m.Manifests {
			wanted = append(wanted, d.Digest)
		}
	}
	wanted = slices.DeleteFunc(wanted, there)
	if len(wanted) == 0 {
		return nil
	}
	return &Error{Code: code, Message: fmt.Sprintf(
		"%s with digests '[%s]' required for pushing image into repository with name '%s' in the registry with id '%s' do not exist",
		kind, strings.Join(wanted, ", "), r.name, Account)}
}

// digestOf is the digest of a blob or a manifest.
func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

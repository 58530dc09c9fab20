package ecrtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Image is an image as a test makes it with AddImage, and as Images shows it.
type Image struct {
	Tags   []string
	Pushed time.Time // default: now
	Labels map[string]string
	// Manifests are the digests of the images that an index points to; with any,
	// the image is an index, which has no labels.
	Manifests []string

	// Images fills in the rest, and AddImage ignores it.
	Digest    string
	MediaType string
	Size      int64 // bytes of the config and the layers
}

// AddImage puts a small image, like no other one, into repository, which is
// made if it is missing, and returns the image's digest. It asks neither whether
// a tag may move nor whether the images of an index are there.
func (c *Cloud) AddImage(repository string, img Image) (digest string) {
	c.AddRepository(repository)
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.repositories[repository]
	if r == nil {
		return "" // ECR has no repository of such a name
	}
	c.serial++
	m := manifest{SchemaVersion: 2, MediaType: ociIndex, Annotations: map[string]string{"serial": strconv.Itoa(c.serial)}}
	for _, child := range img.Manifests {
		m.Manifests = append(m.Manifests, descriptor{MediaType: ociManifest, Digest: child})
	}
	if len(img.Manifests) == 0 {
		m = r.compose(img.Labels, c.serial)
	}
	text, _ := json.Marshal(m) // plain strings and numbers
	digest = digestOf(text)
	if img.Pushed.IsZero() {
		img.Pushed = time.Now()
	}
	r.images[digest] = &image{manifest: m, digest: digest, text: text, pushed: img.Pushed}
	for _, tag := range img.Tags {
		r.tagged[tag] = digest
	}
	return digest
}

// compose stores the blobs of a small image of its own, and returns its manifest.
func (r *repository) compose(labels map[string]string, serial int) manifest {
	layer := fmt.Appendf(nil, "layer %d", serial)
	config, _ := json.Marshal(object{ // plain strings
		"architecture": "amd64", "os": "linux", "config": object{"Labels": labels},
		"rootfs": object{"type": "layers", "diff_ids": []string{digestOf(layer)}},
	})
	add := func(mediaType string, content []byte) descriptor {
		d := descriptor{MediaType: mediaType, Size: int64(len(content)), Digest: digestOf(content)}
		r.blobs[d.Digest] = content
		return d
	}
	c := add("application/vnd.oci.image.config.v1+json", config)
	return manifest{
		SchemaVersion: 2, MediaType: ociManifest, Config: &c,
		Layers: []descriptor{add("application/vnd.oci.image.layer.v1.tar", layer)},
	}
}

// Images returns the images in repository, as they are now, sorted by the time
// of their push and then by digest; none where there is no such repository.
func (c *Cloud) Images(repository string) []Image {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.repositories[repository]
	if r == nil {
		return nil
	}
	tags := r.tags()
	var images []Image
	for _, digest := range slices.Sorted(maps.Keys(r.images)) {
		img := r.images[digest]
		out := Image{Tags: tags[digest], Pushed: img.pushed, Labels: r.labelsOf(img), Digest: digest, MediaType: img.MediaType, Size: r.size(img)}
		for _, d := range img.Manifests {
			out.Manifests = append(out.Manifests, d.Digest)
		}
		images = append(images, out)
	}
	slices.SortStableFunc(images, func(a, b Image) int { return a.Pushed.Compare(b.Pushed) })
	return images
}

// labelsOf reads the labels of an image from its config; none where it has none.
func (r *repository) labelsOf(img *image) map[string]string {
	var config struct {
		Config struct{ Labels map[string]string }
	}
	if img.Config != nil {
		_ = json.Unmarshal(r.blobs[img.Config.Digest], &config) // no image of a container: no labels
	}
	return config.Config.Labels
}

// SetPushed changes when the image that has a digest or a tag was pushed, and
// reports whether there is one.
func (c *Cloud) SetPushed(repository, reference string, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.repositories[repository]
	if r == nil {
		return false
	}
	img, fail := r.find(request{reference: reference}.id())
	if fail == nil {
		img.pushed = at
	}
	return fail == nil
}

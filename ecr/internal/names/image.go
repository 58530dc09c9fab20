package names

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Image is what names an image that runs.
type Image struct {
	Repository string // without a host; empty for a digest alone
	Tag        string // "latest" where it has neither tag nor digest
	Digest     string // wins over Tag, which is empty then
}

// anyRepository is a repository of any registry: tasks also run images that are
// not ECR's, whose rules are narrower. Source: the distribution specification,
// "Pulling manifests".
var anyRepository = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)

var validHost = regexp.MustCompile(`^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?$`)

// ParseImage reads an image as a task definition names it:
// "host/repository@sha256:...", "host/repository:tag", either without the host, or
// a digest alone. A tag before a digest says nothing, and is left out, and so is the
// host.
func ParseImage(text string) (Image, error) {
	if IsDigest(text) {
		return Image{Digest: text}, nil
	}
	if strings.HasPrefix(text, "sha256:") {
		return Image{}, errors.New("its digest must be sha256: and 64 hex digits")
	}
	var image Image
	name, digest, pinned := strings.Cut(text, "@")
	if pinned && !IsDigest(digest) {
		return Image{}, errors.New("its digest must be sha256: and 64 hex digits")
	}
	image.Digest = digest
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name, image.Tag = name[:colon], name[colon+1:]
		if err := CheckTag(image.Tag); err != nil {
			return Image{}, fmt.Errorf("its tag %w", err)
		}
	}
	if host, path, ok := strings.Cut(name, "/"); ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		if !validHost.MatchString(host) {
			return Image{}, fmt.Errorf("its host %q is none", host)
		}
		name = path
	}
	if !anyRepository.MatchString(name) {
		return Image{}, fmt.Errorf("its repository %q must be lower-case letters and digits, with . _ - or / between them", name)
	}
	image.Repository = name
	switch {
	case pinned:
		image.Tag = ""
	case image.Tag == "":
		image.Tag = "latest"
	}
	return image, nil
}

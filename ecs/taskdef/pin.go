package taskdef

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Pin returns a copy of td in which each image that digests knows is the one of
// its digest, however its tag moves on; td itself stays as it is.
//
// The keys of digests are images as td has them ("registry/notifier:42"), the
// values digests ("sha256:" and 64 hexadecimal digits). The pinned image is
// "registry/notifier@sha256:…", without the tag: that is the only form with a
// digest that ECS documents (ECS API reference, ContainerDefinition, "image").
//
// Missing are the images that digests does not know, sorted; an image that has
// a digest already is left alone and is never missing. A digest that is none is
// an error, and then nothing is pinned.
func Pin(td *awsecs.RegisterTaskDefinitionInput, digests map[string]string) (pinned *awsecs.RegisterTaskDefinitionInput, missing []string, err error) {
	if td == nil {
		return nil, nil, errors.New("pin images: no task definition")
	}
	form := regexp.MustCompile(`^sha256:[0-9a-fA-F]{64}$`)
	copied := *td
	copied.ContainerDefinitions = slices.Clone(td.ContainerDefinitions)
	for i := range copied.ContainerDefinitions {
		image := ptr.Value(copied.ContainerDefinitions[i].Image)
		if strings.Contains(image, "@") {
			continue
		}
		digest, known := digests[image]
		switch {
		case !known:
			missing = append(missing, image)
		case !form.MatchString(digest):
			return nil, nil, fmt.Errorf("pin image %s: %q is no digest; want sha256: and 64 hexadecimal digits", image, digest)
		default:
			copied.ContainerDefinitions[i].Image = new(untagged(image) + "@" + digest)
		}
	}
	slices.Sort(missing)
	return &copied, slices.Compact(missing), nil
}

// untagged is image without its tag. A colon before the last slash is that of
// a registry's port.
func untagged(image string) string {
	if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
		return image[:colon]
	}
	return image
}

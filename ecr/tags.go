package ecr

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// InputsPrefix begins the tag of an image's inputs, and no tag that a caller may
// give. A lifecycle rule can match it as a tagPrefixList.
const InputsPrefix = "inputs-"

// inputsDigits is how many hex digits of the hash the tag has: 160 bits, so that
// nobody can prepare two contexts with the same tag.
const inputsDigits = 40

// InputsTag is the tag of an image whose inputs hash to hash, which is in hex:
// InputsPrefix and the first 40 digits.
func InputsTag(hash string) string {
	return InputsPrefix + hash[:min(inputsDigits, len(hash))]
}

// The names that ECR takes.
// Source: ECR API reference, CreateRepository and PutImage; the distribution
// specification, "Pulling manifests".
var (
	repositoryName = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)
	tagName        = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
)

func checkRepository(name string) error {
	switch {
	case name == "":
		return errors.New("no repository")
	case len(name) < 2 || len(name) > 256:
		return fmt.Errorf("repository %q: must have 2 to 256 characters, not %d", name, len(name))
	case !repositoryName.MatchString(name):
		return fmt.Errorf("repository %q: must be lower-case letters and digits, with single . _ - or / between them", name)
	}
	return nil
}

func checkTag(tag string) error {
	switch {
	case !tagName.MatchString(tag):
		return fmt.Errorf("tag %q: must be 1 to 128 letters, digits, _ . or -, and not begin with . or -", tag)
	case strings.HasPrefix(tag, InputsPrefix):
		return fmt.Errorf("tag %q: %s is for the tags of inputs", tag, InputsPrefix)
	}
	return nil
}

// immutable reports whether repository r refuses to move tag once it exists.
// Source: ECR user guide, "Preventing image tags from being overwritten".
func immutable(r types.Repository, tag string) bool {
	excluded := false
	for _, f := range r.ImageTagMutabilityExclusionFilters {
		excluded = excluded || wildcard(value(f.Filter), tag)
	}
	switch r.ImageTagMutability {
	case types.ImageTagMutabilityImmutable:
		return true
	case types.ImageTagMutabilityImmutableWithExclusion:
		return !excluded
	case types.ImageTagMutabilityMutableWithExclusion:
		return excluded
	}
	return false
}

// wildcard reports whether tag matches pattern, in which * is any number of
// characters, also none.
func wildcard(pattern, tag string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == tag
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(tag, first) {
		return false
	}
	tag = tag[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(tag, part)
		if !found {
			return false
		}
		tag = rest
	}
	return strings.HasSuffix(tag, last)
}

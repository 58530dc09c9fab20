package ecr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/internal/names"
)

// InputsPrefix begins the tag of an image's inputs, and no tag that a caller may
// give. A lifecycle rule can match it as a tagPrefixList.
const InputsPrefix = names.InputsPrefix

// inputsDigits is how many hex digits of the hash the tag has: 160 bits, so that
// nobody can prepare two contexts with the same tag.
const inputsDigits = 40

// InputsTag is the tag of an image whose inputs hash to hash, which is in hex:
// InputsPrefix and the first 40 digits.
func InputsTag(hash string) string {
	return InputsPrefix + hash[:min(inputsDigits, len(hash))]
}

func checkRepository(name string) error {
	if name == "" {
		return errors.New("no repository")
	}
	if err := names.CheckRepository(name); err != nil {
		return fmt.Errorf("repository %q: %w", name, err)
	}
	return nil
}

func checkTag(tag string) error {
	if err := names.CheckTag(tag); err != nil {
		return fmt.Errorf("tag %q: %w", tag, err)
	}
	if strings.HasPrefix(tag, InputsPrefix) {
		return fmt.Errorf("tag %q: %s is for the tags of inputs", tag, InputsPrefix)
	}
	return nil
}

// immutable reports whether repository r refuses to move tag once it exists.
// Source: ECR user guide, "Preventing image tags from being overwritten".
func immutable(r types.Repository, tag string) bool {
	excluded := false
	for _, f := range r.ImageTagMutabilityExclusionFilters {
		excluded = excluded || names.Match(aws.ToString(f.Filter), tag)
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

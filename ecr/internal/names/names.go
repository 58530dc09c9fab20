// Package names is the grammar of what Amazon ECR calls things: repositories,
// tags, digests, patterns of tags, and the images that a task definition names.
// Its errors name no subject: callers put what they are about before them.
package names

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// InputsPrefix begins the tag of an image's inputs.
const InputsPrefix = "inputs-"

// The names that ECR takes.
// Source: ECR API reference, CreateRepository and PutImage; the distribution
// specification, "Pulling manifests".
var (
	repository = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)
	tag        = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	digest     = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

const minRepository, maxRepository = 2, 256 // characters

// CheckRepository returns what keeps name from being that of a repository, without a host.
func CheckRepository(name string) error {
	switch n := len(name); {
	case n < minRepository || n > maxRepository:
		return fmt.Errorf("must have %d to %d characters, not %d", minRepository, maxRepository, n)
	case !repository.MatchString(name):
		return errors.New("must be lower-case letters and digits, with single . _ - or / between them")
	}
	return nil
}

// CheckTag returns what keeps text from being the tag of an image.
func CheckTag(text string) error {
	if !tag.MatchString(text) {
		return errors.New("must be 1 to 128 letters, digits, _ . or -, and not begin with . or -")
	}
	return nil
}

// IsDigest reports whether text is a digest: "sha256:" and 64 hex digits in lower case.
func IsDigest(text string) bool { return digest.MatchString(text) }

// CheckDigest returns what keeps text from being a digest.
func CheckDigest(text string) error {
	if !IsDigest(text) {
		return errors.New("must be sha256: and 64 hex digits")
	}
	return nil
}

// Match reports whether text is pattern with each * standing for any text, also none.
func Match(pattern, text string) bool {
	words := strings.Split(pattern, "*")
	if len(words) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, words[0])
	if !ok {
		return false
	}
	last := len(words) - 1
	for _, word := range words[1:last] {
		if _, text, ok = strings.Cut(text, word); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, words[last])
}

package lifecycle

import (
	"fmt"

	"github.com/mettel-automation/delivery/ecr/internal/names"
)

// Default is a policy for images that package ecr publishes. Images with one of
// the tags in keep, in which * stands for any text, such as "latest-*", are what
// runs, and stay. Of those with a tag of their inputs, the newest stay, as many as
// newest says; and so do as many of those without a tag. Tags of any other form
// keep their images.
//
// It never goes by time: an image that loses its last tag is as old as its push,
// so that any number of days may have passed before the deployment that replaces it
// is done.
//
// Newest must be more than DefaultHeadroom, so that what has just been replaced
// does not go at once, and be several times what is built between two deployments of
// the environment that is deployed least often. A smaller one, or a pattern that ECR
// does not take, is an error that matches [ErrInvalid].
func Default(keep []string, newest int) (Policy, error) {
	if newest <= DefaultHeadroom {
		return Policy{}, fmt.Errorf("default lifecycle policy: %w: the newest %d images are too few: want more than %d", ErrInvalid, newest, DefaultHeadroom)
	}
	var p Policy
	add := func(what string, count int, s Selection) {
		s.CountType, s.CountNumber = ImageCountMoreThan, count
		p.Rules = append(p.Rules, Rule{Priority: len(p.Rules) + 1, Description: what, Selection: s, Action: Action{Type: Expire}})
	}
	for _, pattern := range keep {
		add("What runs stays", shieldCount, Selection{TagStatus: Tagged, TagPatterns: []string{pattern}})
	}
	add("The newest builds stay, so that equal inputs are not built twice", newest, Selection{TagStatus: Tagged, TagPrefixes: []string{names.InputsPrefix}})
	add("So do the newest that have lost their tags, since they may still run", newest, Selection{TagStatus: Untagged})
	if err := p.Check(); err != nil {
		return Policy{}, fmt.Errorf("default lifecycle policy: %w", err)
	}
	return p, nil
}

// shieldCount is a count that no repository reaches: a repository holds up to
// 100,000 images. Source: ECR user guide, "Amazon ECR service quotas".
const shieldCount = 100_000

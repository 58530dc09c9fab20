package lifecycle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecr/internal/names"
)

// Image is an image of a repository, as DescribeImages tells it.
type Image struct {
	Digest   string
	Tags     []string  // none for an untagged image
	Pushed   time.Time // or restored from the archive, if that was later
	Pulled   time.Time // as last recorded; zero is never
	Archived time.Time // zero for an image of the standard storage class
}

// Mark is what a policy does to one image.
type Mark struct {
	Digest string
	Tags   []string
	Rule   int // its priority
	Action ActionType
}

// Evaluate returns what ECR would do to images by now, in the order of the
// rules and oldest first. A rule sees every image that it selects, but acts on
// none that a rule before it selects: that is how one rule shields images from
// another. Images that belong to a multi-platform index, which ECR keeps while
// it keeps the index, are not known as such.
// Source: ECR user guide, "Lifecycle policy evaluation rules".
func (p Policy) Evaluate(images []Image, now time.Time) []Mark {
	var marks []Mark
	rules := p.inOrder()
	for i, r := range rules {
		for _, image := range r.due(images, now) {
			if governed(rules[:i], image) == nil {
				marks = append(marks, Mark{Digest: image.Digest, Tags: image.Tags, Rule: r.Priority, Action: r.Action.Type})
			}
		}
	}
	return marks
}

func (p Policy) inOrder() []Rule {
	return slices.SortedStableFunc(slices.Values(p.Rules), func(a, b Rule) int { return cmp.Compare(a.Priority, b.Priority) })
}

// governed returns the first of rules, which are in order, that selects image:
// no later one acts on it.
func governed(rules []Rule, image Image) *Rule {
	for i := range rules {
		if rules[i].Selection.selects(image) {
			return &rules[i]
		}
	}
	return nil
}

// due returns the images that are selected by r and counted out, oldest first.
func (r Rule) due(images []Image, now time.Time) []Image {
	selected := slices.DeleteFunc(slices.Clone(images), func(i Image) bool { return !r.Selection.selects(i) })
	slices.SortStableFunc(selected, func(a, b Image) int { return r.Selection.since(a).Compare(r.Selection.since(b)) })
	if r.Selection.CountType == ImageCountMoreThan {
		return selected[:max(0, len(selected)-r.Selection.CountNumber)]
	}
	limit := now.AddDate(0, 0, -r.Selection.CountNumber)
	return slices.DeleteFunc(selected, func(i Image) bool { return !r.Selection.since(i).Before(limit) })
}

// since is the time of image that s looks at.
func (s Selection) since(image Image) time.Time {
	switch s.CountType {
	case SinceImagePulled:
		if image.Pulled.After(image.Pushed) {
			return image.Pulled
		}
	case SinceImageTransitioned:
		return image.Archived
	}
	return image.Pushed
}

// selects reports whether image is one that s is about, whatever its age.
func (s Selection) selects(image Image) bool {
	if archived := !image.Archived.IsZero(); archived != (s.class() == Archive) {
		return false
	}
	switch s.TagStatus {
	case Any:
		return true
	case Untagged:
		return len(image.Tags) == 0
	}
	for _, pattern := range s.TagPatterns {
		if !slices.ContainsFunc(image.Tags, func(tag string) bool { return names.Match(pattern, tag) }) {
			return false
		}
	}
	for _, prefix := range s.TagPrefixes {
		if !slices.ContainsFunc(image.Tags, func(tag string) bool { return strings.HasPrefix(tag, prefix) }) {
			return false
		}
	}
	return len(s.TagPatterns)+len(s.TagPrefixes) > 0
}

package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// DefaultHeadroom is how many further pushes a rule by count must leave what
// runs, where RiskOptions do not say.
const DefaultHeadroom = 50

// RiskOptions tune Risks. The zero value is ready to use.
type RiskOptions struct {
	// Headroom is how many images more, of those that a rule by count selects,
	// must find room before an image that runs is counted out; default DefaultHeadroom.
	Headroom int
	// Now is when the rules are evaluated; default time.Now().
	Now time.Time
}

// Risk is a rule that could take away an image that runs.
type Risk struct {
	Digest string
	Tags   []string
	Rule   int    // its priority
	Reason string // what would happen when, and what to do
}

func (r Risk) String() string {
	name := r.Digest
	if len(r.Tags) > 0 {
		name += " (" + strings.Join(r.Tags, ", ") + ")"
	}
	return fmt.Sprintf("rule %d, image %s: %s", r.Rule, name, r.Reason)
}

// Risks returns the rules that could take away an image that runs, in the order
// of running, which are digests. An image runs for longer than any number of
// days, so that a rule by time which selects it is always a risk; one by count is
// where it leaves less than the headroom. Archiving counts: what is archived
// cannot be pulled, and so no task can start from it. Digests that are not among
// images, or archived already, are no risk of the policy's.
func (p Policy) Risks(images []Image, running []string, opts RiskOptions) []Risk {
	if opts.Headroom <= 0 {
		opts.Headroom = DefaultHeadroom
	}
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	var risks []Risk
	rules := p.inOrder()
	for _, digest := range running {
		i := slices.IndexFunc(images, func(image Image) bool { return image.Digest == digest })
		if i < 0 || !images[i].Archived.IsZero() {
			continue
		}
		r := governed(rules, images[i])
		if r == nil {
			continue
		}
		if reason := r.risk(images, images[i], opts); reason != "" {
			risks = append(risks, Risk{Digest: digest, Tags: images[i].Tags, Rule: r.Priority, Reason: reason})
		}
	}
	return risks
}

// risk says why r, which governs image, could take it away, or "".
func (r Rule) risk(images []Image, image Image, opts RiskOptions) string {
	const shield = `let an earlier rule select what runs, such as tags "latest-*" by a count that is never reached`
	verb := map[ActionType]string{Expire: "expire", Transition: "archive"}[r.Action.Type]
	if slices.ContainsFunc(r.due(images, opts.Now), func(i Image) bool { return i.Digest == image.Digest }) {
		return fmt.Sprintf("it runs, and the rule would %s it now; %s", verb, shield)
	}
	s := r.Selection
	if s.CountType != ImageCountMoreThan {
		what := map[CountType]string{SinceImagePushed: "its push", SinceImagePulled: "its last pull"}[s.CountType]
		return fmt.Sprintf("it runs, and the rule would %s it %d days after %s, though an unchanged image runs for longer; %s", verb, s.CountNumber, what, shield)
	}
	newer := 0 // images that are selected, and counted out after this one
	for _, other := range images {
		if s.selects(other) && other.Pushed.After(image.Pushed) {
			newer++
		}
	}
	if left := s.CountNumber - newer - 1; left < opts.Headroom {
		return fmt.Sprintf("it runs, and the rule would %s it after %d more pushes of images that are %s, where %d are to have room; raise countNumber above %d, or %s",
			verb, left+1, s, opts.Headroom, newer+opts.Headroom, shield)
	}
	return ""
}

// Default is a policy for images that package ecr publishes. Images with one of
// the tags in keep, in which * stands for any text, such as "latest-*", are what
// runs, and stay; of the others with a tag of their inputs the newest inputs
// stay, and untagged images go 14 days after their push. Inputs is at least 1;
// prefix is the one of such tags, ecr.InputsPrefix.
func Default(keep []string, prefix string, inputs int) Policy {
	var p Policy
	add := func(what string, s Selection) {
		p.Rules = append(p.Rules, Rule{Priority: len(p.Rules) + 1, Description: what, Selection: s, Action: Action{Type: Expire}})
	}
	for _, pattern := range keep {
		add("What runs stays", Selection{TagStatus: Tagged, TagPatterns: []string{pattern}, CountType: ImageCountMoreThan, CountNumber: shieldCount})
	}
	add("The newest builds stay, so that equal inputs are not built twice",
		Selection{TagStatus: Tagged, TagPrefixes: []string{prefix}, CountType: ImageCountMoreThan, CountNumber: inputs})
	add("What has lost its tags goes", Selection{TagStatus: Untagged, CountType: SinceImagePushed, CountUnit: "days", CountNumber: 14})
	return p
}

// shieldCount is a count that no repository reaches: a repository holds up to
// 100,000 images. Source: ECR user guide, "Amazon ECR service quotas".
const shieldCount = 100_000

package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// DefaultHeadroom is how many images more a rule by count must have room for,
// where RiskOptions do not say.
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

// String is "rule 1, image sha256:... (tag): " and the reason.
func (r Risk) String() string {
	name := r.Digest
	if len(r.Tags) > 0 {
		name += " (" + strings.Join(r.Tags, ", ") + ")"
	}
	return fmt.Sprintf("rule %d, image %s: %s", r.Rule, name, r.Reason)
}

// Risks returns the rules that could take away an image that runs, in the order
// of running, which are digests, and then of the rules.
//
// Tags move: "latest-x" leaves an image with the next deployment, while the image
// still runs. So a rule counts not only where it governs an image as it is tagged
// now, but also where it would once the image has lost some of its tags, or all.
// Each such rule must have room for Headroom images more; one by time never has,
// since an image runs for longer than any number of days, and since ECR counts them
// from the push, also for what loses its last tag today. Archiving is as bad as
// expiry: what is archived cannot be pulled, and so no task can start from it.
//
// A tag that an image does not have is not foreseen, though it may bring the image
// under a rule that comes earlier: rules that expire soon are only for tags that no
// unchanged image gets.
//
// Digests that are not among images, or archived already, are no
// risk of the policy's.
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
		for n, r := range rules {
			lost, can := reach(rules[:n], r, images[i])
			if !can {
				continue
			}
			if reason := r.risk(images, images[i], lost, opts); reason != "" {
				risks = append(risks, Risk{Digest: digest, Tags: images[i].Tags, Rule: r.Priority, Reason: reason})
			}
		}
	}
	return risks
}

// reach reports whether r, which comes after the rules before, can govern image
// with all or some of its tags, or none, and which of them it has lost then. A
// rule before holds back the tags that are each enough for it: with any of them, it
// would govern. One that asks for several holds nothing back, since one of them is
// enough to lose. So reach may err, but only to the safe side.
func reach(before []Rule, r Rule, image Image) (lost []string, can bool) {
	left := image
	left.Tags = slices.Clone(image.Tags)
	for _, b := range before {
		left.Tags = slices.DeleteFunc(left.Tags, func(tag string) bool {
			return b.Selection.selects(Image{Tags: []string{tag}, Archived: image.Archived})
		})
	}
	bare := left
	bare.Tags = nil
	for _, try := range []Image{left, bare} {
		whole := func(b Rule) bool { return b.Selection.TagStatus != Tagged && b.Selection.selects(try) }
		if r.Selection.selects(try) && !slices.ContainsFunc(before, whole) {
			return slices.DeleteFunc(slices.Clone(image.Tags), func(tag string) bool { return slices.Contains(try.Tags, tag) }), true
		}
	}
	return nil, false
}

// risk says why r could take image away, once that has lost some tags, or "".
func (r Rule) risk(images []Image, image Image, lost []string, opts RiskOptions) string {
	verb := map[ActionType]string{Expire: "expire", Transition: "archive"}[r.Action.Type]
	begin, s := "it runs, and the rule would "+verb+" it", r.Selection
	switch len(lost) {
	case 0:
	case 1:
		begin = "it runs, and once " + lost[0] + " is no longer its tag, the rule would " + verb + " it"
	default:
		begin = "it runs, and once " + strings.Join(lost, ", ") + " are no longer its tags, the rule would " + verb + " it"
	}
	if s.CountType != ImageCountMoreThan {
		what := map[CountType]string{SinceImagePushed: "its push", SinceImagePulled: "its last pull"}[s.CountType]
		when := fmt.Sprintf("%d days after %s", s.CountNumber, what)
		if s.since(image).Before(opts.Now.AddDate(0, 0, -s.CountNumber)) {
			when = fmt.Sprintf("at once, since %s is more than %d days ago", what, s.CountNumber)
		}
		return fmt.Sprintf("%s %s; an unchanged image runs for longer, so let the rule count images (%s) with room for %d more", begin, when, ImageCountMoreThan, opts.Headroom)
	}
	newer := 0 // images that are selected, and counted out after this one
	for _, other := range images {
		if other.Digest != image.Digest && s.selects(other) && !other.Pushed.Before(image.Pushed) {
			newer++
		}
	}
	left := s.CountNumber - newer - 1
	enough := newer + opts.Headroom + 1
	switch {
	case left < 0:
		return fmt.Sprintf("%s at once, since %d newer images are %s: raise countNumber to %d", begin, newer, s, enough)
	case left < opts.Headroom:
		return fmt.Sprintf("%s after %d more images that are %s, where %d are to have room: raise countNumber to %d", begin, left+1, s, opts.Headroom, enough)
	}
	return ""
}

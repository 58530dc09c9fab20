package lifecycle

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What ECR takes.
// Sources: ECR API reference, PutLifecyclePolicy; ECR user guide, "Lifecycle
// policy properties" and "Amazon ECR service quotas".
const (
	minText, maxText = 100, 30_720 // characters of the text
	maxRules         = 50
	maxWildcards     = 4  // of one pattern
	minArchived      = 90 // days
)

var (
	prefixText  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	patternText = regexp.MustCompile(`^[A-Za-z0-9_*][A-Za-z0-9._*-]{0,127}$`)
)

// Check returns all that keeps ECR from taking the policy, joined. A policy
// without rules is in order.
func (p Policy) Check() error {
	if len(p.Rules) == 0 {
		return nil
	}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...))
	}
	for _, r := range p.Rules {
		for _, f := range r.faults() {
			fault("rule %d: %s", r.Priority, f)
		}
	}
	for _, f := range p.between() {
		fault("%s", f)
	}
	if n := len(p.Rules); n > maxRules {
		fault("it has %d rules, and ECR takes %d", n, maxRules)
	}
	if n := len(p.Text()); len(faults) == 0 && (n < minText || n > maxText) {
		fault("its text has %d characters, and ECR takes %d to %d", n, minText, maxText)
	}
	return errors.Join(faults...)
}

// between finds what is wrong with rules together.
func (p Policy) between() (faults []string) {
	type set struct {
		class StorageClass
		tags  string
	}
	last := make(map[StorageClass]int)
	for _, r := range p.Rules {
		last[r.Selection.class()] = max(last[r.Selection.class()], r.Priority)
	}
	priorities, sets := make(map[int]bool), make(map[set]int)
	for _, r := range p.Rules {
		if priorities[r.Priority] {
			faults = append(faults, fmt.Sprintf("two rules have priority %d", r.Priority))
		}
		priorities[r.Priority] = true
		this := set{r.Selection.class(), r.Selection.String()}
		if r.Selection.TagStatus == Any && r.Priority != last[this.class] {
			faults = append(faults, fmt.Sprintf("rule %d selects any image, so that its priority must be the highest number, and %d is", r.Priority, last[this.class]))
		}
		if before, twice := sets[this]; twice {
			faults = append(faults, fmt.Sprintf("rules %d and %d both select images that are %s: one of them would never act", before, r.Priority, this.tags))
		}
		sets[this] = r.Priority
	}
	return faults
}

// faults finds what is wrong with a rule by itself.
func (r Rule) faults() (faults []string) {
	if r.Priority < 1 {
		faults = append(faults, "rulePriority must be at least 1")
	}
	if r.Selection.CountNumber < 1 {
		faults = append(faults, fmt.Sprintf("countNumber is %d, must be at least 1", r.Selection.CountNumber))
	}
	faults = append(faults, r.Selection.tagFaults()...)
	faults = append(faults, r.countFaults()...)
	switch r.Action {
	case Action{Type: Expire}, Action{Type: Transition, Target: Archive}:
	default:
		faults = append(faults, fmt.Sprintf(`action is %q to %q; it is "expire", or "transition" with targetStorageClass "archive"`, r.Action.Type, r.Action.Target))
	}
	return faults
}

func (s Selection) tagFaults() (faults []string) {
	lists := len(s.TagPatterns) + len(s.TagPrefixes)
	switch {
	case s.TagStatus != Tagged && s.TagStatus != Untagged && s.TagStatus != Any:
		faults = append(faults, fmt.Sprintf("tagStatus is %q, must be tagged, untagged or any", s.TagStatus))
	case s.TagStatus == Tagged && (len(s.TagPatterns) > 0) == (len(s.TagPrefixes) > 0):
		faults = append(faults, "tagStatus tagged needs either tagPatternList or tagPrefixList")
	case s.TagStatus != Tagged && lists > 0:
		faults = append(faults, fmt.Sprintf("tagStatus %s goes with neither tagPatternList nor tagPrefixList", s.TagStatus))
	}
	for _, pattern := range s.TagPatterns {
		if n := strings.Count(pattern, "*"); n > maxWildcards || !patternText.MatchString(pattern) {
			faults = append(faults, fmt.Sprintf("tag pattern %q: must be the characters of a tag with up to %d *", pattern, maxWildcards))
		}
	}
	for _, prefix := range s.TagPrefixes {
		if !prefixText.MatchString(prefix) {
			faults = append(faults, fmt.Sprintf("tag prefix %q: must be 1 to 128 letters, digits, _ . or -, and no * (that is for tagPatternList)", prefix))
		}
	}
	return faults
}

func (r Rule) countFaults() (faults []string) {
	s := r.Selection
	days := s.CountType != ImageCountMoreThan
	unit := ""
	if days {
		unit = "days"
	}
	class := Standard
	switch s.CountType {
	case ImageCountMoreThan, SinceImagePushed:
	case SinceImagePulled:
		if r.Action.Type == Expire {
			faults = append(faults, "countType sinceImagePulled cannot expire: archive by it, and expire with sinceImageTransitioned")
		}
	case SinceImageTransitioned:
		class = Archive
		if r.Action.Type == Transition {
			faults = append(faults, "countType sinceImageTransitioned is about archived images, which can only expire")
		}
		if s.CountNumber < minArchived {
			faults = append(faults, fmt.Sprintf("countNumber is %d days, and archived images stay %d at least", s.CountNumber, minArchived))
		}
	default:
		return []string{fmt.Sprintf("countType is %q, must be imageCountMoreThan, sinceImagePushed, sinceImagePulled or sinceImageTransitioned", s.CountType)}
	}
	if s.CountUnit != unit {
		faults = append(faults, fmt.Sprintf("countUnit is %q, and with countType %s must be %q", s.CountUnit, s.CountType, unit))
	}
	if s.class() != class || class == Archive && s.StorageClass == "" {
		faults = append(faults, fmt.Sprintf("storageClass is %q, and with countType %s must be %q", s.StorageClass, s.CountType, class))
	}
	return faults
}

func (s Selection) class() StorageClass {
	if s.StorageClass == "" {
		return Standard
	}
	return s.StorageClass
}

// String says which images s selects, as in "images that are ...".
func (s Selection) String() string {
	if s.TagStatus != Tagged {
		return map[TagStatus]string{Any: "tagged or not", Untagged: "untagged"}[s.TagStatus]
	}
	words := slices.Clone(s.TagPatterns)
	for _, p := range s.TagPrefixes {
		words = append(words, p+"*")
	}
	slices.Sort(words)
	return "tagged " + strings.Join(slices.Compact(words), " and ")
}

package ecrtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// lifecyclePolicy is the text of a lifecycle policy.
// Source: Amazon ECR user guide, "Lifecycle policy properties in Amazon ECR".
type lifecyclePolicy struct {
	Rules []lifecycleRule `json:"rules"`
}

type lifecycleRule struct {
	RulePriority int                `json:"rulePriority"`
	Description  string             `json:"description"`
	Selection    lifecycleSelection `json:"selection"`
	Action       struct {
		Type               string `json:"type"`
		TargetStorageClass string `json:"targetStorageClass"`
	} `json:"action"`
}

type lifecycleSelection struct {
	TagStatus      string   `json:"tagStatus"`
	TagPatternList []string `json:"tagPatternList"`
	TagPrefixList  []string `json:"tagPrefixList"`
	StorageClass   string   `json:"storageClass"`
	CountType      string   `json:"countType"`
	CountUnit      string   `json:"countUnit"`
	CountNumber    int      `json:"countNumber"`
}

// checkLifecycle refuses what ECR does not take for a lifecycle policy.
func checkLifecycle(text string) *Error {
	if fault := checkLength("lifecyclePolicyText", len(text), 100, 30_720); fault != nil {
		return fault
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	var policy lifecyclePolicy
	if err := decoder.Decode(&policy); err != nil || decoder.More() {
		return badLifecycle("Could not map policyString into LifecyclePolicy.")
	}
	if n := len(policy.Rules); n == 0 || n > 50 {
		return badLifecycle(fmt.Sprintf("a policy has between 1 and 50 rules, not %d", n))
	}
	return checkRules(policy.Rules)
}

// checkRules holds rules to what is said of them together, and each by itself.
func checkRules(rules []lifecycleRule) *Error {
	seen := make(map[int]bool, len(rules))
	last := slices.MaxFunc(rules, func(a, b lifecycleRule) int { return cmp.Compare(a.RulePriority, b.RulePriority) })
	for _, rule := range rules {
		p := rule.RulePriority
		fault := rule.fault()
		switch {
		case p < 1:
			fault = fmt.Sprintf("numeric instance is lower than the required minimum (minimum: 1, found: %d)", p)
		case seen[p]:
			fault = fmt.Sprintf("rule priorities must be unique, and %d is not", p)
		case rule.Selection.TagStatus == "any" && p != last.RulePriority:
			fault = fmt.Sprintf("the rule with priority %d selects any image, so its priority must be the highest", p)
		}
		if fault != "" {
			return badLifecycle(fault)
		}
		seen[p] = true
	}
	return nil
}

// fault is what is wrong with a rule by itself; "" is nothing.
func (rule lifecycleRule) fault() string {
	return cmp.Or(rule.Selection.tagFault(), rule.Selection.countFault(), rule.actionFault())
}

func (s lifecycleSelection) tagFault() string {
	listed := len(s.TagPatternList) > 0 != (len(s.TagPrefixList) > 0)
	switch {
	case !slices.Contains([]string{"tagged", "untagged", "any"}, s.TagStatus):
		return notIn(s.TagStatus, "any", "tagged", "untagged")
	case s.TagStatus == "tagged" && !listed:
		return "tagStatus tagged needs one of tagPatternList and tagPrefixList"
	case s.TagStatus != "tagged" && len(s.TagPatternList)+len(s.TagPrefixList) > 0:
		return "tagStatus " + s.TagStatus + " takes neither tagPatternList nor tagPrefixList"
	case slices.ContainsFunc(s.TagPatternList, func(p string) bool { return strings.Count(p, "*") > 4 }):
		return "a pattern of tagPatternList has at most 4 wildcards"
	}
	return ""
}

func (s lifecycleSelection) countFault() string {
	types := []string{"imageCountMoreThan", "sinceImagePulled", "sinceImagePushed", "sinceImageTransitioned"}
	transitioned := s.CountType == "sinceImageTransitioned"
	switch {
	case !slices.Contains(types, s.CountType):
		return notIn(s.CountType, types...)
	case (s.CountType == "imageCountMoreThan") != (s.CountUnit == ""):
		return "countUnit goes with the countTypes that begin with since, and with no other"
	case s.CountUnit != "" && s.CountUnit != "days":
		return notIn(s.CountUnit, "days")
	case transitioned && s.StorageClass != "archive":
		return "countType sinceImageTransitioned needs storageClass archive"
	case !transitioned && s.StorageClass != "" && s.StorageClass != "standard":
		return "countType " + s.CountType + " takes no storageClass but standard"
	case s.CountNumber < 1:
		return fmt.Sprintf("numeric instance is lower than the required minimum (minimum: 1, found: %d)", s.CountNumber)
	}
	return ""
}

func (rule lifecycleRule) actionFault() string {
	a := rule.Action
	switch {
	case a.Type != "expire" && a.Type != "transition":
		return notIn(a.Type, "expire", "transition")
	case a.Type == "transition" != (a.TargetStorageClass == "archive"):
		return "an action of type transition, and no other, has the targetStorageClass archive"
	}
	return ""
}

func notIn(value string, possible ...string) string {
	return fmt.Sprintf(`instance value ("%s") not found in enum (possible values: ["%s"])`, value, strings.Join(possible, `","`))
}

func badLifecycle(fault string) *Error {
	return invalid("LifecyclePolicyText", "Lifecycle policy validation failure: "+fault)
}

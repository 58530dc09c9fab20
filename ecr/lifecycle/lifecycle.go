// Package lifecycle reads the lifecycle policies of Amazon ECR, holds them to
// ECR's rules, and tells which images one would take away.
//
//	policy, err := lifecycle.Parse(text)
//	if err != nil { ... }
//	for _, mark := range policy.Evaluate(images, time.Now()) { ... } // what goes today
//	risks := policy.Risks(images, running, lifecycle.RiskOptions{})  // what runs, and could go
//
// ECR takes nearly any text for a policy and expires images without asking. An
// image whose tag is made of its inputs looks old while it is what production
// runs, and the tag that shields it today moves with the next deployment:
// [Policy.Risks] finds the rules that could take it away, now or then, and [Default]
// is a policy without any.
//
// It calls nothing and writes nothing; package ecr/repository does.
package lifecycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrInvalid is the error of a policy that ECR would not take, or would not
// take to mean what it seems to.
var ErrInvalid = errors.New("invalid lifecycle policy")

// Policy is a lifecycle policy. A policy without rules keeps everything; ECR
// has no text for it.
// Source: ECR user guide, "Lifecycle policy properties in Amazon ECR".
type Policy struct {
	Rules []Rule `json:"rules"`
}

// Rule takes away the images that it selects.
type Rule struct {
	// Priority orders the rules: 1 is applied first. It is unique in a policy.
	Priority    int       `json:"rulePriority"`
	Description string    `json:"description,omitempty"`
	Selection   Selection `json:"selection"`
	Action      Action    `json:"action"`
}

// Selection says which images a rule is about, and from when on.
type Selection struct {
	TagStatus TagStatus `json:"tagStatus"`
	// TagPatterns and TagPrefixes are for Tagged: an image is selected where each
	// of them matches one of its tags. A pattern has up to four *.
	TagPatterns []string `json:"tagPatternList,omitempty"`
	TagPrefixes []string `json:"tagPrefixList,omitempty"`
	// StorageClass is "standard", which is the default, or "archive".
	StorageClass StorageClass `json:"storageClass,omitempty"`
	CountType    CountType    `json:"countType"`
	CountUnit    string       `json:"countUnit,omitempty"` // "days" where CountType is a time, else empty
	CountNumber  int          `json:"countNumber"`         // images or days, at least 1
}

// Action is what a rule does to what it selects.
type Action struct {
	Type   ActionType   `json:"type"`
	Target StorageClass `json:"targetStorageClass,omitempty"` // Archive where Type is Transition, else empty
}

// TagStatus says whether a rule is about images with tags.
type TagStatus string

// The tag statuses.
const (
	Tagged   TagStatus = "tagged"
	Untagged TagStatus = "untagged"
	Any      TagStatus = "any"
)

// CountType says what a rule counts.
type CountType string

// The count types. Those that begin with Since count days.
const (
	ImageCountMoreThan     CountType = "imageCountMoreThan"     // all but the newest CountNumber
	SinceImagePushed       CountType = "sinceImagePushed"       // after their last push
	SinceImagePulled       CountType = "sinceImagePulled"       // after their last pull, or push; for Transition only
	SinceImageTransitioned CountType = "sinceImageTransitioned" // after they were archived; for Expire only, 90 days at least
)

// ActionType is what happens to an image.
type ActionType string

// The action types. An archived image cannot be pulled.
const (
	Expire     ActionType = "expire"
	Transition ActionType = "transition"
)

// StorageClass is where an image is kept.
type StorageClass string

// The storage classes.
const (
	Standard StorageClass = "standard"
	Archive  StorageClass = "archive"
)

// Parse reads the text of a policy and checks it. All faults are reported at
// once, and match [ErrInvalid]; a field that ECR does not know is one of them,
// since ECR would pass over it, or refuse it, without saying which.
func Parse(text []byte) (Policy, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p Policy
	if err := decoder.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("read lifecycle policy: %w: near byte %d: %w", ErrInvalid, decoder.InputOffset(), err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Policy{}, fmt.Errorf("read lifecycle policy: %w: text follows it, at byte %d", ErrInvalid, decoder.InputOffset())
	}
	return p, p.Check()
}

// Text returns the policy as ECR takes it. It is the same for equal policies,
// and "" for one without rules.
func (p Policy) Text() string {
	if len(p.Rules) == 0 {
		return ""
	}
	text, err := json.Marshal(p)
	if err != nil { // strings and numbers only: there is nothing that json refuses
		return ""
	}
	return string(text)
}

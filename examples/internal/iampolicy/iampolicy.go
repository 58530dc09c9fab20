// Package iampolicy reads the IAM policies of docs/iam, so that tests can hold them to
// what the jobs of a pipeline call.
//
//	policy, err := iampolicy.Read("docs/iam/deploy.json")
//	policy.Allows("ecs:CreateService") // true
//
// It knows the part of IAM's language that those policies are written in: statements
// that allow whole actions. It evaluates neither resources nor conditions.
package iampolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// MaxBytes is the largest managed policy, blanks not counted. Source: IAM user guide,
// "IAM and AWS STS quotas".
const MaxBytes = 6144

// Policy is a policy of IAM, or the trust policy of a role.
type Policy struct {
	Version   string      `json:"Version"`
	Statement []Statement `json:"Statement"`
}

// Statement is one statement of a policy.
type Statement struct {
	Sid       string                      `json:"Sid"`
	Effect    string                      `json:"Effect"`
	Principal map[string]Texts            `json:"Principal,omitempty"`
	Action    Texts                       `json:"Action"`
	Resource  Texts                       `json:"Resource,omitempty"`
	Condition map[string]map[string]Texts `json:"Condition,omitempty"`
}

// Texts are one text or several, which IAM writes alike.
type Texts []string

// UnmarshalJSON reads a text, or a list of texts.
func (t *Texts) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*t = Texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// Read reads the policy at path. A key that is unknown is an error.
func Read(path string) (Policy, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Policy{}, fmt.Errorf("read policy: %w", err)
	}
	p, err := Parse(content)
	if err != nil {
		return Policy{}, fmt.Errorf("read policy %s: %w", path, err)
	}
	return p, nil
}

// Parse reads a policy, and refuses one that is not of the form of this package.
func Parse(content []byte) (Policy, error) {
	var p Policy
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return Policy{}, err
	}
	return p, p.check(content)
}

var (
	action = regexp.MustCompile(`^[a-z][a-z0-9-]*:[A-Z][A-Za-z0-9]+$`)
	sid    = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
)

func (p Policy) check(content []byte) error {
	var errs []error
	var small bytes.Buffer
	if err := json.Compact(&small, content); err == nil && small.Len() > MaxBytes {
		errs = append(errs, fmt.Errorf("it has %d characters, and IAM takes %d", small.Len(), MaxBytes))
	}
	if p.Version != "2012-10-17" {
		errs = append(errs, fmt.Errorf("version %q: want 2012-10-17", p.Version))
	}
	seen := map[string]bool{}
	for _, s := range p.Statement {
		if seen[s.Sid] {
			errs = append(errs, fmt.Errorf("sid %s: there are two of it", s.Sid))
		}
		seen[s.Sid] = true
		errs = append(errs, s.check())
	}
	return errors.Join(errs...)
}

func (s Statement) check() error {
	var errs []error
	if !sid.MatchString(s.Sid) {
		errs = append(errs, fmt.Errorf("sid %q: want words in one, as ReadStacks", s.Sid))
	}
	if s.Effect != "Allow" || len(s.Action) == 0 || (len(s.Resource) == 0) == (len(s.Principal) == 0) {
		errs = append(errs, fmt.Errorf("%s: want a statement that allows actions, on resources or to principals", s.Sid))
	}
	for _, a := range s.Action {
		if !action.MatchString(a) {
			errs = append(errs, fmt.Errorf("%s: action %q: want service:Action, whole", s.Sid, a))
		}
	}
	for _, r := range s.Resource {
		if r != "*" && (!strings.HasPrefix(r, "arn:aws:") || strings.Count(r, ":") < 5) {
			errs = append(errs, fmt.Errorf("%s: resource %q: want an ARN or *", s.Sid, r))
		}
	}
	return errors.Join(errs...)
}

// Actions are what the policy allows, sorted, each once.
func (p Policy) Actions() []string {
	var all []string
	for _, s := range p.Statement {
		all = append(all, s.Action...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Allows reports whether the policy allows the action on anything at all. Whoever has
// credentials may call sts:GetCallerIdentity. Source: AWS STS API reference.
func (p Policy) Allows(action string) bool {
	return action == "sts:GetCallerIdentity" || slices.Contains(p.Actions(), action)
}

package ecrtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

type policyInput struct {
	RegistryID          string `json:"registryId"`
	RepositoryName      string
	LifecyclePolicyText string
	PolicyText          string
}

// lifecyclePolicy puts, gets or deletes the lifecycle policy of a repository. As
// in ECR, white space does not come back as it was given.
func (c *Cloud) lifecyclePolicy(op string, in policyInput) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault != nil {
		return nil, fault
	}
	if strings.HasPrefix(op, "Put") {
		if fault := checkLifecycle(in.LifecyclePolicyText); fault != nil {
			return nil, fault
		}
		var text bytes.Buffer
		_ = json.Compact(&text, []byte(in.LifecyclePolicyText)) // it is JSON: checkLifecycle
		r.lifecycle = text.String()
	}
	if r.lifecycle == "" {
		return nil, r.noPolicy("LifecyclePolicyNotFoundException", "Lifecycle")
	}
	out := object{"registryId": Account, "repositoryName": r.name, "lifecyclePolicyText": r.lifecycle}
	if strings.HasPrefix(op, "Delete") {
		r.lifecycle = ""
	}
	return out, nil
}

// repositoryPolicy sets, gets or deletes the policy of a repository. As in ECR,
// the text comes back laid out anew: who compares it must compare what it means.
func (c *Cloud) repositoryPolicy(op string, in policyInput) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault != nil {
		return nil, fault
	}
	if strings.HasPrefix(op, "Set") {
		text, fault := checkPolicy(in.PolicyText)
		if fault != nil {
			return nil, fault
		}
		r.policy = text
	}
	if r.policy == "" {
		return nil, r.noPolicy("RepositoryPolicyNotFoundException", "Repository")
	}
	out := object{"registryId": Account, "repositoryName": r.name, "policyText": r.policy}
	if strings.HasPrefix(op, "Delete") {
		r.policy = ""
	}
	return out, nil
}

func (r *repository) noPolicy(code, kind string) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(
		"%s policy does not exist for the repository with name '%s' in the registry with id '%s'", kind, r.name, Account)}
}

// checkPolicy returns a repository policy as ECR gives it back. It looks no
// deeper than whether each statement says what it allows to whom.
// Source: Amazon ECR API reference, SetRepositoryPolicy, "policyText".
func checkPolicy(text string) (string, *Error) {
	if fault := checkLength("PolicyText", len(text), 0, 10_240); fault != nil {
		return "", fault
	}
	bad := invalid("PolicyText", "Invalid repository policy provided")
	var policy struct{ Statement []map[string]any }
	if json.Unmarshal([]byte(text), &policy) != nil || len(policy.Statement) == 0 {
		return "", bad
	}
	for _, s := range policy.Statement {
		_, principal := s["Principal"]
		_, notPrincipal := s["NotPrincipal"]
		_, action := s["Action"]
		_, notAction := s["NotAction"]
		if s["Effect"] != "Allow" && s["Effect"] != "Deny" || principal == notPrincipal || action == notAction {
			return "", bad
		}
	}
	var laid bytes.Buffer
	if json.Indent(&laid, []byte(text), "", "  ") != nil {
		return "", bad
	}
	return strings.ReplaceAll(laid.String(), `": `, `" : `), nil
}

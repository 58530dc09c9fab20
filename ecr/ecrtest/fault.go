package ecrtest

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/mettel-automation/delivery/internal/double"
)

// Fault is what goes wrong with the pushes into a repository.
type Fault string

// The faults of a push. Each strikes the request of a push that is named with it.
const (
	// RateExceeded refuses the manifest with 429 TOOMANYREQUESTS.
	RateExceeded Fault = "rate-exceeded"
	// ServerFault refuses the manifest with 500.
	ServerFault Fault = "server-fault"
	// TagTaken refuses the manifest as if another push had set its immutable tag
	// first.
	TagTaken Fault = "tag-taken"
	// Hangup closes the connection in the middle of a layer, which the client
	// sees as EOF. A Docker engine retries a layer by itself, five times.
	Hangup Fault = "hangup"
	// ExpiredToken refuses whatever would be written as one whose token has
	// expired: 403 and a JSON error that Docker shows as "denied: Your
	// authorization token has expired. Reauthenticate and try again."
	ExpiredToken Fault = "expired-token"
	// ExpiredTokenText does so in plain text, as ECR once did, which Docker shows
	// as "error parsing HTTP 403 response body".
	ExpiredTokenText Fault = "expired-token-text"
	// Denied refuses whatever would be written, for want of a permission.
	Denied Fault = "denied"
	// NoRepository refuses whatever would be written as if the repository had
	// been deleted.
	NoRepository Fault = "no-repository"
)

// Faults lists the faults that Inject knows.
func Faults() []Fault {
	return []Fault{RateExceeded, ServerFault, TagTaken, Hangup, ExpiredToken, ExpiredTokenText, Denied, NoRepository}
}

// injected is a fault that has some requests left to strike.
type injected struct {
	fault Fault
	times int
}

// Inject lets fault strike the next so many requests that write into repository
// and that the fault is about; below zero, all of them. Several faults of a
// repository strike one after the other. Pulls and the API are not struck; for
// the latter see [Options.Before].
func (c *Cloud) Inject(repository string, fault Fault, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults[repository] = append(c.faults[repository], &injected{fault, times})
}

// Heal takes back the faults of repository that have not struck yet.
func (c *Cloud) Heal(repository string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.faults, repository)
}

// strike returns the fault that strikes request op on repository, and counts it.
func (c *Cloud) strike(repository, op string) Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.faults[repository] {
		if f.times != 0 && f.fault.about(op) {
			f.times--
			return f.fault
		}
	}
	return ""
}

func (f Fault) about(op string) bool {
	switch f {
	case RateExceeded, ServerFault, TagTaken:
		return op == putManifest
	case Hangup:
		return op == appendUpload || op == putUpload
	}
	return slices.Contains([]string{postUpload, appendUpload, putUpload, putManifest}, op)
}

// refusal is how the registry refuses a request that f strikes.
func (f Fault) refusal(repository, reference string) *refusal {
	switch f {
	case RateExceeded:
		return tooMany()
	case ServerFault:
		return &refusal{http.StatusInternalServerError, "UNKNOWN", "Service Unavailable. Please try again later."}
	case TagTaken:
		return refuse(tagTaken(repository, reference))
	case ExpiredToken:
		return expired()
	case ExpiredTokenText:
		return &refusal{http.StatusForbidden, "", "Your Authorization Token has expired. Please run 'aws ecr get-login' to fetch a new one."}
	case Denied:
		return &refusal{http.StatusForbidden, "DENIED", fmt.Sprintf(
			"User: arn:aws:iam::%s:user/ci is not authorized to perform: ecr:InitiateLayerUpload on resource: %s "+
				"because no identity-based policy allows the ecr:InitiateLayerUpload action", Account, arn(repository))}
	case NoRepository:
		return refuse(noRepository(repository, Account))
	}
	return &refusal{http.StatusInternalServerError, "UNKNOWN", fmt.Sprintf("ecrtest has no fault %q", f)}
}

// Error is an answer of the API that is not a success: an HTTP Status (0 is 400),
// a Code such as "RepositoryNotFoundException", and a Message.
type Error = double.Error

// Throttled is what ECR answers when a caller is over the rate of an operation.
func Throttled() *Error { return &Error{Code: "ThrottlingException", Message: "Rate exceeded"} }

// Unavailable is a server fault that the SDK retries.
func Unavailable() *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "ServerException", Message: "Service Unavailable. Please try again later."}
}

// invalid is the refusal of a parameter that breaks a constraint.
func invalid(parameter, constraint string) *Error {
	return &Error{
		Code:    "InvalidParameterException",
		Message: fmt.Sprintf("Invalid parameter at '%s' failed to satisfy constraint: '%s'", parameter, constraint),
	}
}

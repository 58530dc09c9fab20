package access

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/mettel-automation/delivery/eks/access/rules"
)

// What an error of this package may match.
var (
	// ErrInvalid: the groups or the Manager are wrong in themselves; nothing was asked.
	ErrInvalid = errors.New("invalid")
	// ErrLockout: the plan takes the rights of an administrator from everybody who has them.
	ErrLockout = errors.New("nobody who administers the cluster now would do so afterwards: allow the lockout if that is meant")
	// ErrStale: the cluster is not any more what the plan was made for.
	ErrStale = errors.New("the cluster has changed since the plan was made: plan again")
	// ErrNoConfigMap: mode CONFIG_MAP, and there is no aws-auth.
	ErrNoConfigMap = errors.New("there is no such ConfigMap, which EKS makes with the first node group: is it the right cluster? Allow to create it if so")
	// ErrNoPrevious: no edit of ours could be undone.
	ErrNoPrevious = errors.New("it holds no previous state: no edit of this package has been made")
	// ErrChanged: somebody else edited after us, and undoing ours would undo theirs.
	ErrChanged = errors.New("somebody else has edited it since: restoring would undo that as well")
	// ErrNoCluster: EKS does not know the cluster.
	ErrNoCluster = errors.New("there is no such cluster in this account and region")
	// ErrUnreachable: no connection to the API server of the cluster, or to EKS.
	ErrUnreachable = errors.New("it cannot be reached: check the endpoint, its allowed addresses and the network")
	// ErrUnauthorized: credentials that are expired or of nobody whom the cluster knows.
	ErrUnauthorized = errors.New("the credentials are not accepted: they have expired, or the cluster does not know their principal")
	// ErrForbidden: the caller may not do this. The cause names verb and resource.
	ErrForbidden = errors.New("it is not allowed")
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// ClashError is something that is not ours where something of ours is to be.
type ClashError struct {
	Kind   Kind
	Name   string
	Reason string // whose it is, and what can be done
}

func (e *ClashError) Error() string { return fmt.Sprintf("%s %s %s", e.Kind, e.Name, e.Reason) }

// RulesError is the rules of a group that name what the cluster does not know.
type RulesError struct {
	Group    string
	Problems []rules.Problem
}

func (e *RulesError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("group %s: %s", e.Group, p)
	}
	return strings.Join(lines, "\n")
}

// StepError is a step of a plan that failed.
type StepError struct {
	Step Step
	Err  error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("%s %s %s: %v", e.Step.Action, e.Step.Kind, e.Step.Name, e.Err)
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// explain adds to an error of Kubernetes or AWS what it means, and what helps.
func explain(err error) error {
	is := cause(err)
	switch {
	case err == nil || is == nil:
		return err
	case errors.Is(is, ErrForbidden) && strings.Contains(err.Error(), "attempting to grant RBAC permissions not currently held"):
		return fmt.Errorf("%w, for nobody may grant what they may not do themselves, unless with the verbs escalate and bind: %w", is, err)
	}
	return fmt.Errorf("%w: %w", is, err)
}

func cause(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return causeAWS(api.ErrorCode())
	}
	_, sent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, connected := errors.AsType[*url.Error](err)
	switch {
	case apierrors.IsUnauthorized(err):
		return ErrUnauthorized
	case apierrors.IsForbidden(err):
		return ErrForbidden
	case sent || connected:
		return ErrUnreachable
	}
	return nil
}

func causeAWS(code string) error {
	switch {
	case slices.Contains([]string{
		"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
		"UnrecognizedClientException", "InvalidIdentityToken", "MissingAuthenticationToken",
	}, code):
		return ErrUnauthorized
	case slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}, code):
		return ErrForbidden
	}
	return nil
}

package inventory

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/internal/awserr"
)

// ReadError is a call to AWS that has failed.
type ReadError struct {
	Region string // nuke.Global for IAM, Route 53 and STS
	Action string // as policies of IAM call it: "ecs:ListClusters"
	Err    error
}

func (e *ReadError) Error() string {
	cause, remedy := e.Err.Error(), ""
	if api, ok := errors.AsType[smithy.APIError](e.Err); ok {
		if api.ErrorMessage() != "" { // shorter than what the SDK says, which has the request in it
			cause = api.ErrorCode() + ": " + api.ErrorMessage()
		}
		remedy = e.remedy(api.ErrorCode())
	}
	return fmt.Sprintf("read %s: %s: %s%s", e.Region, e.Action, cause, remedy)
}

// Unwrap returns the error of the call.
func (e *ReadError) Unwrap() error { return e.Err }

func (e *ReadError) remedy(code string) string {
	switch {
	case strings.Contains(code, "AccessDenied"), strings.Contains(code, "Unauthorized"), strings.Contains(code, "NotAuthorized"), code == "AuthorizationError":
		return "; allow " + e.Action + " to whose credentials these are"
	case code == "OptInRequired", code == "UnrecognizedClientException", code == "InvalidClientTokenId", code == "AuthFailure":
		return "; are the credentials right, and is the region enabled for the account?"
	}
	return ""
}

// isGone reports whether err says that what was asked for is not there any more.
func isGone(err error) bool {
	code := awserr.Code(err)
	return strings.Contains(code, "NotFound") || strings.HasPrefix(code, "NoSuch")
}

// isUnknown reports whether err says that the service does not have the operation there.
func isUnknown(err error) bool {
	return awserr.Is(err, "InvalidAction", "UnknownOperationException")
}

package ekstest

import (
	"fmt"
	"net/http"

	"github.com/mettel-automation/delivery/internal/double"
)

// Error is an answer of the service that is not a success: an HTTP Status (0 is 400),
// a Code such as "InvalidParameterException", and a Message.
type Error = double.Error

// Throttled is what EKS answers when a caller is over its rate. The SDK tries again.
func Throttled() *Error {
	return &Error{Status: http.StatusTooManyRequests, Code: "ThrottlingException", Message: "Rate exceeded"}
}

// Unavailable is a server fault that the SDK retries.
func Unavailable() *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "ServerException", Message: "Service Unavailable. Please try again later."}
}

// ExpiredToken is the answer to credentials whose time is over.
func ExpiredToken() *Error {
	return &Error{Status: http.StatusForbidden, Code: "ExpiredTokenException", Message: "The security token included in the request is expired"}
}

// AccessDenied is the answer to a caller who may not do op, such as "DescribeCluster".
func AccessDenied(op string) *Error {
	return &Error{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: fmt.Sprintf(
		"User: arn:aws:iam::%s:user/deploy is not authorized to perform: eks:%s on resource: arn:aws:eks:%s:%s:cluster/*", Account, op, Region, Account)}
}

// The kinds of refusal. Their texts are those of the service where it has been seen to
// give them.

func invalid(format string, args ...any) *Error {
	return &Error{Code: "InvalidParameterException", Message: fmt.Sprintf(format, args...)}
}

func unfit(format string, args ...any) *Error {
	return &Error{Code: "InvalidRequestException", Message: fmt.Sprintf(format, args...)}
}

func inUse(format string, args ...any) *Error {
	return &Error{Status: http.StatusConflict, Code: "ResourceInUseException", Message: fmt.Sprintf(format, args...)}
}

func missing(format string, args ...any) *Error {
	return &Error{Status: http.StatusNotFound, Code: "ResourceNotFoundException", Message: fmt.Sprintf(format, args...)}
}

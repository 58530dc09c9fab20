package route53test

import (
	"net/http"

	"github.com/mettel-automation/delivery/internal/double"
)

// Error is an answer of the service that is not a success: an HTTP Status (0 is 400),
// a Code such as "InvalidInput", and a Message.
type Error = double.Error

// Throttled is what Route 53 answers when an account is over its rate. The SDK retries it.
func Throttled() *Error { return &Error{Code: "Throttling", Message: "Rate exceeded"} }

// Busy is what Route 53 answers while an earlier change of the same zone is not
// done. The SDK retries it.
func Busy() *Error {
	return &Error{
		Code:    "PriorRequestNotComplete",
		Message: "The request was rejected because Route 53 was still processing a prior request.",
	}
}

// Unavailable is a server fault that the SDK retries.
func Unavailable() *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "Service is unavailable"}
}

// Denied is what a caller gets whose policy does not allow operation op.
func Denied(op string) *Error {
	return &Error{
		Status: http.StatusForbidden, Code: "AccessDenied",
		Message: "User: arn:aws:iam::123456789012:user/deploy is not authorized to perform: route53:" + op +
			" because no identity-based policy allows the route53:" + op + " action",
	}
}

func invalidInput(message string) *Error { return &Error{Code: "InvalidInput", Message: message} }

func invalidBatch(messages string) *Error {
	return &Error{Code: "InvalidChangeBatch", Message: "[" + messages + "]"}
}

func noSuchZone(id string) *Error {
	return &Error{Status: http.StatusNotFound, Code: "NoSuchHostedZone", Message: "No hosted zone found with ID: " + id}
}

// Package awserr asks an error of the AWS SDK what the service has answered.
package awserr

import (
	"errors"
	"slices"

	"github.com/aws/smithy-go"
)

// Code is the code by which a service refused a call, such as "AccessDenied", and ""
// for any other error.
func Code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// Is reports whether a service refused a call with one of the codes.
func Is(err error, codes ...string) bool {
	code := Code(err)
	return code != "" && slices.Contains(codes, code)
}

package eks

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/smithy-go"
)

// What an error of this package may match.
var (
	// ErrNotFound: there is no such cluster in the account and region of the client.
	ErrNotFound = errors.New("no such cluster in this account and region: check its name, the region and the AWS profile")
	// ErrNotReady: the cluster has no API server that could be asked now.
	ErrNotReady = errors.New("the cluster is not ready")
	// ErrCredentials: AWS does not take the credentials any more, or there are none.
	ErrCredentials = errors.New("the AWS credentials are expired or missing: sign in again, such as with `aws sso login`, or renew those of the job")
	// ErrDenied: AWS knows the caller, who may not do this.
	ErrDenied = errors.New("the AWS credentials may not do this: they need the permission that the cause names")
)

// explain adds to an error of AWS what it means, and what helps.
func explain(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	for _, known := range []struct {
		is    error
		codes []string
	}{
		{ErrNotFound, []string{"ResourceNotFoundException"}},
		{ErrCredentials, []string{
			"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
			"UnrecognizedClientException", "InvalidIdentityToken", "MissingAuthenticationToken",
		}},
		{ErrDenied, []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}},
	} {
		if slices.Contains(known.codes, api.ErrorCode()) {
			return fmt.Errorf("%w: %w", known.is, err)
		}
	}
	return err
}

package eks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

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

// unsigned is in the error of a call that was not made, since there were no credentials to
// sign it with. The SDK has no type for that.
const unsigned = "get identity: "

// unreachable reports whether it is the network that has failed. That there is no EC2 to
// ask is none of its faults: the SDK does so last, where it has found no credentials.
func unreachable(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network && !strings.Contains(err.Error(), "no EC2 IMDS role found")
}

// explain adds to an error of AWS what it means, and what helps.
func explain(ctx context.Context, err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		if ctx.Err() == nil && strings.Contains(err.Error(), unsigned) && !unreachable(err) {
			return fmt.Errorf("%w: %w", ErrCredentials, err)
		}
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
			"UnauthorizedException", "InvalidGrantException", // of IAM Identity Center
		}},
		{ErrDenied, []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}},
	} {
		if slices.Contains(known.codes, api.ErrorCode()) {
			return fmt.Errorf("%w: %w", known.is, err)
		}
	}
	return err
}

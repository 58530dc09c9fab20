package cloud

import (
	"context"
	"errors"

	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// Blame marks an interruption, what AWS has refused or not answered, and whatever
// matches one of failures as a failure of the delivery; see [cli.Failed]. Any other
// error is one of the input.
func Blame(ctx context.Context, err error, failures ...error) error {
	_, remote := errors.AsType[*smithy.OperationError](err)
	for _, failure := range failures {
		remote = remote || errors.Is(err, failure)
	}
	if remote || ctx.Err() != nil {
		return cli.Failed(err)
	}
	return err
}

// Package grant makes a refusal of AWS say which permission would mend it.
package grant

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
)

// Explain returns err as it is unless AWS has refused the call for want of a
// permission. Then the error also names action, such as
// "logs:GetLogEvents", as what to grant; it still wraps err.
func Explain(err error, action string) error {
	var api smithy.APIError
	if !errors.As(err, &api) || !strings.HasPrefix(api.ErrorCode(), "AccessDenied") {
		return err
	}
	return fmt.Errorf("no permission: grant %s to whoever runs this: %w", action, err)
}

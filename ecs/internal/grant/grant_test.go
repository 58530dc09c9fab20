package grant_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecs/internal/grant"
)

func TestExplain(t *testing.T) {
	const granted = "no permission: grant logs:GetLogEvents to whoever runs this: "
	broken := errors.New("connection reset")
	tests := map[string]struct {
		err  error
		want string
	}{
		"a refusal names the action":         {&smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}, granted + "api error AccessDeniedException: no"},
		"so it does with the query protocol": {&smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}, granted + "api error AccessDenied: no"},
		"a wrapped one too":                  {fmt.Errorf("call: %w", &smithy.GenericAPIError{Code: "AccessDenied"}), granted + "call: api error AccessDenied: "},
		"another error stays as it is":       {&smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow"}, "api error ThrottlingException: slow"},
		"so does what AWS did not say":       {broken, "connection reset"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := grant.Explain(tt.err, "logs:GetLogEvents")
			if got.Error() != tt.want || !errors.Is(got, tt.err) {
				t.Errorf("got %q, want %q, wrapping the cause", got, tt.want)
			}
		})
	}
	if err := grant.Explain(nil, "x"); err != nil {
		t.Errorf("no error became %v", err)
	}
}

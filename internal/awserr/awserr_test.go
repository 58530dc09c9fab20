package awserr

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/smithy-go"
)

func TestCode(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDenied", Message: "not allowed"}
	tests := map[string]struct {
		err  error
		code string
		is   bool // AccessDenied or Forbidden
	}{
		"an answer has its code":         {denied, "AccessDenied", true},
		"so has one that is wrapped":     {fmt.Errorf("read: %w", denied), "AccessDenied", true},
		"another code is another":        {&smithy.GenericAPIError{Code: "Throttling"}, "Throttling", false},
		"what is no answer has none":     {errors.New("AccessDenied"), "", false},
		"an answer without one has none": {&smithy.GenericAPIError{}, "", false},
		"no error has none":              {nil, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Code(tt.err); got != tt.code {
				t.Errorf("code %q, want %q", got, tt.code)
			}
			if got := Is(tt.err, "Forbidden", "AccessDenied"); got != tt.is {
				t.Errorf("is denied: %t", got)
			}
			if Is(tt.err) || Is(tt.err, "") {
				t.Error("is a code of none")
			}
		})
	}
}

package stack

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func TestProductionLooksIntoTheTagWhateverItsCase(t *testing.T) {
	tagged := func(pairs ...string) *types.Stack {
		s := &types.Stack{}
		for i := 0; i < len(pairs); i += 2 {
			s.Tags = append(s.Tags, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		return s
	}
	tests := map[string]struct {
		found   *types.Stack
		allowed string
		refused bool
	}{
		"no stack":                             {},
		"no tags":                              {found: tagged()},
		"another tag":                          {found: tagged("Owner", "production")},
		"the tag":                              {found: tagged("Environment", "production"), refused: true},
		"the tag in lower case":                {found: tagged("environment", "production"), refused: true},
		"both, of which only one is":           {found: tagged("Environment", "demo", "ENVIRONMENT", "a-prod"), refused: true},
		"the tag of a stack that is allowed":   {found: tagged("Environment", "production"), allowed: "demo"},
		"the tag where another one is allowed": {found: tagged("Environment", "production"), allowed: "demo2", refused: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := production("demo", tt.found, nil, tt.allowed); errors.Is(err, ErrProduction) != tt.refused {
				t.Errorf("error %v", err)
			}
		})
	}
}

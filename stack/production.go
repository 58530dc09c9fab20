package stack

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	words "github.com/mettel-automation/delivery/internal/production"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// TagEnvironment is the key of the tag that says whose a stack is. Deleting looks
// into it for words of production, and letter case does not matter there.
const TagEnvironment = "Environment"

// production refuses a stack that its name or its tag marks as one of production,
// unless it is the one that the caller has allowed. Found is nil before it is read.
func production(name string, found *types.Stack, marks []string, allowed string) error {
	if allowed == name && name != "" {
		return nil
	}
	texts := []string{name}
	if found != nil {
		for _, t := range found.Tags {
			if strings.EqualFold(ptr.Value(t.Key), TagEnvironment) {
				texts = append(texts, ptr.Value(t.Value))
			}
		}
	}
	for _, text := range texts {
		if word := words.Find(text, marks); word != "" {
			return fmt.Errorf("%w (%q has %q)", ErrProduction, text, word)
		}
	}
	return nil
}

package stack

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// What tells the change sets of this package from those of others.
const (
	ownPrefix = "delivery-"
	madeHere  = "made by github.com/mettel-automation/delivery/stack"
)

// changeSetName is the same for the same input and the same state of the stack, so
// that planning again finds what an earlier plan has made. No secret goes into
// it: a short one could be found from it by trying. That of a volatile request is
// its own each time, so that no plan takes away what another one waits for.
func (r request) changeSetName() string {
	open := maps.Clone(r.Parameters)
	for _, p := range r.template.Parameters {
		if p.NoEcho {
			delete(open, p.Name)
		}
	}
	text, err := json.Marshal([]any{r.Body, open, slices.Sorted(slices.Values(r.Previous)), r.Tags, r.Role, r.Express, stateOf(r.found)})
	if err != nil { // texts and truth values always can be written
		text = r.Body
	}
	sum := sha256.Sum256(text)
	name := ownPrefix + hex.EncodeToString(sum[:16])
	if r.volatile() {
		name += "-" + strings.ToLower(rand.Text())
	}
	return name
}

// stateOf tells the states of a stack from one another; nil is no stack.
func stateOf(found *types.Stack) string {
	if found == nil {
		return "create"
	}
	return fmt.Sprint(ptr.Value(found.StackId), ptr.Value(found.LastUpdatedTime).UTC())
}

// volatile reports whether the same input may make another change set tomorrow:
// CloudFormation reads some of it elsewhere, or the name does not tell all of it.
func (r request) volatile() bool {
	return r.nested() || len(r.template.Transforms) > 0 || bytes.Contains(r.Body, []byte("{{resolve:")) ||
		slices.ContainsFunc(r.template.Parameters, func(p template.Parameter) bool {
			_, given := r.Parameters[p.Name]
			return strings.HasPrefix(p.Type, "AWS::SSM::") || p.NoEcho && given
		})
}

package stacktest

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// rollbackStack takes a stack back whose last operation failed and was left as it
// is. One that was never whole ends as ROLLBACK_COMPLETE, without resources.
// Sources: CloudFormation API reference, RollbackStack; aws/aws-cdk-cli#1745 on
// express mode.
func (c *Cloud) rollbackStack(in *cloudformation.RollbackStackInput, now time.Time) (*cloudformation.RollbackStackOutput, *Error) {
	s, fault := c.mustFind(in.StackName)
	if fault != nil {
		return nil, fault
	}
	out := &cloudformation.RollbackStackOutput{StackId: &s.id}
	what := fingerprint("RollbackStack", in)
	if repeated, fault := s.repeated(in.ClientRequestToken, what); repeated || fault != nil {
		return out, fault
	}
	switch {
	case s.parent != nil:
		return nil, invalid("RollbackStack cannot be invoked on child stacks")
	case !s.incomplete():
		return nil, invalid("Stack [%s] cannot be rolled back while in status %s: only in CREATE_FAILED or UPDATE_FAILED", s.id, s.status)
	case s.express:
		return nil, invalid("RollbackStack is not supported for stacks that were last updated using EXPRESS deployment mode")
	}
	s.remember(in.ClientRequestToken, what)
	s.obsolete(nil)
	u := c.newRun(s, types.OperationTypeRollback, ptr.Value(in.ClientRequestToken))
	u.to, u.fresh = s.deployed, ptr.Value(in.RetainExceptOnCreate)
	out.OperationId = &u.operation
	c.rollBack(u, userInitiated, now)
	return out, nil
}

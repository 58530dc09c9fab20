package stacktest

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

func (c *Cloud) createStack(in *cloudformation.CreateStackInput, now time.Time) (*cloudformation.CreateStackOutput, *Error) {
	asked := request{
		name: in.StackName, body: in.TemplateBody, url: in.TemplateURL, parameters: in.Parameters, tags: in.Tags,
		capabilities: in.Capabilities, role: in.RoleARN,
	}
	if fault := asked.checkName(); fault != nil {
		return nil, fault
	}
	what := fingerprint("CreateStack", in)
	if s := c.live(*in.StackName); s != nil {
		repeated, fault := s.repeated(in.ClientRequestToken, what)
		if fault == nil && !repeated {
			fault = &Error{Code: "AlreadyExistsException", Message: fmt.Sprintf("Stack [%s] already exists", s.name)}
		}
		return &cloudformation.CreateStackOutput{StackId: &s.id}, fault
	}
	if in.OnFailure == types.OnFailureDelete {
		return nil, invalid("OnFailure DELETE is not modelled by stacktest")
	}
	if fault := oneRollback(in.DeploymentConfig, in.DisableRollback != nil || in.OnFailure != ""); fault != nil {
		return nil, fault
	}
	d, fault := c.deployment(asked, nil)
	if fault != nil {
		return nil, fault
	}
	s := c.newStack(*in.StackName, now)
	s.protected = ptr.Value(in.EnableTerminationProtection)
	s.remember(in.ClientRequestToken, what)
	u := c.newRun(s, types.OperationTypeCreateStack, ptr.Value(in.ClientRequestToken))
	disable := in.DisableRollback
	if in.OnFailure != "" {
		disable = new(in.OnFailure == types.OnFailureDoNothing)
	}
	u.to, u.fresh = d, ptr.Value(in.RetainExceptOnCreate)
	u.deploy(in.DeploymentConfig, disable)
	c.create(u, userInitiated, now)
	return &cloudformation.CreateStackOutput{StackId: &s.id, OperationId: &u.operation}, nil
}

func (c *Cloud) updateStack(in *cloudformation.UpdateStackInput, now time.Time) (*cloudformation.UpdateStackOutput, *Error) {
	s, fault := c.mustFind(in.StackName)
	if fault != nil {
		return nil, fault
	}
	out := &cloudformation.UpdateStackOutput{StackId: &s.id}
	what := fingerprint("UpdateStack", in)
	if repeated, fault := s.repeated(in.ClientRequestToken, what); repeated || fault != nil {
		return out, fault
	}
	if fault := oneRollback(in.DeploymentConfig, in.DisableRollback != nil); fault != nil {
		return nil, fault
	}
	if fault := s.updatable(preserves(in.DeploymentConfig, in.DisableRollback), express(in.DeploymentConfig)); fault != nil {
		return nil, fault
	}
	d, fault := c.deployment(request{
		name: in.StackName, body: in.TemplateBody, url: in.TemplateURL, previous: in.UsePreviousTemplate, parameters: in.Parameters,
		tags: in.Tags, capabilities: in.Capabilities, role: in.RoleARN,
	}, s)
	if fault != nil {
		return nil, fault
	}
	f, err := c.foresee(s, d)
	if err != nil {
		return nil, invalid("%s", cause(err))
	}
	if f.idle(s) {
		return nil, invalid("%s", NoUpdates)
	}
	u := c.newRun(s, types.OperationTypeUpdateStack, ptr.Value(in.ClientRequestToken))
	u.to, u.fresh = d, ptr.Value(in.RetainExceptOnCreate)
	u.deploy(in.DeploymentConfig, in.DisableRollback)
	s.remember(in.ClientRequestToken, what)
	s.obsolete(nil)
	c.update(u, now)
	out.OperationId = &u.operation
	return out, nil
}

func (c *Cloud) protect(in *cloudformation.UpdateTerminationProtectionInput, _ time.Time) (*cloudformation.UpdateTerminationProtectionOutput, *Error) {
	s, fault := c.mustFind(in.StackName)
	if fault != nil {
		return nil, fault
	}
	if s.parent != nil {
		return nil, invalid("TerminationProtection cannot be set on nested stack [%s].", s.id)
	}
	if s.status == types.StackStatusDeleteInProgress {
		return nil, invalid("Stack [%s] is in DELETE_IN_PROGRESS state and its TerminationProtection cannot be changed.", s.id)
	}
	s.protected = ptr.Value(in.EnableTerminationProtection)
	return &cloudformation.UpdateTerminationProtectionOutput{StackId: &s.id}, nil
}

// deploy sets how u is carried out.
func (u *run) deploy(config *types.DeploymentConfig, disable *bool) {
	u.express, u.preserve = express(config), preserves(config, disable)
	u.strict = u.preserve
}

// preserves reports whether a failure is left as it is. Express mode leaves it
// unless it is told otherwise, whatever the API reference says of the default.
// Sources: CloudFormation User Guide, "Express mode"; aws/aws-cdk-cli#1931.
func preserves(config *types.DeploymentConfig, disable *bool) bool {
	if config != nil && config.DisableRollback != nil {
		return *config.DisableRollback
	}
	return ptr.Value(disable) || express(config)
}

// oneRollback refuses to be told twice what a failure does: CloudFormation takes
// that in the DeploymentConfig or beside it. Source: aws/aws-sam-cli#9106. The
// words are not AWS's.
func oneRollback(config *types.DeploymentConfig, beside bool) *Error {
	if config != nil && beside {
		return invalid("DisableRollback and OnFailure cannot be specified together with DeploymentConfig")
	}
	return nil
}

func express(config *types.DeploymentConfig) bool {
	return config != nil && config.Mode == types.DeploymentConfigModeExpress
}

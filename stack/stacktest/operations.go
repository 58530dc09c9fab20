package stacktest

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
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
	if in.OnFailure == types.OnFailureDelete || in.TimeoutInMinutes != nil {
		return nil, invalid("OnFailure DELETE and TimeoutInMinutes are not modelled by stacktest")
	}
	d, fault := c.deployment(asked, nil)
	if fault != nil {
		return nil, fault
	}
	s := c.newStack(*in.StackName, now)
	s.protected = deref(in.EnableTerminationProtection)
	s.remember(in.ClientRequestToken, what)
	u := c.newRun(s, deref(in.ClientRequestToken))
	u.to, u.express = d, express(in.DeploymentConfig)
	u.preserve = deref(in.DisableRollback) || in.OnFailure == types.OnFailureDoNothing
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
	if fault := s.updatable(); fault != nil {
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
	u := c.newRun(s, deref(in.ClientRequestToken))
	u.to, u.express, u.preserve = d, express(in.DeploymentConfig), deref(in.DisableRollback)
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
	s.protected = deref(in.EnableTerminationProtection)
	return &cloudformation.UpdateTerminationProtectionOutput{StackId: &s.id}, nil
}

func express(config *types.DeploymentConfig) bool {
	return config != nil && config.Mode == types.DeploymentConfigModeExpress
}

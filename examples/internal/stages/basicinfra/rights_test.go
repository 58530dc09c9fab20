package basicinfra_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
)

// TestCloudFormationActsAsTheRoleOfTheFile, and the roles that it makes are bounded.
func TestCloudFormationActsAsTheRoleOfTheFile(t *testing.T) {
	const role, boundary = "arn:aws:iam::123456789012:role/delivery-cloudformation", "arn:aws:iam::123456789012:policy/automation/tasks"
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		s.Write("delivery.yaml", strings.Replace(system, "infrastructure:\n", "infrastructure:\n  role: "+role+"\n  boundary: "+boundary+"\n", 1))
		roles, boundaries := map[string]string{}, map[string]string{}
		s.Asked = func(input any) {
			in, ok := input.(*cloudformation.CreateChangeSetInput)
			if !ok {
				return
			}
			if in.RoleARN != nil {
				roles[*in.StackName] = *in.RoleARN
			}
			for _, p := range in.Parameters {
				if *p.ParameterKey == "Boundary" {
					boundaries[*in.StackName] = *p.ParameterValue
				}
			}
		}
		network(t, s, systemtest.Branch)
		if run := s.Run(systemtest.Branch, stages(s)[:2]...); run.Err != nil {
			t.Fatal(run.Err)
		}
		if d := cmp.Diff(map[string]string{"automation-ephemeral-network": role, "automation-8527fec8-roles": role}, roles); d != "" {
			t.Errorf("roles (-want +got):\n%s", d)
		}
		if d := cmp.Diff(map[string]string{"automation-8527fec8-roles": boundary}, boundaries); d != "" {
			t.Errorf("boundaries (-want +got):\n%s", d)
		}
	})
}

package kresystem

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mettel-automation/delivery/examples/internal/config"
)

// TestCloudFormationActsAsTheRoleOfTheFile, when it makes the stack and when it deletes
// it, and what it makes is bounded.
func TestCloudFormationActsAsTheRoleOfTheFile(t *testing.T) {
	const role, boundary = "arn:aws:iam::123456789012:role/delivery-cloudformation-kre", "arn:aws:iam::123456789012:policy/automation/kre"
	inWorldOf(t, config.KREDev, Running, func(t *testing.T, w *world) {
		want, err := w.Environment.Stack()
		if err != nil || want.Role != role || want.Parameters["Boundary"] != boundary {
			t.Errorf("%v, role %q, boundary %q", err, want.Role, want.Parameters["Boundary"])
		}
		found, err := w.cloud.stacks.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &want.Name})
		if err != nil || aws.ToString(found.Stacks[0].RoleARN) != role {
			t.Errorf("%v, the stack is made as %+v", err, found)
		}
		if plan, err := w.planStack(t.Context(), w.stacks(), Destroy{}); err != nil || plan.Role != role {
			t.Errorf("%v, it is deleted as %q", err, plan.Role)
		}
	}, "    network:\n", "    role: "+role+"\n    boundary: "+boundary+"\n    network:\n")
}

package destroy_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/stages/destroy"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
)

func TestCloudFormationDeletesAsTheRoleOfTheFile(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/delivery-cloudformation"
	deployed(t, func(t *testing.T, s *systemtest.System) {
		s.Edit("  template_bucket:", "  role: "+role+"\n  template_bucket:")
		roles := map[string]bool{}
		s.Asked = func(input any) {
			if in, ok := input.(*cloudformation.DeleteStackInput); ok {
				roles[aws.ToString(in.RoleARN)] = true
			}
		}
		if out, _, err := run(t.Context(), t, s, branch, destroy.Options{Yes: true}); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if d := cmp.Diff(map[string]bool{role: true}, roles); d != "" {
			t.Errorf("roles (-want +got):\n%s", d)
		}
	}, branch)
}

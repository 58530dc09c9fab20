package infra_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPeople(t *testing.T) {
	_, tpl := renderKRE(t, kreProduction(t))
	type role struct {
		Name, Principal any
		Tags            map[string]any
	}
	tags := func(group, user string) map[string]any {
		return map[string]any{"Project": "mettel-automation", "Project-Env": "production", "Project-Role": group, "User": user}
	}
	for id, want := range map[string]role{
		"PersonDeveloperJdoeRole": {"eks-developer-mettel-automation-kre-jdoe", "arn:aws:iam::123456789012:user/support/jdoe", tags("developer", "jdoe")},
		"PersonDevopsPauloRole": {
			"eks-devops-mettel-automation-kre-paulo", map[string]any{"!Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:user/ops/paulo"}, tags("devops", "paulo"),
		},
		"PersonPrivilegedAUserWithANameThatIsLongExampleComX6ea92d17Role": {
			"eks-developer-ops-mettel-automation-kre-a-user-with-a-n-2b409a02",
			map[string]any{"!Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:user/a-user-with-a-name-that-is-long@example.com"},
			tags("developer-ops-privileged", "a-user-with-a-name-that-is-long@example.com"),
		},
	} {
		p := tpl.Resources[id]["Properties"]
		got := role{at(p, "RoleName"), at(p, "AssumeRolePolicyDocument", "Statement", 0, "Principal", "AWS"), map[string]any{}}
		for _, tag := range at(p, "Tags").([]any) {
			got.Tags[text(at(tag, "Key"))] = at(tag, "Value")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
	t.Run("the order in which they are given changes nothing", func(t *testing.T) {
		k := kreCrowd(t, 50)
		before, _ := renderKRE(t, k)
		slices.Reverse(k.Users.Developer)
		if after, _ := renderKRE(t, k); !cmp.Equal(before, after) {
			t.Error("it did")
		}
	})
}

func TestRoleNamesAreToldApartWithin64Characters(t *testing.T) {
	k := kreCrowd(t, 200)
	_, tpl := renderKRE(t, k)
	seen := map[string]string{}
	for _, id := range tpl.of("AWS::IAM::Role") {
		name := text(at(tpl.Resources[id]["Properties"], "RoleName"))
		if !strings.HasPrefix(id, "Person") {
			continue
		}
		if len(name) > 64 || !strings.HasPrefix(name, "eks-developer-") || seen[name] != "" {
			t.Errorf("%s: %q of %d characters; %s", id, name, len(name), seen[name])
		}
		seen[name] = id
	}
	if len(seen) != 200 {
		t.Errorf("%d names", len(seen))
	}
}

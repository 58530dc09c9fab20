//go:build integration

package iampolicy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cfn-lint knows every action of every service.
func TestThePoliciesNameActionsThatIAMKnows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "iam", "*.json"))
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d policies, of at least 10: %v", len(files), err)
	}
	policies := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		policies[strings.TrimSuffix(filepath.Base(file), ".json")] = string(content)
	}
	if out, err := lint(t, policies); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestTheLinterFindsAnActionThatIsNone(t *testing.T) {
	out, err := lint(t, map[string]string{"wrong": strings.Replace(sound, "iam:PassRole", "iam:HandRole", 1)})
	if err == nil || !regexp.MustCompile(`W3037.*handrole`).Match(out) {
		t.Errorf("%v:\n%s", err, out)
	}
}

// lint checks policies by name, as those of resources of CloudFormation.
func lint(t *testing.T, policies map[string]string) ([]byte, error) {
	t.Helper()
	resources := map[string]any{}
	for name, policy := range policies {
		kind, property := "AWS::IAM::ManagedPolicy", "PolicyDocument"
		if strings.Contains(policy, `"Principal"`) {
			kind, property = "AWS::IAM::Role", "AssumeRolePolicyDocument"
		}
		resources[strings.ReplaceAll(name, "-", "")] = map[string]any{"Type": kind, "Properties": map[string]any{property: json.RawMessage(policy)}}
	}
	template, err := json.MarshalIndent(map[string]any{"Resources": resources}, "", " ") // a finding names its line
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "template.json")
	if err := os.WriteFile(path, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), "cfn-lint", "--format", "parseable", "--template", path).CombinedOutput()
}

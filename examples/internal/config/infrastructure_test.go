package config_test

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/config"
)

func TestFaultsOfImagesAndInfrastructure(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"an image of nothing":            {"images: {modules: [{context: a}]}", "images: number 1 has no module"},
		"two images of a module":         {"images: {modules: [{module: a}, {module: a}]}", "images: module a has two"},
		"fewer images than none":         {"images: {newest: -1}", "images: newest -1: want more than 50, or none"},
		"a limit that nothing meets":     {"infrastructure: {task_limit: -1}", "infrastructure: task_limit -1: want at least 1, or none"},
		"a secret in the file":           {"infrastructure: {secrets: [hunter2]}", "infrastructure: secrets: number 1: want the ARN"},
		"a role that is none":            {"infrastructure: {role: delivery}", `infrastructure: role "delivery": want the ARN of a role, as arn:aws:iam::123456789012:role/name`},
		"a role that is a policy":        {"infrastructure: {role: 'arn:aws:iam::123456789012:policy/a'}", "want the ARN of a role"},
		"a role of AWS":                  {"infrastructure: {role: 'arn:aws:iam::aws:role/a'}", "want the ARN of a role"},
		"a role of another account":      {"account: '123456789012'\ninfrastructure: {role: 'arn:aws:iam::210987654321:role/a'}", "infrastructure: role arn:aws:iam::210987654321:role/a: it is of account 210987654321, and this file is for 123456789012"},
		"a boundary that is a role":      {"infrastructure: {boundary: 'arn:aws:iam::123456789012:role/a'}", "infrastructure: boundary "},
		"an account that is a name":      {"nuke: {blocklist: [production]}", `nuke: blocklist: account "production": want twelve digits, in quotes`},
		"an aws-nuke that is not known":  {"nuke: {version: 4}", "nuke: version 4: want 3 or 2"},
		"a key that is misspelt":         {"infrastructure: {network: {cidrs: x}}", "delivery.yaml:3:28: "},
		"all that is wrong, not the one": {"infrastructure: {task_limit: -1}\nnuke: {version: 4}", "want at least 1, or none\nnuke: version 4"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Read("delivery.yaml", strings.NewReader("project: a\nmodules: [{name: a, paths: [a]}]\n"+tt.text+"\n"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nlacks %s", err, tt.want)
			}
		})
	}
}

func TestRolesAndBoundariesAreThoseOfTheAccount(t *testing.T) {
	for _, text := range []string{
		"infrastructure: {role: 'arn:aws:iam::123456789012:role/path/delivery', boundary: 'arn:aws:iam::aws:policy/PowerUserAccess'}",
		"account: '123456789012'\ninfrastructure: {role: 'arn:aws-cn:iam::123456789012:role/a', boundary: 'arn:aws-cn:iam::123456789012:policy/automation/tasks'}",
	} {
		if _, err := config.Read("delivery.yaml", strings.NewReader("project: a\nmodules: [{name: a, paths: [a]}]\n"+text+"\n")); err != nil {
			t.Error(err)
		}
	}
}

func TestRepositoriesAreTheProjectsUnlessAPrefixIsGiven(t *testing.T) {
	for text, want := range map[string]string{"": "a/api", "images: {prefix: team/x-}\n": "team/x-api"} {
		file, err := config.Read("delivery.yaml", strings.NewReader("project: a\nmodules: [{name: api, paths: [api]}]\n"+text))
		if err != nil || file.Repository("api") != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

//go:build integration

package infra_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// accepted are the findings of cfn-lint that stay, with the reason: "rule file".
var accepted = map[string]string{}

// finding is what cfn-lint says in JSON.
type finding struct {
	Filename string
	Message  string
	Level    string
	Rule     struct{ ID string }
	Location struct{ Start struct{ LineNumber int } }
}

// lint runs cfn-lint over files, one process for all.
func lint(t *testing.T, files ...string) []finding {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "cfn-lint", append([]string{"--format", "json", "--"}, files...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output() // what it finds makes it fail, too
	var findings []finding
	if json.Unmarshal(out, &findings) != nil {
		t.Fatalf("run cfn-lint (pip install cfn-lint): %v\n%s%s", err, out, stderr.String())
	}
	return findings
}

func TestLint(t *testing.T) {
	files := []string{"network.yaml", "roles.yaml", "environment.yaml", "kre-cluster.yaml"}
	goldens, err := filepath.Glob("testdata/*.golden.yaml")
	if err != nil || len(goldens) < len(stacks(t)) {
		t.Fatalf("golden files %v, %v", goldens, err)
	}
	found := map[string]bool{}
	for _, f := range lint(t, append(files, goldens...)...) {
		key := f.Rule.ID + " " + filepath.Base(f.Filename)
		found[key] = true
		if accepted[key] == "" {
			t.Errorf("%s:%d: %s %s: %s", f.Filename, f.Location.Start.LineNumber, f.Level, f.Rule.ID, f.Message)
		}
	}
	for key := range accepted {
		if !found[key] {
			t.Errorf("%s is accepted, and no longer found", key)
		}
	}
}

// TestLintFinds holds cfn-lint itself to finding something, so that the test
// above cannot pass because it looked at nothing.
func TestLintFinds(t *testing.T) {
	body, err := os.ReadFile("testdata/environment-production.golden.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.NewReplacer("Statistic: Maximum", "Statistik: Maximum", "!Ref RedisSubnetGroup", "!Ref Nothing").Replace(string(body))
	file := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, f := range lint(t, file) {
		rules = append(rules, f.Rule.ID)
	}
	for _, want := range []string{"E1020", "E3002"} {
		if !slices.Contains(rules, want) {
			t.Errorf("cfn-lint does not find %s; it finds %v", want, rules)
		}
	}
}

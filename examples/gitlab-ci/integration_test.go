//go:build integration

package gitlabci

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/pipeline/sample"
)

// These tests run the pipeline of this directory, as it is, by gitlab-ci-local in the
// sample monorepo, against an AWS in memory that is served on this machine.
//
// The emulator leaves out what GitLab has: workflow, resource_group, that a failed child
// pipeline fails its parent, and that a job which always runs does so after one that was
// skipped. TestAFailingModuleStopsThePipeline and its neighbours look at these.
func TestThePipelineRuns(t *testing.T) {
	bin := mains(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *system)
	}{
		{"from a push of a branch to nothing left", fromAPushToNothingLeft},
		{"a push to master is production", aPushToMasterIsProduction},
		{"a pipeline by hand is of all modules", aPipelineByHandIsOfAllModules},
		{"a failing gate stops", aFailingGateStops},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, newSystem(t, bin)) })
	}
}

const environment = "automation-c721e158" // of the sample's feature branch

func fromAPushToNothingLeft(t *testing.T, s *system) {
	s.checkout(sample.Feature)

	// The network comes first and by hand.
	if out, err := s.run("deploy"); err == nil || !strings.Contains(out, "basic-infra -network") {
		t.Errorf("without a network, deploy does not say what makes one: %v\n%s", err, out)
	}
	s.must("network")

	push := s.must()
	want := []string{
		"basic infra", "build", "deploy", "detect", "report",
		"report of the modules",
		"unit tests bruin-bridge", "unit tests python-utils", "unit tests service-outage-monitor", "unit tests velocloud-bridge",
		"validate bruin-bridge", "validate python-utils", "validate service-outage-monitor", "validate terraform", "validate velocloud-bridge",
	}
	if d := cmp.Diff(want, started(push)); d != "" {
		t.Fatalf("jobs of a push (-want +got):\n%s\n%s", d, push)
	}
	for _, text := range []string{"unit tests velocloud-bridge       100.00% coverage", "deploy environment: { name: " + sample.Feature + " }", "section_start:", "7 built"} {
		if !strings.Contains(push, text) {
			t.Errorf("the log lacks %q:\n%s", text, push)
		}
	}
	for _, text := range []string{"ecs service " + environment + "/notifier", "stack " + environment} {
		if !slices.Contains(s.leftovers(), text) {
			t.Errorf("there is no %s", text)
		}
	}
	page := s.read(".delivery/report.html")
	for _, text := range []string{environment, sample.Feature, "velocloud-bridge", "tnba-monitor"} {
		if !strings.Contains(page, text) {
			t.Errorf("the report lacks %q", text)
		}
	}

	// The same again changes nothing, and so does a pipeline by hand in deploy.
	again := s.must()
	if !strings.Contains(again, "7 unchanged") || strings.Contains(again, "7 built") {
		t.Errorf("the second push builds again:\n%s", again)
	}

	// When the branch is deleted, destroy has what detect has left, and no files.
	s.onlyArtifacts()
	s.must("destroy")
	if d := cmp.Diff([]string{"stack automation-ephemeral-network"}, s.leftovers()); d != "" {
		t.Errorf("what is left beside the network, which all environments share (-want +got):\n%s", d)
	}
	s.must("destroy")
}

func aPushToMasterIsProduction(t *testing.T, s *system) {
	s.checkout(sample.Base)
	s.must("network")
	out := s.must("--variable", "CI_COMMIT_BEFORE_SHA="+s.git("rev-parse", "HEAD~1"))
	if got := started(out); !slices.Contains(got, "deploy production") || slices.Contains(got, "deploy") || slices.Contains(got, "unit tests notifier") {
		t.Errorf("jobs of a push to master: %q", got)
	}
	if !slices.Contains(s.leftovers(), "ecs service automation-master/notifier") {
		t.Errorf("production was not deployed: %q", s.leftovers())
	}
	if out, err := s.run("destroy"); err == nil {
		t.Errorf("production has a job destroy:\n%s", out)
	}
}

func aPipelineByHandIsOfAllModules(t *testing.T, s *system) {
	s.checkout(sample.Feature)
	const frontend = "front-end tests dispatch-portal-frontend"
	for name, tt := range map[string]struct {
		args []string
		all  bool
		long bool
	}{
		"a push is of what changed":                     {args: []string{"detect"}},
		"by hand, all but the long tests":               {args: []string{"detect", "--variable", "CI_PIPELINE_SOURCE=web"}, all: true},
		"by hand with the variable, the long tests too": {args: []string{"detect", "--variable", "CI_PIPELINE_SOURCE=web", "--variable", "TEST_DISPATCH_PORTAL_FRONTEND=true"}, all: true, long: true},
	} {
		t.Run(name, func(t *testing.T) {
			s.must(tt.args...)
			listed := s.must("--file", ".delivery/modules.yml", "--list")
			if all := strings.Contains(listed, "unit tests notifier"); all != tt.all {
				t.Errorf("all modules: %v\n%s", all, listed)
			}
			if long := strings.Contains(listed, frontend); long != tt.long {
				t.Errorf("long tests: %v\n%s", long, listed)
			}
		})
	}
	s.must("detect", "--variable", "CI_PIPELINE_SOURCE=web", "--variable", "TEST_DISPATCH_PORTAL_FRONTEND=true")
	s.nodeModules("dispatch-portal-frontend")
	if out := s.must("--file", ".delivery/modules.yml", frontend); !strings.Contains(out, "TOTAL  35/37 lines  94.59%") {
		t.Errorf("the long tests have not run:\n%s", out)
	}
}

func aFailingGateStops(t *testing.T, s *system) {
	s.checkout(sample.Feature)
	s.must("network")
	s.write("velocloud-bridge/velocloud/client.py", s.read("velocloud-bridge/velocloud/client.py")+"\nx=1\n")
	s.git("commit", "-qam", "bad style")

	s.must("detect")
	out, err := s.run("--file", ".delivery/modules.yml")
	if got := started(out); err == nil || slices.Contains(got, "unit tests velocloud-bridge") || !slices.Contains(got, "unit tests bruin-bridge") {
		t.Errorf("a module that fails its check is tested all the same: %q, %v\n%s", got, err, out)
	}
	if !strings.Contains(out, "velocloud/client.py:") || !strings.Contains(out, "E225") {
		t.Errorf("the log lacks the finding:\n%s", out)
	}

	s.must("report")
	if page := s.read(".delivery/report.html"); !strings.Contains(page, "E225") {
		t.Error("the report lacks the finding")
	}

	// A job of the parent that fails stops what comes after it.
	s.write("delivery.yaml", strings.Replace(s.read("delivery.yaml"), `account: "123456789012"`, `account: "999999999999"`, 1))
	s.git("commit", "-qam", "another account")
	out, err = s.run()
	if got := started(out); err == nil || slices.Contains(got, "build") || slices.Contains(got, "deploy") || !slices.Contains(got, "basic infra") {
		t.Errorf("after basic infra has failed, these ran: %q, %v", got, err)
	}
	if !strings.Contains(out, "AWS account 123456789012") || !strings.Contains(out, "999999999999") {
		t.Errorf("the log does not name the accounts:\n%s", out)
	}
	if left := s.leftovers(); slices.ContainsFunc(left, func(l string) bool { return strings.Contains(l, environment) }) {
		t.Errorf("something was made in the other account: %q", left)
	}
}

// started are the names of the jobs that have begun, without those of their pipelines.
func started(log string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:\[.*\] -> )?(\S.*?) +starting shell`).FindAllStringSubmatch(log, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

// leftovers are what the account holds, besides repositories.
func (s *system) leftovers() []string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.cloud+"/_leftovers", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s, %v", answer.Status, err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// onlyArtifacts removes all files but what the jobs have left, as in a job without a
// branch.
func (s *system) onlyArtifacts() {
	s.t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	// The emulator reads the pipeline from the tree, and the branch from its repository.
	keep := []string{".delivery", "delivery.yaml", ".git", ".gitlab-ci.yml", ".gitlab-ci-local"}
	for _, e := range entries {
		if !slices.Contains(keep, e.Name()) {
			if err := os.RemoveAll(filepath.Join(s.dir, e.Name())); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/kresystem/kresystest"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

func TestOutcomes(t *testing.T) {
	tests := map[string]kresystest.Run{
		"plan is the default, and names all": {
			Stdout: []string{
				"the environment and its runtimes have just been applied to it\n",
				"plan: destroy runtimes\n  runtime kre-tnba: destroy\n", "      - Deployment kre-tnba/kre-tnba-admin-api\n",
				"volume claim data-kre-tnba-mongo-0 (20Gi, hostpath): goes, and its volume ", "      - CNAME admin.kre-tnba-dev.mettel-automation.net ",
				"      - NS kre-tnba-dev.mettel-automation.net in mettel-automation.net ", "    - namespace kre-email-tagger, with everything in it\n",
				"plan: destroy charts\n", "    - StorageClass hostpath\n", "plan: destroy access\n", "dev-emil: - devops\n",
				"plan: destroy keys\n  delete access key AKIA", "plan: destroy stack\n", "    - Bucket ", "the bucket is to be emptied: apply needs -empty-bucket\n",
			},
			Not: []string{"outcome:"},
		},
		"all of it goes": {
			Args: "apply -empty-bucket",
			Stdout: []string{
				"outcome: destroy runtimes\n  kre-tnba: destroyed\n  kre-email-tagger: destroyed\n", "  uninstall cert-manager/cert-manager: not installed\n",
				"  done: delete ClusterRole devops\n", "outcome: destroy keys\n  delete access key AKIA", "  mettel-automation-kre-dev: 21 resources deleted\n  3 versions of objects deleted in Bucket\n",
			},
			Not: []string{"not begun"},
		},
		"without an end to the bucket nothing goes": {
			Args: "apply", Code: 1, Last: "its bucket holds the keys, and goes only where -empty-bucket says so; nothing is destroyed", Not: []string{"outcome:"},
		},
		"the runtimes alone": {
			Args: "apply -runtimes-only", Stdout: []string{"  kre-tnba: destroyed\n  kre-email-tagger: destroyed\n"}, Not: []string{"destroy charts", "destroy stack"},
		},
		"one of them alone": {
			Args: "apply -runtime kre-tnba", Stdout: []string{"outcome: destroy runtimes\n  kre-tnba: destroyed\n"}, Not: []string{"kre-email-tagger:", "destroy stack"},
		},
		"one that is called alike": {Args: "apply -runtime kre-tnb", Code: 2, Last: "-runtime kre-tnb: environment mettel-automation-kre-dev has kre-tnba,", Not: []string{"outcome:"}},
		"records of somebody else stop it before it begins": {
			Args: "apply -empty-bucket -fail record", Code: 1, Last: "here that is -delete-foreign; nothing is destroyed", Not: []string{"outcome:"},
		},
		"or go where that is said": {
			Args: "apply -runtimes-only -fail record -delete-foreign", Stdout: []string{"A vpn.kre-tnba-dev.mettel-automation.net", "  kre-tnba: destroyed\n"},
		},
		"a cluster that cannot be reached": {Args: "apply -empty-bucket -fail unreachable", Code: 1, Last: "connection refused", Not: []string{"outcome:"}},
		"what AWS cannot delete is named, with what is gone": {
			Args: "apply -empty-bucket -fail stack:Cluster", Code: 1,
			Stdout: []string{"outcome: destroy keys\n", "outcome: destroy stack\n", "resources deleted\n"}, Last: "Cluster (AWS::EKS::Cluster): resource sg-",
		},
		"the name of another environment": {
			Args: "apply -empty-bucket -allow-production mettel-automation-kre", Code: 2, Last: "-allow-production mettel-automation-kre: the environment is mettel-automation-kre-dev",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { tt.Check(t, "destroy-kre", run) })
	}
}

func TestProduction(t *testing.T) {
	unprotected := append(kresystest.Production(), "ssh: true", "ssh: true\n      unprotected: true")
	const allow = " -allow-production mettel-automation-kre"
	tests := map[string]struct {
		replace []string
		run     kresystest.Run
	}{
		"is refused": {
			kresystest.Production(),
			kresystest.Run{Args: "apply -empty-bucket", Code: 1, Last: "it is the environment of production: repeat its name with -allow-production mettel-automation-kre; nothing is destroyed", Not: []string{"plan:", "outcome:"}},
		},
		"is refused for its runtimes too": {
			kresystest.Production(),
			kresystest.Run{Args: "apply -runtime kre-tnba", Code: 1, Last: "production", Not: []string{"plan:", "outcome:"}},
		},
		"is refused by the name of another": {
			kresystest.Production(),
			kresystest.Run{Args: "apply -empty-bucket -allow-production mettel-automation", Code: 2, Last: "the environment is mettel-automation-kre", Not: []string{"plan:", "outcome:"}},
		},
		"is refused while its cluster is protected": {
			kresystest.Production(),
			kresystest.Run{Args: "apply -empty-bucket" + allow, Code: 1, Last: "its cluster is protected from deletion; write cluster.unprotected: true", Not: []string{"outcome:"}},
		},
		"goes by its name, and leaves what is kept": {
			unprotected,
			kresystest.Run{Args: "apply" + allow, Stdout: []string{"  kre-tnba: destroyed\n  kre-email-tagger: destroyed\n", "left behind: Bucket (AWS::S3::Bucket) mettel-automation-kre-123456789012\n", "left behind: ClusterLogGroup "}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.run.Args += " -kind production"
			tt.run.Replace = tt.replace
			tt.run.Check(t, "destroy-kre", run)
		})
	}
}

// TestTheRecord looks at what is left for a report.
func TestTheRecord(t *testing.T) {
	tests := map[string]struct {
		args  string
		state progress.State
		says  string // its summary
		stack string // the status of the stack
	}{
		"of a plan":           {"plan", progress.Done, "46 changes to make", "CREATE_COMPLETE"},
		"of all that is gone": {"apply -empty-bucket", progress.Done, "46 changes made", "DELETE_COMPLETE"},
		"of a failure":        {"apply -empty-bucket -fail stack:Cluster", progress.Failed, "", "CREATE_COMPLETE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, stdout, _ := kresystest.Main(t, "destroy-kre", run, kresystest.Local(t, tt.args+" -json")...)
			var out struct{ Stages []report.Stage }
			if err := json.Unmarshal([]byte(stdout), &out); err != nil || len(out.Stages) != 1 || len(out.Stages[0].Stacks) != 1 {
				t.Fatalf("%v:\n%s", err, stdout)
			}
			s := out.Stages[0]
			if s.Name != "kre-removal" || s.State != tt.state || s.Summary != tt.says || s.Stacks[0].Status != tt.stack {
				t.Errorf("%s: %s, %q, stack %s", s.Name, s.State, s.Summary, s.Stacks[0].Status)
			}
			if failed := tt.state == progress.Failed; failed != (len(s.Failures) > 0 && strings.HasPrefix(s.Failures[0].Subject, "mettel-automation-kre-dev/Cluster")) {
				t.Errorf("failures %+v", s.Failures)
			}
		})
	}
}

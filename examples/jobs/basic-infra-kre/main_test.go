package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/kresystem/kresystest"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

func TestOutcomes(t *testing.T) {
	tests := map[string]kresystest.Run{
		"plan is the default, and says what it cannot plan yet": {
			Stdout: []string{
				"an AWS in memory, 10000 times faster, with a cluster; it is empty\n",
				"plan: stack\n  stack mettel-automation-kre-dev: create\n", "    +  Cluster ", "    +  NodesMongoGroup ",
				"keys, access and charts are planned after the stack, of which they need the outputs\n",
			},
			Not: []string{"outcome:"},
		},
		"everything is made": {
			Args: "apply",
			Stdout: []string{
				"outcome: stack\n  create mettel-automation-kre-dev: CREATE_COMPLETE\n",
				"outcome: keys\n  create nodes.pem: ", "  create smtp.json: a new access key of user mettel-automation-kre-dev-smtp",
				"plan: access\n", "role/eks-developer-mettel-automation-kre-dev-carla: + developer\n", "  done: create ClusterRoleBinding devops\n",
				"  install kube-system/external-dns: external-dns 1.21.1\n", "ClusterIssuer letsencrypt: new kind, known after cert-manager\n",
				"outcome: charts\n", "  install cert-manager/issuer: deployed, revision 1\n",
				"kre-cluster: done, 40 changes made (",
			},
			Stderr: []string{"done          kre.release issuer"},
			Not:    []string{"PRIVATE KEY", "not begun"},
		},
		"a plan of what changes the stack ends there": {
			Args:   "plan -existing",
			Stdout: []string{"ScalingConfig: at DesiredSize 5 -> 4", "    -  PersonDeveloperDepartedRole ", "are planned after the stack", "it has an older version of the environment\n"},
		},
		"an older version is brought up to date, and nothing else is touched": {
			Args: "apply -existing",
			Stdout: []string{
				"outcome: stack\n  update mettel-automation-kre-dev: UPDATE_COMPLETE\n", "plan: keys\n  update cluster.json\n",
				"dev-carla: + developer\n", "dev-departed: - developer\n", "+  - 198.51.100.7/32\n", "  4 releases unchanged\n",
				"  upgrade kube-system/ingress-nginx: deployed, revision 2\n", "  keep cert-manager/issuer: deployed, revision 1\n",
			},
			Not: []string{"group devops"},
		},
		"what the stack fails at is named, and what was not come to": {
			Args: "apply -fail stack:NodesWorkersGroup", Code: 1,
			Stdout: []string{"create mettel-automation-kre-dev: ROLLBACK_COMPLETE\n", "not begun: keys, access, charts\n"},
			Last:   "NodesWorkersGroup (AWS::EKS::Nodegroup): Exceeded attempts to wait",
		},
		"no access key may be made": {
			Args: "apply -fail keys", Code: 1,
			Stdout: []string{"outcome: keys\n  create nodes.pem: ", "not begun: access, charts\n"},
			Last:   "make an access key of user mettel-automation-kre-dev-smtp: api error AccessDenied",
		},
		"the cluster does not know the credentials": {
			Args: "apply -fail credentials", Code: 1,
			Stdout: []string{"not begun: access, charts\n"},
			Last:   "the credentials are not accepted",
		},
		"the cluster cannot be reached": {
			Args: "apply -fail unreachable", Code: 1,
			Last: "it cannot be reached: check the endpoint, its allowed addresses and the network",
		},
		"RBAC forbids": {
			Args: "apply -fail forbidden", Code: 1,
			Stdout: []string{"  install cert-manager/issuer: skipped\n"},
			Last:   "user deploy may not create deployments.apps",
		},
		"an image that is not there": {
			Args: "apply -fail image", Code: 1,
			Stdout: []string{"  install kube-system/ingress-nginx: failed, revision 1\n", "  install cert-manager/issuer: deployed, revision 1\n"},
			Last:   "ImagePullBackOff: Back-off pulling image",
		},
		"a container that crashes": {Args: "apply -fail crash", Code: 1, Last: "CrashLoopBackOff, last exit code 1"},
		"an unknown failure":       {Args: "apply -fail rain", Code: 2, Last: "-fail rain: want stack:LOGICALID, crash,"},
		"an unknown resource":      {Args: "apply -fail stack:Nope", Code: 2, Last: "the stack has no such resource, it has Bucket,"},
		"an unknown command":       {Args: "destroy", Code: 2, Last: `unknown command "destroy", want one of plan, apply`},
		"an unknown flag":          {Args: "plan -x", Code: 2, Last: "not defined: -x"},
		"a kubeconfig of a plan":   {Args: "plan -kubeconfig-out kubeconfig", Code: 2, Last: "-kubeconfig-out is for apply"},
		"failures in AWS":          {Args: "plan -local=false -fail keys", Code: 2, Last: "-fail and -real-charts are about what is in memory"},
		"an older AWS":             {Args: "plan -local=false -existing", Code: 2, Last: "-existing is about what is in memory"},
		"no time":                  {Args: "plan -speed NaN", Code: 2, Last: "want a number above 0"},
		"an unknown kind":          {Args: "plan -kind test", Code: 2, Last: "-kind test: want dev or production"},
		"a file that is not there": {Args: "plan -file nowhere.yaml", Code: 2, Last: "read nowhere.yaml: there is no such file"},
		"a branch of nothing":      {Args: "plan -branch docs", Code: 1, Last: "branch docs has no environment: -kind names"},
		"no branch":                {Args: "plan -branch", Code: 2, Last: "flag needs an argument: -branch"},
		"help":                     {Args: "-h", Alone: true, Stdout: []string{"basic-infra-kre apply -local ", "  -kubeconfig-out FILE\n"}},
		"production, by its branch": {
			Args:   "plan -branch master",
			Stdout: []string{"stack mettel-automation-kre: create\n", "tag Environment: mettel-automation-kre-production\n"},
		},
		"production, by its kind": {Args: "plan -kind production", Stdout: []string{"stack mettel-automation-kre: create\n"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { tt.Check(t, "basic-infra-kre", run) })
	}
}

func TestOtherEnvironments(t *testing.T) {
	tests := map[string]struct {
		replace []string
		run     kresystest.Run
	}{
		"production": {
			run: kresystest.Run{
				Args:   "apply -kind production",
				Stdout: []string{"tag Environment: mettel-automation-kre-production\n", "parameter DeletionProtection: true\n", "create mettel-automation-kre: CREATE_COMPLETE\n"},
			},
		},
		"a cluster that looks into aws-auth": {
			replace: []string{"version: \"1.34\"\n", "version: \"1.34\"\n      authentication_mode: CONFIG_MAP\n"},
			run: kresystest.Run{
				Args:   "apply",
				Stdout: []string{"access to cluster mettel-automation-kre-dev (CONFIG_MAP, ", "ConfigMap kube-system/aws-auth\n", "  install cert-manager/issuer: deployed, revision 1\n"},
				Not:    []string{"access entry"},
			},
		},
		"another ingress controller": {
			replace: []string{
				"{nginx: {sources: [203.0.113.0/24, 198.51.100.7/32], snippets: true}}",
				"{custom: {name: mine, namespace: edge, chart: {repository: 'https://charts.example.com', name: hostpath-provisioner, version: 0.2.13}, values: {storageClass: {name: mine}}}}",
			},
			run: kresystest.Run{Args: "apply", Stdout: []string{"  install edge/mine: deployed, revision 1\n"}, Not: []string{"nginx"}},
		},
		"a version that the repository lacks": {
			replace: []string{"cert_manager: {}", "cert_manager: {chart: {version: v9.9.9}}"},
			run:     kresystest.Run{Args: "apply", Code: 1, Stdout: []string{"outcome: access\n", "not begun: charts\n"}, Last: "no such version: v9.9.9; there is v1.21.1"},
		},
		"a chart that is not there": {
			replace: []string{"cert_manager: {}", "cert_manager: {chart: {path: charts/nowhere}}"},
			run:     kresystest.Run{Args: "apply", Code: 1, Last: "nowhere"},
		},
		"a value that the chart does not have": {
			replace: []string{"cert_manager: {}", "cert_manager: {values: {crds: {kept: true}}}"},
			run:     kresystest.Run{Args: "apply", Code: 1, Last: "crds.kept"},
		},
		"rules that the cluster does not know": {
			replace: []string{"    charts: ", "    access: {rules: {developer: [{api_groups: [rbac.authorization.k8s.ioo], resources: [roles], verbs: [get]}]}}\n    charts: "},
			run:     kresystest.Run{Args: "apply", Code: 1, Stdout: []string{"not begun: access, charts\n"}, Last: `did you mean "rbac.authorization.k8s.io"?`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.run.Replace = tt.replace
			tt.run.Check(t, "basic-infra-kre", run)
		})
	}
}

// TestTheRecord looks at what is left for a report, and for programs.
func TestTheRecord(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := kresystest.Main(t, "basic-infra-kre", run, kresystest.Local(t, "apply -json -fail forbidden -run "+dir)...)
	var out struct{ Stages []report.Stage }
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || len(out.Stages) != 1 {
		t.Fatalf("%v:\n%s", err, stdout)
	}
	s := out.Stages[0]
	if code != 1 || s.Name != "kre-cluster" || s.State != progress.Failed || !strings.Contains(s.Error, "(403)") || !strings.Contains(stderr, "(403)") ||
		len(s.Stacks) != 1 || s.Stacks[0].Status != "CREATE_COMPLETE" || s.Stacks[0].Error != "" || len(s.Stacks[0].Changes) != 21 ||
		len(s.Changes) != 3+11+5 || len(s.Failures) != 4 || s.Failures[0].Subject != "kube-system/external-dns" {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	text, err := os.ReadFile(filepath.Join(dir, "kre-cluster.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Run  struct{ Environment, Cloud string }
		Data struct {
			Outputs   struct{ Bucket string }
			Granted   struct{ Done []struct{ Kind string } }
			Installed struct {
				Releases []struct{ Release, Error string }
			}
			NotBegun []string
		}
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	d := kept.Data
	if kept.Run.Environment != "automation-c721e158" || kept.Run.Cloud != "an AWS in memory" || d.Outputs.Bucket != "mettel-automation-kre-dev-123456789012" ||
		len(d.Granted.Done) != 11 || len(d.Installed.Releases) != 5 || d.Installed.Releases[0].Error == "" || len(d.NotBegun) != 0 || strings.Contains(string(text), "PRIVATE KEY") {
		t.Errorf("%s", text)
	}
}

func TestKubeconfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	kresystest.Run{Args: "apply -kubeconfig-out " + path, Stdout: []string{"kubeconfig " + path + ": the context is arn:aws:eks:us-east-1:123456789012:cluster/mettel-automation-kre-dev\n"}}.Check(t, "basic-infra-kre", run)
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "get-token") || strings.Contains(string(text), "token:") {
		t.Errorf("%v:\n%s", err, text)
	}
}

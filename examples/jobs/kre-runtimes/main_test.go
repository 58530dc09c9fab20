package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/kresystem/kresystest"
	"github.com/mettel-automation/delivery/report"
)

func TestOutcomes(t *testing.T) {
	tests := map[string]kresystest.Run{
		"plan is the default": {
			Stdout: []string{
				"the environment has just been applied to it\n", "secrets that are not there are made up: KRE_TNBA_JWT_SECRET, ",
				"plan: runtimes\n  runtime kre-tnba: admin.kre-tnba-dev.mettel-automation.net, ", "    + hosted zone kre-tnba-dev.mettel-automation.net\n",
				"    + namespace kre-email-tagger\n", "    install kre-email-tagger/kre-email-tagger: kre 8.2.0\n",
			},
			Not: []string{"outcome:", "made-up-kre-tnba"},
		},
		"all come up": {
			Args:   "apply",
			Stdout: []string{"outcome: runtimes\n  kre-tnba: done\n  kre-email-tagger: done\n"},
			Stderr: []string{"done          kre.zone kre-tnba-dev.mettel-automation.net", "done          kre.runtime kre-tnba"},
			Not:    []string{"made-up-kre-tnba"},
		},
		"one of them alone": {
			Args: "apply -runtime kre-email-tagger", Stdout: []string{"outcome: runtimes\n  kre-email-tagger: done\n"}, Not: []string{"kre-tnba:"},
		},
		"one that there is not": {
			Args: "apply -runtime kre-tnb", Code: 2, Last: "-runtime kre-tnb: environment mettel-automation-kre-dev has kre-tnba, kre-email-tagger",
		},
		"no zone may be made": {
			Args: "apply -fail zone", Code: 1, Stdout: []string{"kre-tnba: failed at its zone; done: nothing\n"}, Last: "AccessDenied",
		},
		"an image that is not there": {
			Args: "apply -runtime kre-tnba -fail image", Code: 1,
			Stdout: []string{"kre-tnba: failed at its release; done: zone, namespace\n"}, Last: "ImagePullBackOff",
		},
		"RBAC forbids":                {Args: "apply -fail forbidden", Code: 1, Last: "user deploy may not create deployments.apps"},
		"a namespace that is deleted": {Args: "apply -fail terminating", Code: 1, Last: "the namespace is being deleted: wait until it is gone", Not: []string{"outcome:"}},
		"an unreachable cluster":      {Args: "apply -fail unreachable", Code: 1, Last: "connection refused"},
		"expired credentials":         {Args: "apply -fail credentials", Code: 1, Last: "kre-tnba"},
		"an argument":                 {Args: "plan all", Alone: true, Code: 2, Last: `unexpected argument "all"`},
		"a kubeconfig that is none":   {Args: "plan -kubeconfig nowhere", Code: 2, Last: "read kubeconfig nowhere"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { tt.Check(t, "kre-runtimes", run) })
	}
}

func TestSecrets(t *testing.T) {
	const jwt, values = "s3cret-of-tokens", "s3cret-of-a-value"
	t.Setenv("KRE_TNBA_JWT_SECRET", jwt)
	t.Setenv("KRE_VALUE", values)
	replace := []string{
		"mongo: {env: KRE_TNBA_MONGO_PASSWORD}", "mongo: {env: KRE_TNBA_MONGO_PASSWORD}\n          values: {config.smtp.senderName2: {env: KRE_VALUE}}",
		"admin: ops@mettel-automation.net\n        sender: tnba", "allow_unknown: [config.smtp.senderName2]\n        admin: ops@mettel-automation.net\n        sender: tnba",
	}
	tests := map[string]kresystest.Run{
		"are not shown":           {Args: "apply -runtime kre-tnba", Replace: replace, Not: []string{jwt, values}, Stdout: []string{"made up: KRE_TNBA_API_TOKEN_SECRET, "}},
		"are not in JSON":         {Args: "apply -json -runtime kre-tnba", Replace: replace, Not: []string{jwt, values}},
		"nor in what has failed":  {Args: "apply -json -fail image -runtime kre-tnba", Replace: replace, Code: 1, Not: []string{jwt, values}},
		"of the wrong generation": {Args: "plan", Replace: []string{`generation: "8"`, `generation: "2021"`}, Code: 1, Last: "MongoDB"},
		"are empty":               {Args: "plan", Replace: []string{"jwt: {env: KRE_TNBA_JWT_SECRET}", "jwt: {file: /dev/null}"}, Code: 2, Last: "runtime kre-tnba: secret jwt: the file /dev/null is empty"},
		"are in two places":       {Args: "plan", Replace: []string{"jwt: {env: KRE_TNBA_JWT_SECRET}", "jwt: {env: A, file: b}"}, Code: 2, Last: "env and file are given: leave one of them"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { tt.Check(t, "kre-runtimes", run) })
	}
}

// TestTheRecord looks at what is left for a report, and for programs.
func TestTheRecord(t *testing.T) {
	dir := t.TempDir()
	code, stdout, _ := kresystest.Main(t, "kre-runtimes", run, kresystest.Local(t, "apply -json -run "+dir)...)
	var out struct{ Stages []report.Stage }
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || len(out.Stages) != 1 {
		t.Fatalf("%v:\n%s", err, stdout)
	}
	if s := out.Stages[0]; code != 0 || s.Name != "kre-releases" || s.Summary != "8 changes made" || len(s.Changes) != 8 || len(s.Events) == 0 {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	text, err := os.ReadFile(filepath.Join(dir, "kre-releases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Data struct {
			Plan   struct{ Runtimes []struct{ Runtime string } }
			Result struct {
				Runtimes []struct {
					Runtime string
					Changed bool
				}
			}
		}
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if r := kept.Data.Result.Runtimes; len(r) != 2 || !r[0].Changed || len(kept.Data.Plan.Runtimes) != 2 || strings.Contains(string(text)+stdout, "made-up") {
		t.Errorf("%s", text)
	}
}

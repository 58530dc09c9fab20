package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

const file = `environment: automation-8527fec8
branch: dev/feature/new-sla
services:
  - {name: bruin-bridge, image: automation-8527fec8-1042}
  - {name: notifier}
alarms: [{name: errors, query: ERROR}]
`

const images = `[{"repository": "automation/notifier", "image_tag": "automation-8527fec8-1043"}]`

// directory holds the files of the tests.
func directory(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"p.yaml": file, "images.json": images,
		"before.yaml":     strings.ReplaceAll(strings.ReplaceAll(file, "1042", "1041"), "{name: notifier}", "{name: notifier, image: '1'}\n  - {name: gone, image: '1'}"),
		"no-branch.yaml":  "environment: automation-8527fec8\n",
		"production.yaml": "environment: automation-master\nname: production\nbranch: master\n",
		"unknown.yaml":    file + "alarm: []\n",
		"two.json":        `[{"repository": "a/notifier", "image_tag": "1"}, {"repository": "b/notifier", "image_tag": "2"}]`,
		"broken.json":     "[",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func papertrailMain(t *testing.T, args string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = cli.Run(t.Context(), "papertrail", run, strings.Fields(args), &out, &errs)
	return code, out.String(), errs.String()
}

func TestOutcomes(t *testing.T) {
	t.Chdir(directory(t))
	const plan = `+ group [automation-8527fec8] - dev/feature/new-sla alarms: *
+ group [automation-8527fec8] - dev/feature/new-sla logs: *
+ group [automation-8527fec8] - dev/feature/new-sla notifications: *
+ search errors in [automation-8527fec8] - dev/feature/new-sla alarms: ERROR
+ search [all modules] - logs in [automation-8527fec8] - dev/feature/new-sla logs: automation-8527fec8
+ search [bruin-bridge] - logs in [automation-8527fec8] - dev/feature/new-sla logs: bruin-bridge AND automation-8527fec8 AND 1042
+ search [notifier] - logs in [automation-8527fec8] - dev/feature/new-sla logs: notifier AND automation-8527fec8 AND 1043
7 to create, 0 to update, 0 to delete, 0 unchanged
`
	const update = `~ search [bruin-bridge] - logs in [automation-8527fec8] - dev/feature/new-sla logs: bruin-bridge AND automation-8527fec8 AND 1041 -> bruin-bridge AND automation-8527fec8 AND 1042
~ search [notifier] - logs in [automation-8527fec8] - dev/feature/new-sla logs: notifier AND automation-8527fec8 AND 1 -> notifier AND automation-8527fec8 AND 1043
`
	tests := map[string]struct {
		args string
		want string
	}{
		"a plan is what comes without a verb": {"-file p.yaml -images images.json", plan},
		"apply":                               {"apply -file p.yaml -images images.json", plan + "7 of 7 changes are made\n"},
		"an account that is there":            {"apply -file p.yaml -images images.json -account before.yaml", update + "0 to create, 2 to update, 0 to delete, 5 unchanged\n2 of 2 changes are made\n"},
		"what nobody wants is pruned": {
			"apply -file p.yaml -images images.json -account before.yaml -prune",
			update + "- search [gone] - logs in [automation-8527fec8] - dev/feature/new-sla logs: gone AND automation-8527fec8 AND 1\n0 to create, 2 to update, 1 to delete, 5 unchanged\n3 of 3 changes are made\n",
		},
		"nothing to do":                         {"apply -file before.yaml -account before.yaml", "0 to create, 0 to update, 0 to delete, 8 unchanged\n"},
		"what is not there is not destroyed":    {"destroy -file p.yaml -yes", "0 to create, 0 to update, 0 to delete, 0 unchanged\n"},
		"production, where that is allowed":     {"destroy -file production.yaml -account production.yaml -allow-production automation-master -yes", "- search [all modules] - logs in [production] - master logs: automation-master\n- group [production] - master alarms: *\n- group [production] - master logs: *\n- group [production] - master notifications: *\n0 to create, 0 to update, 4 to delete, 0 unchanged\n4 of 4 changes are made\n"},
		"a destruction is only listed at first": {"destroy -file production.yaml -account production.yaml -allow-production automation-master", "- search [all modules] - logs in [production] - master logs: automation-master\n- group [production] - master alarms: *\n- group [production] - master logs: *\n- group [production] - master notifications: *\n0 to create, 0 to update, 4 to delete, 0 unchanged\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := papertrailMain(t, tt.args)
			if code != cli.OK {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			got := strings.Split(stdout, "\n")
			want := strings.Split(tt.want, "\n")
			less := func(a, b string) bool { return a < b } // deletions come group by group
			if diff := cmp.Diff(sortLines(want, less), sortLines(got, less)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}

func sortLines(lines []string, less func(a, b string) bool) []string {
	for i := range lines {
		for j := i; j > 0 && less(lines[j], lines[j-1]); j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
	return lines
}

func TestFailures(t *testing.T) {
	t.Chdir(directory(t))
	t.Setenv("PAPERTRAIL_API_TOKEN", "wrong-token")
	server := httptest.NewServer(papertrailtest.New(papertrailtest.Options{Token: "right-token"}))
	defer server.Close()
	tests := map[string]struct {
		args string
		code int
		want string
	}{
		"no file":             {"plan", cli.ExitUsage, "papertrail: -file is required (-h lists the flags)\n"},
		"an unknown command":  {"delete -file p.yaml", cli.ExitUsage, "papertrail: unknown command \"delete\", want plan, apply or destroy (-h lists the flags)\n"},
		"flags of destroy":    {"apply -file p.yaml -yes", cli.ExitUsage, "papertrail: -yes, -allow-alerts and -allow-production are for destroy (-h lists the flags)\n"},
		"flags of apply":      {"destroy -file p.yaml -prune", cli.ExitUsage, "papertrail: -prune and -images do not go with destroy (-h lists the flags)\n"},
		"two accounts":        {"-file p.yaml -url https://x/ -account p.yaml", cli.ExitUsage, "papertrail: -account is for an account in memory: it does not go with -url (-h lists the flags)\n"},
		"a missing file":      {"-file no.yaml", cli.ExitUsage, "papertrail: read environment: open no.yaml: no such file or directory\n"},
		"an unknown key":      {"-file unknown.yaml", cli.ExitUsage, "papertrail: read environment unknown.yaml:7:1: field alarm not found\n"},
		"no branch":           {"destroy -file no-branch.yaml -yes", cli.ExitUsage, "papertrail: read environment no-branch.yaml: it has to have an environment and a branch\n"},
		"half a flag":         {"apply -file p.yaml -prune-unknown", cli.ExitUsage, "papertrail: -prune-unknown goes with -prune (-h lists the flags)\n"},
		"a missing image":     {"-file p.yaml", cli.ExitUsage, "papertrail: environment automation-8527fec8: no image is given for notifier, so the build number of their logs is not known\n"},
		"two images":          {"-file p.yaml -images two.json", cli.ExitUsage, "papertrail: read images two.json: service notifier has two images, 1 and 2\n"},
		"broken images":       {"-file p.yaml -images broken.json", cli.ExitUsage, "papertrail: read images broken.json: unexpected end of JSON input\n"},
		"production":          {"destroy -file production.yaml -account production.yaml -yes", cli.ExitFailed, "papertrail: delete group \"[production] - master logs\": the name has the word \"production\": "},
		"a wrong token":       {"-file p.yaml -images images.json -url " + server.URL, cli.ExitFailed, "papertrail: list groups of Papertrail: Papertrail: GET groups.json: 401 Unauthorized: Invalid API token; "},
		"a URL without TLS":   {"-file p.yaml -images images.json -url http://example.org", cli.ExitUsage, "papertrail: connect to Papertrail: the token would go to example.org without TLS; use https (-url and PAPERTRAIL_API_TOKEN)\n"},
		"a file that is none": {"-file .", cli.ExitUsage, "papertrail: read environment .:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := papertrailMain(t, tt.args)
			if code != tt.code || !strings.HasPrefix(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, want %d\ngot  %swant %s", code, tt.code, stderr, tt.want)
			}
			if stdout != "" || strings.Contains(stderr, "wrong-token") {
				t.Errorf("stdout: %s", stdout)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	t.Chdir(directory(t))
	for name, tt := range map[string]struct {
		args, error string
		done        int
	}{
		"apply":      {"apply -file p.yaml -images images.json -json", "", 7},
		"a refusal":  {"destroy -file production.yaml -json", `delete group "[production] - master logs"`, 0},
		"plan alone": {"-file p.yaml -images images.json -json", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, stdout, _ := papertrailMain(t, tt.args)
			var out struct {
				Plan  struct{ Changes []any }
				Done  []any
				Error string
			}
			if err := json.Unmarshal([]byte(stdout), &out); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(out.Error, tt.error) || (out.Error == "") != (tt.error == "") || len(out.Done) != tt.done || out.Plan.Changes == nil {
				t.Errorf("got %s", stdout)
			}
		})
	}
}

// The same over a socket, as a job would run it.
func TestWithAnAPI(t *testing.T) {
	t.Chdir(directory(t))
	t.Setenv("PAPERTRAIL_API_TOKEN", "right-token")
	account := papertrailtest.New(papertrailtest.Options{Token: "right-token"})
	server := httptest.NewServer(account)
	defer server.Close()
	args := " -file p.yaml -images images.json -url " + server.URL + "/api/v1/"
	for range 2 {
		if code, _, stderr := papertrailMain(t, "apply"+args); code != cli.OK {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
	}
	if groups, searches := len(account.Groups()), len(account.Searches()); groups != 3 || searches != 4 || len(account.Writes()) != 7 {
		t.Errorf("%d groups, %d searches, writes %v", groups, searches, account.Writes())
	}
}

// The API does not tell of alerts: what nobody wants stays, until that is allowed.
func TestPruneWithAnAPI(t *testing.T) {
	t.Chdir(directory(t))
	t.Setenv("PAPERTRAIL_API_TOKEN", "right-token")
	account := papertrailtest.New(papertrailtest.Options{Token: "right-token"})
	server := httptest.NewServer(account)
	defer server.Close()
	group := account.AddGroup(papertrailtest.Group{Name: "[automation-8527fec8] - dev/feature/new-sla logs"})
	account.AddSearch(papertrailtest.Search{Name: "old", Query: "x", Group: group})
	args := "apply -file p.yaml -images images.json -prune -url " + server.URL
	if code, stdout, stderr := papertrailMain(t, args); code != cli.OK || !strings.Contains(stdout, "= search old in ") || len(account.Searches()) != 5 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := papertrailMain(t, args+" -prune-unknown"); code != cli.OK || !strings.Contains(stdout, "- search old in ") || len(account.Searches()) != 4 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/nuke/inventory"
	"github.com/mettel-automation/delivery/nuke/inventory/inventorytest"
)

const (
	target = "automation-1a2b3c4d"
	usual  = "-environment " + target
	system = `project: automation
account: "123456789012"
region: us-east-1
modules: [{name: a, paths: [a]}]
nuke: {blocklist: ["999999999999"]}
`
)

// cloud is an account with three environments.
func cloud() *inventorytest.Account {
	a := inventorytest.New("123456789012", "mettel-dev")
	for _, env := range []string{target, target + "e", "automation-master"} {
		a.AddEnvironment("us-east-1", env)
	}
	return a
}

// nukeConfig runs the main in dir, for an account.
func nukeConfig(t *testing.T, dir string, a *inventorytest.Account, args string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(dir)
	if _, err := os.Stat("delivery.yaml"); err != nil {
		write(t, dir, "delivery.yaml", system)
	}
	for _, name := range []string{"GITLAB_CI", "GITHUB_ACTIONS"} {
		t.Setenv(name, "")
	}
	var out, errs strings.Builder
	connect := func(context.Context) (inventory.API, error) { return a.API(), nil }
	code = cli.Run(t.Context(), "nuke-config", job(connect), strings.Fields(args), &out, &errs)
	return code, out.String(), errs.String()
}

func TestTheConfigurationGoesToStdout(t *testing.T) {
	code, stdout, stderr := nukeConfig(t, t.TempDir(), cloud(), usual)
	if code != cli.OK {
		t.Fatalf("code %d: %s", code, stderr)
	}
	for _, want := range []string{"# aws-nuke v3: deletes the environment automation-1a2b3c4d and nothing else.\n", "# Account 123456789012 (mettel-dev), read at 20", "\nblocklist:\n  - \"999999999999\"\n", "arn:aws:ecs:us-east-1:123456789012:cluster/automation-1a2b3c4d"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	for _, want := range []string{
		"account 123456789012 (mettel-dev): 122 resources read in us-east-1, global\n",
		"belongs to automation-1a2b3c4d, and is to be deleted (36):\n",
		"  us-east-1 CloudWatchDashboard cluster-automation-1a2b3c4d (name)\n",
		"belongs to it, and is not for aws-nuke: it goes with what it is part of, or stays (4):\n",
		"  us-east-1 metric filter automation-1a2b3c4d -> errors (log group)\n",
		"nuke.inventory us-east-1 ECS",
		"nuke.inventory us-east-1 tags",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, stderr)
		}
	}
	if strings.Contains(stdout, target+"e") || strings.Contains(stdout, "automation-master") {
		t.Error("the configuration names neighbours")
	}
	if strings.Contains(stderr, "conflict") {
		t.Error("conflicts are told where there are none")
	}
}

func TestForAWSNuke2(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "delivery.yaml", strings.Replace(system, "{blocklist", "{version: 2, blocklist", 1))
	code, stdout, stderr := nukeConfig(t, dir, cloud(), usual)
	if code != cli.OK || !strings.Contains(stdout, "\naccount-blocklist:\n") || strings.Contains(stdout, "task-definition/automation-1a2b3c4d-bridge:2") {
		t.Errorf("code %d, %s\n%s", code, stderr, stdout)
	}
}

func TestAConfigurationInAFileIsVerified(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := nukeConfig(t, dir, cloud(), usual+" -out nuke.yaml")
	if code != cli.OK || stdout != "" {
		t.Fatalf("code %d, stdout %q, stderr %s", code, stdout, stderr)
	}
	code, stdout, stderr = nukeConfig(t, dir, cloud(), usual+" -verify nuke.yaml")
	for _, want := range []string{"deletes (36):\n", "keeps (86):\n", "nuke.yaml: deletes exactly automation-1a2b3c4d: 36 resources; 86 stay\n"} {
		if code != cli.OK || !strings.Contains(stdout, want) {
			t.Errorf("code %d, stdout lacks %q:\n%s\n%s", code, want, stdout, stderr)
		}
	}
}

// handWritten is what somebody may write: of the services of Cloud Map, which have no
// properties, it deletes those of all environments.
const handWritten = `blocklist: ["999999999999"]
regions: [us-east-1]
resource-types: {includes: [CloudWatchAlarm, ServiceDiscoveryService]}
accounts:
  "123456789012":
    filters:
      CloudWatchAlarm: [{property: "tag:Environment", value: automation-1a2b3c4d, invert: true}]
      ServiceDiscoveryService: [{property: "tag:Environment", value: automation-1a2b3c4d, invert: true}]
`

func TestAHandWrittenConfigurationIsJudged(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "hand.yaml", handWritten)
	code, stdout, stderr := nukeConfig(t, dir, cloud(), usual+" -verify hand.yaml")
	if code != cli.ExitFailed {
		t.Errorf("code %d", code)
	}
	for _, want := range []string{
		"would be deleted, and is not of automation-1a2b3c4d (2):\n  us-east-1 ServiceDiscoveryService srv-000000000002\n",
		"would stay, and is of automation-1a2b3c4d (33):\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	line := lastLine(stderr)
	if !strings.HasPrefix(line, "nuke-config: verify hand.yaml: 2 resources not of automation-1a2b3c4d would be deleted") {
		t.Errorf("the last line is %q", line)
	}
}

func TestConflictsAreToldAndRefused(t *testing.T) {
	dir := t.TempDir()
	a := cloud()
	r := a.In("us-east-1")
	r.Tags[r.ARN("logs", "log-group:"+target)] = map[string]string{"Environment": "production\x1b[2J"}
	if err := os.WriteFile(filepath.Join(dir, "nuke.yaml"), []byte("# aws-nuke v3: of an earlier run\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := nukeConfig(t, dir, a, usual+" -out nuke.yaml")
	if code != cli.ExitFailed || stdout != "" {
		t.Errorf("code %d, stdout %q", code, stdout)
	}
	want := `conflicts, which have to be settled first (1):` + "\n" +
		`  us-east-1 CloudWatchLogsLogGroup automation-1a2b3c4d: its name says "automation-1a2b3c4d", and its tag Environment says "production\x1b[2J", which is production` + "\n"
	if !strings.Contains(stderr, want) || strings.Contains(stderr, "\x1b") {
		t.Errorf("stderr lacks %q:\n%s", want, stderr)
	}
	if line := lastLine(stderr); !strings.HasPrefix(line, `nuke-config: refuse "automation-1a2b3c4d": conflict in the inventory: `) {
		t.Errorf("the last line is %q", line)
	}
	if _, err := os.Stat(filepath.Join(dir, "nuke.yaml")); err == nil {
		t.Error("there is a file after a refusal")
	}
}

func TestAFileOfSomebodyElseStays(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "nuke.yaml")
	if err := os.WriteFile(path, []byte(handWritten), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := nukeConfig(t, dir, cloud(), usual+" -out nuke.yaml")
	if text, err := os.ReadFile(path); code != cli.ExitUsage || !strings.Contains(stderr, "was not written by nuke-config") || err != nil || string(text) != handWritten {
		t.Errorf("code %d: %s\n%s", code, stderr, text)
	}
}

// Nothing but one line comes of these, and AWS is read no further than it takes.
func TestRefusalsAndFaults(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "bad.yaml", "{")
	write(t, dir, "unknown.yaml", "target: x\n")
	tests := map[string]struct {
		file [2]string // what of delivery.yaml is replaced, and by what
		args string
		code int
		want string
	}{
		"no environment":            {args: "", code: cli.ExitUsage, want: "(-branch or -environment says what is to go)"},
		"two environments":          {args: usual + " -branch dev/feature/login", code: cli.ExitUsage, want: "-branch and -environment are two ways"},
		"a branch without one":      {args: "-branch fix/typo", code: cli.ExitFailed, want: `"fix/typo"`},
		"no account":                {file: [2]string{"account", "#"}, args: usual, code: cli.ExitUsage, want: "delivery.yaml: account is missing"},
		"no blocklist":              {file: [2]string{`{blocklist: ["999999999999"]}`, "{}"}, args: usual, code: cli.ExitUsage, want: "delivery.yaml: nuke.blocklist is missing: it keeps aws-nuke from production"},
		"no region":                 {file: [2]string{"region", "#"}, args: usual, code: cli.ExitUsage, want: "delivery.yaml: region is missing"},
		"no such file":              {args: usual + " -file lost.yaml", code: cli.ExitUsage, want: "read lost.yaml: there is no such file"},
		"aws-nuke 4":                {args: usual + " -aws-nuke 4", code: cli.ExitUsage, want: "-aws-nuke 4: want 3 or 2"},
		"aws-nuke 4 in the file":    {file: [2]string{"{blocklist", "{version: 4, blocklist"}, args: usual, code: cli.ExitUsage, want: "nuke: version 4: want 3 or 2"},
		"both files":                {args: usual + " -out a -verify b", code: cli.ExitUsage, want: "-out does not go with -verify"},
		"a file that is not there":  {args: usual + " -verify lost.yaml", code: cli.ExitUsage, want: "read configuration: open lost.yaml: no such file"},
		"an argument":               {args: usual + " now", code: cli.ExitUsage, want: `unexpected argument "now"`},
		"production":                {args: "-environment automation-master", code: cli.ExitFailed, want: `refuse "automation-master": production is never deleted`},
		"a branch of production":    {args: "-branch master", code: cli.ExitFailed, want: `refuse "automation-master": production is never deleted`},
		"no name of an environment": {args: "-environment shared", code: cli.ExitFailed, want: `refuse "shared": not an ephemeral environment`},
		"that of another project":   {file: [2]string{"project: automation", "project: other"}, args: usual, code: cli.ExitFailed, want: `refuse "automation-1a2b3c4d": not an ephemeral environment`},
		"the network of all":        {args: "-environment automation-ephemeral", code: cli.ExitFailed, want: `refuse "automation-ephemeral": not an ephemeral environment`},
		"the account blocks itself": {file: [2]string{"999999999999", "123456789012"}, args: usual, code: cli.ExitFailed, want: "unusable blocklist: it has account 123456789012 itself in it"},
		"another account":           {file: [2]string{`account: "123456789012"`, `account: "210987654321"`}, args: usual, code: cli.ExitFailed, want: "read account 210987654321: the credentials are for another account: 123456789012"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := cloud()
			write(t, dir, "delivery.yaml", strings.Replace(system, tt.file[0], tt.file[1], 1))
			code, stdout, stderr := nukeConfig(t, dir, a, tt.args)
			if code != tt.code || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "nuke-config: ") || !strings.Contains(stderr, tt.want) {
				t.Errorf("code %d, stdout %q, stderr %q; want %d and one line with %q", code, stdout, stderr, tt.code, tt.want)
			}
			if a.Calls("ecs:ListClusters") > 0 {
				t.Error("the account was read all the same")
			}
		})
	}
}

func TestAFileThatAWSNukeDoesNotTakeIsAFailure(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "bad.yaml", "{")
	write(t, dir, "unknown.yaml", "blocklist: [\"999999999999\"]\nincludes: []\n")
	for _, args := range []string{" -verify bad.yaml", " -verify unknown.yaml -aws-nuke 2"} {
		code, stdout, stderr := nukeConfig(t, dir, cloud(), usual+args)
		if line := lastLine(stderr); code != cli.ExitFailed || stdout != "" || !strings.Contains(line, ".yaml") {
			t.Errorf("%s: code %d, stdout %q, last line %q", args, code, stdout, line)
		}
	}
}

func TestAnAccountThatCannotBeReadIsAFailure(t *testing.T) {
	a := cloud()
	a.Before = func(_, action string) error {
		if action == "sns:ListTopics" {
			return inventorytest.Denied(action)
		}
		return nil
	}
	code, stdout, stderr := nukeConfig(t, t.TempDir(), a, usual)
	if code != cli.ExitFailed || stdout != "" || !strings.HasSuffix(lastLine(stderr), "; allow sns:ListTopics to whose credentials these are") {
		t.Errorf("code %d, stdout %q, stderr %s", code, stdout, stderr)
	}
}

func TestAFileThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "")
	code, _, stderr := nukeConfig(t, dir, cloud(), usual+" -out file/nuke.yaml")
	if code != cli.ExitUsage || !strings.HasPrefix(lastLine(stderr), "nuke-config: write configuration file/nuke.yaml: ") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

func TestCredentialsThatCannotBeHad(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, ".", "delivery.yaml", system)
	var out, errs strings.Builder
	connect := func(context.Context) (inventory.API, error) { return inventory.API{}, errors.New("configure AWS: no") }
	if code := cli.Run(t.Context(), "nuke-config", job(connect), strings.Fields(usual), &out, &errs); code != cli.ExitUsage || errs.String() != "nuke-config: configure AWS: no\n" {
		t.Errorf("code %d, %s", code, errs.String())
	}
}

// TestTheRealConnection asks a server that is not there.
func TestTheRealConnection(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "hidden",
		"AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	write(t, ".", "delivery.yaml", system)
	var out, errs strings.Builder
	code := cli.Run(t.Context(), "nuke-config", job(connect), strings.Fields(usual), &out, &errs)
	if line := errs.String(); code != cli.ExitFailed || strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "nuke-config: read global: sts:GetCallerIdentity: ") || strings.Contains(line, "hidden") {
		t.Errorf("code %d, %s", code, line)
	}
}

func TestHelp(t *testing.T) {
	code, stdout, stderr := nukeConfig(t, t.TempDir(), cloud(), "-h")
	if code != cli.OK || stderr != "" || !strings.Contains(stdout, "nuke-config -environment automation-1a2b3c4d") || !strings.Contains(stdout, "-aws-nuke") {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func lastLine(text string) string {
	text = strings.TrimSuffix(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

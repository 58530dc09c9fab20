package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const file = `defaults:
  scanning: on push
  lifecycle: {keep: [latest-*], newest: 500}
  tags: {Project: automation}
repositories:
  - name: automation/notifier
  - name: automation/bridge
    exclusions: [latest*]
    policy: pull.json
    tags: {Owner: voice}
`

const pull = `{"Version": "2012-10-17", "Statement": [{"Sid": "pull", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "ecr:BatchGetImage"}]}`

// write writes files by their names and returns their directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// registry runs the main in dir.
func registry(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(dir)
	var out, errs strings.Builder
	code = cli.Run(t.Context(), "registry", run, args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestOutcomes(t *testing.T) {
	const policy = "expire tagged latest-* beyond 100000; expire tagged inputs-* beyond 500; expire untagged beyond 500\n"
	const changes = `~ repository automation/bridge
  tags: mutable -> immutable but latest*
  scanning: manual -> on push
  tag Owner: "" -> "voice", tag Project: "" -> "automation"
  policy: none -> 1 statements
  lifecycle policy: none -> ` + policy + `+ repository automation/notifier
  tags: immutable but cache*, latest*
  scanning: on push
  encryption: AES256
  lifecycle policy: none -> ` + policy
	dir := write(t, map[string]string{
		"r.yaml": file, "pull.json": pull, "one.yaml": "repositories:\n  - name: automation/bridge\n",
		"running.txt": "# by the last deployment\nh.example/automation/bridge:latest-master\n\n", "live.txt": "8527fec8 # blue\r\n",
	})
	tests := map[string]struct {
		args string
		want []string // of stdout
	}{
		"a plan is what comes without a verb": {"-repositories r.yaml -running none -local", []string{changes}},
		"plan":                                {"plan -repositories r.yaml -running @running.txt -local", []string{changes}},
		"apply":                               {"apply -repositories r.yaml -running none -local", []string{changes}},
		"nothing to change":                   {"plan -repositories one.yaml -local", []string{"nothing to change\n"}},
		"what runs and is not there":          {"plan -repositories r.yaml -running automation/bridge:v9 -local", []string{"  warning: tag v9 runs, and the repository does not have it"}},
		"a clean-up is planned": {"cleanup -repositories one.yaml -live @live.txt -running none -local", []string{
			"automation/bridge: delete 2 images", "c721e158-9, latest-c721e158: environment c721e158 is gone\n", "inputs-90ab: its inputs are unused since",
			"0f0f0f0f-1: spared, environment 0f0f0f0f has a new image", "warning: the tags of 20260704 stay",
		}},
		"what runs is spared": {"cleanup plan -repositories one.yaml -live 8527fec8 -running h.example/automation/bridge:c721e158-9 -local", []string{"c721e158-9, latest-c721e158: spared, it runs"}},
		"a clean-up":          {"cleanup apply -repositories one.yaml -live none -gone 20260704 -min-age 0 -running none -local", []string{"\nremoved:\n  automation/bridge: 0f0f0f0f-1, 20260704-13, 8527fec8-131, c721e158-9, inputs-90ab, latest-8527fec8, latest-c721e158\n"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := registry(t, dir, strings.Fields(tt.args)...)
			if code != cli.OK {
				t.Fatalf("code %d, %s", code, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("stdout has no %q:\n%s", want, stdout)
				}
			}
		})
	}
}

func TestBadInputIsOneClearError(t *testing.T) {
	dir := write(t, map[string]string{
		"r.yaml": file, "pull.json": pull, "one.yaml": "repositories:\n  - name: automation/bridge\n", "empty.txt": "# nothing\n", "empty.yaml": "",
		"none.yaml": "repositories: []\n", "key.yaml": "repositories:\n  - nam: x\n", "type.yaml": "repositories:\n  - name: [x]\n", "two.yaml": "repositories: [{name: ab}]\n---\na: b\n",
		"name.yaml": "repositories: [{name: Notifier}]\n", "few.yaml": "repositories:\n  - {name: ab, lifecycle: {keep: [latest-*], newest: 1}}\n",
		"both.yaml": "repositories:\n  - {name: ab, lifecycle: {newest: 100, file: l.json}}\n", "lost.yaml": "repositories:\n  - {name: ab, policy: lost.json}\n",
		"aged.yaml": "repositories:\n  - {name: ab, lifecycle: {file: aged.json}}\n", "bad.yaml": "repositories:\n  - {name: ab, lifecycle: {file: bad.json}}\n", "bad.json": `{"rules":[{"rulePriority":1}]}`,
		"aged.json":  `{"rules":[{"rulePriority":1,"description":"old images go","selection":{"tagStatus":"any","countType":"sinceImagePushed","countUnit":"days","countNumber":90},"action":{"type":"expire"}}]}`,
		"named.yaml": "defaults: {name: x}\nrepositories: [{name: ab}]\n",
	})
	tests := map[string]struct {
		args string
		code int
		want string // of the line on stderr
	}{
		"no file":                         {"plan", cli.ExitUsage, "-repositories is required (-h lists the flags)"},
		"a file that is not there":        {"plan -repositories lost.yml", cli.ExitUsage, "read repositories: open lost.yml: no such file"},
		"an unknown command":              {"destroy", cli.ExitUsage, `unknown command "destroy", want plan, apply, cleanup plan or cleanup apply`},
		"an unknown command of cleanup":   {"cleanup now", cli.ExitUsage, `unknown command "now"`},
		"live without cleanup":            {"plan -repositories one.yaml -live none", cli.ExitUsage, "are for cleanup"},
		"headroom with cleanup":           {"cleanup -repositories one.yaml -headroom 3", cli.ExitUsage, "-headroom is about lifecycle policies"},
		"cleanup without live":            {"cleanup -repositories one.yaml -running none", cli.ExitUsage, "-live is required: list the environments that exist, or say none"},
		"cleanup without running":         {"cleanup -repositories one.yaml -live none", cli.ExitUsage, "-running is required"},
		"a lifecycle without running":     {"plan -repositories r.yaml -local", cli.ExitUsage, "repository automation/notifier has a lifecycle policy: -running must say what runs"},
		"a list that is empty":            {"cleanup -repositories one.yaml -live @empty.txt -running none", cli.ExitUsage, "it lists nothing: where that is so, say none"},
		"a list that is empty text":       {"cleanup -repositories one.yaml -live= -running none", cli.ExitUsage, "it lists nothing"},
		"a list that is not there":        {"cleanup -repositories one.yaml -live @lost.txt -running none", cli.ExitUsage, "open lost.txt: no such file"},
		"a list twice":                    {"cleanup -repositories one.yaml -live none -live 8527fec8", cli.ExitUsage, "it is given twice"},
		"no room":                         {"plan -repositories one.yaml -headroom 0", cli.ExitUsage, "-headroom 0: want at least 1"},
		"an age below zero":               {"cleanup -repositories one.yaml -live none -running none -min-age -1h", cli.ExitUsage, "-min-age -1h0m0s: want 0 or more"},
		"inputs that are never kept":      {"cleanup -repositories one.yaml -live none -running none -keep-inputs 0", cli.ExitUsage, "-keep-inputs 0s: want more than 0"},
		"an empty file":                   {"plan -repositories empty.yaml", cli.ExitUsage, "read repositories empty.yaml: it is empty"},
		"no repositories":                 {"plan -repositories none.yaml", cli.ExitUsage, "it lists no repositories"},
		"an unknown key":                  {"plan -repositories key.yaml", cli.ExitUsage, "read repositories key.yaml:2:5: "},
		"a list for a text":               {"plan -repositories type.yaml", cli.ExitUsage, "read repositories type.yaml:2:11: "},
		"two documents":                   {"plan -repositories two.yaml", cli.ExitUsage, "there is more than one document"},
		"defaults with a name":            {"plan -repositories named.yaml", cli.ExitUsage, "defaults have no name"},
		"a name that ECR does not take":   {"plan -repositories name.yaml -local", cli.ExitUsage, `invalid repository "Notifier": its name must be lower-case`},
		"a lifecycle that leaves too few": {"plan -repositories few.yaml -local", cli.ExitUsage, "repository ab: default lifecycle policy: invalid lifecycle policy: the newest 1 images are too few: want more than 50"},
		"two lifecycles":                  {"plan -repositories both.yaml -local", cli.ExitUsage, "lifecycle has either a file, or keep and newest"},
		"a lifecycle that is none":        {"plan -repositories bad.yaml -local", cli.ExitUsage, "bad.json: invalid lifecycle policy: rule 1: countNumber is 0"},
		"a policy that is not there":      {"plan -repositories lost.yaml -local", cli.ExitUsage, "repository ab: open lost.json: no such file"},
		"an environment by its name":      {"cleanup -repositories one.yaml -live automation-8527fec8 -running none -local", cli.ExitUsage, "give its id, such as 8527fec8, not its name"},
		"a running image that is none":    {"cleanup -repositories one.yaml -live none -running sha256:12 -local", cli.ExitUsage, `running image "sha256:12": its digest must be`},
		"a policy that endangers what runs": {
			"plan -repositories aged.yaml -running ab:latest-master -local", cli.ExitFailed,
			"plan repository ab: lifecycle policy could take away an image that runs: rule 1, image sha256:",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := registry(t, dir, strings.Fields(tt.args)...)
			if code != tt.code || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "registry: ") || !strings.Contains(stderr, tt.want) {
				t.Errorf("code %d, stdout %q, stderr %q; want %d and one line with %q", code, stdout, stderr, tt.code, tt.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	dir := write(t, map[string]string{"one.yaml": "repositories:\n  - name: automation/bridge\n"})
	code, stdout, stderr := registry(t, dir, "cleanup", "apply", "-repositories", "one.yaml", "-live", "8527fec8", "-running", "none", "-local", "-json")
	if code != cli.OK {
		t.Fatalf("code %d, %s", code, stderr)
	}
	var got struct {
		Cleanup cleanup.Plan
		Result  cleanup.Result
		Error   *string
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	want := cleanup.Result{Repositories: []cleanup.Cleaned{{Repository: "automation/bridge", Removed: []string{"c721e158-9", "inputs-90ab", "latest-c721e158"}, Changed: []string{}}}}
	if d := cmp.Diff(want, got.Result); d != "" {
		t.Errorf("result (-want +got):\n%s", d)
	}
	if got.Error == nil || *got.Error != "" || len(got.Cleanup.Repositories) != 1 {
		t.Errorf("error and plan: %s", stdout)
	}
}

func TestHelp(t *testing.T) {
	code, stdout, stderr := registry(t, t.TempDir(), "cleanup", "-h")
	if code != cli.OK || stderr != "" || !strings.Contains(stdout, "registry cleanup [plan|apply] flags") || !strings.Contains(stdout, "-min-age") {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
}

// TestAWSThatRefusesIsAFailure asks a server that is not there.
func TestAWSThatRefusesIsAFailure(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
		"AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	dir := write(t, map[string]string{"one.yaml": "repositories:\n  - name: automation/bridge\n"})
	for _, args := range []string{"plan -repositories one.yaml", "cleanup plan -repositories one.yaml -live none -running none"} {
		code, _, stderr := registry(t, dir, strings.Fields(args)...)
		if code != cli.ExitFailed || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: code %d, stderr %q", args, code, stderr)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(file)
	f.Add("repositories: [{name: ab, encryption: {type: KMS}}]")
	f.Add("defaults: &x {tags: {a: b}}\nrepositories: [*x]")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := decode(strings.NewReader(text))
		if err != nil {
			return
		}
		if len(read.Repositories) == 0 {
			t.Errorf("no error and no repositories in %q", text)
		}
		for _, e := range read.Repositories {
			e.over(read.Defaults)
		}
	})
}

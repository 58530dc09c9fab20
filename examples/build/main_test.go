package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const images = `
epoch: "1"
images:
  - {repository: automation/notifier, module: notifier, context: notifier, args: {VERSION: "1"}}
  - {repository: automation/bridge, module: bridge, context: bridge, network: none}
`

// repo is a directory with files: the images.yaml, two contexts, and others.
func repo(t *testing.T, others map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"images.yaml":         images,
		"notifier/Dockerfile": "FROM scratch\nCOPY app.txt /\n",
		"notifier/app.txt":    "notifier",
		"bridge/Dockerfile":   "FROM " + baseImage() + "\nRUN echo built >/built\nCOPY . /bridge/\n",
	}
	maps.Copy(files, others)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func baseImage() string {
	if base := os.Getenv("DELIVERY_BASE_IMAGE"); base != "" {
		return base
	}
	return "python:3.12-slim"
}

// build runs the main on the repository at dir.
func build(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	verb := 0
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb = 1
	}
	given := []string{"-repo", dir}
	if !slices.Contains(args, "-images") {
		given = append(given, "-images", filepath.Join(dir, "images.yaml"))
	}
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "DIR", dir)
	}
	var out, live strings.Builder
	code = cli.Run(t.Context(), "build", run, slices.Insert(slices.Clone(args), verb, given...), &out, &live)
	return code, out.String(), live.String()
}

func TestPlansAndFaults(t *testing.T) {
	both := "images: 2 to build, 0 to tag, 0 unchanged\n  + bridge    no image has these inputs"
	tests := map[string]struct {
		file   string // instead of images.yaml
		args   []string
		code   int
		stdout string
		stderr string // the line of the fault, or a part of it
	}{
		"a plan needs no engine":                 {"", []string{"plan", "-local"}, 0, both, ""},
		"a plan names the tags that will move":   {"", []string{"plan", "-local", "-tag", "v1", "-tag", "latest-{module}"}, 0, "  + notifier  no image has these inputs; tag latest-notifier, v1\n", ""},
		"only one module":                        {"", []string{"plan", "-local", "-only", "notifier"}, 0, "images: 1 to build, 0 to tag, 0 unchanged\n  + notifier", ""},
		"the modules that have changed":          {"", []string{"plan", "-local", "-changed", "DIR/changes.json"}, 0, "images: 1 to build, 0 to tag, 0 unchanged\n  + notifier", ""},
		"nothing has changed":                    {"", []string{"-local", "-changed", "DIR/nothing.json"}, 0, "images: 0 to build, 0 to tag, 0 unchanged\n", ""},
		"an engine that is not there":            {"", []string{"-local"}, 1, both, "build: reach the Docker Engine that is to build: Cannot connect to the Docker daemon at unix:///nowhere"},
		"help":                                   {"", []string{"-h"}, 0, "build brings the images of a file to Amazon ECR", ""},
		"an unknown command":                     {"", []string{"push", "-local"}, 2, "", `build: unknown command "push", want plan or apply (-h lists the flags)`},
		"no file":                                {"", []string{"plan", "-images", ""}, 2, "", "build: -images is required"},
		"a file that is missing":                 {"", []string{"plan", "-images", "/none.yaml"}, 2, "", "build: read images: open /none.yaml: no such file or directory"},
		"two ways to choose":                     {"", []string{"-local", "-only", "a", "-changed", "b"}, 2, "", "-changed and -only are two ways"},
		"a module without an image":              {"", []string{"-local", "-only", "utils"}, 2, "", "has no image of this module"},
		"an empty tag":                           {"", []string{"-local", "-tag", ""}, 2, "", `build: invalid value "" for flag -tag: it is empty`},
		"a tag that cannot be":                   {"", []string{"plan", "-local", "-only", "notifier", "-tag", "-1"}, 2, "", `build: plan images: invalid image notifier: tag "-1"`},
		"nobody at work":                         {"", []string{"-local", "-parallel", "0"}, 2, "", "build: -parallel 0: want at least 1"},
		"a negative age":                         {"", []string{"-max-age", "-1h"}, 2, "", "build: -max-age -1h0m0s: want more than 0"},
		"an age of what is not there":            {"", []string{"-local", "-max-age", "1h"}, 2, "", "do not go with -local"},
		"a builder for a plan":                   {"", []string{"plan", "-local", "-buildkit"}, 2, "", "do not go with plan"},
		"credentials for a plan":                 {"", []string{"plan", "-local", "-docker-config", "x"}, 2, "", "do not go with plan"},
		"credentials that are missing":           {"", []string{"-local", "-docker-config", "DIR/none"}, 2, "", "build: read credentials: open "},
		"credentials of a helper":                {"", []string{"-local", "-docker-config", "DIR/config.json"}, 2, "", "config.json: its credsStore or credHelpers name programs"},
		"a tag that no image can have":           {"", []string{"plan", "-local", "-tag", "-1"}, 2, "", `build: plan images: invalid image notifier, bridge: tag "-1": must be 1 to 128`},
		"changes that are missing":               {"", []string{"plan", "-local", "-changed", "DIR/none"}, 2, "", "build: read changes: open "},
		"changes that are no JSON":               {"", []string{"plan", "-local", "-changed", "DIR/images.yaml"}, 2, "", "invalid character"},
		"changes that are something else":        {"", []string{"plan", "-local", "-changed", "DIR/list.json"}, 2, "", `it is not what changes -json writes: an object with "modules"`},
		"changes without modules":                {"", []string{"plan", "-local", "-changed", "DIR/empty.json"}, 2, "", `it is not what changes -json writes: an object with "modules"`},
		"an empty file":                          {" ", []string{"plan", "-local"}, 2, "", "images.yaml: it is empty"},
		"a file without images":                  {"epoch: x", []string{"plan", "-local"}, 2, "", "images.yaml: it lists no images"},
		"two documents":                          {images + "---\n{}\n", []string{"plan", "-local"}, 2, "", "images.yaml: there is more than one document"},
		"a key that is misspelt":                 {"images: [{repositry: x}]", []string{"plan", "-local"}, 2, "", "images.yaml:1:11: field repositry not found"},
		"a list where there should be a mapping": {"images: [{repository: app, args: [a]}]", []string{"plan", "-local"}, 2, "", "images.yaml:1:34: cannot construct !!seq: that is not what belongs here"},
		"no YAML":                                {"images: [\n", []string{"plan", "-local"}, 2, "", "images.yaml:2:1: did not find"},
		"a context that is missing":              {"images: [{repository: app, context: none}]", []string{"plan", "-local"}, 2, "", "invalid image app: open build context"},
		"a base image that may change":           {"images: [{repository: app, context: bridge}]", []string{"plan", "-local"}, 2, "", "the base image is not pinned"},
		"a secret of nothing":                    {"images: [{repository: app, context: notifier, secrets: [{id: a}]}]", []string{"plan", "-local"}, 2, "", `secret "a" needs either a file or a value`},
		"a secret for the classic builder":       {"images: [{repository: app, context: notifier, secrets: [{id: a, env: A}]}]", []string{"-local"}, 2, "", "build: image app has secrets, which need -buildkit\n"},
		"a secret of two things":                 {"images: [{repository: app, context: notifier, secrets: [{id: a, env: A, file: b}]}]", []string{"plan", "-local"}, 2, "", `secret "a" needs either a file or a value`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DOCKER_HOST", "unix:///nowhere")
			files := map[string]string{
				"changes.json": `{"modules": [{"name": "notifier", "status": "changed"}, {"name": "utils"}]}`,
				"nothing.json": `{"modules": []}`, "config.json": `{"credsStore": "desktop"}`, "list.json": `[]`, "empty.json": `{}`,
			}
			if tt.file != "" {
				files["images.yaml"] = tt.file
			}
			code, stdout, stderr := build(t, repo(t, files), tt.args...)
			if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("exit code %d, want %d\nstdout: %s\nwant: %s\nstderr: %s\nwant: %s", code, tt.code, stdout, tt.stdout, stderr, tt.stderr)
			}
		})
	}
}

func TestAnEngineThatCannotBe(t *testing.T) {
	t.Setenv("DOCKER_HOST", "nonsense")
	code, _, stderr := build(t, repo(t, nil), "-local")
	if code != 2 || stderr != "build: configure the Docker Engine (DOCKER_HOST, DOCKER_CERT_PATH): unable to parse docker host `nonsense`\n" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// TestSecretsOfTheEnvironment are read when a build asks for them, not before.
func TestSecretsOfTheEnvironment(t *testing.T) {
	dir := repo(t, map[string]string{"images.yaml": "images: [{repository: app, context: notifier, secrets: [{id: npm, env: NPM_TOKEN}, {id: pip, file: pip.conf}]}]"})
	asked := 0
	loaded, err := load(filepath.Join(dir, "images.yaml"), dir, func(name string) string {
		if asked++; name != "NPM_TOKEN" || asked > 1 {
			return ""
		}
		return "token"
	})
	if err != nil || asked != 0 {
		t.Fatalf("%v after %d looks", err, asked)
	}
	secrets := loaded[0].Secrets
	if value, err := secrets[0].Value(t.Context()); err != nil || string(value) != "token" {
		t.Errorf("%s, %v", value, err)
	}
	if _, err := secrets[0].Value(t.Context()); err == nil || err.Error() != "the environment variable NPM_TOKEN is not set" {
		t.Error(err)
	}
	if secrets[1].File != filepath.Join(dir, "pip.conf") || secrets[1].Value != nil {
		t.Errorf("%+v", secrets[1])
	}
}

// TestWhatAllImagesShare: an image's own epoch and bases win.
func TestWhatAllImagesShare(t *testing.T) {
	one, two := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("2", 64)
	dir := repo(t, map[string]string{"images.yaml": `
epoch: july
bases: {a: "` + one + `", b: "` + one + `"}
images:
  - {repository: one, context: notifier}
  - {repository: two, context: notifier, epoch: august, bases: {b: "` + two + `"}}
`})
	loaded, err := load(filepath.Join(dir, "images.yaml"), dir, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	first, second := loaded[0], loaded[1]
	if first.Epoch != "july" || first.Bases["b"] != one || second.Epoch != "august" || second.Bases["a"] != one || second.Bases["b"] != two {
		t.Errorf("%+v\n%+v", first, second)
	}
}

// served is an ECR with the repositories of images that a main reaches over a
// socket.
func served(t *testing.T, opts ecrtest.Options) *ecrtest.Cloud {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	opts.Host = server.Listener.Addr().String()
	cloud := ecrtest.New(opts)
	server.Config.Handler = cloud
	server.Start()
	t.Cleanup(server.Close)
	for _, name := range []string{"automation/notifier", "automation/bridge"} {
		cloud.AddRepository(name)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	return cloud
}

// answer is the object of -json.
type answer struct {
	Plan struct {
		Images []struct{ Module, Repository, Tag, Action, Reason, Digest string }
	}
	Result struct {
		Images []struct {
			Module, Tag, Digest, URI, Outcome string
			Tags                              []string
		}
	}
	Logs []struct {
		Module, Step string
		Lines        []string
	}
	Error string
}

func read(t *testing.T, stdout string) (a answer) {
	t.Helper()
	if err := json.Unmarshal([]byte(stdout), &a); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	return a
}

// TestWhatIsThereIsNotBuilt brings the tags of images that are in the registry
// already to where they belong, without an engine.
func TestWhatIsThereIsNotBuilt(t *testing.T) {
	cloud := served(t, ecrtest.Options{})
	t.Setenv("DOCKER_HOST", "unix:///nowhere")
	dir := repo(t, nil)
	_, stdout, _ := build(t, dir, "plan", "-json")
	digests := make(map[string]string)
	for _, i := range read(t, stdout).Plan.Images {
		digests[i.Module] = cloud.AddImage(i.Repository, ecrtest.Image{Tags: []string{i.Tag}, Pushed: time.Now().Add(-50 * time.Hour)})
	}
	steps := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"plan"}, 0, "images: 0 to build, 0 to tag, 2 unchanged"},
		{[]string{"plan", "-force"}, 0, "images: 2 to build, 0 to tag, 0 unchanged"},
		{[]string{"plan", "-max-age", "48h"}, 0, "  + notifier  pushed 2 days ago, more than 2 days\n"},
		{[]string{"plan", "-max-age", "72h"}, 0, "2 unchanged"},
		{[]string{"apply", "-tag", "v1"}, 0, "images: 0 to build, 2 to tag, 0 unchanged"},
		{[]string{"-tag", "v1"}, 0, "  bridge    unchanged  "},
		{[]string{"-force"}, 1, "reach the Docker Engine"},
	}
	for _, step := range steps {
		code, stdout, stderr := build(t, dir, step.args...)
		if code != step.code || !strings.Contains(stdout+stderr, step.want) {
			t.Errorf("%v: exit code %d, want %d and %q:\n%s%s", step.args, code, step.code, step.want, stdout, stderr)
		}
	}
	code, stdout, _ := build(t, dir, "-json", "-tag", "v2", "-only", "bridge")
	got := read(t, stdout).Result.Images
	host := os.Getenv("AWS_ENDPOINT_URL")[len("http://"):]
	if code != 0 || len(got) != 1 || got[0].URI != host+"/automation/bridge@"+digests["bridge"] || got[0].Outcome != "retagged" || !slices.Equal(got[0].Tags, []string{"v2"}) {
		t.Errorf("exit code %d, %+v", code, got)
	}
	if tags := cloud.Images("automation/notifier")[0].Tags; !slices.Contains(tags, "v1") || slices.Contains(tags, "v2") {
		t.Errorf("notifier has the tags %v", tags)
	}
}

// TestWhatAWSRefuses is a failure of the delivery, not of its input.
func TestWhatAWSRefuses(t *testing.T) {
	cloud := served(t, ecrtest.Options{Before: func(op string, n int) *ecrtest.Error {
		if op == "BatchGetImage" && n == 1 {
			return &ecrtest.Error{Code: "AccessDeniedException", Message: "User: ci is not authorized to perform: ecr:BatchGetImage"}
		}
		return nil
	}})
	dir := repo(t, nil)
	if code, _, stderr := build(t, dir, "plan", "-only", "bridge"); code != 1 || !strings.Contains(stderr, "User: ci is not authorized") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	in := &awsecr.PutImageTagMutabilityInput{RepositoryName: new("automation/bridge"), ImageTagMutability: "IMMUTABLE"}
	if _, err := cloud.Client().PutImageTagMutability(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	cloud.AddImage("automation/bridge", ecrtest.Image{Tags: []string{"v1"}})
	if code, _, stderr := build(t, dir, "plan", "-only", "bridge", "-tag", "v1"); code != 1 || !strings.Contains(stderr, "tags are immutable") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if _, err := cloud.Client().DeleteRepository(t.Context(), &awsecr.DeleteRepositoryInput{RepositoryName: new("automation/notifier")}); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := build(t, dir, "plan"); code != 1 || !strings.Contains(stderr, "describe repository automation/notifier: the repository does not exist: create it first") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// TestAnInterruptedPlan is a failure, not wrong input.
func TestAnInterruptedPlan(t *testing.T) {
	served(t, ecrtest.Options{})
	dir := repo(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, live strings.Builder
	if code := cli.Run(ctx, "build", run, []string{"plan", "-repo", dir, "-images", filepath.Join(dir, "images.yaml")}, &out, &live); code != 1 {
		t.Errorf("exit code %d: %s", code, live.String())
	}
}

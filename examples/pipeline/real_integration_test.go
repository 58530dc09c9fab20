//go:build integration

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// system is a repository with a branch, a Docker Engine, and an AWS that lasts longer
// than a run.
type system struct {
	dir, repo, aws string
	env            []string
}

const small = `project: automation
account: "123456789012"
region: us-east-1
modules:
  - {name: api, paths: [api], labels: {coverage: none}}
  - {name: web, paths: [web], depends_on: [api], labels: {coverage: none}}
images:
  epoch: "1"
  modules: [{module: api}, {module: web}]
services:
  - {name: nats, image: "registry.example.com/nats:2", port: 4222}
  - {name: api, depends_on: [nats], port: 5000}
  - {name: web, depends_on: [api], port: 3000, route: {priority: 1}}
infrastructure:
  caches: []
papertrail:
  alarms: [{name: errors, query: Traceback}]
`

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{dir: t.TempDir()}
	s.repo = filepath.Join(s.dir, "repo")
	for _, name := range []string{"DELIVERY_DOCKER_HOST", "DELIVERY_BASE_IMAGE"} {
		if os.Getenv(name) == "" {
			t.Fatalf("%s is not set: run scripts/integration", name)
		}
	}
	for _, program := range []string{"pipeline", "awslocal"} {
		s.command(t, ".", "go", "build", "-o", filepath.Join(s.dir, program), "../"+program)
	}
	for name, text := range map[string]string{
		"delivery.yaml": small, ".gitignore": ".delivery\n",
		"api/Dockerfile": "FROM " + os.Getenv("DELIVERY_BASE_IMAGE") + "\nCOPY main.txt /\n", "api/main.txt": "1\n",
		"web/Dockerfile": "FROM " + os.Getenv("DELIVERY_BASE_IMAGE") + "\nCOPY main.txt /\n", "web/main.txt": "1\n",
	} {
		path := filepath.Join(s.repo, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.git(t, "init", "-q", "-b", "master")
	s.commit(t, "first")
	s.git(t, "checkout", "-q", "-b", "dev/feature/login")
	if err := os.WriteFile(filepath.Join(s.repo, "api", "main.txt"), []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.commit(t, "second")
	s.serve(t)
	return s
}

func (s *system) command(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func (s *system) git(t *testing.T, args ...string) {
	t.Helper()
	s.command(t, s.repo, "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
}

func (s *system) commit(t *testing.T, message string) {
	t.Helper()
	s.git(t, "add", "-A")
	s.git(t, "commit", "-q", "-m", message)
}

// serve starts an AWS that is a process of its own.
func (s *system) serve(t *testing.T) {
	t.Helper()
	ready := filepath.Join(s.dir, "url")
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.dir, "awslocal"), "-listen", "127.0.0.1:0", "-speed", "60", "-ready", ready)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if text, err := os.ReadFile(ready); err == nil && len(text) > 0 {
			s.aws = strings.TrimSpace(string(text))
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("awslocal does not listen after 30 s")
		}
	}
	s.env = append(os.Environ(),
		"AWS_ENDPOINT_URL="+s.aws, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "DELIVERY_SPEED=60",
		"PAPERTRAIL_URL="+s.aws+"/papertrail/api/v1/", "PAPERTRAIL_API_TOKEN=local", "DOCKER_HOST="+os.Getenv("DELIVERY_DOCKER_HOST"),
		"CI=", "GITLAB_CI=", "GITHUB_ACTIONS=")
}

// run runs the pipeline; it is killed once its output has a word.
func (s *system) run(t *testing.T, kill string, args ...string) (output string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.dir, "pipeline"), append([]string{"-file", filepath.Join(s.repo, "delivery.yaml"), "-branch", "dev/feature/login", "-aws"}, args...)...)
	cmd.Env = s.env
	out := &tail{kill: kill, process: func() { _ = cmd.Process.Signal(syscall.SIGKILL) }}
	cmd.Stdout, cmd.Stderr = out, out
	_ = cmd.Run() // its code says it
	return out.text.String(), cmd.ProcessState.ExitCode()
}

// tail keeps what is written, and kills once it has seen a word. Cmd writes it from one
// goroutine, since both outputs are the same.
type tail struct {
	text    bytes.Buffer
	kill    string
	process func()
}

func (o *tail) Write(p []byte) (int, error) {
	o.text.Write(p)
	if o.kill != "" && bytes.Contains(o.text.Bytes(), []byte(o.kill)) {
		o.kill = ""
		o.process()
	}
	return len(p), nil
}

func (s *system) leftovers(t *testing.T) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.aws+"/_leftovers", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestAKilledRunGoesOnInACloudThatLasts(t *testing.T) {
	s := newSystem(t)
	records := filepath.Join(s.repo, ".delivery")
	deliver := []string{"-base", "master", "-docker"}

	out, code := s.run(t, "ecs.rollout api", deliver...)
	if code != -1 || state(t, records, "rollout") != progress.Running || state(t, records, "build") != progress.Done {
		t.Fatalf("killed: exit code %d, rollout %q\n%s", code, state(t, records, "rollout"), out)
	}
	contains(t, out, "2 of 2 modules selected", "2 built")

	out, code = s.run(t, "", append(deliver, "-resume")...)
	if code != 0 || state(t, records, "rollout") != progress.Done || state(t, records, "logs") != progress.Done {
		t.Fatalf("resumed: exit code %d\n%s", code, out)
	}
	contains(t, out, "build: was done before", "stack: was done before")

	out, code = s.run(t, "", deliver...)
	if code != 0 {
		t.Fatalf("again: exit code %d\n%s", code, out)
	}
	contains(t, out, "2 unchanged", "0 to create, 0 to update, 3 unchanged")

	out, code = s.run(t, "", "-destroy")
	if left := s.leftovers(t); code != 0 || left != "stack automation-ephemeral-network" {
		t.Errorf("destroyed: exit code %d, left:\n%s\n%s", code, left, out)
	}
	if out, code = s.run(t, "", "-destroy"); code != 0 {
		t.Errorf("destroyed again: exit code %d\n%s", code, out)
	}
}

func TestARealEngineServesTheMemory(t *testing.T) {
	s := newSystem(t)
	t.Setenv("DOCKER_HOST", os.Getenv("DELIVERY_DOCKER_HOST"))
	code, stdout, stderr := deliver(t, filepath.Join(s.dir, "run"), "-file", filepath.Join(s.repo, "delivery.yaml"),
		"-branch", "dev/feature/login", "-base", "master", "-docker", "-speed", "100")
	if code != 0 {
		t.Fatalf("exit code %d: %s\n%s", code, stderr, stdout)
	}
	contains(t, stdout, "2 built", "3 healthy", fmt.Sprintf("report: %s", filepath.Join(s.dir, "run")))
}

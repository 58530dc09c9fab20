//go:build integration

package gitlabci

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/examples/pipeline/sample"
)

// system is a clone of the sample monorepo with the pipeline, and a cloud of its own.
type system struct {
	t       *testing.T
	dir     string
	cloud   string // URL
	program string // gitlab-ci-local
	env     []string
}

// newSystem makes the monorepo and its remote, and starts the cloud. Bin has the mains.
func newSystem(t *testing.T, bin string) *system {
	t.Helper()
	s := &system{t: t, dir: filepath.Join(t.TempDir(), "monorepo"), program: os.Getenv("DELIVERY_GITLAB_CI_LOCAL")}
	if s.program == "" {
		t.Fatal("DELIVERY_GITLAB_CI_LOCAL is not set; scripts/integration installs gitlab-ci-local and sets it")
	}
	s.start(filepath.Join(bin, "awslocal"))
	s.env = append(os.Environ(),
		"PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "HOME="+t.TempDir(), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"AWS_ENDPOINT_URL="+s.cloud, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "DELIVERY_SPEED=500",
		"PAPERTRAIL_URL="+s.cloud+"/papertrail/api/v1/", "PAPERTRAIL_API_TOKEN=local",
	)
	for _, needed := range []string{s.program, "git", "rsync", "node", "npm", "pycodestyle", "terraform"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Fatal(err)
		}
	}
	system := map[string][]byte{
		"delivery.yaml": file(t, "../pipeline/automation.yaml"),
		"jobs.yml":      file(t, "jobs.yml"),
		".gitignore":    []byte(".delivery/\n.gitlab-ci-local/\n.cache/\nnode_modules\n"),
		// The emulator would start Docker for a service, whatever runs the job.
		".gitlab-ci.yml": without(t, file(t, ".gitlab-ci.yml"), "  services: [\"docker:dind\"]\n"),
	}
	if err := sample.Make(t.Context(), s.dir, system); err != nil {
		t.Fatal(err)
	}
	remote := filepath.Join(t.TempDir(), "origin.git")
	s.git("clone", "-q", "--bare", ".", remote)
	s.git("remote", "add", "origin", remote)
	s.git("fetch", "-q")
	s.git("remote", "set-head", "origin", sample.Base)
	return s
}

func without(t *testing.T, text []byte, line string) []byte {
	t.Helper()
	if bytes.Count(text, []byte(line)) != 1 {
		t.Fatalf("there is no line %q", line)
	}
	return bytes.Replace(text, []byte(line), nil, 1)
}

// mains builds what the jobs run, and the cloud, and puts a Python beside them that has
// coverage.py.
func mains(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	args := []string{"build", "-o", bin + string(filepath.Separator), "../awslocal"}
	for _, name := range []string{"detect", "validate", "unit-coverage", "basic-infra", "build", "deploy", "destroy", "report"} {
		args = append(args, "../jobs/"+name)
	}
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(python)
		if err == nil && exec.CommandContext(t.Context(), path, "-c", "import coverage.cmdline").Run() == nil {
			if err := os.Symlink(path, filepath.Join(bin, "python3")); err != nil {
				t.Fatal(err)
			}
			return bin
		}
	}
	t.Fatal("no python3 has coverage.py; install it (Debian: apt-get install python3-coverage)")
	return ""
}

// start starts the cloud, which ends with the test.
func (s *system) start(program string) {
	s.t.Helper()
	ready := filepath.Join(s.t.TempDir(), "url")
	var output bytes.Buffer
	cmd := exec.Command(program, "-listen", "127.0.0.1:0", "-speed", "500", "-bucket", "automation-templates-123456789012", "-ready", ready)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it keeps nothing
		if err := <-ended; err == nil {
			s.t.Errorf("the cloud has ended by itself: %s", output.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if url, err := os.ReadFile(ready); err == nil {
			s.cloud = strings.TrimSpace(string(url))
			return
		}
		select {
		case err := <-ended:
			ended <- err
			s.t.Fatalf("the cloud has ended: %v\n%s", err, output.String())
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the cloud does not answer")
		}
	}
}

// run runs gitlab-ci-local: a pipeline, or the jobs that are named.
func (s *system) run(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*time.Minute)
	defer cancel()
	fixed := []string{"--force-shell-executor", "--no-color", "--variable", "GITLAB_CI=true", "--variable", "DOCKER_HOST=tcp://" + strings.TrimPrefix(s.cloud, "http://")}
	cmd := exec.CommandContext(ctx, s.program, append(fixed, args...)...)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	return string(out), errors.Join(err, ctx.Err())
}

// must is run, of what must succeed.
func (s *system) must(args ...string) string {
	s.t.Helper()
	out, err := s.run(args...)
	if err != nil || strings.Contains(out, " FAIL ") {
		s.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return out
}

func (s *system) git(args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "git", args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// checkout checks a branch out; a push to the base has a commit before it.
func (s *system) checkout(branch string) {
	s.t.Helper()
	s.git("checkout", "-q", branch)
	if branch == sample.Base {
		s.write("velocloud-bridge/app.py", s.read("velocloud-bridge/app.py")+"# reviewed\n")
		s.git("commit", "-qam", "a change")
		s.git("push", "-q", "origin", branch)
	}
}

func (s *system) read(name string) string {
	s.t.Helper()
	return string(file(s.t, filepath.Join(s.dir, filepath.FromSlash(name))))
}

func (s *system) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// nodeModules gives a module the packages that scripts/integration has installed, as a
// cache of CI would.
func (s *system) nodeModules(module string) {
	s.t.Helper()
	tools := os.Getenv("DELIVERY_NPM_TOOLS")
	if tools == "" {
		s.t.Fatal("DELIVERY_NPM_TOOLS is not set; scripts/integration installs jest and sets it")
	}
	if err := os.Symlink(filepath.Join(tools, "node_modules"), filepath.Join(s.dir, module, "node_modules")); err != nil {
		s.t.Fatal(err)
	}
}

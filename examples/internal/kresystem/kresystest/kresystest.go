// Package kresystest runs the mains of KRE in tests, on virtual time.
package kresystest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
)

// Branch is one with an ephemeral environment, to which the KRE environment dev belongs.
const Branch = "dev/feature/velocloud-retries"

// Run is one run of a main, and what is to come of it.
type Run struct {
	Args           string   // told apart by spaces
	Alone          bool     // Args are all; default is that -local, -branch [Branch] and -file come with them
	Replace        []string // in the file; see [File]
	Code           int      // the exit code
	Stdout, Stderr []string // parts of them
	Last           string   // a part of the last line of stderr, which begins with the name of the main
	Not            []string // in neither
}

// Check runs the main of a name and compares.
func (r Run) Check(t *testing.T, name string, job cli.Job) {
	t.Helper()
	args := strings.Fields(r.Args)
	if !r.Alone {
		args = Local(t, r.Args, r.Replace...)
	}
	code, stdout, stderr := Main(t, name, job, args...)
	if code != r.Code {
		t.Errorf("exit code %d, want %d; stdout:\n%s\nstderr:\n%s", code, r.Code, stdout, stderr)
	}
	for _, want := range r.Stdout {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s\nstderr:\n%s", want, stdout, stderr)
		}
	}
	for _, want := range r.Stderr {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, stderr)
		}
	}
	for _, not := range r.Not {
		if strings.Contains(stdout+stderr, not) {
			t.Errorf("there is %q in stdout:\n%s\nor stderr:\n%s", not, stdout, stderr)
		}
	}
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	if last := lines[len(lines)-1]; r.Code != 0 && (!strings.HasPrefix(last, name+": ") || !strings.Contains(last, r.Last)) {
		t.Errorf("the last line of stderr is not of %s, or lacks %q: %s", name, r.Last, last)
	}
}

// speed is how many times faster than in reality things are. Time is virtual, and costs
// nothing; looking whether something is done yet does.
const speed = "10000"

// Local are arguments, which may begin with a verb, for what is in memory: with -local,
// and where they do not say otherwise with [Branch] and [File], and fast.
func Local(t *testing.T, args string, replace ...string) []string {
	t.Helper()
	given := strings.Fields(args)
	verb := 0
	if len(given) > 0 && !strings.HasPrefix(given[0], "-") {
		verb = 1
	}
	return slices.Concat(given[:verb], []string{"-local", "-speed", speed, "-branch", Branch, "-file", File(t, replace...)}, given[verb:])
}

// Main runs a main on virtual time, outside of any CI job.
func Main(t *testing.T, name string, job cli.Job, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	for _, key := range []string{"GITLAB_CI", "GITHUB_ACTIONS", "CI_COMMIT_REF_NAME", "GITHUB_REF_NAME", "GITHUB_REF"} {
		t.Setenv(key, "")
	}
	synctest.Test(t, func(t *testing.T) {
		var out, live strings.Builder
		code = cli.Run(t.Context(), name, job, args, &out, &live)
		stdout, stderr = out.String(), live.String()
	})
	return code, stdout, stderr
}

// File writes the delivery.yaml of the sample into a directory of its own, with the first
// of some texts in place of others, each of which must be there, and returns its path.
func File(t *testing.T, replace ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), config.Name)
	if err := os.WriteFile(path, []byte(Sample(t, replace...)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Sample is the text of the sample's delivery.yaml, with texts replaced as [File] does.
func Sample(t *testing.T, replace ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.FromSlash("../../pipeline/automation.yaml")) // from where the mains and their tests are
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("the sample has no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return text
}

// Production is what to replace in the sample for the environment dev, with all that it
// has, to be production, and for production to be dev.
func Production() []string {
	return []string{
		"  dev:\n    name: mettel-automation-kre-dev ", "  PRODUCTION:\n    name: mettel-automation-kre ",
		"  production:\n    name: mettel-automation-kre\n", "  dev:\n    name: mettel-automation-kre-dev\n",
		"PRODUCTION:", "production:",
	}
}

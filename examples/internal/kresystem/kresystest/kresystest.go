// Package kresystest runs the mains of KRE in tests, on virtual time.
package kresystest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/kresystem"
)

// Run is one run of a main, and what is to come of it.
type Run struct {
	Args           string   // told apart by spaces
	Code           int      // the exit code
	Stdout, Stderr []string // parts of them
	Last           string   // a part of the last line of stderr, which begins with the name of the main
	Not            []string // in neither
}

// Check runs the main of a name and compares.
func (r Run) Check(t *testing.T, name string, job cli.Job) {
	t.Helper()
	code, stdout, stderr := Main(t, name, job, strings.Fields(r.Args)...)
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

// Main runs a main on virtual time.
func Main(t *testing.T, name string, job cli.Job, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out, live strings.Builder
		code = cli.Run(t.Context(), name, job, args, &out, &live)
		stdout, stderr = out.String(), live.String()
	})
	return code, stdout, stderr
}

// Demo writes the demonstration's file with some texts in place of others, each of which
// must be there, and returns its path.
func Demo(t *testing.T, replace ...string) string {
	t.Helper()
	text := string(kresystem.Demo)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("demo.yaml has no %q", replace[i])
		}
		text = strings.ReplaceAll(text, replace[i], replace[i+1])
	}
	path := filepath.Join(t.TempDir(), "environment.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Production is what to replace in the demonstration's file for that of production.
func Production() []string {
	return []string{"name: mettel-automation-kre-dev", "name: mettel-automation-kre", "kind: dev ", "kind: production "}
}

//go:build unix

package buildcontext_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

func TestNamedPipe(t *testing.T) {
	dir := tree(t, nil)
	before := hash(t, open(t, dir, buildcontext.Options{}), buildcontext.Inputs{})
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	c := open(t, dir, buildcontext.Options{})
	if d := cmp.Diff([]string{`0 0644 Dockerfile "FROM scratch\n"`, `6 0644 pipe ""`}, archived(t, c)); d != "" {
		t.Errorf("archive (-want +got):\n%s", d)
	}
	if hash(t, c, buildcontext.Inputs{}) == before {
		t.Error("a named pipe does not change the hash")
	}
}

// soon fails where do takes long: it waits for somebody to write into a pipe.
func soon(t *testing.T, do func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("it hangs")
		return nil
	}
}

func TestPipesForFiles(t *testing.T) {
	for _, name := range []string{"Dockerfile", ".dockerignore", "Dockerfile.dockerignore"} {
		dir := tree(t, map[string]string{name: ""})
		must(t, os.Remove(filepath.Join(dir, name)))
		must(t, syscall.Mkfifo(filepath.Join(dir, name), 0o600))
		err := soon(t, func() error { _, err := buildcontext.Open(t.Context(), dir, buildcontext.Options{}); return err })
		if err == nil || !strings.HasSuffix(err.Error(), name+": it is not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := tree(t, map[string]string{"a": "1"})
	c := open(t, dir, buildcontext.Options{})
	must(t, os.Remove(filepath.Join(dir, "a")))
	must(t, syscall.Mkfifo(filepath.Join(dir, "a"), 0o600))
	err := soon(t, func() error { _, err := c.Hash(t.Context(), buildcontext.Inputs{}); return err })
	if !errors.Is(err, buildcontext.ErrChanged) {
		t.Errorf("a file that has become a pipe: %v", err)
	}
}

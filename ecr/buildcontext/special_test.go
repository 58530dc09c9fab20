//go:build unix

package buildcontext_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

func TestNamedPipe(t *testing.T) {
	dir := tree(t, nil)
	before := hash(t, open(t, dir, buildcontext.Options{}), buildcontext.Inputs{})
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	c := open(t, dir, buildcontext.Options{})
	if d := cmp.Diff([]string{`0 0644 Dockerfile "FROM scratch\n"`, `6 0600 pipe ""`}, archived(t, c)); d != "" {
		t.Errorf("archive (-want +got):\n%s", d)
	}
	if hash(t, c, buildcontext.Inputs{}) == before {
		t.Error("a named pipe does not change the hash")
	}
}

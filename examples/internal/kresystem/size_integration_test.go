//go:build integration

package kresystem

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// maxSize is what a main with helm may weigh, in bytes.
const maxSize = 110e6

// TestSize builds each main as a job would carry it: without cgo, since package plugin,
// which kustomize imports, otherwise keeps every function of the program.
func TestSize(t *testing.T) {
	for _, name := range []string{"basic-infra-kre", "kre-runtimes", "destroy-kre"} {
		path := filepath.Join(t.TempDir(), name)
		build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", path, "../../jobs/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.1f MB", name, float64(info.Size())/1e6)
		if info.Size() > maxSize {
			t.Errorf("%s has %d bytes, want at most %.0f", name, info.Size(), float64(maxSize))
		}
	}
}

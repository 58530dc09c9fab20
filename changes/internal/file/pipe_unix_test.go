//go:build unix

package file_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/file"
)

// TestAPipeIsRefused also holds that nothing waits for its writer.
func TestAPipeIsRefused(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Open(pipe); !errors.Is(err, file.ErrNotRegular) {
		t.Errorf("Open: %v", err)
	}
	if _, err := file.Read(pipe); !errors.Is(err, file.ErrNotRegular) {
		t.Errorf("Read: %v", err)
	}
	if _, err := file.ReadAll(pipe); !errors.Is(err, file.ErrNotRegular) {
		t.Errorf("ReadAll: %v", err)
	}
}

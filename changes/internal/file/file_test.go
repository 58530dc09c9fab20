package file_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) { depcheck.Only(t, ".") }

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMap(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "short": "x", "of several pages": strings.Repeat("page", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			f, err := file.Open(write(t, content))
			if err != nil {
				t.Fatal(err)
			}
			data, err := f.Map()
			if closeErr := f.Close(); err != nil || closeErr != nil {
				t.Fatal(err, closeErr)
			}
			if string(data) != content || f.Size != int64(len(content)) {
				t.Errorf("= %d bytes of %d, want %d", len(data), f.Size, len(content))
			}
			if err := file.Unmap(data); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := file.Open(dir); err == nil || err.Error() != "open "+dir+": not a regular file" {
		t.Errorf("of a directory: %v", err)
	}
	gone := filepath.Join(dir, "gone")
	if _, err := file.Open(gone); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), gone) {
		t.Errorf("of nothing: %v", err)
	}
}

// TestRescueRescuesNothingElse holds that bugs are not taken for damaged files.
func TestRescueRescuesNothingElse(t *testing.T) {
	bugs := map[string]func(){
		"a nil pointer":            func() { var p *[100]byte; p[50]++ },
		"an index that is too big": func() { var s []int; s[len(os.Args)]++ },
		"a panic":                  func() { panic("a bug") },
	}
	for name, bug := range bugs {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			var err error
			defer file.Rescue(debug.SetPanicOnFault(true), &err)
			bug()
		})
	}
}

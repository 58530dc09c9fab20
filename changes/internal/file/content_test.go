package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for name, content := range map[string]string{
		"a file":                     "content",
		"an empty one":               "",
		"one of more than one page":  strings.Repeat("0123456789abcdef", 5000),
		"one of exactly some pages ": strings.Repeat("x", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if string(f.Bytes()) != content {
				t.Errorf("read %d bytes, want the %d that were written", len(f.Bytes()), len(content))
			}
			for range 2 {
				if err := f.Close(); err != nil || f.Bytes() != nil {
					t.Errorf("close: %v, and %d bytes left", err, len(f.Bytes()))
				}
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{"where there is no file": filepath.Join(dir, "none"), "for a directory": dir} {
		t.Run(name, func(t *testing.T) {
			if f, err := Read(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("= %v, %v; want an error that names %s", f, err, path)
			}
		})
	}
}

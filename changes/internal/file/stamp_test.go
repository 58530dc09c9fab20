package file_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/changes/internal/file"
)

func TestReadAll(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "short": "x", "long": strings.Repeat("page", 10_000)} {
		t.Run(name, func(t *testing.T) {
			got, err := file.ReadAll(write(t, content))
			if err != nil || string(got) != content {
				t.Errorf("= %d bytes, %v; want %d", len(got), err, len(content))
			}
		})
	}
	if _, err := file.ReadAll(filepath.Join(t.TempDir(), "gone")); !file.IsAbsent(err) || file.IgnoreAbsent(err) != nil {
		t.Errorf("of nothing: %v", err)
	}
	if _, err := file.ReadAll(write(t, "") + "/below"); !file.IsAbsent(err) {
		t.Errorf("below a file: %v", err)
	}
	if err := file.IgnoreAbsent(fs.ErrPermission); err == nil {
		t.Error("an error was ignored that says more than absent")
	}
}

func TestStamp(t *testing.T) {
	tests := map[string]struct {
		happens func(path string) error
		same    bool
	}{
		"nothing happens":     {func(string) error { return nil }, true},
		"it is written":       {func(p string) error { return os.WriteFile(p, []byte("more"), 0o600) }, false},
		"it is touched":       {func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(1, 0)) }, false},
		"it is removed":       {os.Remove, false},
		"another is in place": {func(p string) error { return replace(p, "x") }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := write(t, "x")
			before, err := file.StampOf(path)
			if err != nil || before.IsZero() {
				t.Fatalf("= %v, %v", before, err)
			}
			if err := tt.happens(path); err != nil {
				t.Fatal(err)
			}
			now, err := file.StampOf(path)
			if err != nil || before.Same(now) != tt.same || now.Same(before) != tt.same {
				t.Errorf("same = %v, %v; want %v", before.Same(now), err, tt.same)
			}
		})
	}
	var none file.Stamp
	if now, err := file.StampOf(filepath.Join(t.TempDir(), "gone")); err != nil || !now.IsZero() || !none.Same(now) {
		t.Errorf("of nothing = %v, %v", now, err)
	}
}

// replace puts another file of the same time at path.
func replace(path, content string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		return err
	}
	if err := os.Chtimes(path+".new", time.Time{}, info.ModTime()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/mettel-automation/delivery/internal/atomicfile"
)

func save(t *testing.T, path, text string, fail error) error {
	t.Helper()
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte(text)); err != nil {
		t.Error(err)
	}
	f.Fail(fail)
	return f.Close()
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != want {
		t.Errorf("%s holds %q, %v, want %q", path, text, err, want)
	}
	if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != 1 {
		t.Errorf("beside it are %v, %v", all, err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "a.json")
	if err := save(t, path, "one", nil); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "one")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := save(t, path, "two", nil); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "two")
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("permissions are %v, %v", info.Mode(), err)
	}
	odd := errors.New("odd")
	if err := save(t, path, "half", odd); !errors.Is(err, odd) {
		t.Errorf("error is %v", err)
	}
	holds(t, path, "two")
}

func TestALinkStaysOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	link := filepath.Join(t.TempDir(), "link")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Symlink(path, link)); err != nil {
		t.Fatal(err)
	}
	if err := save(t, link, "one", nil); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "one")
	holds(t, link, "one")
}

func TestWhatIsNoFile(t *testing.T) {
	if err := save(t, os.DevNull, "one", nil); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("it became %v, %v", info, err)
	}
	dir := t.TempDir()
	if err := save(t, dir, "one", nil); err == nil {
		t.Error("a directory was written")
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := save(t, filepath.Join(dir, "a", "b"), "one", nil); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file below a file: %v", err)
	}
}

func TestWriteReplacesAWholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "file")
	for _, want := range []string{"a longer one", "short"} {
		if err := atomicfile.Write(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	if err := atomicfile.Write(filepath.Join(path, "below a file"), nil); err == nil {
		t.Error("written below a file")
	}
}

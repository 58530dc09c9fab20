package eks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mettel-automation/delivery/internal/atomicfile"
	"github.com/mettel-automation/delivery/internal/wait"
)

// How long a file may be locked by somebody else, and how often that is looked at.
const (
	lockPatience = 10 * time.Second
	lockPause    = 100 * time.Millisecond
)

// WriteFile merges the cluster into the file at path, or makes that file. It is there as a
// whole or as it was, and readable by its owner alone. Writers take turns, kubectl among
// them: they hold the file path.lock while they write.
func (k Kubeconfig) WriteFile(ctx context.Context, path string) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("write kubeconfig %s: it is no regular file", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	unlock, err := lock(ctx, path+".lock")
	if err != nil {
		return fmt.Errorf("write kubeconfig %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()

	existing, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	text, err := k.Merge(existing)
	if err != nil {
		return fmt.Errorf("write kubeconfig %s: %w", path, err)
	}
	if err := replace(path, text); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

// replace writes a file that only its owner may read. The new one takes its mode from the
// old, which is therefore made, or closed to others, first.
func replace(path string, text []byte) error {
	reserved, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(reserved.Chmod(0o600), reserved.Close()); err != nil {
		return err
	}
	file, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// lock makes a file that only one can make.
func lock(ctx context.Context, path string) (unlock func() error, err error) {
	for began := time.Now(); ; {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case err == nil:
			return func() error { return os.Remove(path) }, file.Close()
		case !errors.Is(err, fs.ErrExist):
			return nil, err
		case time.Since(began) >= lockPatience:
			return nil, fmt.Errorf("somebody else has been writing it for %s: if nobody is, delete %s", lockPatience, path)
		}
		if err := wait.For(ctx, lockPause); err != nil {
			return nil, err
		}
	}
}

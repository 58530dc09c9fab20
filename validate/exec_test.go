package validate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLocalRunsAProgram(t *testing.T) {
	p := self(t, "echo", "$HOME", "a b; exit 1")
	out, err := Local{}.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(out.Stdout); got != "$HOME a b; exit 1\n" {
		t.Errorf("standard output is %q: arguments went through a shell", got)
	}
	if got := strings.TrimSpace(string(out.Stderr)); got != filepath.Base(p.Dir) {
		t.Errorf("it ran in %s, want %s", got, p.Dir)
	}
	if out.Code != 3 || out.Cut || out.Open || out.Signal != "" {
		t.Errorf("got code %d, cut %v, signal %q", out.Code, out.Cut, out.Signal)
	}
}

func TestLocalCapsOutput(t *testing.T) {
	out, err := Local{MaxOutput: 1000}.Run(t.Context(), self(t, "flood"))
	if err != nil || !out.Cut || len(out.Stdout) != 1000 || out.Code != 0 {
		t.Errorf("got %d bytes, cut %v, code %d, %v; want 1000 and cut, and the program undisturbed", len(out.Stdout), out.Cut, out.Code, err)
	}
}

func TestLocalMissingProgram(t *testing.T) {
	for _, name := range []string{"no-such-linter-at-all", "./no-such-linter", filepath.Join(t.TempDir(), "gone")} {
		_, err := Local{}.Run(t.Context(), Program{Name: name, Dir: t.TempDir()})
		if !errors.Is(err, ErrMissingTool) {
			t.Errorf("%s: error is %v, want ErrMissingTool", name, err)
		}
	}
}

func TestLocalCannotStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Local{}.Run(t.Context(), Program{Name: file})
	if err == nil || errors.Is(err, ErrMissingTool) {
		t.Errorf("error is %v, want one that is not ErrMissingTool: the file is there", err)
	}
}

func TestLocalEndedContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Local{}).Run(ctx, self(t, "echo")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}

//go:build unix

package gitcmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestCancellingKillsGitAndWhatItRuns(t *testing.T) {
	errStop := errors.New("stop")
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFake(t, call{Args: []string{"rev-parse", "--is-shallow-repository"}, Hang: pipe})
	r := f.open()
	ctx, cancel := context.WithCancelCause(t.Context())
	opened := make(chan *os.File)
	go func() {
		file, err := os.Open(pipe) // waits for git's child to open it
		if err != nil {
			t.Error(err)
		}
		cancel(errStop)
		opened <- file
	}()
	start := time.Now()
	_, err := r.line(ctx, "rev-parse", "--is-shallow-repository")
	if !errors.Is(err, errStop) {
		t.Errorf("error = %v, want the cause of the cancellation", err)
	}
	if took := time.Since(start); took >= patience {
		t.Errorf("it took %v: the child was not killed", took)
	}
	file := <-opened
	defer file.Close()
	if n, err := file.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the pipe has %d bytes, %v; want its end, for the child is gone", n, err)
	}
}

// hang runs a child that has git's output, opens a named pipe, and waits until
// it is killed.
func hang(pipe string) error {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{childVariable + "=" + pipe}
	cmd.Stdout = os.Stdout
	return cmd.Run()
}

// child is what the child does.
func child(pipe string) error {
	file, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	in, out, err := os.Pipe() // nothing is ever written to it
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = in.Read(make([]byte, 1))
	return err
}

//go:build unix

package validate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestLocalSignal(t *testing.T) {
	out, err := Local{}.Run(t.Context(), self(t, "suicide"))
	if err != nil || out.Signal != "killed" || out.Code != -1 {
		t.Errorf("got %+v, %v, want signal killed and code -1", out, err)
	}
}

// awaitPID waits until a fake has told the number of its child.
func awaitPID(t *testing.T, file string) int {
	t.Helper()
	for range 2000 {
		data, err := os.ReadFile(file)
		if err == nil {
			pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the fake did not start its child")
	return 0
}

// awaitDeath waits until there is no process pid but maybe a zombie: it has no
// parent here that would take it.
func awaitDeath(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		if syscall.Kill(pid, 0) != nil || zombie(pid) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	t.Errorf("process %d outlived the program that started it", pid)
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X")
}

// The child holds the output open: without an end to the whole group, Run would
// wait for it.
func TestLocalKillsGrandchildrenOnCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "pid")
	done := make(chan error, 1)
	go func() {
		_, err := Local{}.Run(ctx, self(t, "parent", file))
		done <- err
	}()
	pid := awaitPID(t, file)
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want context.Canceled", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Run did not return")
	}
	awaitDeath(t, pid)
}

func TestLocalKillsWhatAProgramLeavesRunning(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	out, err := Local{}.Run(t.Context(), self(t, "parent", file, "leave"))
	if err != nil || out.Code != 0 || !out.Open {
		t.Errorf("got code %d, open %v, %v, want 0 and open: its child could have printed more", out.Code, out.Open, err)
	}
	awaitDeath(t, awaitPID(t, file))
}

// Package os/exec tells of output that was still open only where the exit code is 0.
func TestLocalTellsOpenOutputOfAProgramThatFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	out, err := Local{}.Run(t.Context(), self(t, "parent", file, "leave", "1"))
	if err != nil || out.Code != 1 || !out.Open {
		t.Errorf("got code %d, open %v, %v, want 1 and open", out.Code, out.Open, err)
	}
	awaitDeath(t, awaitPID(t, file))
}

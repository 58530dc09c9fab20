package validate

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeVariable makes the test binary the program that it names.
const fakeVariable = "VALIDATE_TEST_FAKE"

func TestMain(m *testing.M) {
	if name := os.Getenv(fakeVariable); name != "" {
		os.Exit(fake(name, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fake is a program for tests.
func fake(name string, args []string) int {
	switch name {
	case "echo":
		fmt.Println(strings.Join(args, " "))
		wd, _ := os.Getwd()
		fmt.Fprintln(os.Stderr, filepath.Base(wd))
		return 3
	case "flood":
		block := strings.Repeat("x", 1<<10)
		for range 1 << 10 {
			fmt.Println(block)
		}
		return 0
	case "suicide":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		time.Sleep(time.Minute)
	case "parent": // starts a child that holds its output, tells its number, and waits
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), fakeVariable+"=sleep")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			return 1
		}
		if err := os.WriteFile(args[0]+".new", fmt.Appendf(nil, "%d", child.Process.Pid), 0o600); err != nil {
			return 1
		}
		_ = os.Rename(args[0]+".new", args[0])
		if len(args) > 1 && args[1] == "leave" {
			return len(args) - 2
		}
		time.Sleep(time.Minute)
	case "sleep":
		time.Sleep(time.Minute)
	}
	return 0
}

// self is the Program that runs a fake.
func self(t *testing.T, name string, args ...string) Program {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Program{Name: exe, Args: args, Dir: t.TempDir(), Env: []string{fakeVariable + "=" + name}}
}

// tree writes files below a new directory and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// says returns an Exec whose programs all say the same.
func says(out Output) Exec {
	return ExecFunc(func(context.Context, Program) (Output, error) { return out, nil })
}

// missing is an Exec on a machine where nothing is installed.
func missing() Exec {
	return ExecFunc(func(_ context.Context, p Program) (Output, error) {
		return Output{}, &MissingToolError{Tool: p.Name}
	})
}

// fakeCheck is a Check that is a function.
type fakeCheck struct {
	name string
	run  func(context.Context, Target) (Report, error)
}

func (c fakeCheck) Name() string                                      { return c.name }
func (c fakeCheck) Run(ctx context.Context, t Target) (Report, error) { return c.run(ctx, t) }

// finds returns a Check with always the same findings.
func finds(name string, fs ...Finding) Check {
	return fakeCheck{name, func(context.Context, Target) (Report, error) { return Report{Findings: fs}, nil }}
}

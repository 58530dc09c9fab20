package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
)

// own is a stage that is a main of its own, since what it links would more than double
// this one: helm and the client of Kubernetes.
func (d *delivery) own(name string) job.Stage {
	return job.Stage{Name: name, Do: func(ctx context.Context, j *job.Job, r *job.Record) error {
		program, err := find(name)
		if err != nil {
			return err
		}
		args := append(program[1:], "apply", "-file", d.File, "-branch", j.Env.Branch, "-run", string(j.Dir))
		if !d.aws {
			args = append(args, "-local", "-speed", fmt.Sprint(d.speed))
		}
		if d.kubeconfig != "" {
			path, err := filepath.Abs(d.kubeconfig)
			if err != nil {
				return err
			}
			args = append(args, "-kubeconfig", path)
		}
		if err := show(ctx, r, program[0], args...); err != nil {
			return cli.Failed(fmt.Errorf("%s: %w", name, err))
		}
		return nil
	}}
}

// find is the command of a main: the program beside this one or on PATH, or go run
// within the module.
func find(name string) ([]string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && !info.IsDir() {
			return []string{beside}, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return []string{path}, nil
	}
	if _, err := exec.LookPath("go"); err == nil {
		return []string{"go", "run", "github.com/mettel-automation/delivery/examples/jobs/" + name}, nil
	}
	return nil, fmt.Errorf("%s is neither beside this program nor on PATH: go install ./examples/jobs/%s", name, name)
}

// show runs a program, and says what it prints, line by line. It is interrupted when ctx
// ends, and killed where it does not heed that.
func show(ctx context.Context, r *job.Record, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	said := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(read)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			r.Say("%s", lines.Text())
		}
		_, err := io.Copy(io.Discard, read) // a line that is too long is not shown
		said <- err
	}()
	err := cmd.Run()
	return errors.Join(err, write.Close(), <-said)
}

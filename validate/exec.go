package validate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"time"
)

// Exec runs programs. [Local] does so for real; tests hand in their own.
type Exec interface {
	// Run runs a program to its end. A program that cannot be found is an error
	// that matches ErrMissingTool; an exit code other than 0 is none.
	Run(ctx context.Context, p Program) (Output, error)
}

// ExecFunc is a function that is an Exec.
type ExecFunc func(context.Context, Program) (Output, error)

// Run calls f.
func (f ExecFunc) Run(ctx context.Context, p Program) (Output, error) { return f(ctx, p) }

// Program is a program to run. No shell sees its arguments.
type Program struct {
	Name string   // looked up in PATH; one with a slash is relative to Dir
	Args []string // without the name
	Dir  string   // working directory
	Env  []string // KEY=value, beside the variables that this process has
}

// Output is what a program that ran to its end left behind.
type Output struct {
	Code   int // exit code; -1 where a signal ended it
	Stdout []byte
	Stderr []byte
	Cut    bool   // there was more output than is kept
	Open   bool   // what it had started still held its output open when it ended, so more might have come
	Signal string // the signal that ended it, if one did: "killed"
}

// Incomplete says why there may have been more output than is kept, or "".
func (o Output) Incomplete() string {
	switch {
	case o.Cut:
		return "it printed more than is kept"
	case o.Open:
		return "it ended before what it had started, which could have printed more"
	}
	return ""
}

// Local runs programs on this machine, with the environment of this process and
// nothing on standard input. When the context ends, the program is killed with its
// process group, which is what it has started, but for what has left the group
// (by setsid, say, as daemons do). What it leaves running in the group when it
// ends is killed too. On systems without process groups, that is the program alone.
type Local struct {
	// MaxOutput is how many bytes of each of standard output and standard error
	// are kept; default 16 MiB. The rest is read and dropped.
	MaxOutput int
}

const (
	defaultMaxOutput = 16 << 20
	// drainDelay is how long output is awaited from what a program has left
	// running, once it has ended itself or was killed.
	drainDelay = 2 * time.Second
)

// Run runs p. See [Exec].
func (l Local) Run(ctx context.Context, p Program) (Output, error) {
	if err := ctx.Err(); err != nil {
		return Output{}, err
	}
	limit := l.MaxOutput
	if limit <= 0 {
		limit = defaultMaxOutput
	}
	stdout, stderr := capped{limit: limit}, capped{limit: limit}
	cmd := exec.CommandContext(ctx, p.Name, p.Args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.Dir, &stdout, &stderr
	cmd.WaitDelay = drainDelay
	if len(p.Env) > 0 {
		cmd.Env = append(cmd.Environ(), p.Env...)
	}
	group(cmd)
	if err := cmd.Start(); err != nil {
		return Output{}, startError(p, err)
	}
	err := cmd.Wait()
	killGroup(cmd)
	out := Output{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.kept, Stderr: stderr.kept, Cut: stdout.cut || stderr.cut, Open: !stdout.ended || !stderr.ended, Signal: signal(cmd.ProcessState)}
	if ctx.Err() != nil {
		return out, fmt.Errorf("run %s: %w", p.Name, ctx.Err())
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && !errors.Is(err, exec.ErrWaitDelay) {
		return out, fmt.Errorf("run %s: %w", p.Name, err)
	}
	return out, nil
}

func startError(p Program, err error) error {
	switch {
	case errors.Is(err, exec.ErrDot):
		return &MissingToolError{Tool: p.Name, Remedy: "it is only in the working directory, which is not searched; say ./" + p.Name, Err: err}
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &MissingToolError{Tool: p.Name, Err: err}
	}
	return fmt.Errorf("run %s: %w", p.Name, err)
}

// capped keeps the first limit bytes that are written to it, and never blocks
// or fails the writer.
type capped struct {
	limit int
	kept  []byte
	cut   bool
	ended bool // it was read to its end, not only until nobody waited any more
}

// ReadFrom is what package exec copies the output with. It notes whether all
// that could write had closed it: [exec.ErrWaitDelay] says so only where the
// exit code is 0.
func (c *capped) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(struct{ io.Writer }{c}, r)
	c.ended = err == nil
	return n, err
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.limit-len(c.kept))
	c.kept = append(c.kept, p[:n]...)
	c.cut = c.cut || n < len(p)
	return len(p), nil
}

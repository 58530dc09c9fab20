// Package cli is what the mains of this module share: flags, exit codes and
// the one line that says what went wrong.
//
// A main is a [Job]; [Main] runs it and exits with [OK], [ExitFailed] or
// [ExitUsage]. A job never exits or prints an error itself, so that a test can
// call it like any other function.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/mettel-automation/delivery/internal/clean"
)

// The exit codes of every main.
const (
	OK         = 0 // done
	ExitFailed = 1 // the gate or the delivery failed
	ExitUsage  = 2 // wrong use, or input that cannot be read
)

// Job is the body of a main. Its error decides the exit code: one that
// [Failed] made is ExitFailed, any other is ExitUsage.
type Job func(ctx context.Context, args []string, stdout, stderr io.Writer) error

// Main runs job with the arguments of the process and exits. An interrupt or
// SIGTERM cancels the context of the job; a second one ends the process.
func Main(name string, job Job) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	code := Run(ctx, name, job, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run runs job and returns its exit code, after one line on stderr where it
// failed: the name of the main and the error. Errors that were joined are told
// apart by semicolons, and what would steer a terminal is escaped.
func Run(ctx context.Context, name string, job Job, args []string, stdout, stderr io.Writer) int {
	err := job(ctx, args, stdout, stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return OK
	}
	if _, known := errors.AsType[*told](err); !known {
		fmt.Fprintf(stderr, "%s: %s\n", name, clean.Text(strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	if _, failed := errors.AsType[*failure](err); failed {
		return ExitFailed
	}
	return ExitUsage
}

// Failed marks err as the failure of a gate or a delivery: exit code 1. A nil
// err stays nil.
func Failed(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err}
}

type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// Told marks err as one that whoever reads the output has been told already, so that it
// is not printed again. A nil err stays nil.
func Told(err error) error {
	if err == nil {
		return nil
	}
	return &told{err}
}

type told struct{ err error }

func (t *told) Error() string { return t.err.Error() }
func (t *told) Unwrap() error { return t.err }

// Flags is a set of flags whose -h prints a text that helps.
type Flags struct {
	*flag.FlagSet
	about string
	out   io.Writer
}

// NewFlags returns an empty set for the main called name. About is the text
// of -h above the list of flags; help goes to stdout.
func NewFlags(name, about string, stdout io.Writer) *Flags {
	f := &Flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), about: strings.TrimSpace(about), out: stdout}
	f.SetOutput(io.Discard)
	f.Usage = func() {} // for -h only: see Parse
	return f
}

// Parse reads args, which must be flags only. For -h it prints the help.
func (f *Flags) Parse(args []string) error {
	err := f.FlagSet.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(f.out, "%s\n\nFlags:\n", f.about)
		f.SetOutput(f.out)
		f.PrintDefaults()
		return err
	case err != nil:
		return fmt.Errorf("%w (-h lists the flags)", err)
	case f.NArg() > 0:
		return fmt.Errorf("unexpected argument %q (-h lists the flags)", f.Arg(0))
	}
	return nil
}

// Required is an error that names the first of the flags that was not given.
func (f *Flags) Required(names ...string) error {
	for _, name := range names {
		if f.Lookup(name).Value.String() == "" {
			return fmt.Errorf("-%s is required (-h lists the flags)", name)
		}
	}
	return nil
}

// Given reports whether a flag was given, whatever its value.
func (f *Flags) Given(name string) (given bool) {
	f.Visit(func(flag *flag.Flag) { given = given || flag.Name == name })
	return given
}

// PrintJSON writes v as indented JSON and a newline.
func PrintJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

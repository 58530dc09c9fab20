package validate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/progress"
)

// ran is a check of a module and what came of it.
type ran struct {
	module  Module
	check   string
	report  Report
	outcome Outcome
	err     error
	elapsed time.Duration
}

// runAll runs all checks, several at once, and returns what came of them in
// order: modules first.
func (r Runner) runAll(ctx context.Context, root string, modules []Module) []ran {
	results := make([]ran, 0, len(modules)*len(r.Checks))
	for _, m := range modules {
		for _, c := range r.Checks {
			results = append(results, ran{module: m, check: c.Name(), outcome: Canceled})
		}
	}
	var group errgroup.Group
	group.SetLimit(r.Parallel)
	for i := range results {
		c := r.Checks[i%len(r.Checks)]
		group.Go(func() error {
			if ctx.Err() == nil {
				r.runOne(ctx, root, c, &results[i])
			}
			return nil
		})
	}
	_ = group.Wait() // failures are in results
	return results
}

func (r Runner) runOne(ctx context.Context, root string, c Check, out *ran) {
	event := progress.Event{Op: "validate." + out.check, Subject: out.module.Name, State: progress.Running}
	r.Progress.Emit(event)
	start := time.Now()
	target := Target{Root: root, Module: out.module, Exec: r.Exec}
	if isDir(target.Dir()) {
		limited, cancel := context.WithTimeout(ctx, r.Timeout)
		out.report, out.err = guard(limited, c, target)
		cancel()
	} else {
		out.report.Nothing = fmt.Sprintf("%s no longer exists", out.module.Dir)
	}
	out.elapsed = time.Since(start)
	out.outcome = outcome(ctx, out.report, out.err)
	switch out.outcome {
	case TimedOut:
		out.err = fmt.Errorf("did not end within %v", r.Timeout)
	case Canceled:
		out.err = context.Cause(ctx)
	}
	event.State, event.Message, event.Err = state(*out)
	r.Progress.Emit(event)
}

// guard turns the panic of a check into an error: what it chokes on is input,
// and the other checks have something to say all the same.
func guard(ctx context.Context, c Check, t Target) (rep Report, err error) {
	defer func() {
		if p := recover(); p != nil {
			stack := cleanLines(string(debug.Stack()), 12)
			rep.Output, err = stack, fmt.Errorf("panic: %s", cleanMessage(fmt.Sprint(p)))
		}
	}()
	return c.Run(ctx, t)
}

func outcome(ctx context.Context, rep Report, err error) Outcome {
	switch {
	case err == nil && rep.Nothing != "":
		return Nothing
	case err == nil && len(rep.Findings) > 0:
		return Findings
	case err == nil:
		return Clean
	case ctx.Err() != nil:
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	case errors.Is(err, ErrMissingTool):
		return MissingTool
	}
	return Crashed
}

func state(r ran) (progress.State, string, error) {
	switch r.outcome {
	case Clean:
		return progress.Done, "clean", nil
	case Nothing:
		return progress.Skipped, r.report.Nothing, nil
	case Findings:
		return progress.Done, english.Count(len(r.report.Findings), "finding"), nil
	}
	return progress.Failed, string(r.outcome), r.err
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

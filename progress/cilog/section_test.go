package cilog

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

func TestEnds(t *testing.T) {
	tests := map[string]struct {
		opts Options
		body func(l *Log)
		want string
	}{
		"a step with nothing to say is a line without a section": {
			Options{Dialect: GitLab, NoColor: true},
			func(l *Log) { _ = l.Section("detect").End("2 of 28 modules", nil) },
			"✓ detect  2 of 28 modules\n",
		},
		"a step without a summary counts its subjects": {
			Options{},
			func(l *Log) {
				s := l.Section("deploy")
				s.Emit(event("a", progress.Done, ""))
				_ = s.End("", nil)
			},
			"✓ deploy  1 of 1 done\n",
		},
		"a plain log that is verbose shows all": {
			Options{Verbose: true},
			func(l *Log) {
				s := l.Section("deploy")
				say(s, "\x1b[31mred\n")
				_ = s.End("", nil)
			},
			"✓ deploy\nred\n",
		},
		"a step that was cancelled did not fail": {
			Options{Dialect: GitHub, NoColor: true},
			func(l *Log) {
				s := l.Section("deploy")
				time.Sleep(time.Second)
				_ = s.End("1 of 3", fmt.Errorf("roll out: %w", context.Canceled))
			},
			"• deploy  stopped after 1s: 1 of 3\nroll out: context canceled\n",
		},
		"one that had failed before it was cancelled did": {
			Options{Dialect: GitHub, NoColor: true},
			func(l *Log) {
				s := l.Section("deploy")
				s.Emit(progress.Event{Op: "o", Subject: "a", State: progress.Failed, Err: errors.New("no redis")})
				s.Emit(progress.Event{Op: "o", Subject: "b", State: progress.Failed, Err: context.Canceled})
				_ = s.End("0 of 2", errors.Join(errors.New("a: no redis"), context.Canceled))
			},
			`✗ deploy  failed: 0 of 2
✗ a (o)  failed
✗ b (o)  failed
::error title=deploy::a: no redis%0Acontext canceled
`,
		},
		"a reason that the error does not hold is told": {
			Options{},
			func(l *Log) {
				s := l.Section("deploy")
				s.Emit(progress.Event{Op: "o", Subject: "a", State: progress.Failed, Err: errExit})
				s.Emit(progress.Event{Op: "o", Subject: "a", State: progress.RolledBack, Message: "to a:41"})
				_ = s.End("", errors.New("1 of 1 failed"))
			},
			`✗ deploy  failed: 0 of 1 done, 1 rolled back (a)
↺ a (o)  rolled back
    [    0s] failed
    [    0s] rolled back: to a:41
    essential container exited with code 1
    log:
        panic: no redis
1 of 1 failed
`,
		},
		"closed after all came to rest, a step went well": {
			Options{},
			func(l *Log) {
				s := l.Section("deploy")
				s.Emit(event("a", progress.Unchanged, ""))
				_ = s.Close()
			},
			"✓ deploy  1 of 1 done\n",
		},
		"closed while one runs, it was stopped": {
			Options{},
			func(l *Log) {
				s := l.Section("deploy")
				s.Emit(event("a", progress.Running, "1 of 2"))
				_ = s.Close()
			},
			"• deploy  stopped: 0 of 1 done, 1 running (a)\necs.rollout\n  • a  0s  running: 1 of 2\n",
		},
		"closed after one failed, it failed": {
			Options{},
			func(l *Log) {
				s := l.Section("deploy")
				s.Emit(event("b", progress.Running, ""))
				s.Emit(progress.Event{Op: "o", Subject: "a", State: progress.Failed, Err: errors.New("why")})
				_ = s.Close()
			},
			"✗ deploy  failed: 0 of 2 done, 1 running (b), 1 failed (a)\necs.rollout\n  • b  0s  running\n✗ a (o)  failed\n    why\n",
		},
		"the second end is silent": {
			Options{},
			func(l *Log) {
				s := l.Section("deploy")
				_ = s.End("", nil)
				say(s, "late\n")
				s.Emit(event("a", progress.Running, ""))
				_ = s.End("", errExit)
				_ = s.Close()
			},
			"✓ deploy\n",
		},
		"sections that are open at once are written whole": {
			Options{},
			func(l *Log) {
				a, b := l.Section("a"), l.Section("b")
				say(a, "of a\n")
				say(b, "of b\n")
				_ = b.End("", errors.New("no b"))
				_ = a.End("", errors.New("no a"))
			},
			"✗ b  failed\nof b\nno b\n✗ a  failed\nof a\nno a\n",
		},
		"what comes after the log was closed is dropped": {
			Options{},
			func(l *Log) {
				_ = l.Close()
				_ = l.Section("late").End("", errExit)
			},
			"",
		},
		"colours are shown where the service shows them": {
			Options{Dialect: GitHub},
			func(l *Log) {
				s := l.Section("a")
				say(s, "\x1b[1;31mred\nnext\x1b[2J\n")
				s.Emit(event("x", progress.Failed, ""))
				time.Sleep(time.Second)
				_ = s.End("b", nil)
			},
			"::group::^[[32m✓^[[0m ^[[1ma^[[0m  b  ^[[2m1s^[[0m\n^[[1;31mred^[[0m\nnext\n^[[1mecs.rollout^[[0m\n  ^[[31m✗^[[0m x  failed\n::endgroup::\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, record(t, tt.opts, tt.body)); d != "" {
				t.Errorf("log (-want +got):\n%s", d)
			}
		})
	}
}

func TestEndReturnsTheErrorAsItIs(t *testing.T) {
	s := New(&buffer{}, Options{}).Section("a")
	if got := s.End("", errExit); got != errExit { //nolint:errorlint // the very same is meant
		t.Errorf("End = %v", got)
	}
	if got := s.End("", nil); got != nil {
		t.Errorf("End = %v", got)
	}
}

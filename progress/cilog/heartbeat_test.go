package cilog

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

func TestHeartbeat(t *testing.T) {
	tests := map[string]struct {
		opts Options
		body func(l *Log)
		want string
	}{
		"says what is running, each minute": {
			Options{},
			func(l *Log) {
				s := l.Section("deploy")
				s.Emit(event("a", progress.Running, ""))
				s.Emit(event("b", progress.Done, ""))
				time.Sleep(125 * time.Second)
				_ = s.End("ok", nil)
			},
			"… deploy, 1m00s so far: 1 of 2 done; a (1m00s)\n… deploy, 2m00s so far: 1 of 2 done; a (2m00s)\n✓ deploy  ok  2m05s\n",
		},
		"quotes the last line of a tool": {
			Options{Dialect: GitHub, NoColor: true, Heartbeat: 10 * time.Second},
			func(l *Log) {
				s := l.Section("build")
				say(s, "a\n::error::\x1b[31m"+strings.Repeat("x", 200)+"\n\n")
				time.Sleep(15 * time.Second)
				_ = s.End("ok", nil)
			},
			"… build, 10s so far: ::error::" + strings.Repeat("x", 90) + "…\n::group::✓ build  ok  15s\na\n\\x3a:error::" + strings.Repeat("x", 200) + "\n::endgroup::\n",
		},
		"waits after each section": {
			Options{},
			func(l *Log) {
				a, b := l.Section("a"), l.Section("b")
				time.Sleep(50 * time.Second)
				_ = a.End("", nil)
				time.Sleep(50 * time.Second)
				_ = b.End("", nil)
			},
			"✓ a  50s\n✓ b  1m40s\n",
		},
		"has a line for each open section": {
			Options{},
			func(l *Log) {
				a := l.Section("a")
				time.Sleep(10 * time.Second)
				b := l.Section("b")
				time.Sleep(51 * time.Second)
				_ = a.End("", nil)
				_ = b.End("", nil)
			},
			"… a, 1m00s so far\n… b, 50s so far\n✓ a  1m01s\n✓ b  51s\n",
		},
		"begins anew with the next section": {
			Options{},
			func(l *Log) {
				_ = l.Section("a").End("", nil)
				time.Sleep(time.Hour)
				b := l.Section("b")
				time.Sleep(61 * time.Second)
				_ = b.End("", nil)
			},
			"✓ a\n… b, 1m00s so far\n✓ b  1m01s\n",
		},
		"is silent when it is switched off": {
			Options{Heartbeat: -1},
			func(l *Log) {
				s := l.Section("a")
				time.Sleep(time.Hour)
				_ = s.End("", nil)
			},
			"✓ a  1h00m\n",
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

func TestNothingIsWrittenAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails where a goroutine is left
		var out buffer
		l := New(&out, Options{})
		s := l.Section("a")
		for range 2 {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		before := out.String()
		say(s, "late\n")
		_ = s.End("", errExit)
		time.Sleep(time.Hour)
		if d := cmp.Diff(before, out.String()); d != "" || strings.Count(before, "stopped") != 1 {
			t.Errorf("written after Close: %s, before %q", d, before)
		}
	})
}

type broken struct{ calls int }

var errPipe = errors.New("broken pipe")

func (b *broken) Write([]byte) (int, error) {
	b.calls++
	return 0, errPipe
}

func TestTheFirstErrorOfTheWriterIsReturned(t *testing.T) {
	w := &broken{}
	l := New(w, Options{})
	a, b := l.Section("a"), l.Section("b")
	if err := a.End("", nil); err != nil {
		t.Errorf("End tells the error of the writer: %v", err)
	}
	if err := b.Close(); !errors.Is(err, errPipe) {
		t.Errorf("Close of a section: %v", err)
	}
	for range 2 {
		if err := l.Close(); !errors.Is(err, errPipe) || err.Error() != "write log: broken pipe" {
			t.Errorf("Close: %v", err)
		}
	}
	if w.calls != 1 {
		t.Errorf("%d writes, want none after the failed one", w.calls)
	}
}

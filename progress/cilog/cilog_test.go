package cilog

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

// buffer may be read while the heartbeat writes.
type buffer struct {
	mu     sync.Mutex
	b      strings.Builder
	writes int
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes++
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// record returns what body makes a Log write, in a bubble of its own with
// virtual time. The control characters in it are shown.
func record(t *testing.T, opts Options, body func(l *Log)) string {
	t.Helper()
	var out buffer
	synctest.Test(t, func(t *testing.T) {
		l := New(&out, opts)
		body(l)
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return strings.NewReplacer("\x1b", "^[", "\r", "^M").Replace(out.String())
}

// say writes output of a tool, which always succeeds.
func say(s *Section, output string) {
	_, _ = io.WriteString(s, output)
}

func event(subject string, state progress.State, message string) progress.Event {
	return progress.Event{Op: "ecs.rollout", Subject: subject, State: state, Message: message}
}

var errExit = errors.New("essential container exited with code 1\nlog:\n\tpanic: no redis")

// story is a job of a step that goes well, one that fails, and one that is
// interrupted.
func story(l *Log) {
	build := l.Section("build")
	say(build, "\nStep 1/3\n10%\r50%\r100%\r\n\x1b[32mbuilt\x1b[0m\x1b[K\n\n")
	for _, name := range []string{"identity", "web"} {
		build.Emit(progress.Event{Op: "ecr.image", Subject: name, State: progress.Unchanged})
	}
	build.Emit(progress.Event{Op: "ecr.image", Subject: "notifier", State: progress.Running, Message: "building"})
	build.Emit(progress.Event{Op: "ecr.image", Subject: "notifier", State: progress.Running, Message: "pushing"})
	time.Sleep(12 * time.Second)
	build.Emit(progress.Event{Op: "ecr.image", Subject: "notifier", State: progress.Done, Message: "sha256:1a2b"})
	_ = build.End("1 built, 2 unchanged", nil)

	deploy := l.Section("Deploy: stack")
	deploy.Emit(event("", progress.Running, "3 services"))
	deploy.Emit(event("identity", progress.Running, "1 of 3 tasks"))
	deploy.Emit(event("notifier", progress.Running, "1 of 3 tasks"))
	deploy.Emit(progress.Event{Op: "ecs.rollout", Subject: "web", State: progress.Waiting, Needs: []string{"notifier"}})
	time.Sleep(5 * time.Second)
	deploy.Emit(event("identity", progress.Done, ""))
	deploy.Emit(event("notifier", progress.Running, "a task stopped"))
	deploy.Emit(progress.Event{Op: "ecs.rollout", Subject: "notifier", State: progress.Failed, Err: errExit})
	deploy.Emit(event("web", progress.Skipped, "needs notifier, which failed"))
	_ = deploy.End("", fmt.Errorf("roll out notifier: %w", errExit))

	say(l.Section("papertrail"), "group autom")
}

func TestStory(t *testing.T) {
	tests := map[string]struct {
		opts Options
		want string
	}{
		"a plain log has one line of a fine step, and all of a failed one": {
			Options{},
			`✓ build  1 built, 2 unchanged  12s
✗ Deploy: stack  failed after 5s: 1 of 3 done, 1 failed (notifier), 1 skipped (web)
• ecs.rollout  running: 3 services
  ✓ identity  5s  done
  - web           skipped: needs notifier, which failed
✗ notifier (ecs.rollout)  failed after 5s
    [    0s] running: 1 of 3 tasks
    [    5s] running: a task stopped
roll out notifier: essential container exited with code 1
log:
    panic: no redis
• papertrail  stopped
group autom
`,
		},
		"GitLab collapses the fine one": {
			Options{Dialect: GitLab, NoColor: true},
			`^[[0Ksection_start:946684800:build_c2wfoqo0[collapsed=true]^M^[[0K✓ build  1 built, 2 unchanged  12s
Step 1/3
100%
built
ecr.image
  ✓ notifier  12s  sha256:1a2b
  ✓ 2 unchanged: identity, web
^[[0Ksection_end:946684812:build_c2wfoqo0^M^[[0K
^[[0Ksection_start:946684812:deploy_stack_c2wfozxc^M^[[0K✗ Deploy: stack  failed after 5s: 1 of 3 done, 1 failed (notifier), 1 skipped (web)
• ecs.rollout  running: 3 services
  ✓ identity  5s  done
  - web           skipped: needs notifier, which failed
✗ notifier (ecs.rollout)  failed after 5s
    [    0s] running: 1 of 3 tasks
    [    5s] running: a task stopped
roll out notifier: essential container exited with code 1
log:
    panic: no redis
^[[0Ksection_end:946684817:deploy_stack_c2wfozxc^M^[[0K
^[[0Ksection_start:946684817:papertrail_c2wfp3s8^M^[[0K• papertrail  stopped
group autom
^[[0Ksection_end:946684817:papertrail_c2wfp3s8^M^[[0K
`,
		},
		"GitHub groups it, and annotates the failure": {
			Options{Dialect: GitHub, NoColor: true},
			`::group::✓ build  1 built, 2 unchanged  12s
Step 1/3
100%
built
ecr.image
  ✓ notifier  12s  sha256:1a2b
  ✓ 2 unchanged: identity, web
::endgroup::
✗ Deploy: stack  failed after 5s: 1 of 3 done, 1 failed (notifier), 1 skipped (web)
• ecs.rollout  running: 3 services
  ✓ identity  5s  done
  - web           skipped: needs notifier, which failed
✗ notifier (ecs.rollout)  failed after 5s
    [    0s] running: 1 of 3 tasks
    [    5s] running: a task stopped
::error title=Deploy%3A stack::roll out notifier: essential container exited with code 1%0Alog:%0A    panic: no redis
• papertrail  stopped
group autom
`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, record(t, tt.opts, story)); d != "" {
				t.Errorf("log (-want +got):\n%s", d)
			}
		})
	}
}

// GitLab's form of a marker. Source: gitlab-org/gitlab, lib/gitlab/regex.rb,
// build_trace_section_regex.
var marker = regexp.MustCompile(`section_(start|end):(\d+):([a-zA-Z0-9_.-]+)(\[\w+=\w+(?:, ?\w+=\w+)*\])?\r\x1b\[0K`)

func TestSectionsAreToldApart(t *testing.T) {
	titles := []string{"a", "a", "A", "a_", "", "", "通知 サービス", "deploy: " + strings.Repeat("long ", 99), "get_sources", "../x [collapsed=true]\r\x1b[0K"}
	synctest.Test(t, func(t *testing.T) { // at one and the same time
		var out buffer
		l := New(&out, Options{Dialect: GitLab})
		for _, title := range titles {
			s := l.Section(title)
			say(s, "text\n")
			_ = s.End("", nil)
		}
		began := map[string]bool{}
		found := marker.FindAllStringSubmatch(out.String(), -1)
		for i, m := range found {
			if i%2 == 0 && (m[1] != "start" || began[m[3]]) || i%2 == 1 && (m[1] != "end" || m[3] != found[i-1][3]) {
				t.Errorf("marker %d of %q is %q", i, titles[i/2], m[0])
			}
			began[m[3]] = true
		}
		if len(found) != 2*len(titles) || began["get_sources"] {
			t.Errorf("%d markers for %d sections: %v", len(found), len(titles), began)
		}
	})
}

// Whatever comes from however many goroutines, each section is whole.
func TestConcurrentSections(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		var out buffer
		l := New(&out, Options{Dialect: GitLab, NoColor: true, Heartbeat: 2 * time.Second})
		var group sync.WaitGroup
		for i := range 8 {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			group.Go(func() {
				for n := range 5 {
					s := l.Section(fmt.Sprintf("step %d.%d", i, n))
					for k := range 3 {
						say(s, fmt.Sprintf("line %d of %d.%d\n", k, i, n))
						s.Emit(event(fmt.Sprint(k), progress.Done, ""))
						time.Sleep(time.Duration(rng.IntN(1500)) * time.Millisecond)
					}
					_ = s.End("", nil)
				}
			})
		}
		group.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		whole := regexp.MustCompile(`(?m)✓ step (\d\.\d)  3 of 3 done(  \d+s)?\nline 0 of (\d\.\d)\nline 1 of (\d\.\d)\nline 2 of (\d\.\d)\necs.rollout\n`)
		found := whole.FindAllStringSubmatch(out.String(), -1)
		for _, m := range found {
			if m[1] != m[3] || m[1] != m[4] || m[1] != m[5] {
				t.Errorf("mixed sections: %q", m[0])
			}
		}
		if len(found) != 40 {
			t.Errorf("%d whole sections, want 40:\n%s", len(found), out.String())
		}
	})
}

func TestASectionIsOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out buffer
		l := New(&out, Options{Dialect: GitLab})
		story(l)
		if err := l.Close(); err != nil || out.writes != 3 {
			t.Errorf("%d writes for 3 sections, error %v", out.writes, err)
		}
	})
}

//go:build integration

package ecr

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

func TestEngineClassic(t *testing.T) {
	d := newDock(t)
	c := d.files(map[string]string{
		"Dockerfile": `FROM $BASE AS build
ARG GREETING
COPY app.sh /app.sh
RUN echo "$GREETING from the build" >/greeting && chmod +x /app.sh
FROM $BASE AS prod
COPY --from=build /greeting /app.sh /
CMD ["/app.sh"]
FROM build AS test
RUN exit 1
`,
		"app.sh": "#!/bin/sh\ncat /greeting\n",
	})
	var events progress.Recorder
	ref := d.name("", "delivery-test/classic")
	id, err := NewClassic(d).Build(t.Context(), Build{
		Subject: "demo", Context: c, Target: "prod", Platform: "linux/amd64", Network: "none", Tags: []string{ref},
		Args: map[string]string{"GREETING": "hello"}, Labels: map[string]string{"team": "automation"}, Progress: events.Record,
	})
	d.must(err)
	if got := d.run(id); got != "hello from the build\n" {
		t.Errorf("it prints %q", got)
	}
	made, err := d.ImageInspect(t.Context(), ref)
	d.must(err)
	if made.ID != id || made.Config.Labels["team"] != "automation" {
		t.Errorf("image %s with labels %v, want %s", made.ID, made.Config.Labels, id)
	}
	var got []string
	for _, e := range events.Events() {
		got = append(got, string(e.State)+" "+e.Subject+": "+e.Message)
	}
	want := []string{
		"running demo: step 1 of 8: FROM delivery-test/busybox:1 AS build",
		"running demo: step 2 of 8: ARG GREETING",
		"running demo: step 3 of 8: COPY app.sh /app.sh",
		`running demo: step 4 of 8: RUN echo "$GREETING from the build" >/greeting && chmod +x /app.sh`,
		"running demo: step 5 of 8: FROM delivery-test/busybox:1 AS prod",
		"running demo: step 6 of 8: COPY --from=build /greeting /app.sh /",
		`running demo: step 7 of 8: CMD ["/app.sh"]`,
		"running demo: step 8 of 8: LABEL team=automation",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestEngineClassicFailures(t *testing.T) {
	d := newDock(t)
	nope := dockEnv(t, "DELIVERY_REGISTRY") + "/delivery-test/nope:1"
	tests := map[string]struct {
		dockerfile string
		target     string
		want       BuildError
		text       string
	}{
		"a command that fails": {
			dockerfile: "FROM $BASE\nRUN exec >&2; echo one; echo two; exit 3\n",
			want:       BuildError{Step: 2, Steps: 2, Command: "RUN exec >&2; echo one; echo two; exit 3", Code: 3, Lines: []string{"one", "two"}},
			text:       "build demo: step 2 of 2 (RUN exec >&2; echo one; echo two; exit 3): exit code 3, after: two",
		},
		"a file that is missing": {
			dockerfile: "FROM $BASE\nCOPY nope /\n",
			want:       BuildError{Step: 2, Steps: 2, Command: "COPY nope /"},
			text:       "build demo: step 2 of 2 (COPY nope /): COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist",
		},
		"an instruction that is none": {
			dockerfile: "FROM $BASE\nRUM make\n",
			text:       "build demo: Error response from daemon: dockerfile parse error line 2: unknown instruction: RUM",
		},
		"a base image that is missing": {
			dockerfile: "FROM " + nope + "\n",
			want:       BuildError{Step: 1, Steps: 1, Command: "FROM " + nope},
			text:       "build demo: step 1 of 1 (FROM " + nope + "): manifest for " + nope + " not found: manifest unknown: manifest unknown",
		},
		"a stage that is missing": {
			dockerfile: "FROM $BASE\n",
			target:     "prod",
			text:       "build demo: Error response from daemon: failed to reach build target prod in Dockerfile",
		},
		"an empty Dockerfile": {
			dockerfile: "# nothing\n",
			text:       "build demo: Error response from daemon: failed to parse Dockerfile: file with no instructions",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := NewClassic(d).Build(t.Context(), Build{Subject: "demo", Context: d.files(map[string]string{"Dockerfile": tt.dockerfile}), Target: tt.target, Network: "none"})
			got, ok := errors.AsType[*BuildError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if err.Error() != tt.text {
				t.Errorf("got  %v\nwant %s", err, tt.text)
			}
			tt.want.Subject, tt.want.Err = "demo", got.Err
			if diff := cmp.Diff(tt.want, *got, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEngineClassicCanceled ends the context of a build while a step runs: the
// call returns at once, and the step ends as well.
func TestEngineClassicCanceled(t *testing.T) {
	d := newDock(t)
	word := "delivery-" + strings.ToLower(rand.Text())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	c := d.files(map[string]string{"Dockerfile": "FROM $BASE\nRUN : " + word + "; sleep 600\n"})
	go func() {
		_, err := NewClassic(d).Build(ctx, Build{Context: c, Network: "none"})
		done <- err
	}()
	d.within(30*time.Second, "the step runs", func() bool { return d.running(word) })
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the build goes on")
	}
	d.within(20*time.Second, "the step ends", func() bool { return !d.running(word) })
}

// TestEngineClassicCanceledWhileSending does so while the context is sent.
func TestEngineClassicCanceledWhileSending(t *testing.T) {
	d := newDock(t)
	c := d.files(map[string]string{"Dockerfile": "FROM scratch\nCOPY . /\n", "large": strings.Repeat("large\n", 10<<20)})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := NewClassic(d).Build(ctx, Build{Context: c}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}

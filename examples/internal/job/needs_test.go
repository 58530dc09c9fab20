package job_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
)

// TestAFailureStopsThoseThatNeedIt does stages of which some fail.
func TestAFailureStopsThoseThatNeedIt(t *testing.T) {
	fails := errors.New("it fails")
	stage := func(name string, err error, needs []string) job.Stage {
		return job.Stage{Name: name, Needs: needs, Do: func(_ context.Context, _ *job.Job, r *job.Record) error {
			if name == "idle" {
				r.Skip("there is nothing to %s", "do")
			}
			return err
		}}
	}
	tests := map[string]struct {
		stages []job.Stage
		want   map[string]string // state and summary, by stage
		fails  bool
	}{
		"all is well": {
			stages: []job.Stage{stage("a", nil, nil), stage("b", nil, nil)},
			want:   map[string]string{"a": "done ", "b": "done "},
		},
		"one that had nothing to do stops nobody": {
			stages: []job.Stage{stage("idle", nil, nil), stage("b", nil, nil)},
			want:   map[string]string{"idle": "skipped there is nothing to do", "b": "done "},
		},
		"by default all that comes after needs it": {
			stages: []job.Stage{stage("a", fails, nil), stage("b", nil, nil), stage("c", nil, nil)},
			want:   map[string]string{"a": "failed ", "b": "skipped a was not done", "c": "skipped a was not done"},
			fails:  true,
		},
		"one that needs another, or none, is done": {
			stages: []job.Stage{stage("a", nil, nil), stage("b", fails, nil), stage("c", nil, []string{"a"}), stage("d", nil, []string{}), stage("e", nil, []string{"b"})},
			want:   map[string]string{"a": "done ", "b": "failed ", "c": "done ", "d": "done ", "e": "skipped b was not done"},
			fails:  true,
		},
		"what needs one that was skipped for it is skipped too": {
			stages: []job.Stage{stage("a", fails, nil), stage("b", nil, []string{"a"}), stage("c", nil, []string{"b"})},
			want:   map[string]string{"a": "failed ", "b": "skipped a was not done", "c": "skipped b was not done"},
			fails:  true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			j := &job.Job{Config: &config.File{}, Dir: job.Directory(t.TempDir()), Getenv: func(string) string { return "" }}
			console := job.NewConsole(io.Discard, io.Discard, j.Getenv, false)
			err := j.Do(t.Context(), console, tt.stages...)
			if errors.Is(err, fails) != tt.fails {
				t.Errorf("error %v", err)
			}
			run, err := j.Dir.Report()
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, s := range run.Stages {
				got[s.Name] = string(s.State) + " " + s.Summary
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("stages (-want +got):\n%s", d)
			}
		})
	}
}

func TestAnInterruptEndsTheJob(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	j := &job.Job{Config: &config.File{}, Dir: job.Directory(t.TempDir()), Getenv: func(string) string { return "" }}
	begun := 0
	stage := job.Stage{Name: "a", Needs: []string{}, Do: func(ctx context.Context, _ *job.Job, _ *job.Record) error {
		begun++
		cancel()
		return ctx.Err()
	}}
	err := j.Do(ctx, job.NewConsole(io.Discard, io.Discard, j.Getenv, false), stage, stage)
	if !errors.Is(err, context.Canceled) || begun != 1 {
		t.Errorf("%d stages begun, %v", begun, err)
	}
}

package readiness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestNotReadyErrorText(t *testing.T) {
	loop := func(pod string, exit int32) PodReason {
		return PodReason{Pod: pod, Container: "app", Reason: "CrashLoopBackOff", Message: "back-off pod=" + pod, ExitCode: new(exit), ExitReason: "Error"}
	}
	tests := map[string]struct {
		err  NotReadyError
		want []string
	}{
		"one object and why": {
			err: NotReadyError{
				Objects: 1, Waited: 90 * time.Second, Err: context.DeadlineExceeded,
				Unready: []Unready{{Kind: "Service", Namespace: "shop", Name: "web", Reason: "NoAddress", Message: "its load balancer has no address"}},
			},
			want: []string{
				"wait for 1 object: 1 not ready after 1m30s: context deadline exceeded",
				"Service shop/web: NoAddress: its load balancer has no address",
			},
		},
		"pods with one reason are told once, and no more than two reasons and warnings": {
			err: NotReadyError{
				Objects: 2, Err: ErrFailed,
				Unready: []Unready{{
					Kind: "Deployment", Namespace: "shop", Name: "web", Reason: "Progressing", Message: "0 of 5 replicas available",
					Pods:     []PodReason{loop("web-1", 1), loop("web-2", 1), loop("web-3", 2), {Pod: "web-4", Reason: "Unschedulable", Message: "no room"}, {Pod: "web-5", Reason: "Pending"}},
					Warnings: []string{"Old: a", "BackOff: b (7 times)", "Failed: c"},
				}},
			},
			want: []string{
				"wait for 2 objects: 1 not ready after 0s: an object has failed for good",
				"Deployment shop/web: Progressing: 0 of 5 replicas available; pod web-1 and 1 more: container app: CrashLoopBackOff, last exit code 1 (Error); " +
					"pod web-3: container app: CrashLoopBackOff, last exit code 2 (Error); 2 other reasons of pods; event BackOff: b (7 times); event Failed: c",
			},
		},
		"an event of the reason itself is not told again": {
			err: NotReadyError{
				Objects: 1, Err: ErrFailed,
				Unready: []Unready{{Kind: "Deployment", Name: "web", Reason: "FailedCreate", Message: "no quota", Warnings: []string{"FailedCreate: no quota (9 times)", "Odd: x"}}},
			},
			want: []string{"wait for 1 object: 1 not ready after 0s: an object has failed for good", "Deployment web: FailedCreate: no quota; event Odd: x"},
		},
		"what could not be read": {
			err: NotReadyError{
				Objects: 1, Err: context.Canceled, LastLook: errors.New("list deployments: connection refused"),
				Undiagnosed: errors.Join(errors.New("list pods: forbidden"), errors.New("list events: forbidden")),
				Unready:     []Unready{{Kind: "Namespace", Name: "shop", Message: "not active"}},
			},
			want: []string{
				"wait for 1 object: 1 not ready after 0s: context canceled; the last look failed: list deployments: connection refused",
				"Namespace shop: not active",
				"reasons may be missing: list pods: forbidden; list events: forbidden",
			},
		},
		"what was not looked at is counted": {
			err: NotReadyError{
				Objects: 3, Waited: 1234 * time.Millisecond, Err: errors.New("list jobs: forbidden"),
				Unready: []Unready{{Kind: "Pod", Name: "a", Reason: "NotReady", Message: "not ready", Pods: []PodReason{{Pod: "a", Container: "app", Reason: "ErrImagePull"}}}, {Kind: "Job", Name: "b", Reason: notSeen}, {Kind: "Job", Name: "c", Reason: notSeen}},
			},
			want: []string{
				"wait for 3 objects: 3 not ready after 1.2s: list jobs: forbidden",
				"Pod a: NotReady: not ready; container app: ErrImagePull",
				"2 objects not looked at yet",
			},
		},
		"cut off when each was ready": {
			err:  NotReadyError{Objects: 3, Waited: time.Second, Err: context.Canceled},
			want: []string{"wait for 3 objects: each was ready, but not yet all at once after 1s: context canceled"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, want := tt.err.Error(), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("text is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestNotReadyErrorIsBounded(t *testing.T) {
	err := NotReadyError{Objects: 40, Err: ErrFailed}
	for i := range 40 {
		err.Unready = append(err.Unready, Unready{Kind: "Job", Name: fmt.Sprint(i), Message: "x"})
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 12 || lines[11] != "and 30 more" || lines[10] != "Job 9: x" {
		t.Errorf("text has %d lines:\n%s", len(lines), err.Error())
	}
}

func TestNotReadyErrorMatches(t *testing.T) {
	refused := errors.New("refused")
	for name, tt := range map[string]struct {
		err  NotReadyError
		want []error
		not  []error
	}{
		"what ended it":                     {err: NotReadyError{Err: ErrFailed}, want: []error{ErrFailed}, not: []error{context.Canceled}},
		"and what went wrong the last time": {err: NotReadyError{Err: context.Canceled, LastLook: refused}, want: []error{context.Canceled, refused}, not: []error{ErrFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, want := range tt.want {
				if !errors.Is(&tt.err, want) {
					t.Errorf("%v does not match %v", &tt.err, want)
				}
			}
			for _, not := range tt.not {
				if errors.Is(&tt.err, not) {
					t.Errorf("%v matches %v", &tt.err, not)
				}
			}
		})
	}
}

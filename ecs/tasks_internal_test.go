package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestWhichStopsAreFailures(t *testing.T) { // T32, T35, T36
	tests := map[string]struct {
		task types.Task
		want string // empty is no failure
	}{
		"a container that exits": {
			types.Task{
				StopCode: types.TaskStopCodeEssentialContainerExited, StoppedReason: new("Essential container in task exited"),
				Containers: []types.Container{{Name: new("app"), ExitCode: new(int32(1))}, {Name: new("log"), ExitCode: new(int32(0))}},
			},
			"Essential container in task exited, container app exited with code 1",
		},
		"a container that is out of memory says so": {
			types.Task{
				StopCode: types.TaskStopCodeEssentialContainerExited, StoppedReason: new("Essential container in task exited"),
				Containers: []types.Container{{Name: new("app"), ExitCode: new(int32(137)), Reason: new("OutOfMemoryError: Container killed due to memory usage")}},
			},
			"Essential container in task exited, container app exited with code 137, OutOfMemoryError: Container killed due to memory usage",
		},
		"a task that never started": {
			types.Task{
				StopCode: types.TaskStopCodeTaskFailedToStart, StoppedReason: new("CannotPullContainerError: not found"),
				Containers: []types.Container{{Name: new("app"), Reason: new("CannotPullContainerError: not found")}},
			},
			"CannotPullContainerError: not found",
		},
		"a task whose health checks failed": {
			types.Task{StopCode: types.TaskStopCodeServiceSchedulerInitiated, StoppedReason: new("Task failed container health checks")},
			"Task failed container health checks",
		},
		"a task whose targets are unhealthy": {
			types.Task{StopCode: types.TaskStopCodeServiceSchedulerInitiated, StoppedReason: new("Task failed ELB health checks in (target-group arn:x)")},
			"Task failed ELB health checks in (target-group arn:x)",
		},
		"a failure without words":       {types.Task{StopCode: types.TaskStopCodeTaskFailedToStart}, "TaskFailedToStart"},
		"a scale-in is none":            {types.Task{StopCode: types.TaskStopCodeServiceSchedulerInitiated, StoppedReason: new("Scaling activity initiated by deployment x")}, ""},
		"nor is what a person stops":    {types.Task{StopCode: types.TaskStopCodeUserInitiated, StoppedReason: new("by hand")}, ""},
		"nor is the end of a spot task": {types.Task{StopCode: types.TaskStopCodeSpotInterruption}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := failure(tt.task); got != tt.want {
				t.Errorf("failure %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhichFailuresAreHopeless(t *testing.T) { // T33, T34
	for reason, want := range map[string]bool{
		"CannotPullContainerError: failed to resolve ref x: not found":                                                true,
		"CannotPullContainerError: manifest unknown":                                                                  true,
		"CannotPullContainerError: pull access denied for x":                                                          true,
		"CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'":        true,
		"CannotPullContainerError: toomanyrequests: You have reached your pull rate limit, not found in cache":        false,
		"CannotPullContainerError: net/http: request canceled (Client.Timeout exceeded), dial tcp: i/o timeout":       false,
		"CannotPullContainerError: TLS handshake timeout":                                                             false,
		"CannotPullContainerError: context canceled":                                                                  false,
		"ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException":                 true,
		"ResourceInitializationError: unable to retrieve secret from asm: ResourceNotFoundException":                  true,
		"ResourceInitializationError: failed to create new container runtime task":                                    false,
		"Essential container in task exited, container app exited with code 1":                                        false,
		"Essential container in task exited, standard_init_linux.go:228: exec user process caused: exec format error": true,
		"CannotStartContainerError: exec: \"serve\": executable file not found in $PATH":                              true,
	} {
		if got := hopeless(reason); got != want {
			t.Errorf("%s: hopeless %v, want %v", reason, got, want)
		}
	}
}

func TestTheSameReasonIsToldOnce(t *testing.T) { // T42
	w := watch{stops: map[string]stop{
		"1": {reason: "out of memory."}, "2": {reason: "exit 1"}, "3": {reason: "out of memory."}, "4": {reason: "out of memory."},
	}, placement: "no room."}
	got := w.reasons("circuit breaker.")
	want := []string{"circuit breaker", "out of memory (3 tasks)", "exit 1 (1 task)", "no room"}
	if len(got) != len(want) {
		t.Fatalf("reasons %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("reason %d: %q, want %q", i, got[i], want[i])
		}
	}
}

package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

func TestAGateHoldsAServiceBack(t *testing.T) { // T30
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var seen ecs.Candidate
		gate := ecs.GateFunc(func(_ context.Context, c ecs.Candidate) (bool, string, error) {
			seen = c
			return time.Since(start) > 4*time.Minute, "its name does not resolve yet", nil
		})
		l := newLab(t, ecstest.Options{}, ecs.Options{Gates: []ecs.Gate{gate}})
		r := l.mustRoll([]ecs.Service{svc("a", "v1")})
		if took := time.Since(start); took < 4*time.Minute || took > 4*time.Minute+15*time.Second {
			t.Errorf("took %v, want just over the 4m0s that the gate asks for", took)
		}
		if seen.Cluster != cluster || *seen.Service.ServiceName != "a" || seen.Deployment != find(r, "a").Deployment || len(seen.Tasks) != 1 {
			t.Errorf("the gate saw %+v", seen)
		}
		said := false
		for _, e := range l.seen.Events() {
			said = said || e.Message == "its name does not resolve yet"
		}
		if !said {
			t.Error("nobody said what the gate waits for")
		}
	})
}

func TestAGateThatFailsFailsTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, tries := errors.New("no such target group"), 0
		gate := ecs.GateFunc(func(context.Context, ecs.Candidate) (bool, string, error) {
			if tries++; tries < 3 {
				return false, "", ecstestThrottle{}
			}
			return false, "", broken
		})
		l := newLab(t, ecstest.Options{}, ecs.Options{Gates: []ecs.Gate{gate}})
		r, err := l.roll([]ecs.Service{svc("a", "v1")})
		if !errors.Is(err, broken) || tries != 3 {
			t.Errorf("error %v after %d tries, want the gate's at the third", err, tries)
		}
		wantStates(t, r, map[string]progress.State{"a": "rolled back"})
	})
}

// ecstestThrottle is a refusal that the SDK would retry.
type ecstestThrottle struct{}

func (ecstestThrottle) Error() string        { return "rate exceeded" }
func (ecstestThrottle) RetryableError() bool { return true }

type logs map[string][]string // by container

func (l logs) Tail(_ context.Context, def types.ContainerDefinition, task string, n int) ([]string, error) {
	lines := l[*def.Name]
	if lines == nil {
		return nil, errors.New("no such stream")
	}
	return append([]string{"task " + fmt.Sprint(len(task))}, lines[max(0, len(lines)-n+1):]...), nil
}

func TestAFailedContainersLastLinesAreTold(t *testing.T) { // T35
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{Logs: logs{"a": {"one", "two", "panic: no redis"}}, LogLines: 3})
		l.cloud.Inject("a", ecstest.Crash)
		r, err := l.roll([]ecs.Service{svc("a", "v1")})
		got := r.Logs()
		if len(got) != 1 || got[0].Container != "a" || len(got[0].Task) != 32 {
			t.Fatalf("logs %+v", got)
		}
		if d := cmp.Diff([]string{"task 32", "two", "panic: no redis"}, got[0].Lines); d != "" {
			t.Errorf("lines (-want +got):\n%s", d)
		}
		if err == nil || strings.Contains(err.Error(), "panic") {
			t.Errorf("error %v: what a container writes may hold secrets and is not part of it", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{Logs: logs{}})
		l.cloud.Inject("a", ecstest.Crash)
		if r, err := l.roll([]ecs.Service{svc("a", "v1")}); !errors.Is(err, ecs.ErrTasksFail) || r.Logs() != nil {
			t.Errorf("without logs: %v, %v", r.Logs(), err)
		}
	})
}

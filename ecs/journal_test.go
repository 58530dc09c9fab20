package ecs_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// journalled is a lab whose deployer keeps a journal.
func journalled(t *testing.T) (*lab, *memory) {
	t.Helper()
	journal := &memory{}
	return newLab(t, ecstest.Options{}, ecs.Options{Journal: journal}), journal
}

// dieAt applies services in a process that dies at the n-th call of an operation,
// before or after that takes effect.
func (l *lab) dieAt(journal ecs.Journal, services []ecs.Service, op string, n int, effect bool) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	fate := &marked{cloud: l.cloud, journal: journal, die: cancel, op: op, left: n, effect: effect}
	client := l.cloud.Client(func(o *awsecs.Options) { o.HTTPClient = &http.Client{Transport: fate} })
	d := ecs.New(client, ecs.Options{Cluster: cluster, Journal: fate})
	plan, err := d.Plan(ctx, services)
	if err == nil {
		_, err = d.Apply(ctx, plan)
	}
	if !fate.died() {
		l.t.Fatalf("the process did not die: %v", err)
	}
}

// marked is mortal at a certain call.
type marked struct {
	cloud   *ecstest.Cloud
	journal ecs.Journal
	die     func()
	op      string
	effect  bool

	mu   sync.Mutex
	left int
	dead bool
}

// at counts a call of op. Last is the one that kills; after it all is dead.
func (m *marked) at(op string) (last, dead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead || op != m.op {
		return false, m.dead
	}
	m.left--
	if m.left > 0 {
		return false, false
	}
	m.dead = true
	m.die()
	return true, false
}

func (m *marked) died() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

func (m *marked) RoundTrip(r *http.Request) (*http.Response, error) {
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	last, dead := m.at(op)
	switch {
	case dead:
		return nil, errDead
	case !last:
		return m.cloud.RoundTrip(r)
	case m.effect:
		if _, err := m.cloud.RoundTrip(r.WithContext(context.WithoutCancel(r.Context()))); err != nil {
			return nil, err
		}
	}
	return nil, errDead
}

func (m *marked) Load(ctx context.Context) ([]byte, error) { return m.journal.Load(ctx) }

func (m *marked) Save(ctx context.Context, document []byte) error {
	if last, dead := m.at("Save"); dead || last && !m.effect {
		return errDead
	}
	return m.journal.Save(ctx, document)
}

func TestAKilledRolloutIsContinued(t *testing.T) {
	tests := map[string]struct {
		op     string
		n      int
		effect bool
	}{
		"between the intent and the write":        {"UpdateService", 2, false}, // T63
		"between the write and the journal":       {"UpdateService", 2, true},  // T64
		"while the deployment goes on":            {"DescribeServices", 12, true},
		"after a service was complete":            {"Save", 6, true}, // T65
		"while a task definition is registered":   {"RegisterTaskDefinition", 2, true},
		"before anything is written":              {"Save", 1, false},
		"after the last service, before the word": {"Save", 14, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, journal := journalled(t)
				l.mustRoll(diamond("v1"))
				l.dieAt(journal, diamond("v2"), tt.op, tt.n, tt.effect)
				time.Sleep(10 * time.Minute)
				r := l.mustRoll(diamond("v2"))
				for _, o := range r.Services {
					out, err := l.cloud.Client().DescribeServices(t.Context(), &awsecs.DescribeServicesInput{Cluster: new(cluster), Services: []string{o.Service}})
					if err != nil {
						t.Fatal(err)
					}
					s := out.Services[0]
					if *s.Deployments[0].Id != o.Deployment || !strings.HasSuffix(*s.TaskDefinition, ":2") && !strings.HasSuffix(*s.TaskDefinition, ":3") {
						t.Errorf("%s runs %s by %s, the result says %s", o.Service, *s.TaskDefinition, *s.Deployments[0].Id, o.Deployment)
					}
				}
				// Each service was deployed once for v1 and once for v2, whatever happened.
				for _, name := range []string{"a", "b", "c", "d"} {
					if n := l.deployments(name); n != 2 {
						t.Errorf("%s was deployed %d times, want 2", name, n)
					}
				}
			})
		})
	}
}

// deployments counts the steady states and tasks of a service: a task started is a deployment here.
func (l *lab) deployments(name string) int {
	out, err := l.cloud.Client().DescribeServices(l.t.Context(), &awsecs.DescribeServicesInput{Cluster: new(cluster), Services: []string{name}})
	if err != nil {
		l.t.Fatal(err)
	}
	n := 0
	for _, e := range out.Services[0].Events {
		if strings.Contains(*e.Message, "has started") {
			n++
		}
	}
	return n
}

func TestAKilledRolloutIsRolledBackToWhatRanBeforeIt(t *testing.T) {
	for op, n := range map[string]int{"UpdateService": 3, "Save": 7, "DescribeServices": 30} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, journal := journalled(t)
				l.mustRoll(diamond("v1"))
				l.dieAt(journal, append(diamond("v2"), svc("e", "v2")), op, n, true)
				time.Sleep(time.Minute)
				r, err := l.Rollback(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for name, want := range map[string]string{"a": "test-a:1", "b": "test-b:1", "c": "test-c:1", "d": "test-d:1"} {
					if got := l.running(name); got != want {
						t.Errorf("%s runs %s, want %s\n%s", name, got, want, r)
					}
				}
				if s, ok := l.cloud.Service(cluster, "e"); ok && s.Status == "ACTIVE" {
					t.Errorf("e, which was not there before, is %+v", s)
				}
				if again, err := l.Rollback(t.Context()); err != nil || len(again.Names(progress.Failed)) > 0 {
					t.Errorf("a second time: %v, %v", again, err)
				}
			})
		})
	}
}

func TestAFinishedRolloutCanBeRolledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := journalled(t)
		if _, err := l.Rollback(t.Context()); !errors.Is(err, ecs.ErrNothingToRollBack) {
			t.Errorf("without a rollout: %v", err)
		}
		l.mustRoll(diamond("v1"))
		l.mustRoll(diamond("v2"))
		l.mustRoll(diamond("v2")) // nothing to do, and nothing to forget
		r, err := l.Rollback(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wantStates(t, r, map[string]progress.State{"a": "rolled back", "b": "rolled back", "c": "rolled back", "d": "rolled back"})
		if got := l.running("d"); got != "test-d:1" {
			t.Errorf("d runs %s", got)
		}
		if _, err := ecs.New(l.cloud.Client(), ecs.Options{Cluster: cluster}).Rollback(t.Context()); !errors.Is(err, ecs.ErrNothingToRollBack) {
			t.Errorf("without a journal: %v", err)
		}
	})
}

func TestARollbackThatWasKilledIsFinishedByTheNextRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, journal := journalled(t)
		l.mustRoll(diamond("v1"))
		l.cloud.Inject("d", ecstest.ImageMissing)
		l.dieAt(journal, diamond("v2"), "UpdateService", 6, true) // four to go forward, the second back
		r, err := l.roll(diamond("v2"))
		if !errors.Is(err, ecs.ErrHadFailed) {
			t.Errorf("error %v, want that the rollout had failed before", err)
		}
		wantStates(t, r, map[string]progress.State{"a": "rolled back", "b": "rolled back", "c": "rolled back", "d": "rolled back"})
		for _, name := range []string{"a", "b", "c", "d"} {
			if got := l.running(name); got != "test-"+name+":1" {
				t.Errorf("%s runs %s", name, got)
			}
		}
	})
}

func TestAnotherRolloutIsNotMixedWithAnUnfinishedOne(t *testing.T) { // T66
	synctest.Test(t, func(t *testing.T) {
		l, journal := journalled(t)
		l.dieAt(journal, diamond("v1"), "CreateService", 2, true)
		if _, err := l.roll(diamond("v2")); !errors.Is(err, ecs.ErrUnfinished) {
			t.Errorf("error %v, want that another rollout is unfinished", err)
		}
		if _, err := l.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.mustRoll(diamond("v2"))
	})
}

func TestAJournalThatCannotBeReadIsDoneWithout(t *testing.T) { // T67
	synctest.Test(t, func(t *testing.T) {
		l, journal := journalled(t)
		l.dieAt(journal, diamond("v1"), "DescribeServices", 12, true)
		journal.document = journal.document[:len(journal.document)/2]
		r := l.mustRoll(diamond("v1"))
		if l.cloud.Calls("CreateService") != 4 {
			t.Errorf("%d creations of 4 services: %s", l.cloud.Calls("CreateService"), r)
		}
	})
}

func TestTwoRunsAtOnceDoNotDestroyEachOther(t *testing.T) { // T68
	synctest.Test(t, func(t *testing.T) {
		l, journal := journalled(t)
		plan, err := l.Plan(t.Context(), diamond("v1"))
		if err != nil {
			t.Fatal(err)
		}
		first := make(chan error)
		go func() {
			_, err := l.Apply(t.Context(), plan)
			first <- err
		}()
		time.Sleep(100 * time.Second)
		second := ecs.New(l.cloud.Client(), ecs.Options{Cluster: cluster, Journal: journal})
		r, err := (deployer{second}).apply(t, diamond("v1"))
		if err != nil {
			t.Errorf("the second run, which takes over: %v", err)
		}
		if err := <-first; !errors.Is(err, ecs.ErrTakenOver) {
			t.Errorf("the first run: %v, want that it was taken over", err)
		}
		if done := r.Names(progress.Done); len(done) != 4 {
			t.Errorf("healthy: %v", done)
		}
	})
}

func TestWithoutTheJournalNothingIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		l := newLab(t, ecstest.Options{}, ecs.Options{Journal: &failing{err: full, after: 2}})
		r, err := l.roll([]ecs.Service{svc("a", "v1")})
		if !errors.Is(err, full) || l.cloud.Calls("CreateService") != 0 {
			t.Errorf("error %v after %d writes, want the journal's before any", err, l.cloud.Calls("CreateService"))
		}
		wantStates(t, r, map[string]progress.State{"a": "failed"})
		l = newLab(t, ecstest.Options{}, ecs.Options{Journal: &failing{err: full, after: 3}})
		if r = l.mustRoll([]ecs.Service{svc("a", "v1")}); len(r.Warnings) == 0 || !strings.Contains(r.String(), "warning: save journal: disk full") {
			t.Errorf("a journal that fails after the write is no warning: %s", r)
		}
	})
}

// failing is a journal that fails after some saves.
type failing struct {
	memory
	err   error
	after int
}

func (f *failing) Save(ctx context.Context, document []byte) error {
	if f.after--; f.after < 0 {
		return f.err
	}
	return f.memory.Save(ctx, document)
}

func TestFileJournal(t *testing.T) {
	dir := t.TempDir()
	journal := ecs.FileJournal(filepath.Join(dir, "rollout.json"))
	if b, err := journal.Load(t.Context()); b != nil || err != nil {
		t.Errorf("nothing saved: %q, %v", b, err)
	}
	for _, document := range []string{"one", "two"} {
		if err := journal.Save(t.Context(), []byte(document)); err != nil {
			t.Fatal(err)
		}
		if b, err := journal.Load(t.Context()); string(b) != document || err != nil {
			t.Errorf("saved %q, loaded %q, %v", document, b, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v", len(entries), err)
	}
	link := filepath.Join(dir, "link.json")
	if err := os.Symlink(string(journal), link); err != nil {
		t.Fatal(err)
	}
	if err := ecs.FileJournal(link).Save(t.Context(), []byte("three")); err != nil {
		t.Fatal(err)
	}
	if b, err := journal.Load(t.Context()); string(b) != "three" || err != nil {
		t.Errorf("saved through a link, loaded %q, %v", b, err)
	}
	nowhere := ecs.FileJournal(filepath.Join(dir, "none", "rollout.json"))
	if err := nowhere.Save(t.Context(), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing directory: %v", err)
	}
	if _, err := ecs.FileJournal(dir).Load(t.Context()); err == nil {
		t.Error("a directory was loaded")
	}
}

// TestTheJournalHoldsNoSecret: it names things, and has no values.
func TestTheJournalHoldsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, journal := journalled(t)
		s := svc("a", "v1")
		s.TaskDefinition.ContainerDefinitions[0].Command = []string{"--password=hunter2"}
		l.mustRoll([]ecs.Service{s})
		if strings.Contains(string(journal.document), "hunter") || !json.Valid(journal.document) {
			t.Errorf("%s", journal.document)
		}
	})
}

func TestForceDeploysAnew(t *testing.T) { // T13, T54
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		s := svc("a", "latest")
		first := find(l.mustRoll([]ecs.Service{s}), "a")
		s.Force = true
		r := l.mustRoll([]ecs.Service{s})
		second := find(r, "a")
		if second.State != progress.Done || second.Deployment == first.Deployment || second.TaskDefinition != first.TaskDefinition {
			t.Errorf("forced: %+v, want another deployment of %s", second, first.TaskDefinition)
		}
		if n := l.cloud.Calls("RegisterTaskDefinition"); n != 1 {
			t.Errorf("%d registrations of the same", n)
		}
	})
}

func TestAFailedDeploymentIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{KeepFailed: true})
		l.cloud.Inject("a", ecstest.NeverHealthy)
		services := []ecs.Service{svc("a", "v1")}
		if _, err := l.roll(services); err == nil {
			t.Fatal("rolled out in spite of the fault")
		}
		time.Sleep(30 * time.Minute) // the circuit breaker gives it up
		l.cloud.Inject("a", "")
		plan, err := l.Plan(t.Context(), services)
		if err != nil || !strings.Contains(plan.String(), "~ a  its last deployment failed") {
			t.Errorf("plan %v, %v", plan, err)
		}
		l.mustRoll(services)
	})
}

func TestAServiceThatReadsDoNotShowYetIsRolledBackToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := &memory{}
		l := newLab(t, ecstest.Options{Lag: 3}, ecs.Options{Journal: journal})
		l.dieAt(journal, []ecs.Service{svc("a", "v1")}, "CreateService", 1, true)
		r, err := l.Rollback(t.Context())
		if s, ok := l.cloud.Service(cluster, "a"); err != nil || !ok || s.Status == "ACTIVE" {
			t.Errorf("a is %+v after %v: %s", s, err, r)
		}
		// And one that was never made is not waited for long.
		l.dieAt(journal, []ecs.Service{svc("b", "v1")}, "CreateService", 1, false)
		start := time.Now()
		if _, err := l.Rollback(t.Context()); err != nil || time.Since(start) > 45*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestWhatECSRefusesNeedsNoRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := func(op string, _ int) *ecstest.Error {
			if op == "CreateService" {
				return &ecstest.Error{Code: "AccessDeniedException", Message: "not authorized to perform: ecs:CreateService"}
			}
			return nil
		}
		l := newLab(t, ecstest.Options{Before: refuse}, ecs.Options{})
		start := time.Now()
		r, err := l.roll([]ecs.Service{svc("a", "v1")})
		wantStates(t, r, map[string]progress.State{"a": "failed"})
		if err == nil || !strings.Contains(err.Error(), "ecs:CreateService") || time.Since(start) > 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

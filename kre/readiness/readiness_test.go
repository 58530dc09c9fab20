package readiness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func deploy(name string, available int) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: shop, generation: 1, annotations: {deployment.kubernetes.io/revision: "2"}}
spec: {replicas: 2, selector: {matchLabels: {app: %s}}}
status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: %d, unavailableReplicas: %d}`, name, name, available, 2-available)
}

func migrate(conditions string) string {
	return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop}\nstatus: {conditions: [" + conditions + "]}"
}

const (
	jobFailed = "{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: Job has reached the specified backoff limit}"
	secret    = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}"
)

func objects(t testing.TB, texts ...string) (all []*unstructured.Unstructured) {
	t.Helper()
	for _, text := range texts {
		o := object(t, text)
		delete(o.Object, "status")
		all = append(all, o)
	}
	return all
}

// notReady is the error as its type.
func notReady(t testing.TB, err error) *NotReadyError {
	t.Helper()
	e, ok := errors.AsType[*NotReadyError](err)
	if !ok {
		t.Fatalf("the wait ended with %v, want a NotReadyError", err)
	}
	return e
}

func TestWaitEndsAtOnceWhereAllIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := []string{deploy("web", 2), migrate("{type: Complete, status: 'True'}"), secret}
		c := newCluster(t, all...)
		begun := time.Now()
		if err := c.waiter(Options{}).Wait(t.Context(), objects(t, all...)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begun); d != 0 {
			t.Errorf("it took %s", d)
		}
		if d := cmp.Diff(map[string]int{"get deployments": 1, "get jobs": 1, "get secrets": 1}, c.requests()); d != "" {
			t.Errorf("requests (-want +got):\n%s", d)
		}
		want := []string{"done Deployment shop/web: 2 of 2 replicas available", "done Job shop/migrate: complete"}
		if d := cmp.Diff(want, c.told()); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
}

func TestNamespacesAreThoseOfTheKind(t *testing.T) {
	space := "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, namespace: nonsense}\nstatus: {phase: Active}"
	c := newCluster(t, deploy("web", 2))
	c.put(strings.Replace(space, ", namespace: nonsense", "", 1))
	web := objects(t, deploy("web", 0))[0]
	web.SetNamespace("")
	if err := c.waiter(Options{}).Wait(t.Context(), append(objects(t, space), web)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"done Namespace shop", "done Deployment shop/web: 2 of 2 replicas available"}, c.told()); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func TestWaitForNothingIsReady(t *testing.T) {
	if err := newCluster(t).waiter(Options{}).Wait(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestWaitTellsEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0))
		go func() {
			time.Sleep(30 * time.Second)
			c.put(deploy("web", 1))
			time.Sleep(30 * time.Second)
			c.put(deploy("web", 2))
		}()
		begun := time.Now()
		if err := c.waiter(Options{}).Wait(t.Context(), objects(t, deploy("web", 0))); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begun); d < time.Minute || d > time.Minute+5*time.Second {
			t.Errorf("it took %s for what was ready after 1m", d)
		}
		want := []string{
			"running Deployment shop/web: 0 of 2 replicas available",
			"running Deployment shop/web: 1 of 2 replicas available",
			"done Deployment shop/web: 2 of 2 replicas available",
		}
		if d := cmp.Diff(want, c.told()); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
		// 1 + 1.5 + 2.25 + 3.375 s, then every 5 s; the same again after the change.
		if n := c.requests()["get deployments"]; n < 14 || n > 20 {
			t.Errorf("%d looks in a minute", n)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	cause := errors.New("the pipeline was cancelled")
	tests := map[string]struct {
		context func(context.Context) (context.Context, func())
		want    []error
		text    string
	}{
		"a deadline": {
			context: func(ctx context.Context) (context.Context, func()) {
				ctx, cancel := context.WithTimeout(ctx, 7300*time.Millisecond)
				return ctx, cancel
			},
			want: []error{context.DeadlineExceeded},
			text: "wait for 2 objects: 1 not ready after 7.3s: context deadline exceeded\nDeployment shop/web: Progressing: 0 of 2 replicas available",
		},
		"a cause": {
			context: func(ctx context.Context) (context.Context, func()) {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(7300*time.Millisecond, func() { cancel(cause) })
				return ctx, func() { cancel(nil) }
			},
			want: []error{context.Canceled, cause},
			text: "wait for 2 objects: 1 not ready after 7.3s: context canceled: the pipeline was cancelled\nDeployment shop/web: Progressing: 0 of 2 replicas available",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, deploy("web", 0), secret)
				ctx, cancel := tt.context(t.Context())
				defer cancel()
				begun := time.Now()
				err := c.waiter(Options{}).Wait(ctx, objects(t, deploy("web", 0), secret))
				if d := time.Since(begun); d != 7300*time.Millisecond {
					t.Errorf("it ended after %s", d)
				}
				for _, want := range tt.want {
					if !errors.Is(err, want) {
						t.Errorf("%v does not match %v", err, want)
					}
				}
				if d := cmp.Diff(tt.text, err.Error()); d != "" {
					t.Errorf("text (-want +got):\n%s", d)
				}
				told := c.told()
				if last := told[len(told)-1]; last != "failed Deployment shop/web: Deployment shop/web: Progressing: 0 of 2 replicas available" {
					t.Errorf("the last event is %q", last)
				}
			})
		})
	}
}

func TestWaitUnderAnEndedContextAsksNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := newCluster(t, deploy("web", 2))
	e := notReady(t, c.waiter(Options{}).Wait(ctx, objects(t, deploy("web", 2))))
	if !errors.Is(e, context.Canceled) || len(e.Unready) != 1 || e.Unready[0].Reason != "NotSeen" {
		t.Errorf("error is %v", e)
	}
}

func TestWaitEndsEarlyWhereItIsHopeless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0), migrate(""))
		go func() {
			time.Sleep(10 * time.Second)
			c.put(migrate(jobFailed))
		}()
		begun := time.Now()
		e := notReady(t, c.waiter(Options{}).Wait(t.Context(), objects(t, deploy("web", 0), migrate(""))))
		if d := time.Since(begun); d > 16*time.Second {
			t.Errorf("it took %s to see what failed after 10s", d)
		}
		if !errors.Is(e, ErrFailed) {
			t.Errorf("error is %v", e)
		}
		want := []Unready{
			{Kind: "Job", Namespace: "shop", Name: "migrate", Failed: true, Reason: "BackoffLimitExceeded", Message: "failed: Job has reached the specified backoff limit"},
			{Kind: "Deployment", Namespace: "shop", Name: "web", Reason: "Progressing", Message: "0 of 2 replicas available"},
		}
		if d := cmp.Diff(want, e.Unready); d != "" {
			t.Errorf("unready (-want +got):\n%s", d)
		}
	})
}

func TestAFailureThatIsTakenBackIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, migrate(jobFailed))
		go func() {
			time.Sleep(500 * time.Millisecond)
			c.put(migrate("{type: Complete, status: 'True'}"))
		}()
		if err := c.waiter(Options{}).Wait(t.Context(), objects(t, migrate(""))); err != nil {
			t.Error(err)
		}
	})
}

func TestWaitForWhatIsNotThere(t *testing.T) {
	known := objects(t, deploy("web", 0))
	known[0].SetUID("of-yesterday")
	tests := map[string]struct {
		objects []*unstructured.Unstructured
		change  func(*cluster) // after 10 seconds
		want    error
		reason  string
	}{
		"it is waited for":                     {objects: objects(t, deploy("web", 0)), change: func(c *cluster) { c.put(deploy("web", 2)) }},
		"until the context ends":               {objects: objects(t, deploy("web", 0)), want: context.DeadlineExceeded, reason: "NotFound"},
		"it was there once, as its UID says":   {objects: known, want: ErrFailed, reason: "Gone"},
		"it is deleted while it is waited for": {objects: objects(t, migrate("")), change: func(c *cluster) { c.remove("Job", "migrate") }, want: ErrFailed, reason: "Gone"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, migrate(""))
				if tt.change != nil {
					time.AfterFunc(10*time.Second, func() { tt.change(c) })
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := c.waiter(Options{}).Wait(ctx, tt.objects)
				if !errors.Is(err, tt.want) {
					t.Fatalf("error is %v, want %v", err, tt.want)
				}
				if tt.want != nil && notReady(t, err).Unready[0].Reason != tt.reason {
					t.Errorf("error is %v, want the reason %s", err, tt.reason)
				}
			})
		})
	}
}

// TestJobsThatExpire has a Job that its ttlSecondsAfterFinished deletes while something
// else is waited for.
func TestJobsThatExpire(t *testing.T) {
	const ttl = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop}\nspec: {ttlSecondsAfterFinished: 5}\n"
	for name, tt := range map[string]struct {
		job  string
		want error
		text string
	}{
		"after it was seen to be complete": {job: ttl + "status: {conditions: [{type: Complete, status: \"True\"}]}\n"},
		"before that":                      {job: ttl, want: ErrFailed, text: "set that to 60 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, tt.job, deploy("web", 0))
				time.AfterFunc(10*time.Second, func() { c.remove("Job", "migrate") })
				time.AfterFunc(30*time.Second, func() { c.put(deploy("web", 2)) })
				err := c.waiter(Options{}).Wait(t.Context(), objects(t, tt.job, deploy("web", 0)))
				if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.text) {
					t.Errorf("error is %v", err)
				}
			})
		})
	}
}

// One that is ready as it exists is looked at again at the end.
func TestWaitSeesWhatVanishedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0), secret)
		time.AfterFunc(10*time.Second, func() {
			c.remove("Secret", "db")
			c.put(deploy("web", 2))
		})
		err := c.waiter(Options{}).Wait(t.Context(), objects(t, deploy("web", 0), secret))
		if e := notReady(t, err); !errors.Is(err, ErrFailed) || e.Unready[0].ID() != "Secret shop/db" {
			t.Errorf("error is %v", err)
		}
	})
}

func TestWaitWantsAllAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("a", 2), deploy("b", 0))
		go func() {
			time.Sleep(10 * time.Second)
			c.put(deploy("a", 1)) // it falls over when b comes up
			c.put(deploy("b", 2))
			time.Sleep(20 * time.Second)
			c.put(deploy("a", 2))
		}()
		begun := time.Now()
		if err := c.waiter(Options{}).Wait(t.Context(), objects(t, deploy("a", 0), deploy("b", 0))); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begun); d < 30*time.Second {
			t.Errorf("it ended after %s, when one of them was not ready", d)
		}
	})
}

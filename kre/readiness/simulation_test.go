package readiness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
)

// TestSimulation waits for random releases: each object becomes ready at some
// time, may fall back before, and the API server fails now and then. A wait that
// ends must end when all are ready, soon after the last was, and with each told so.
func TestSimulation(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) { simulate(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func simulate(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	kinds := []func(name string, ready bool) string{
		func(name string, ready bool) string { return deploy(name, map[bool]int{true: 2}[ready]) },
		func(name string, ready bool) string {
			return strings.Replace(migrate(map[bool]string{true: "{type: Complete, status: 'True'}"}[ready]), "migrate", name, 1)
		},
		func(name string, ready bool) string {
			phase := map[bool]string{true: "Bound", false: "Pending"}[ready]
			return "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: " + name + ", namespace: shop}\nstatus: {phase: " + phase + "}"
		},
	}
	c := newCluster(t)
	failing := random.IntN(2) == 0
	c.PrependReactor("*", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		if failing && random.IntN(10) == 0 {
			return true, nil, apierrors.NewInternalError(errors.New("now and then"))
		}
		return false, nil, nil
	})
	var mu sync.Mutex
	unready := make(map[string]bool)
	var last time.Time
	var all []string
	for i := range 1 + random.IntN(8) {
		name, show := fmt.Sprintf("o%d", i), kinds[random.IntN(len(kinds))]
		set := func(ready bool) {
			mu.Lock()
			defer mu.Unlock()
			unready[name] = !ready
			c.put(show(name, ready))
		}
		set(false)
		all = append(all, show(name, false))
		at := time.Duration(0)
		for range random.IntN(3) { // ready, and not any more
			at += time.Duration(random.IntN(60_000)) * time.Millisecond
			time.AfterFunc(at, func() { set(true) })
			at += time.Duration(random.IntN(10_000)) * time.Millisecond
			time.AfterFunc(at, func() { set(false) })
		}
		at += time.Duration(1+random.IntN(60_000)) * time.Millisecond
		time.AfterFunc(at, func() { set(true) })
		if end := time.Now().Add(at); end.After(last) {
			last = end
		}
	}
	if err := c.waiter(Options{}).Wait(t.Context(), objects(t, all...)); err != nil {
		t.Errorf("the wait failed: %v", err)
	}
	mu.Lock()
	for name, is := range unready {
		if is {
			t.Errorf("the wait ended while %s was not ready", name)
		}
	}
	mu.Unlock()
	if late := time.Since(last); late > time.Minute || !failing && late > 6*time.Second {
		t.Errorf("the wait ended %s after the last object was ready", late)
	}
	told := make(map[string]string)
	for _, e := range c.events.Events() {
		told[e.Subject] = string(e.State)
	}
	for subject, state := range told {
		if state != "done" {
			t.Errorf("%s is told %s last", subject, state)
		}
	}
	if len(told) != len(all) {
		t.Errorf("%d objects were told of, want %d", len(told), len(all))
	}
	time.Sleep(10 * time.Minute) // until the timers that are left have fired
}

package keys_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mettel-automation/delivery/eks/keys"
)

var errKilled = errors.New("killed")

// TestKilledAtAnyCall ends a run at each of its calls: before the call has an effect, or
// after it had one that nobody heard of. All that follows in that run fails, so that it
// cannot clean up. The next run must go on, and what is in the bucket must work at any time.
func TestKilledAtAnyCall(t *testing.T) {
	runs := map[string]struct {
		there bool // a delivery was made before
		spec  func(*keys.Spec)
	}{
		"the first delivery":      {spec: func(*keys.Spec) {}},
		"a rotation":              {there: true, spec: func(s *keys.Spec) { s.Rotate = true }},
		"a rotation that deletes": {there: true, spec: func(s *keys.Spec) { s.Rotate, s.DeleteReplaced = true, true }},
		"other facts":             {there: true, spec: func(s *keys.Spec) { s.Facts = "new" }},
	}
	for name, run := range runs {
		for _, late := range []bool{false, true} {
			for at := 1; at <= 20; at++ {
				t.Run(fmt.Sprintf("%s, call %d, late %t", name, at, late), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { killed(t, run.there, run.spec, at, late) })
				})
			}
		}
	}
}

func killed(t *testing.T, there bool, change func(*keys.Spec), at int, late bool) {
	m, s := newMemory(t), spec()
	w := &witness{t: t, m: m}
	defer w.check()
	if there {
		if _, _, err := w.deliver(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	change(&s)
	m.calls = nil
	m.before = func(_ string, n int) error {
		if n > at || n == at && !late {
			return errKilled
		}
		return nil
	}
	m.after = func(_ string, n int) error {
		if n == at {
			return errKilled
		}
		return nil
	}
	_, _, err := w.deliver(t.Context(), s)
	if hit := len(m.calls) >= at; hit != (err != nil) {
		t.Errorf("killed: %t, error %v, calls %v", hit, err, m.calls)
	}
	if there {
		if err := m.sound(); err != nil {
			t.Errorf("after the kill: %v", err)
		}
	}
	m.before, m.after = nil, nil
	time.Sleep(10 * time.Minute) // until orphans are old enough to tell

	s.Rotate, s.RemoveOrphans = false, true
	if _, _, err := w.deliver(t.Context(), s); err != nil {
		t.Fatalf("the next run: %v", err)
	}
	if err := m.sound(); err != nil {
		t.Errorf("after the next run: %v", err)
	}
	plan, _, err := w.deliver(t.Context(), s)
	if err != nil || !plan.Empty() {
		t.Errorf("there is still something to do: error %v, plan\n%s", err, plan)
	}
	if strings.Contains(plan.String(), "orphan") {
		t.Errorf("there are orphans:\n%s", plan)
	}
}

// TestFailures lets single calls fail, in a run that lives on: it cleans up behind itself,
// or says what it could not.
func TestFailures(t *testing.T) {
	down := fault("InternalError", "We encountered an internal error. Please try again.")
	denied := fault("AccessDenied", "is not authorized")
	type plan map[string]error
	tests := map[string]struct {
		before, after plan // by operation and its number, such as "PutObject 2"
		keys          int  // access keys afterwards
		orphan        bool // one is named
		ok            bool
		want          []string
	}{
		"the credentials cannot be written": {before: plan{"PutObject 2": down}, want: []string{"create smtp.json: ", "InternalError"}},
		"nor the key deleted again": {
			before: plan{"PutObject 2": down, "DeleteAccessKey 1": denied}, keys: 1, orphan: true,
			want: []string{"access key AKIA0000000000000002 of user kre-dev-smtp was made and is left over: delete it", "aws iam delete-access-key --user-name kre-dev-smtp --access-key-id AKIA0000000000000002", "is not authorized"},
		},
		"nor can anybody tell": {
			before: plan{"PutObject 2": down, "GetObject 4": down}, keys: 1, orphan: true, want: []string{"may be in the bucket or not: plan again"},
		},
		"the answer to the write is lost": {after: plan{"PutObject 2": down}, keys: 1, ok: true},
		"the answer with the key is lost": {
			after: plan{"CreateAccessKey 1": down}, keys: 1, want: []string{"access key AKIA0000000000000002 of user kre-dev-smtp is new, perhaps from this call: its secret is lost"},
		},
		"no key may be made":           {before: plan{"CreateAccessKey 1": denied}, want: []string{"make an access key of user kre-dev-smtp"}},
		"the SSH key fails alone":      {before: plan{"PutObject 1": down}, keys: 1, want: []string{"create nodes.pem: "}},
		"the SSH key's answer is lost": {after: plan{"PutObject 1": fault("PreconditionFailed", "it was there")}, keys: 1, ok: true},
		"both fail, and both are told": {before: plan{"PutObject 1": down, "CreateAccessKey 1": denied}, want: []string{"create nodes.pem: ", "create smtp.json: "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMemory(t)
			w := &witness{t: t, m: m}
			defer w.check()
			hook := func(faults plan) func(string, int) error {
				return func(op string, _ int) error { return faults[fmt.Sprintf("%s %d", op, m.count(op))] }
			}
			m.before, m.after = hook(tt.before), hook(tt.after)
			_, result, err := w.deliver(t.Context(), spec())
			if (err == nil) != tt.ok || len(m.keys) != tt.keys {
				t.Errorf("error %v, %d access keys, done %v", err, len(m.keys), result.Done)
			}
			if orphan, ok := errors.AsType[*keys.OrphanError](err); ok != tt.orphan || ok && (orphan.User != user || orphan.KeyID != *m.keys[0].AccessKeyId) {
				t.Errorf("orphan %v", orphan)
			}
			for _, want := range tt.want {
				if !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
			}
			if _, ok := m.objects["dev/cluster.json"]; !ok {
				t.Error("the facts were not written")
			}
		})
	}
}

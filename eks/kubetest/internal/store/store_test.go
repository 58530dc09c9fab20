package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func object(name, value string) Object {
	o := &unstructured.Unstructured{Object: map[string]any{"value": value}}
	o.SetName(name)
	return o
}

func key(name string) Key { return Key{Resource: "things", Name: name} }

func names(objects []Object) []string {
	out := []string{}
	for _, o := range objects {
		out = append(out, fmt.Sprint(o.GetName(), "=", o.Object["value"]))
	}
	return out
}

func TestStoreTellsAndForgetsChanges(t *testing.T) {
	var told []uint64
	s := New(func(c Change) { told = append(told, c.Revision) })
	begin := s.Revision()
	s.Put(key("a"), object("a", "1"))
	s.Put(key("b"), object("b", "1"))
	s.Put(key("a"), object("a", "2"))
	if last := s.Delete(key("b")); last.GetResourceVersion() != "5" {
		t.Errorf("deleted at %s, want 5", last.GetResourceVersion())
	}
	if s.Delete(key("b")) != nil || s.Get(key("b")) != nil {
		t.Error("what was deleted is there")
	}
	if d := cmp.Diff([]uint64{2, 3, 4, 5}, told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	at, err := s.ListAt("things", "", begin+2)
	if err != nil || !slices.Equal(names(at), []string{"a=1", "b=1"}) {
		t.Errorf("at %d: %q, %v", begin+2, names(at), err)
	}
	if _, err := s.Since("things", "", 99); !errors.Is(err, ErrFuture) {
		t.Errorf("since the future: %v", err)
	}
	s.Compact()
	if _, err := s.Since("things", "", begin); !errors.Is(err, ErrCompacted) {
		t.Errorf("since what is forgotten: %v", err)
	}
	if changes, err := s.Since("things", "", s.Revision()); err != nil || len(changes) > 0 {
		t.Errorf("since now: %v, %v", changes, err)
	}
	if d := cmp.Diff([]string{"things"}, s.Resources()); d != "" {
		t.Error(d)
	}
}

// TestListsOfThePastAreAsTheyWere compares lists of any revision with copies
// that were made then.
func TestListsOfThePastAreAsTheyWere(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s := New(nil)
	past := map[uint64][]string{s.Revision(): {}}
	for n := range 500 {
		k := Key{Resource: "things", Namespace: string(rune('x' + r.IntN(2))), Name: string(rune('a' + r.IntN(6)))}
		if r.IntN(3) == 0 {
			s.Delete(k)
		} else {
			o := object(k.Name, fmt.Sprint(n))
			o.SetNamespace(k.Namespace)
			s.Put(k, o)
		}
		past[s.Revision()] = names(s.List("things", ""))
	}
	for revision, want := range past {
		got, err := s.ListAt("things", "", revision)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, names(got)); d != "" {
			t.Errorf("at %d (-then +now):\n%s", revision, d)
		}
	}
}

func TestALongHistoryIsCut(t *testing.T) {
	s := New(nil)
	for n := range 3 * kept {
		s.Put(key("a"), object("a", fmt.Sprint(n)))
	}
	if n := len(s.history); n > kept+kept/10+1 {
		t.Errorf("%d changes are kept, at most about %d should be", n, kept)
	}
	if _, err := s.Since("things", "", 2); !errors.Is(err, ErrCompacted) {
		t.Errorf("since the beginning: %v", err)
	}
	if changes, err := s.Since("things", "", s.Revision()-kept/2); err != nil || len(changes) != kept/2 {
		t.Errorf("%d changes, %v", len(changes), err)
	}
}

func TestKeysAreShownAndOrdered(t *testing.T) {
	keys := []Key{{"b", "", "a"}, {"a", "y", "a"}, {"a", "x", "b"}, {"a", "x", "a"}}
	slices.SortFunc(keys, Key.Compare)
	if got := fmt.Sprint(keys); got != "[a/x/a a/x/b a/y/a b/a]" {
		t.Errorf("%s", got)
	}
}

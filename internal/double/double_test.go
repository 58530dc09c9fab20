package double_test

import (
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/internal/depcheck"
	"github.com/mettel-automation/delivery/internal/double"
)

func TestImports(t *testing.T) { depcheck.Only(t, ".") }

func TestDo(t *testing.T) {
	refused := func(who string) *double.Error { return &double.Error{Code: who} }
	tests := map[string]struct {
		before, after, own *double.Error
		want               string
		done               bool
	}{
		"a call has its effect and its answer":        {want: "answer", done: true},
		"a call that is refused before has no effect": {before: refused("before"), after: refused("after"), want: "before: "},
		"one whose answer is lost has its effect":     {after: refused("after"), want: "after: ", done: true},
		"one that fails by itself is not replaced":    {own: refused("own"), after: refused("after"), want: "own: ", done: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				done, began := false, time.Now()
				calls := &double.Calls{}
				hook := func(e *double.Error) double.Hook {
					return func(op string, n int) *double.Error {
						if op != "Do" || n != 3 {
							t.Errorf("asked for call %d of %s", n, op)
						}
						return e
					}
				}
				for range 2 {
					calls.Count("Do")
				}
				calls.Before, calls.After = hook(tt.before), hook(tt.after)
				out, fault := double.Do(calls, "Do", func(now time.Time) (string, *double.Error) {
					done = now.Equal(began)
					return "answer", tt.own
				})
				got := out
				if fault != nil {
					got = fault.Error()
				}
				if got != tt.want || done != tt.done {
					t.Errorf("%q, done %t, want %q, %t", got, done, tt.want, tt.done)
				}
				if n := calls.Of("Do"); n != 3 {
					t.Errorf("%d calls counted", n)
				}
			})
		})
	}
}

func TestCallsAreCountedFromSeveralGoroutines(t *testing.T) {
	var calls double.Calls
	var group sync.WaitGroup
	for i := range 1000 {
		group.Go(func() {
			_, _ = double.Do(&calls, fmt.Sprint("op", i%2), func(time.Time) (int, *double.Error) { return 0, nil })
		})
	}
	group.Wait()
	if got := []int{calls.Of("op0"), calls.Of("op1"), calls.Of("op2")}; !cmp.Equal(got, []int{500, 500, 0}) {
		t.Errorf("calls: %v", got)
	}
}

func TestAnErrorHasAStatus(t *testing.T) {
	if got := (&double.Error{}).HTTPStatus(); got != http.StatusBadRequest {
		t.Errorf("by default it is %d", got)
	}
	if got := (&double.Error{Status: http.StatusConflict}).HTTPStatus(); got != http.StatusConflict {
		t.Errorf("it is %d", got)
	}
}

func TestUUID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	seen := make(map[string]bool)
	for n := range 1000 {
		id := double.UUID(n)
		if !form.MatchString(id) || seen[id] || id != double.UUID(n) {
			t.Fatalf("the %dth is %s", n, id)
		}
		seen[id] = true
	}
}

func TestStamp(t *testing.T) {
	if got := double.Stamp(time.Date(2026, 11, 22, 0, 0, 0, 250_600_000, time.UTC)); got != 1795305600.25 {
		t.Errorf("%f", got)
	}
}

func TestPage(t *testing.T) {
	all := []int{1, 2, 3, 4, 5}
	tests := map[string]struct {
		token string
		size  int
		part  []int
		next  string
		ok    bool
	}{
		"the first page":              {"", 2, []int{1, 2}, "from-2", true},
		"one in between":              {"from-2", 2, []int{3, 4}, "from-4", true},
		"the last one is the rest":    {"from-4", 2, []int{5}, "", true},
		"all on one page":             {"", 5, all, "", true},
		"a list that has shrunk":      {"from-5", 2, []int{}, "", true},
		"a token beyond the end":      {"from-6", 2, nil, "", false},
		"a token before the start":    {"from--1", 2, nil, "", false},
		"a token of another":          {"2", 2, nil, "", false},
		"a token that is no number":   {"from-x", 2, nil, "", false},
		"a token with something else": {"from-2x", 2, nil, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			part, next, ok := double.Page(all, tt.token, tt.size)
			if d := cmp.Diff(tt.part, part); d != "" || next != tt.next || ok != tt.ok {
				t.Errorf("next %q, ok %t, part (-want +got):\n%s", next, ok, d)
			}
		})
	}
}

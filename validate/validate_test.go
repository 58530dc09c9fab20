package validate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

func TestOutcomes(t *testing.T) {
	tests := map[string]struct {
		report  Report
		err     error
		want    Outcome
		pass    bool
		reason  string
		summary string
	}{
		"a check without findings is clean": {
			want: Clean, pass: true, summary: "clean",
		},
		"a finding fails": {
			report: Report{Findings: []Finding{{Path: "a.py", Message: "bad", Severity: Warning}}},
			want:   Findings, summary: "1 finding",
		},
		"nothing to validate passes and says why": {
			report: Report{Nothing: "no Python file"},
			want:   Nothing, pass: true, reason: "no Python file", summary: "nothing to validate: no Python file",
		},
		"a linter that is not there fails": {
			err:  fmt.Errorf("run: %w", &MissingToolError{Tool: "eslint", Remedy: "npm ci"}),
			want: MissingTool, reason: "run: eslint is not installed: npm ci", summary: "missing tool: run: eslint is not installed: npm ci",
		},
		"a crash fails": {
			err:  &CrashError{Tool: "eslint", Code: 2, Stderr: []string{"Oops! Something went wrong! :(", "ESLint: 10.15.0", "TypeError: no such rule", "    at x.js"}},
			want: Crashed, reason: "eslint failed with exit code 2: TypeError: no such rule", summary: "crashed: eslint failed with exit code 2: TypeError: no such rule",
		},
		"a crash with findings fails as a crash": {
			report: Report{Findings: []Finding{{Path: "a.py", Message: "bad"}}}, err: errors.New("it broke"),
			want: Crashed, reason: "it broke", summary: "crashed: it broke, 1 finding all the same",
		},
		"nothing to validate does not hide a crash": {
			report: Report{Nothing: "no file"}, err: errors.New("cannot list files"),
			want: Crashed, reason: "cannot list files", summary: "crashed: cannot list files",
		},
		"an error cannot steer a terminal": {
			err:  errors.New("\x1b[2Jbad\nnews"),
			want: Crashed, reason: `\x1b[2Jbad news`, summary: `crashed: \x1b[2Jbad news`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			check := fakeCheck{"c", func(context.Context, Target) (Report, error) { return tt.report, tt.err }}
			result, err := Runner{Root: t.TempDir(), Checks: []Check{check}}.Run(t.Context(), []Module{{Name: "m", Dir: "."}})
			if err != nil {
				t.Fatal(err)
			}
			v := result.Verdicts[0]
			if v.Outcome != tt.want || v.Reason != tt.reason || v.Summary() != tt.summary || result.Pass() != tt.pass {
				t.Errorf("outcome %q, reason %q, summary %q, pass %v", v.Outcome, v.Reason, v.Summary(), result.Pass())
			}
		})
	}
}

// Modules and checks end in the reverse order here.
func TestOrderIsThatOfTheInput(t *testing.T) {
	root := tree(t, map[string]string{"a/x": "", "b/x": "", "c/x": ""})
	synctest.Test(t, func(t *testing.T) {
		var started atomic.Int64
		slow := func(name string) Check {
			return fakeCheck{name, func(context.Context, Target) (Report, error) {
				time.Sleep(time.Hour - time.Duration(started.Add(1))*time.Minute)
				return Report{}, nil
			}}
		}
		r := Runner{Root: root, Checks: []Check{slow("two"), slow("one")}, Parallel: 6, Timeout: 2 * time.Hour}
		result, err := r.Run(t.Context(), []Module{{Name: "c", Dir: "c"}, {Name: "a", Dir: "a"}, {Name: "b", Dir: "b"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range result.Verdicts {
			got = append(got, v.Module+"/"+v.Check)
		}
		if d := cmp.Diff([]string{"c/two", "c/one", "a/two", "a/one", "b/two", "b/one"}, got); d != "" {
			t.Error(d)
		}
	})
}

func TestParallelIsBounded(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		check := fakeCheck{"c", func(context.Context, Target) (Report, error) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return Report{}, nil
		}}
		var modules []Module
		for i := range 20 {
			modules = append(modules, Module{Name: fmt.Sprint(i), Dir: "."})
		}
		start := time.Now()
		if _, err := (Runner{Root: root, Checks: []Check{check}, Parallel: 3}).Run(t.Context(), modules); err != nil {
			t.Fatal(err)
		}
		if most.Load() != 3 || time.Since(start) != 7*time.Second {
			t.Errorf("%d ran at once and all took %v, want 3 and 7s", most.Load(), time.Since(start))
		}
	})
}

func TestTimeoutIsForEachCheck(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		hangs := fakeCheck{"hangs", func(ctx context.Context, _ Target) (Report, error) {
			<-ctx.Done()
			return Report{}, fmt.Errorf("run: %w", ctx.Err())
		}}
		result, err := Runner{Root: root, Checks: []Check{hangs, finds("quick")}, Timeout: time.Minute}.Run(t.Context(), []Module{{Name: "m", Dir: "."}})
		if err != nil {
			t.Fatal(err)
		}
		if v := result.Verdicts[0]; v.Outcome != TimedOut || v.Summary() != "timed out: did not end within 1m0s" || v.Elapsed != time.Minute {
			t.Errorf("verdict is %s: %s after %v", v.Outcome, v.Summary(), v.Elapsed)
		}
		if v := result.Verdicts[1]; v.Outcome != Clean {
			t.Errorf("the other check is %s, want clean", v.Outcome)
		}
	})
}

func TestCancelReturnsWhatIsThere(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		hangs := fakeCheck{"hangs", func(ctx context.Context, _ Target) (Report, error) {
			<-ctx.Done()
			return Report{}, ctx.Err()
		}}
		result, err := Runner{Root: root, Parallel: 1, Checks: []Check{finds("quick"), hangs, finds("never")}}.Run(ctx, []Module{{Name: "m", Dir: "."}})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v, want context.DeadlineExceeded", err)
		}
		var got []Outcome
		for _, v := range result.Verdicts {
			got = append(got, v.Outcome)
		}
		if d := cmp.Diff([]Outcome{Clean, Canceled, Canceled}, got); d != "" || result.Pass() {
			t.Errorf("pass is %v, outcomes (-want +got):\n%s", result.Pass(), d)
		}
	})
}

func TestPanicOfACheckIsACrash(t *testing.T) {
	chokes := fakeCheck{"chokes", func(context.Context, Target) (Report, error) { panic("unexpected\ntoken") }}
	result, err := Runner{Root: t.TempDir(), Checks: []Check{chokes, finds("other")}}.Run(t.Context(), []Module{{Name: "m", Dir: "."}})
	if err != nil {
		t.Fatal(err)
	}
	v := result.Verdicts[0]
	if v.Outcome != Crashed || v.Reason != "panic: unexpected token" || len(v.Output) == 0 || result.Verdicts[1].Outcome != Clean {
		t.Errorf("verdicts are %+v", result.Verdicts)
	}
}

func TestWrongInput(t *testing.T) {
	root := tree(t, map[string]string{"a/x": ""})
	ok := []Module{{Name: "a", Dir: "a"}}
	tests := map[string]struct {
		checks  []Check
		modules []Module
		want    string
	}{
		"no checks":                         {nil, ok, "run checks: none are given"},
		"two checks of one name":            {[]Check{finds("c"), finds("c")}, ok, `run checks: two are named "c"`},
		"a check without a name":            {[]Check{finds("")}, ok, "run checks: one has no name"},
		"a module without a name":           {[]Check{finds("c")}, []Module{{Dir: "a"}}, "module at a has no name"},
		"a module that is given twice":      {[]Check{finds("c")}, []Module{{Name: "a", Dir: "a"}, {Name: "a", Dir: "a"}}, "module a is given twice"},
		"a directory above the root":        {[]Check{finds("c")}, []Module{{Name: "a", Dir: "../a"}}, "directory ../a is not below the root"},
		"an absolute directory":             {[]Check{finds("c")}, []Module{{Name: "a", Dir: "/etc"}}, "directory /etc is not below the root"},
		"a directory that does not exist":   {[]Check{finds("c")}, []Module{{Name: "a", Dir: "b"}}, "run checks of module a: directory b does not exist"},
		"a file above the module":           {[]Check{finds("c")}, []Module{{Name: "a", Dir: "a", Files: []string{"../b/x.py"}}}, `file "../b/x.py" is not below the module`},
		"all that is wrong is told at once": {nil, []Module{{Name: "a", Dir: "/b"}}, "none are given\nrun checks of module a: directory /b is not below the root"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := Runner{Root: root, Checks: tt.checks}.Run(t.Context(), tt.modules)
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(result.Verdicts) > 0 {
				t.Errorf("got %v, %v; want %q", result, err, tt.want)
			}
		})
	}
}

func TestModuleThatIsGoneHasNothing(t *testing.T) {
	check := fakeCheck{"c", func(context.Context, Target) (Report, error) { return Report{}, errors.New("was run") }}
	result, err := Runner{Root: t.TempDir(), Checks: []Check{check}}.Run(t.Context(), []Module{{Name: "old", Dir: "old", Files: []string{"main.tf"}}})
	if err != nil {
		t.Fatal(err)
	}
	if v := result.Verdicts[0]; v.Outcome != Nothing || v.Reason != "old no longer exists" {
		t.Errorf("verdict is %s: %s", v.Outcome, v.Reason)
	}
}

func TestProgress(t *testing.T) {
	var rec progress.Recorder
	var mu sync.Mutex
	check := fakeCheck{"c", func(_ context.Context, target Target) (Report, error) {
		mu.Lock()
		defer mu.Unlock()
		switch target.Module.Name {
		case "bad":
			return Report{Findings: []Finding{{Path: "x"}, {Path: "y"}}}, nil
		case "broken":
			return Report{}, errors.New("crash")
		case "empty":
			return Report{Nothing: "no file"}, nil
		}
		return Report{}, nil
	}}
	r := Runner{Root: t.TempDir(), Checks: []Check{check}, Parallel: 1, Progress: rec.Record}
	if _, err := r.Run(t.Context(), []Module{{Name: "good", Dir: "."}, {Name: "bad", Dir: "."}, {Name: "broken", Dir: "."}, {Name: "empty", Dir: "."}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range rec.Events() {
		got = append(got, fmt.Sprintf("%s %s %s %q %v", e.Op, e.Subject, e.State, e.Message, e.Err))
	}
	want := []string{
		`validate.c good running "" <nil>`, `validate.c good done "clean" <nil>`,
		`validate.c bad running "" <nil>`, `validate.c bad done "2 findings" <nil>`,
		`validate.c broken running "" <nil>`, `validate.c broken failed "crashed" crash`,
		`validate.c empty running "" <nil>`, `validate.c empty skipped "no file" <nil>`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

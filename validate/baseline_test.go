package validate

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBaseline(t *testing.T) {
	all := Module{Name: "m", Dir: "."}
	before := tree(t, map[string]string{"a.py": "x=1\nx=1\ny=1\n"})
	fs := []Finding{{Path: "a.py", Line: 1, Message: "bad"}, {Path: "a.py", Line: 2, Message: "bad"}, {Path: "a.py", Line: 3, Message: "bad"}}
	known, err := runWith(t, Runner{Root: before}, all, fs...).Baseline()
	if err != nil {
		t.Fatal(err)
	}
	known = reread(t, known)
	if len(known.Entries) != 2 || known.Entries[0].Count+known.Entries[1].Count != 3 {
		t.Fatalf("entries are %+v, want two, one with a count of 2", known.Entries)
	}
	t.Run("known findings do not fail", func(t *testing.T) {
		r := runWith(t, Runner{Root: before, Baseline: known}, all, fs...)
		if v := r.Verdicts[0]; !r.Pass() || v.Summary() != "clean, 3 known" || len(r.Stale) != 0 {
			t.Errorf("got %s; stale %v", v.Summary(), r.Stale)
		}
	})
	t.Run("nor do they where lines moved", func(t *testing.T) {
		after := tree(t, map[string]string{"a.py": "\n\nx=1\nx=1\ny=1\n"})
		if r := runWith(t, Runner{Root: after, Baseline: known}, all, shift(fs, 2)...); !r.Pass() {
			t.Errorf("got\n%s", r)
		}
	})
	t.Run("one more of a kind is new", func(t *testing.T) {
		after := tree(t, map[string]string{"a.py": "x=1\nx=1\ny=1\nx=1\n"})
		r := runWith(t, Runner{Root: after, Baseline: known}, all, append(fs, Finding{Path: "a.py", Line: 4, Message: "bad"})...)
		if got := r.Findings(); len(got) != 1 || got[0].Line != 4 {
			t.Errorf("findings are %v, want the one of line 4", got)
		}
	})
	t.Run("what is mended is stale, with its count", func(t *testing.T) {
		r := runWith(t, Runner{Root: before, Baseline: known}, all, fs[0])
		var got []string
		for _, e := range r.Stale {
			got = append(got, e.String())
		}
		if d := cmp.Diff([]string{"a.py: bad (c)", "a.py: bad (c)"}, got); d != "" || !r.Pass() {
			t.Errorf("pass %v, stale:\n%s", r.Pass(), d)
		}
	})
	t.Run("what was not looked at is not stale", func(t *testing.T) {
		if r := runWith(t, Runner{Root: before, Baseline: known}, Module{Name: "m", Dir: ".", Files: []string{"b.py"}}); len(r.Stale) != 0 {
			t.Errorf("stale: %v", r.Stale)
		}
		crash := fakeCheck{"c", func(context.Context, Target) (Report, error) { return Report{}, &MissingToolError{Tool: "x"} }}
		r, err := Runner{Root: before, Baseline: known, Checks: []Check{crash}}.Run(t.Context(), []Module{all})
		if err != nil || len(r.Stale) != 0 {
			t.Errorf("stale: %v, %v", r.Stale, err)
		}
		if _, err := r.Baseline(); err == nil || !strings.Contains(err.Error(), "make baseline: c of module m: missing tool") {
			t.Errorf("a baseline was made of a run in which a linter was missing: %v", err)
		}
	})
	t.Run("a run with a baseline makes the same again", func(t *testing.T) {
		again, err := runWith(t, Runner{Root: before, Baseline: known}, all, fs...).Baseline()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(known, again); d != "" {
			t.Error(d)
		}
	})
}

func shift(fs []Finding, n int) []Finding {
	out := slices.Clone(fs)
	for i := range out {
		out[i].Line += n
	}
	return out
}

func reread(t *testing.T, b *Baseline) *Baseline {
	t.Helper()
	var buf bytes.Buffer
	if err := b.Write(&buf); err != nil {
		t.Fatal(err)
	}
	again, err := ReadBaseline(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// A blanket finding is never known, whatever a file says: the next one would be too.
func TestBaselineTakesNoBlanketFindings(t *testing.T) {
	root := tree(t, map[string]string{"a": ""})
	all, failed := Module{Name: "m", Dir: "."}, Finding{Path: ".", Rule: "exit-code-1", Message: "npm run lint failed", Scope: OfModule, Blanket: true}
	r := runWith(t, Runner{Root: root}, all, failed)
	if _, err := r.Baseline(); err == nil || !strings.Contains(err.Error(), `make baseline: c of module m: "npm run lint failed" stands for findings that cannot be told apart`) {
		t.Errorf("error is %v", err)
	}
	if b := NewBaseline(r.Findings()); len(b.Entries) != 0 {
		t.Errorf("entries are %v", b.Entries)
	}
	same := failed
	same.Blanket = false // as a file has it that was written by hand
	known := NewBaseline(runWith(t, Runner{Root: root}, all, same).Findings())
	if r := runWith(t, Runner{Root: root, Baseline: known}, all, failed); r.Pass() {
		t.Errorf("a blanket finding is known:\n%s", r)
	}
}

func TestEmptyBaseline(t *testing.T) {
	for name, b := range map[string]*Baseline{"nil": nil, "without entries": {}} {
		if got := reread(t, b); len(got.Entries) != 0 {
			t.Errorf("%s: entries are %v", name, got.Entries)
		}
	}
}

func TestReadBaselineRefuses(t *testing.T) {
	entry := `{"path":"a","check":"c","message":"m","fingerprint":"f","count":1}`
	for name, tt := range map[string]struct{ text, want string }{
		"an empty file":               {"", "read baseline: it is not one that was written by Baseline.Write: EOF"},
		"a cut file":                  {`{"version":1,"findings":[`, "unexpected EOF"},
		"another JSON":                {`[]`, "cannot unmarshal array"},
		"an empty object":             {`{}`, "version 0 is not known; want 1"},
		"a later version":             {`{"version":2,"findings":[]}`, "version 2 is not known"},
		"unknown fields":              {`{"version":1,"known":[]}`, `unknown field "known"`},
		"something behind":            {`{"version":1,"findings":[]}{}`, "there is something behind it"},
		"a bracket behind":            {`{"version":1,"findings":[]}]`, "there is something behind it"},
		"an entry without a check":    {`{"version":1,"findings":[{"path":"a","fingerprint":"f","count":1}]}`, "finding 1 has no path, check or fingerprint"},
		"a count of 0":                {`{"version":1,"findings":[{"path":"a","check":"c","fingerprint":"f"}]}`, "finding 1 has count 0"},
		"a fingerprint that is twice": {`{"version":1,"findings":[` + entry + `,` + entry + `]}`, "finding 2 has the fingerprint of another"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadBaseline(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzReadBaseline(f *testing.F) {
	f.Add([]byte(`{"version":1,"findings":[{"path":"a","check":"c","rule":"r","message":"m","fingerprint":"f","count":2}]}`))
	f.Add([]byte(`{"version":1,"findings":[]}`))
	f.Add([]byte(`{"version":1,"findings":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBaseline(bytes.NewReader(data))
		if err != nil {
			return
		}
		if d := cmp.Diff(len(b.Entries), len(reread(t, b).Entries)); d != "" {
			t.Error(d)
		}
	})
}

package codequality

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func written(t *testing.T, issues []Issue) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, issues); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrite(t *testing.T) {
	issues := []Issue{
		{Description: "line too long", Check: "E501", Severity: Minor, Path: "./app/b.py", Line: 7},
		{Description: "a <b> & c", Check: "X", Path: `app\a.py`, Line: -1, Fingerprint: "mine"},
	}
	want := `[{"description":"a <b> & c","check_name":"X","fingerprint":"mine","severity":"major","location":{"path":"app/a.py","lines":{"begin":1}}},
{"description":"line too long","check_name":"E501","fingerprint":"` + hash("E501", "app/b.py", "line too long") + `","severity":"minor","location":{"path":"app/b.py","lines":{"begin":7}}}]
`
	if d := cmp.Diff(want, written(t, issues)); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
	if issues[0].Path != "./app/b.py" {
		t.Error("writing changed the issues")
	}
}

func TestWriteNothingIsAnEmptyArray(t *testing.T) {
	if got := written(t, nil); got != "[]\n" {
		t.Errorf("JSON is %q", got)
	}
}

func fingerprints(t *testing.T, text string) []string {
	t.Helper()
	var back []wireIssue
	if err := json.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, issue := range back {
		all = append(all, issue.Fingerprint)
	}
	return all
}

func TestFingerprints(t *testing.T) {
	equal := Issue{Description: "line too long", Check: "E501", Path: "a.py"}
	at := func(lines ...int) []Issue {
		var all []Issue
		for _, line := range lines {
			issue := equal
			issue.Line = line
			all = append(all, issue)
		}
		return all
	}
	three := fingerprints(t, written(t, at(3, 9, 30)))
	if moved := fingerprints(t, written(t, at(5, 11, 32))); !slices.Equal(three, moved) {
		t.Errorf("two lines above changed the fingerprints %q to %q", three, moved)
	}
	if slices.Sort(three); len(slices.Compact(slices.Clone(three))) != 3 {
		t.Errorf("equal findings share fingerprints: %q", three)
	}
	given := fingerprints(t, written(t, []Issue{{Description: "a", Path: "a", Fingerprint: "x"}, {Description: "b", Path: "b", Fingerprint: "x"}}))
	if given[0] != "x" || given[1] == "x" {
		t.Errorf("equal fingerprints that were given are %q", given)
	}
}

// TestFingerprintsAreUnique also where given ones are those that would be made.
func TestFingerprintsAreUnique(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 7))
	words := []string{"a", "b", ""}
	var issues []Issue
	for range 2000 {
		issue := Issue{Description: words[rnd.IntN(3)], Check: words[rnd.IntN(3)], Path: "p" + words[rnd.IntN(3)], Line: rnd.IntN(9)}
		switch rnd.IntN(4) {
		case 0:
			issue.Fingerprint = hash(issue.Check, issue.Path, issue.Description)
		case 1:
			issue.Fingerprint = hash(hash(issue.Check, issue.Path, issue.Description), "2")
		}
		issues = append(issues, issue)
	}
	all := fingerprints(t, written(t, issues))
	rnd.Shuffle(len(issues), func(i, j int) { issues[i], issues[j] = issues[j], issues[i] })
	if !slices.Equal(all, fingerprints(t, written(t, issues))) {
		t.Error("the order of the findings changes fingerprints")
	}
	if slices.Sort(all); len(slices.Compact(all)) != len(issues) {
		t.Error("fingerprints are not unique")
	}
}

func TestWriteRefuses(t *testing.T) {
	tests := map[string]struct {
		issue Issue
		want  string
	}{
		"an issue without a path": {Issue{Description: "odd"}, `write Code Quality report: issue "odd": it has no path`},
		"an unknown severity":     {Issue{Description: "odd", Path: "a", Severity: "bad"}, `write Code Quality report: issue "odd": unknown severity "bad"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := Write(&b, []Issue{{Path: "a"}, tt.issue}); err == nil || err.Error() != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
			if b.Len() > 0 {
				t.Errorf("it wrote %q", b.String())
			}
		})
	}
}

type full struct{}

var errFull = errors.New("disk is full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWritePassesOnErrors(t *testing.T) {
	if err := Write(full{}, nil); !errors.Is(err, errFull) {
		t.Errorf("error is %v", err)
	}
}

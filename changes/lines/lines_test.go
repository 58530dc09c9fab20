package lines

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
)

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		old, now string
		want     []Range
	}{
		"a new file is changed as a whole":             {"", "a\nb\n", []Range{{First: 1, Last: 2}}},
		"an empty file has no lines":                   {"a\n", "", []Range{}},
		"equal files have none":                        {"a\nb\n", "a\nb\n", []Range{}},
		"a line in the middle":                         {"a\nb\nc\n", "a\nX\nc\n", []Range{{First: 2, Last: 2}}},
		"lines that were deleted are on none":          {"a\nb\nc\n", "a\nc\n", []Range{}},
		"two places":                                   {"a\nb\nc\nd\n", "X\nb\nc\nY\nZ\n", []Range{{First: 1, Last: 1}, {First: 4, Last: 5}}},
		"a line break that is gone changes the line":   {"a\nb\n", "a\nb", []Range{{First: 2, Last: 2}}},
		"other line breaks change every line":          {"a\nb\n", "a\r\nb\r\n", []Range{{First: 1, Last: 2}}},
		"a line that is not UTF-8 is a line as others": {"\xff\nb\n", "\xfe\nb\n", []Range{{First: 1, Last: 1}}},
		"an added line among equal ones is one line":   {"a\na\na\n", "a\na\na\na\n", []Range{{First: 4, Last: 4}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, mustCompare(t, tt.old, tt.now)); d != "" {
				t.Errorf("ranges (-want +got):\n%s", d)
			}
		})
	}
}

// TestCompareIsShortest holds compare against the definition: the lines that
// are not changed are common to both files in order, and no more could be.
func TestCompareIsShortest(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 5000 {
		old, now := randomLines(rng), randomLines(rng)
		ranges := mustCompare(t, join(old), join(now))
		var kept []string
		changed := 0
		for i, line := range now {
			if (Lines{"f": ranges}).Has("f", i+1) {
				changed++
			} else {
				kept = append(kept, line)
			}
		}
		if !subsequence(kept, old) || len(kept) != longestCommon(old, now) {
			t.Fatalf("old %q, now %q: ranges %v keep %q", old, now, ranges, kept)
		}
	}
}

func randomLines(rng *rand.Rand) []string {
	lines := make([]string, rng.IntN(1+rng.IntN(40)))
	for i := range lines {
		lines[i] = string(rune('a'+rng.IntN(7))) + "\n"
	}
	return lines
}

func join(lines []string) string { return strings.Join(lines, "") }

func mustCompare(t *testing.T, old, now string) []Range {
	t.Helper()
	ranges, err := compare(t.Context(), []byte(old), []byte(now))
	if err != nil || ranges == nil {
		t.Fatalf("compare = %v, %v", ranges, err)
	}
	return ranges
}

func subsequence(part, whole []string) bool {
	for _, line := range whole {
		if len(part) > 0 && part[0] == line {
			part = part[1:]
		}
	}
	return len(part) == 0
}

func longestCommon(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		corner := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = corner + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			corner = above
		}
	}
	return row[len(b)]
}

func TestAFileThatWasReplacedIsCheap(t *testing.T) {
	const n = 60_000 // more distinct lines than there are runes before the surrogates
	var old, now strings.Builder
	for i := range n {
		fmt.Fprintf(&old, "old %d\n", i)
		fmt.Fprintf(&now, "now %d\n", i)
	}
	now.WriteString("old 7\n")
	if d := cmp.Diff([]Range{{First: 1, Last: n}}, mustCompare(t, old.String(), now.String())); d != "" {
		t.Errorf("ranges (-want +got):\n%s", d)
	}
	text := old.String()
	edited := strings.Replace(text, "old 59000\n", "new\nlines\n", 1)
	if d := cmp.Diff([]Range{{First: 59_001, Last: 59_002}}, mustCompare(t, text, edited)); d != "" {
		t.Errorf("ranges beyond the surrogates (-want +got):\n%s", d)
	}
}

func TestChanged(t *testing.T) {
	before := fstest.MapFS{
		"mod.py":  {Data: []byte("a\nb\n")},
		"gone.py": {Data: []byte("a\n")},
		"type":    {Data: []byte("target"), Mode: fs.ModeSymlink},
		"bin":     {Data: []byte("a\x00")},
		"sub":     {Mode: fs.ModeDir},
	}
	after := fstest.MapFS{
		"mod.py": {Data: []byte("a\nB\n")},
		"new.py": {Data: []byte("a\nb\n")},
		"type":   {Data: []byte("text\n")},
		"link":   {Data: []byte("mod.py"), Mode: fs.ModeSymlink},
		"sub":    {Mode: fs.ModeDir},
		"bin":    {Data: []byte("b\x00")},
		"mode":   {Data: []byte("same\n"), Mode: 0o755},
	}
	before["mode"] = &fstest.MapFile{Data: []byte("same\n")}
	files := []changes.File{
		{Path: "bin", Status: changes.Modified},
		{Path: "gone.py", Status: changes.Deleted},
		{Path: "link", Status: changes.Added},
		{Path: "mod.py", Status: changes.Modified},
		{Path: "mode", Status: changes.Modified},
		{Path: "new.py", Status: changes.Added},
		{Path: "sub", Status: changes.Modified},
		{Path: "type", Status: changes.TypeChanged},
		{Path: "\xff", Status: changes.Added},
	}
	got, err := Changed(t.Context(), before, after, files)
	if err != nil {
		t.Fatal(err)
	}
	want := Lines{
		"mod.py": {{First: 2, Last: 2}}, "new.py": {{First: 1, Last: 2}}, "type": {{First: 1, Last: 1}},
		"bin": {}, "gone.py": {}, "link": {}, "mode": {}, "sub": {}, "\xff": {},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
}

func TestChangedNamesWhatItCannotRead(t *testing.T) {
	files := []changes.File{{Path: "lost.py", Status: changes.Modified}}
	_, err := Changed(t.Context(), fstest.MapFS{}, fstest.MapFS{}, files)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "lost.py") {
		t.Errorf("error = %v, want one that names lost.py", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Changed(ctx, fstest.MapFS{}, fstest.MapFS{}, files); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that of the context", err)
	}
}

func TestLinesInAnotherOrderAreBounded(t *testing.T) {
	const n = 64_000
	rng := rand.New(rand.NewPCG(1, 1))
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d\n", i)
	}
	old := join(lines)
	rng.Shuffle(n, func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	lines[n/2] = "new\n"
	// A shortest difference would take hours, and have all lines but some 500.
	if d := cmp.Diff([]Range{{First: n/2 + 1, Last: n/2 + 1}}, mustCompare(t, old, join(lines))); d != "" {
		t.Errorf("ranges (-want +got):\n%s", d)
	}
}

func TestASearchIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		if _, err := shortest(ctx, []int32{1, 2, 3}, []int32{3, 2, 1}, maxWork); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want that of the context", err)
		}
	})
	for left := range 10 { // the context ends after so many looks at it
		ctx := &looks{Context: t.Context(), left: left}
		if _, err := shortest(ctx, []int32{1, 2, 3, 4, 5, 6, 7, 8}, []int32{8, 7, 6, 5, 4, 3, 2, 1}, maxWork); !errors.Is(err, context.Canceled) && ctx.left < 0 {
			t.Errorf("error after %d looks = %v, want that of the context", left, err)
		}
	}
}

type looks struct {
	context.Context
	left int
}

func (l *looks) Err() error {
	if l.left--; l.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestASearchEndsWhenItsWorkIsDone(t *testing.T) {
	a, b := []int32{1, 2, 3, 4, 5, 6, 7, 8}, []int32{8, 7, 6, 5, 4, 3, 2, 1}
	want, err := shortest(t.Context(), a, b, 1000)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for work := range 200 {
		switch got, err := shortest(t.Context(), a, b, work); {
		case errors.Is(err, errTooDifferent):
			failed++
		case err != nil || !slices.Equal(got, want):
			t.Errorf("with %d steps: %v, %v; want %v", work, got, err, want)
		}
	}
	if failed < 20 || failed == 200 {
		t.Errorf("%d of 200 budgets were too small", failed)
	}
}

func TestFilesThatAreTooLargeCountAsBinary(t *testing.T) {
	large, most := make([]byte, MaxSize+1), make([]byte, MaxSize)
	for _, content := range [][]byte{large, most} {
		for i := range content {
			content[i] = 'a'
		}
		content[len(content)-1] = '\n'
	}
	small := []byte("a\nb\n")
	before := fstest.MapFS{"grown": {Data: small}, "shrunk": {Data: large}, "most": {Data: small}}
	after := tooLarge{fstest.MapFS{"grown": {Data: large}, "shrunk": {Data: small}, "most": {Data: most}, "huge": {}}}
	var files []changes.File
	for _, path := range []string{"grown", "huge", "most", "shrunk"} {
		files = append(files, changes.File{Path: path, Status: changes.Modified})
	}
	before["huge"] = &fstest.MapFile{Data: small}
	got, err := Changed(t.Context(), before, after, files)
	want := Lines{"grown": {}, "huge": {}, "most": {{First: 1, Last: 1}}, "shrunk": {{First: 1, Last: 2}}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v; lines (-want +got):\n%s", err, d)
	}
}

// tooLarge has a file that no repository reads into memory.
type tooLarge struct{ fstest.MapFS }

func (f tooLarge) Open(name string) (fs.File, error) {
	if name == "huge" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("read object: %w", changes.ErrTooLarge)}
	}
	return f.MapFS.Open(name)
}

func FuzzCompare(f *testing.F) {
	f.Add([]byte("a\nb\n"), []byte("a\nc"))
	f.Add([]byte("\xff\n\n\r\n"), []byte(""))
	f.Fuzz(func(t *testing.T, old, now []byte) {
		lines := strings.SplitAfter(string(now), "\n")
		last := 0
		for _, r := range mustCompare(t, string(old), string(now)) {
			if r.First <= last || r.Last < r.First || r.Last > len(lines) {
				t.Fatalf("range %v after line %d of %d", r, last, len(lines))
			}
			last = r.Last + 1 // ranges do not touch
		}
	})
}

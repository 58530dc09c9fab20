package lines

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
)

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		old, now string
		want     []Range
	}{
		"a new file is changed as a whole":             {"", "a\nb\n", []Range{{First: 1, Last: 2}}},
		"an empty file has no lines":                   {"a\n", "", nil},
		"equal files have none":                        {"a\nb\n", "a\nb\n", nil},
		"a line in the middle":                         {"a\nb\nc\n", "a\nX\nc\n", []Range{{First: 2, Last: 2}}},
		"lines that were deleted are on none":          {"a\nb\nc\n", "a\nc\n", nil},
		"two places":                                   {"a\nb\nc\nd\n", "X\nb\nc\nY\nZ\n", []Range{{First: 1, Last: 1}, {First: 4, Last: 5}}},
		"a line break that is gone changes the line":   {"a\nb\n", "a\nb", []Range{{First: 2, Last: 2}}},
		"other line breaks change every line":          {"a\nb\n", "a\r\nb\r\n", []Range{{First: 1, Last: 2}}},
		"a line that is not UTF-8 is a line as others": {"\xff\nb\n", "\xfe\nb\n", []Range{{First: 1, Last: 1}}},
		"an added line among equal ones is one line":   {"a\na\na\n", "a\na\na\na\n", []Range{{First: 4, Last: 4}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, compare([]byte(tt.old), []byte(tt.now))); d != "" {
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
	for range 500 {
		old, now := randomLines(rng), randomLines(rng)
		ranges := compare(join(old), join(now))
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
	lines := make([]string, rng.IntN(20))
	for i := range lines {
		lines[i] = string(rune('a'+rng.IntN(5))) + "\n"
	}
	return lines
}

func join(lines []string) []byte { return []byte(strings.Join(lines, "")) }

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
	if d := cmp.Diff([]Range{{First: 1, Last: n}}, compare([]byte(old.String()), []byte(now.String()))); d != "" {
		t.Errorf("ranges (-want +got):\n%s", d)
	}
	text := old.String()
	edited := strings.Replace(text, "old 59000\n", "new\nlines\n", 1)
	if d := cmp.Diff([]Range{{First: 59_001, Last: 59_002}}, compare([]byte(text), []byte(edited))); d != "" {
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
	}
	got, err := Changed(t.Context(), before, after, files)
	if err != nil {
		t.Fatal(err)
	}
	want := Lines{"mod.py": {{First: 2, Last: 2}}, "new.py": {{First: 1, Last: 2}}, "type": {{First: 1, Last: 1}}}
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

func FuzzCompare(f *testing.F) {
	f.Add([]byte("a\nb\n"), []byte("a\nc"))
	f.Add([]byte("\xff\n\n\r\n"), []byte(""))
	f.Fuzz(func(t *testing.T, old, now []byte) {
		lines := strings.SplitAfter(string(now), "\n")
		last := 0
		for _, r := range compare(old, now) {
			if r.First <= last || r.Last < r.First || r.Last > len(lines) {
				t.Fatalf("range %v after line %d of %d", r, last, len(lines))
			}
			last = r.Last + 1 // ranges do not touch
		}
	})
}

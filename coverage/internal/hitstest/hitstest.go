// Package hitstest helps to test the parsers of coverage reports.
package hitstest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// Parser is the function of a parser package.
type Parser func(*bufio.Reader) (*hits.Set, error)

// Reader returns text as a parser wants it.
func Reader(text []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(text)) }

// Summary returns a line a file, sorted: path, lines or statements, and the
// branches where there are any; then the warnings.
func Summary(set *hits.Set) []string {
	var out []string
	for _, path := range set.Paths() {
		f := set.File(path)
		covered, total := f.Count()
		line := fmt.Sprintf("%s %d/%d", path, covered, total)
		if c, t := f.Branches(); t > 0 {
			line += fmt.Sprintf(" branches %d/%d", c, t)
		}
		out = append(out, line)
	}
	for _, w := range set.Warnings() {
		out = append(out, "warning: "+w)
	}
	return out
}

// Seed adds the real reports that match pattern to the corpus of f, and fails
// where there are none.
func Seed(f *testing.F, pattern string) {
	f.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		f.Fatalf("no report matches %s: %v", pattern, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
}

// Check holds what must be true of parse for any text: it does not panic, gives
// the same result each time, covers no more than there is, and its errors name a
// line or an offset that the text has. A report that is merged with itself stays what it is.
func Check(t *testing.T, parse Parser, text []byte) {
	t.Helper()
	set, err := parse(Reader(text))
	again, err2 := parse(Reader(text))
	if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
		t.Fatalf("errors differ: %v, then %v", err, err2)
	}
	if err != nil {
		checkLine(t, err, bytes.Count(text, []byte("\n"))+1, len(text))
		return
	}
	before := Summary(set)
	if !slices.Equal(before, Summary(again)) {
		t.Fatalf("results differ: %q, then %q", before, Summary(again))
	}
	checkCounts(t, set)
	switch err := set.Merge(again); {
	case errors.Is(err, hits.ErrTotalsAlone):
		return
	case err != nil:
		t.Fatalf("merge with itself: %v", err)
	}
	files := len(set.Paths())
	if after := Summary(set); !slices.Equal(before[:files], after[:files]) {
		t.Fatalf("merged with itself: %q, before %q", after[:files], before[:files])
	}
}

func checkLine(t *testing.T, err error, lines, size int) {
	t.Helper()
	e, ok := errors.AsType[*hits.Error](err)
	switch {
	case !ok:
	case e.Line == 0 && e.Offset >= 0 && e.Offset <= int64(size):
	case e.Line < 1 || e.Line > lines:
		t.Fatalf("error at line %d of %d, byte %d of %d: %v", e.Line, lines, e.Offset, size, err)
	}
}

func checkCounts(t *testing.T, set *hits.Set) {
	t.Helper()
	for _, path := range set.Paths() {
		covered, total := set.File(path).Count()
		taken, branches := set.File(path).Branches()
		if covered < 0 || covered > total || taken < 0 || taken > branches {
			t.Fatalf("%s: %d of %d covered, %d of %d branches", path, covered, total, taken, branches)
		}
	}
}

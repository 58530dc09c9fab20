package coverage

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// eachRealReport calls check with the text of each real report and what it says.
func eachRealReport(t *testing.T, check func(t *testing.T, text []byte, want Report)) {
	t.Helper()
	for _, path := range realReports(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Parse(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			check(t, text, want)
		})
	}
}

// same checks that r says what the report says as it is.
func same(t *testing.T, how string, r io.Reader, want Report) {
	t.Helper()
	got, err := Parse(r)
	if err != nil {
		t.Errorf("%s: %v", how, err)
		return
	}
	if d := cmp.Diff(want, got, numbers); d != "" {
		t.Errorf("%s (-as it is +changed):\n%s", how, d)
	}
	for i := range min(len(want.Files), len(got.Files)) { // which numbers leaves out
		before, after := maps.Collect(want.Files[i].Lines()), maps.Collect(got.Files[i].Lines())
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("%s: lines of %s (-as it is +changed):\n%s", how, want.Files[i].Path, d)
		}
	}
}

// TestTheWayItArrivesDoesNotMatter: in pieces of any size, packed, behind a byte
// order mark, below blank lines, with the line ends of Windows.
func TestTheWayItArrivesDoesNotMatter(t *testing.T) {
	eachRealReport(t, func(t *testing.T, text []byte, want Report) {
		same(t, "byte by byte", iotest.OneByteReader(bytes.NewReader(text)), want)
		same(t, "in halves", iotest.HalfReader(bytes.NewReader(text)), want)
		same(t, "with its end beside its last bytes", iotest.DataErrReader(bytes.NewReader(text)), want)
		same(t, "packed", bytes.NewReader(packed(t, text)), want)
		same(t, "behind a mark", io.MultiReader(strings.NewReader("\xef\xbb\xbf"), bytes.NewReader(text)), want)
		same(t, "with line ends of Windows", bytes.NewReader(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))), want)
		same(t, "below blank lines", io.MultiReader(strings.NewReader(" \n\n\t"), bytes.NewReader(text)), want)
	})
}

// TestReadErrorsPassWhereverTheyAre: what cannot be read to its end says so, and
// says nothing else.
func TestReadErrorsPassWhereverTheyAre(t *testing.T) {
	broken := errors.New("disk on fire")
	eachRealReport(t, func(t *testing.T, text []byte, _ Report) {
		for n := 0; n <= len(text); n += 1 + len(text)/200 {
			report, err := Parse(io.MultiReader(bytes.NewReader(text[:n]), iotest.ErrReader(broken)))
			if !errors.Is(err, broken) || errors.Is(err, ErrTruncated) || report.Count() != (Count{}) {
				t.Fatalf("after %d bytes: %+v, %v, want %v", n, report.Count(), err, broken)
			}
		}
	})
}

// TestOddXMLSaysTheSame puts what only encoding/xml reads between the elements of
// real reports, so that reading changes hands at random places.
func TestOddXMLSaysTheSame(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 7))
	oddities := []string{"<?php ?>", "<!-- \xc3\xa9 <line number=\"1\" hits=\"1\"/> -->", "<![CDATA[ ]]>", "\n\r\n", "<!DOCTYPE x [<!ENTITY y 'z'>]>", "&#32;"}
	eachRealReport(t, func(t *testing.T, text []byte, want Report) {
		if text[0] != '<' {
			return
		}
		root := max(bytes.Index(text, []byte("<coverage")), bytes.Index(text, []byte("<report ")))
		first, last := root+bytes.IndexByte(text[root:], '>')+1, bytes.LastIndex(text, []byte("</"))
		var gaps []int // between elements, within the root
		for i := first; i <= last; i++ {
			if text[i-1] == '>' && (text[i] == '<' || text[i] == '\n') {
				gaps = append(gaps, i)
			}
		}
		for range 20 {
			at, odd := gaps[rnd.IntN(len(gaps))], oddities[rnd.IntN(len(oddities))]
			same(t, odd, io.MultiReader(bytes.NewReader(text[:at]), strings.NewReader(odd), bytes.NewReader(text[at:])), want)
		}
	})
}

// TestLayoutOfJSONDoesNotMatter: neither white space nor the order of keys.
func TestLayoutOfJSONDoesNotMatter(t *testing.T) {
	eachRealReport(t, func(t *testing.T, text []byte, want Report) {
		if text[0] != '{' {
			return
		}
		var compact, indented bytes.Buffer
		var value any
		if err := errors.Join(json.Compact(&compact, text), json.Indent(&indented, text, "", "\t"), json.Unmarshal(text, &value)); err != nil {
			t.Fatal(err)
		}
		same(t, "compact", &compact, want)
		same(t, "indented", &indented, want)
		same(t, "with sorted keys", strings.NewReader(marshal(value)), want)
	})
}

// TestRepeatingItselfDoesNotMatter: a report that is merged with itself is still
// the same, where it has lines.
func TestRepeatingItselfDoesNotMatter(t *testing.T) {
	for _, path := range realReports(t) {
		once, err := ParseFiles(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := ParseFiles(t.Context(), path, path)
		switch name := filepath.Base(path); {
		case once.Format == IstanbulSummary, once.Metric == Instructions:
			if err == nil || !strings.Contains(err.Error(), "a report has its totals and not its lines") {
				t.Errorf("%s: error is %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case once.Count() != twice.Count() || once.Branches() != twice.Branches():
			t.Errorf("%s: %s once, %s twice", name, once.Count().fraction(), twice.Count().fraction())
		}
	}
}

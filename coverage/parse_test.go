package coverage

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

const (
	goText   = "mode: set\nm/a.go:1.1,3.2 5 1\nm/a.go:4.1,5.2 2 0\n"
	lcovText = "TN:\nSF:a.js\nDA:1,1\nDA:2,0\nend_of_record\n"
	xmlText  = `<coverage><packages><class filename="a.py"><lines><line number="1" hits="1"/></lines></class></packages></coverage>`
)

func packed(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wide(text, bom string, bigEndian bool) string {
	b := []byte(bom)
	for _, unit := range utf16.Encode([]rune(text)) {
		if bigEndian {
			b = append(b, byte(unit>>8), byte(unit))
		} else {
			b = append(b, byte(unit), byte(unit>>8))
		}
	}
	return string(b)
}

func TestParseFindsTheFormat(t *testing.T) {
	tests := map[string]struct {
		text string
		want Report
	}{
		"a Go profile": {
			text: goText,
			want: Report{Format: GoProfile, Metric: Statements, Files: []File{{Path: "m/a.go", Count: Count{5, 7}}}},
		},
		"LCOV": {
			text: lcovText,
			want: Report{Format: LCOV, Metric: Lines, Files: []File{{Path: "a.js", Count: Count{1, 2}}}},
		},
		"LCOV without a test name": {
			text: strings.TrimPrefix(lcovText, "TN:\n"),
			want: Report{Format: LCOV, Metric: Lines, Files: []File{{Path: "a.js", Count: Count{1, 2}}}},
		},
		"LCOV below comments": {
			text: "# one\n\n# two\n" + lcovText,
			want: Report{Format: LCOV, Metric: Lines, Files: []File{{Path: "a.js", Count: Count{1, 2}}}},
		},
		"Cobertura without a declaration": {
			text: xmlText,
			want: Report{Format: Cobertura, Metric: Lines, Files: []File{{Path: "a.py", Count: Count{1, 1}}}},
		},
		"a report below white space": {
			text: "\r\n\n " + xmlText,
			want: Report{Format: Cobertura, Metric: Lines, Files: []File{{Path: "a.py", Count: Count{1, 1}}}},
		},
		"a report behind a byte order mark": {
			text: "\xef\xbb\xbf" + goText,
			want: Report{Format: GoProfile, Metric: Statements, Files: []File{{Path: "m/a.go", Count: Count{5, 7}}}},
		},
		"a report in gzip": {
			text: string(packed(t, []byte(lcovText))),
			want: Report{Format: LCOV, Metric: Lines, Files: []File{{Path: "a.js", Count: Count{1, 2}}}},
		},
		"gzip files that were put one behind the other": {
			text: string(packed(t, []byte(lcovText))) + string(packed(t, []byte("SF:b.js\nDA:1,1\nend_of_record\n"))),
			want: Report{Format: LCOV, Metric: Lines, Files: []File{{Path: "a.js", Count: Count{1, 2}}, {Path: "b.js", Count: Count{1, 1}}}},
		},
		"files are sorted by path": {
			text: "mode: set\nz.go:1.1,2.2 1 1\na.go:1.1,2.2 1 0\n",
			want: Report{Format: GoProfile, Metric: Statements, Files: []File{{Path: "a.go", Count: Count{0, 1}}, {Path: "z.go", Count: Count{1, 1}}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("report (-want +got):\n%s", d)
			}
			// However small the pieces in which it arrives:
			if slow, err := Parse(iotest.OneByteReader(strings.NewReader(tt.text))); err != nil || !cmp.Equal(got, slow) {
				t.Errorf("byte by byte it is %+v, %v", slow, err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	whole := string(packed(t, []byte(lcovText)))
	broken := []byte(whole)
	broken[len(broken)-5] ^= 0xff // in the checksum
	tests := map[string]struct {
		text   string
		want   string // of the error
		is     error
		format Format
		line   int
	}{
		"0 bytes":           {"", "read coverage report: report is empty (0 bytes)", ErrEmpty, "", 0},
		"0 bytes in gzip":   {string(packed(t, nil)), "read coverage report: report is empty (0 bytes)", ErrEmpty, "", 0},
		"a mark alone":      {"\xef\xbb\xbf", "read coverage report: report is empty (0 bytes)", ErrEmpty, "", 0},
		"white space alone": {" \r\n\n", "read coverage report: report is empty (white space alone)", ErrEmpty, "", 0},
		"endless white space": {
			strings.Repeat(" ", 1<<20), `read coverage report: unknown report format: it begins with ""`, ErrUnknownFormat, "", 0,
		},
		"an HTML page":        {"\n<!DOCTYPE html><title>502</title>", "read coverage report: unknown report format: this is an HTML page", ErrUnknownFormat, "", 0},
		"one without DOCTYPE": {"<HTML lang=en>", "read coverage report: unknown report format: this is an HTML page", ErrUnknownFormat, "", 0},
		"JSON":                {`{"total": {}}`, "read coverage report: unknown report format: this is JSON; have the tool write", ErrUnknownFormat, "", 0},
		"a zip archive":       {"PK\x03\x04\x14", "read coverage report: unknown report format: this is a zip archive", ErrUnknownFormat, "", 0},
		"UTF-16 of Windows":   {wide(goText, "\xff\xfe", false), "read coverage report: unknown report format: this is UTF-16", ErrUnknownFormat, "", 0},
		"its other order":     {wide(goText, "\xfe\xff", true), "read coverage report: unknown report format: this is UTF-16", ErrUnknownFormat, "", 0},
		"UTF-16 unmarked":     {wide(xmlText, "", false), "read coverage report: unknown report format: this is UTF-16", ErrUnknownFormat, "", 0},
		"and the other order": {wide(xmlText, "", true), "read coverage report: unknown report format: this is UTF-16", ErrUnknownFormat, "", 0},
		"a log":               {"ok  \tm/a\t0.1s\n", `read coverage report: unknown report format: it begins with "ok  \tm/a\t0.1s"`, ErrUnknownFormat, "", 0},
		"a profile without its head": {
			"m/a.go:1.1,3.2 5 1\n", `read coverage report: unknown report format: it begins with "m/a.go:1.1,3.2 5 1"; a Go profile begins with mode:`, ErrUnknownFormat, "", 0,
		},
		"other XML":   {"<testsuites/>", "read coverage report at line 1: unknown report format: XML whose root is <testsuites>", ErrUnknownFormat, "", 1},
		"cut XML":     {xmlText[:60], "read coverage report at line 1 (cobertura): report is truncated", ErrTruncated, Cobertura, 1},
		"cut LCOV":    {lcovText[:20], "read coverage report at line 4 (lcov): report is truncated", ErrTruncated, LCOV, 4},
		"a cut count": {goText[:len(goText)-3], "read coverage report at line 3 (go): report is truncated in its last line", ErrTruncated, GoProfile, 3},
		"cut gzip":    {whole[:len(whole)-4], "read coverage report: report is truncated: its gzip data end early", ErrTruncated, "", 0},
		"gzip cut in its header": {
			whole[:5], "read coverage report: report is truncated: its gzip data end early", ErrTruncated, "", 0,
		},
		"broken gzip": {string(broken), "read coverage report: unpack gzip: ", gzip.ErrChecksum, "", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(strings.NewReader(tt.text))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Fatalf("error is %v, want %s...", err, tt.want)
			}
			if !errors.Is(err, tt.is) {
				t.Errorf("error %v is not %v", err, tt.is)
			}
			e, _ := errors.AsType[*ParseError](err)
			if e.Format != tt.format || e.Line != tt.line || e.File != "" {
				t.Errorf("error is of format %q at %q line %d, want %q at line %d", e.Format, e.File, e.Line, tt.format, tt.line)
			}
			if d := cmp.Diff(Report{}, got); d != "" {
				t.Errorf("report beside the error (-want +got):\n%s", d)
			}
		})
	}
}

func TestParsePassesOnReadErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, text := range map[string]string{"at once": "", "in Go": goText, "in LCOV": lcovText, "in XML": xmlText[:50]} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
			if !errors.Is(err, broken) || errors.Is(err, ErrTruncated) {
				t.Errorf("error is %v, want %v", err, broken)
			}
		})
	}
}

// write returns the path of a new file that holds text.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParseFilesMergesShards(t *testing.T) {
	one := write(t, "1.info", "SF:a.js\nDA:1,1\nDA:2,0\nDA:3,0\nend_of_record\n")
	two := write(t, "2.info", "SF:a.js\nDA:1,1\nDA:2,5\nDA:3,0\nend_of_record\nSF:b.js\nDA:1,0\nend_of_record\n")
	got, err := ParseFiles(t.Context(), one, two)
	if err != nil {
		t.Fatal(err)
	}
	want := Report{Format: LCOV, Metric: Lines, Files: []File{{Path: "a.js", Count: Count{2, 3}}, {Path: "b.js", Count: Count{0, 1}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("report (-want +got):\n%s", d)
	}
}

func TestParseFilesRefuses(t *testing.T) {
	golang := write(t, "cover.out", goText)
	lcov := write(t, "lcov.info", lcovText)
	other := write(t, "other.out", strings.ReplaceAll(goText, " 5 1", " 6 1"))
	cut := write(t, "cut.info", lcovText[:20])
	missing := filepath.Join(t.TempDir(), "none.xml")

	tests := map[string]struct {
		paths []string
		want  string
		is    error
	}{
		"no report at all":             {nil, "read coverage reports: no report given", ErrNoInput},
		"a report that is not there":   {[]string{golang, missing}, "read coverage report " + missing + ": no such file or directory", fs.ErrNotExist},
		"a directory":                  {[]string{filepath.Dir(golang)}, "read coverage report " + filepath.Dir(golang) + ": is a directory", nil},
		"a cut report":                 {[]string{lcov, cut}, "read coverage report " + cut + ":4 (lcov): report is truncated", ErrTruncated},
		"reports of different formats": {[]string{golang, lcov}, "read coverage report " + lcov + " (lcov): its format is lcov, that of " + golang + " is go", nil},
		"reports of different sources": {[]string{golang, other}, "read coverage report " + other + " (go): merge m/a.go: block 1.1,3.2 has 6 statements", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParseFiles(t.Context(), tt.paths...)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s...", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v is not %v", err, tt.is)
			}
		})
	}
}

func TestParseFilesStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ParseFiles(ctx, write(t, "cover.out", goText)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
}

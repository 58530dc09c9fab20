package hits

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	tests := map[string]struct {
		text     string
		want     []string
		unclosed bool
	}{
		"nothing has no lines":                  {text: ""},
		"lines end with a line feed":            {text: "a\nb\n", want: []string{"a", "b"}},
		"or with a carriage return before it":   {text: "a\r\nb\r\n", want: []string{"a", "b"}},
		"blank lines are lines":                 {text: "\n\na\n", want: []string{"", "", "a"}},
		"the last one may lack its end":         {text: "a\nb", want: []string{"a", "b"}, unclosed: true},
		"a carriage return within a line stays": {text: "a\rb\n", want: []string{"a\rb"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lines := NewLines(bufio.NewReader(strings.NewReader(tt.text)))
			var got []string
			for {
				line, err := lines.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(line))
				if lines.Number() != len(got) {
					t.Errorf("line %q has number %d, want %d", line, lines.Number(), len(got))
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
			if lines.Unclosed() != tt.unclosed {
				t.Errorf("unclosed is %v, want %v", lines.Unclosed(), tt.unclosed)
			}
		})
	}
}

func TestLongLines(t *testing.T) {
	for name, size := range map[string]int{
		"one less than the buffer": 63, "as long as the buffer": 64, "one more": 65, "much more": 1000, "the most": maxLine - 1,
	} {
		t.Run(name, func(t *testing.T) {
			long := strings.Repeat("x", size)
			lines := NewLines(bufio.NewReaderSize(strings.NewReader("a\n"+long+"\nb\n"+long), 64))
			for i, want := range []string{"a", long, "b", long} {
				got, err := lines.Next()
				if err != nil || string(got) != want || lines.Number() != i+1 || lines.Unclosed() != (i == 3) {
					t.Fatalf("line %d has %d bytes, %v, want %d", lines.Number(), len(got), err, len(want))
				}
			}
			if _, err := lines.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("error is %v, want the end", err)
			}
		})
	}
}

func TestLinesTooLong(t *testing.T) {
	for name, end := range map[string]string{"closed": "\n", "unclosed": "", "followed by more": "\nb\n"} {
		t.Run(name, func(t *testing.T) {
			lines := NewLines(bufio.NewReaderSize(strings.NewReader("ok\n"+strings.Repeat("x", maxLine+1)+end), 64))
			if _, err := lines.Next(); err != nil {
				t.Fatal(err)
			}
			_, err := lines.Next()
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Line != 2 || !strings.Contains(e.Error(), "longer than 1048576 bytes") {
				t.Errorf("error is %v, want one at line 2 that names the limit", err)
			}
		})
	}
}

func TestLinesPassOnReadErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	lines := NewLines(bufio.NewReader(io.MultiReader(strings.NewReader("a\nhalf"), failing{broken})))
	if _, err := lines.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := lines.Next(); !errors.Is(err, broken) {
		t.Errorf("error is %v, want %v, not half a line", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestLinesErrorf(t *testing.T) {
	tests := map[string]struct {
		text      string
		want      string
		truncated bool
	}{
		"a bad line that has its end is just bad": {text: "bad\n", want: "line 1: odd"},
		"one that has none was cut":               {text: "bad", want: "line 1: report is truncated in its last line: odd", truncated: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lines := NewLines(bufio.NewReader(strings.NewReader(tt.text)))
			if _, err := lines.Next(); err != nil {
				t.Fatal(err)
			}
			err := lines.Errorf("odd")
			if err.Error() != tt.want || errors.Is(err, ErrTruncated) != tt.truncated {
				t.Errorf("error is %q, truncated %v", err, errors.Is(err, ErrTruncated))
			}
		})
	}
}

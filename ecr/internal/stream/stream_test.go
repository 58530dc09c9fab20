package stream

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	tests := map[string]struct {
		stream string
		want   []string // messages
		err    string
		told   bool // the error is one that the engine tells
	}{
		"messages in lines": {
			stream: "{\"stream\":\"Step 1/1 : FROM a\\n\"}\r\n{\"aux\":{\"ID\":\"sha256:1\"}}\n",
			want:   []string{"Step 1/1 : FROM a\n", `{"ID":"sha256:1"}`},
		},
		"messages without lines, and with fields that nobody knows": {
			stream: `{"stream":"a","x":{"y":[1]}}{"status":"b","id":"c","progressDetail":{"current":1,"total":2}}`,
			want:   []string{"a", "c b 1/2"},
		},
		"nothing": {},
		"a failure between other messages": {
			stream: `{"stream":"a"}{"errorDetail":{"code":3,"message":"no"},"error":"no"}{"stream":"b"}`,
			want:   []string{"a", "", "b"},
			err:    "no",
			told:   true,
		},
		"a failure of an old engine": {
			stream: `{"error":"no"}`,
			want:   []string{""},
			err:    "no",
			told:   true,
		},
		"two failures: the last one": {
			stream: `{"error":"first"}{"errorDetail":{"message":"second"}}`,
			want:   []string{"", ""},
			err:    "second",
			told:   true,
		},
		"a stream that breaks off": {
			stream: `{"stream":"a"}{"stream":`,
			want:   []string{"a"},
			err:    "read the answer of the engine: unexpected EOF",
		},
		"a stream that breaks off after a failure": {
			stream: `{"error":"no"}{"stream":`,
			want:   []string{""},
			err:    "no",
			told:   true,
		},
		"something else": {
			stream: `<html>`,
			err:    "read the answer of the engine: invalid character '<' looking for beginning of value",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			err := Read(iotest.OneByteReader(strings.NewReader(tt.stream)), func(m Message) error {
				text := m.Stream + string(m.Aux)
				if m.Status != "" {
					text = fmt.Sprintf("%s %s %d/%d", m.ID, m.Status, m.Progress.Current, m.Progress.Total)
				}
				got = append(got, text)
				return nil
			})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("messages (-want +got):\n%s", d)
			}
			if fmt.Sprint(err) != tt.err && (err != nil || tt.err != "") {
				t.Errorf("error %v, want %s", err, tt.err)
			}
			if _, told := errors.AsType[*Error](err); told != tt.told {
				t.Errorf("told by the engine: %t", told)
			}
		})
	}
}

func TestReadEnds(t *testing.T) {
	t.Run("with an error of its caller", func(t *testing.T) {
		want, calls := errors.New("enough"), 0
		err := Read(strings.NewReader(`{}{}{}`), func(Message) error { calls++; return want })
		if !errors.Is(err, want) || calls != 1 {
			t.Errorf("%v after %d messages", err, calls)
		}
	})
	t.Run("with an error of the connection", func(t *testing.T) {
		want := errors.New("reset")
		if err := Read(iotest.ErrReader(want), func(Message) error { return nil }); !errors.Is(err, want) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("at a message that does not end", func(t *testing.T) {
		endless := io.MultiReader(strings.NewReader(`{"stream":"`), &repeat{text: "endless "})
		if err := Read(endless, func(Message) error { return nil }); !errors.Is(err, ErrTooLong) {
			t.Errorf("got %v, want ErrTooLong", err)
		}
	})
	t.Run("not at many messages", func(t *testing.T) {
		n, message := 0, `{"stream":"`+strings.Repeat("x", 1<<20)+`"}`
		err := Read(strings.NewReader(strings.Repeat(message, 40)), func(Message) error { n++; return nil })
		if err != nil || n != 40 {
			t.Errorf("%d messages, %v", n, err)
		}
	})
}

type repeat struct{ text string }

func (r *repeat) Read(p []byte) (int, error) { return copy(p, r.text), nil }

func TestTail(t *testing.T) {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprint("line ", i))
	}
	tests := map[string]struct {
		writes []string
		want   []string
	}{
		"lines in pieces":              {[]string{"one\ntw", "o", "\nthree"}, []string{"one", "two", "three"}},
		"the last of many":             {[]string{strings.Join(many, "\n")}, many[75:]},
		"empty lines do not count":     {[]string{"\n\n one \n \t\r\n"}, []string{" one"}},
		"colours are dropped":          {[]string{"\x1b[91mred\x1b[0m \x1b[1;32mgreen\x1b[K\n"}, []string{"red green"}},
		"a terminal is not steered":    {[]string{"\x1b]0;title\x07\u202e\xff\n"}, []string{`\x1b]0;title\a\u202e\xff`}},
		"a bar that overwrites itself": {[]string{"10 %\r", "50 %\r100 %\r\n"}, []string{"100 %"}},
		"tabs":                         {[]string{"a\tb"}, []string{"a    b"}},
		"a line that does not end":     {[]string{strings.Repeat("é", 400), strings.Repeat("é", 1<<20), "\nnext"}, []string{strings.Repeat("é", 250) + "...", "next"}},
		"a long line cut in a letter":  {[]string{"x" + strings.Repeat("é", 400) + "\n"}, []string{"x" + strings.Repeat("é", 249) + "..."}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var tail Tail
			for _, w := range tt.writes {
				tail.Write(w)
			}
			if d := cmp.Diff(tt.want, tail.Lines()); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
			tail.Reset()
			tail.Write("new")
			if d := cmp.Diff([]string{"new"}, tail.Lines()); d != "" {
				t.Errorf("lines after Reset (-want +got):\n%s", d)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"stream":"Step 1/2 : FROM a\n"}{"errorDetail":{"code":1,"message":"x"}}`))
	f.Add([]byte("{\"aux\":{\"ID\":\"\"}}\r\n[]"))
	f.Add([]byte(`{"stream":"\u001b[31m\r\n\t"}`))
	f.Fuzz(func(t *testing.T, stream []byte) {
		var tail Tail
		_ = Read(strings.NewReader(string(stream)), func(m Message) error {
			tail.Write(m.Stream)
			return nil
		})
		lines := tail.Lines()
		if len(lines) > tailLines {
			t.Errorf("%d lines", len(lines))
		}
		for _, l := range lines {
			if l == "" || strings.ContainsAny(l, "\n\r\x1b") || !utf8.ValidString(l) {
				t.Errorf("line %q", l)
			}
		}
	})
}

func TestTailHides(t *testing.T) {
	tail := Tail{Hide: func(s string) string { return strings.ReplaceAll(s, "secret", "***") }}
	for _, piece := range []string{"a sec", "ret\nb " + strings.Repeat("secret", 100), "\nc secr", "et"} {
		tail.Write(piece)
	}
	want := []string{"a ***", "b " + strings.Repeat("***", 100), "c ***"}
	if got := tail.Lines(); !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}

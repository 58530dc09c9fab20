package jsonscan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// walk reads a value of any kind and writes it as it was understood.
func walk(r *Reader, first json.Token, out *strings.Builder) error {
	switch first {
	case json.Delim('{'):
		out.WriteString("{")
		err := r.Members(func(key string) error {
			fmt.Fprintf(out, "%q:", key)
			token, err := r.Token()
			if err != nil {
				return err
			}
			return walk(r, token, out)
		})
		out.WriteString("}")
		return err
	case json.Delim('['):
		out.WriteString("[")
		err := r.Elements(func(token json.Token) error { return walk(r, token, out) })
		out.WriteString("]")
		return err
	}
	fmt.Fprintf(out, "%v,", first)
	return nil
}

func read(text io.Reader) (string, error) {
	r := New(text)
	var out strings.Builder
	token, err := r.Token()
	if err == nil {
		err = walk(r, token, &out)
	}
	if err == nil {
		err = r.End()
	}
	return out.String(), err
}

func TestReader(t *testing.T) {
	tests := map[string]struct {
		text string
		want string
	}{
		"all kinds of values": {`{"a": [1, -2.5e3, true, null, "x"], "b": {}, "c": []}` + "\n", `{"a":[1,-2.5e3,true,<nil>,x,]"b":{}"c":[]}`},
		"numbers keep their digits": {
			`[123456789012345678901234567890]`, `[123456789012345678901234567890,]`,
		},
		"escapes and other letters": {`{"\u00e9\n": "é"}`, `{"é\n":é,}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for way, r := range map[string]io.Reader{"whole": strings.NewReader(tt.text), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.text))} {
				if got, err := read(r); err != nil || got != tt.want {
					t.Errorf("%s: read as %s, %v, want %s", way, got, err, tt.want)
				}
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	tests := map[string]struct {
		text      string
		want      string
		truncated bool
	}{
		"an end within an object": {text: `{"a": 1`, want: "byte 7: report is truncated: the JSON ends within a value", truncated: true},
		"an end behind a key":     {text: `{"a"`, want: "byte 4: report is truncated", truncated: true},
		"an end within a string":  {text: `{"a": "bc`, want: "byte 6: report is truncated", truncated: true},
		"an end within a literal": {text: `[tru`, want: "byte 1: report is truncated", truncated: true},
		"an end within a number":  {text: `[12`, want: "byte 3: report is truncated", truncated: true},
		"two values":              {text: `{} {`, want: "byte 4: { behind the end of the report"},
		"text behind the end":     {text: `{}Killed`, want: "byte 2: JSON: invalid character 'K'"},
		"a comma too many":        {text: `[1,]`, want: "byte "},
		"a bracket for a brace":   {text: `{"a":1]`, want: "byte 6: JSON: invalid character ']'"},
		"a control character":     {text: "[\"\x01\"]", want: "byte 1: JSON: invalid character '\\x01' in string literal"},
		"deep nesting":            {text: strings.Repeat("[", MaxDepth+1), want: "byte 1001: values nest deeper than 1000"},
		"endless nesting":         {text: strings.Repeat(`{"a":`, 1<<20), want: "byte 5001: values nest deeper than 1000"},
		"a huge string":           {text: `["` + strings.Repeat("x", 4*maxToken), want: "byte 1: a value is longer than 1048576 bytes"},
		"a huge number":           {text: `[` + strings.Repeat("1", 4*maxToken), want: "byte 1: a value is longer than 1048576 bytes"},
		"endless white space":     {text: `[` + strings.Repeat(" ", 4*maxToken), want: "byte 1: a value is longer than 1048576 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := read(strings.NewReader(tt.text))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Fatalf("error is %v, want %s...", err, tt.want)
			}
			if errors.Is(err, hits.ErrTruncated) != tt.truncated {
				t.Errorf("truncated is %v, want %v: %v", !tt.truncated, tt.truncated, err)
			}
			if e, ok := errors.AsType[*hits.Error](err); !ok || e.Line != 0 || e.Offset < 1 {
				t.Errorf("error is %#v, want one with an offset", err)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	none := func(string) error { return nil }
	never := func(json.Token) error { return nil }
	tests := map[string]struct {
		text string
		read func(*Reader) error
		want string
	}{
		"an array for an object":  {"[]", func(r *Reader) error { return r.Object(none) }, "byte 1: [ where an object should be"},
		"null for an object":      {"null", func(r *Reader) error { return r.Object(none) }, "byte 4: null where an object should be"},
		"an object for an array":  {"{}", func(r *Reader) error { return r.Array(never) }, "byte 1: { where an array should be"},
		"a string for a number":   {`"12"`, func(r *Reader) error { _, err := r.Units(); return err }, `byte 4: string "12" where a number should be`},
		"a boolean for a number":  {`true`, func(r *Reader) error { _, err := r.Units(); return err }, `byte 4: true where a number should be`},
		"a fraction for a number": {`1.5`, func(r *Reader) error { _, err := r.Units(); return err }, `byte 3: "1.5" is no number of 0 to`},
		"a number for an array":   {`15`, func(r *Reader) error { return r.Array(never) }, `byte 2: number 15 where an array should be`},
		"nothing for a number":    {``, func(r *Reader) error { _, err := r.Units(); return err }, `line 0: report is truncated`},
		"nothing for an object":   {``, func(r *Reader) error { return r.Object(none) }, `line 0: report is truncated`},
		"nothing for an array":    {``, func(r *Reader) error { return r.Array(never) }, `line 0: report is truncated`},
		"nothing to be skipped":   {``, (*Reader).Skip, `line 0: report is truncated`},
		"half of what is skipped": {`[[`, (*Reader).Skip, `byte 2: report is truncated`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.read(New(strings.NewReader(tt.text))); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s...", err, tt.want)
			}
		})
	}
}

func TestSkip(t *testing.T) {
	r := New(strings.NewReader(`{"a": {"b": [1, {"c": []}]}, "d": 5, "e": 7}`))
	var got []int64
	err := r.Object(func(key string) error {
		if key == "e" {
			n, err := r.Units()
			got = append(got, n)
			return err
		}
		return r.Skip()
	})
	if d := cmp.Diff([]int64{7}, got); err != nil || d != "" {
		t.Errorf("error %v, numbers (-want +got):\n%s", err, d)
	}
}

func TestErrorsPass(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, text := range map[string]string{"at once": "", "within a value": `{"a": [1, 2`, "behind the end": "{}"} {
		t.Run(name, func(t *testing.T) {
			if _, err := read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))); !errors.Is(err, broken) || errors.Is(err, hits.ErrTruncated) {
				t.Errorf("error is %v, want %v", err, broken)
			}
		})
	}
	stop := errors.New("stop")
	r := New(strings.NewReader(`{"a": [1]}`))
	if err := r.Object(func(string) error { return r.Array(func(json.Token) error { return stop }) }); !errors.Is(err, stop) {
		t.Errorf("error is %v, want that of the function", err)
	}
}

// FuzzReader compares with encoding/json at a whole text: they agree on what is
// JSON, but for the limits.
func FuzzReader(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `{"a":[1,2,{"b":null}],"c":"é\u0000"}`, `[1e9,-0]`, `{"a":1,}`, `[1 2]`, `nul`, `"x`, ``, `{"a" 1}`, `]`, "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := read(strings.NewReader(text))
		again, err2 := read(iotest.OneByteReader(strings.NewReader(text)))
		if got != again || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("read as %q, %v and byte by byte as %q, %v", got, err, again, err2)
		}
		if valid := json.Valid([]byte(text)); valid != (err == nil) && strings.Count(text, "[")+strings.Count(text, "{") < MaxDepth {
			t.Fatalf("error is %v, encoding/json says %v", err, valid)
		}
	})
}

package mask

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestText(t *testing.T) {
	m := New("s3cret/pass", "ab", "two\nlines here", int64(123456), true, nil, `q"uote`)
	tests := map[string]struct{ in, want string }{
		"as it is":              {"user:s3cret/pass@host", "user:(secret)@host"},
		"as base64":             {"data: " + base64.StdEncoding.EncodeToString([]byte("s3cret/pass")), "data: (secret)"},
		"in an address":         {"https://u:" + url.QueryEscape("s3cret/pass") + "@h", "https://u:(secret)@h"},
		"a short one":           {"about cabs", "about cabs"},
		"a short one, alone":    {"ab", "(secret)"},
		"all lines":             {"two\nlines here", "(secret)"},
		"one of several lines":  {"  lines here", "  (secret)"},
		"a number":              {"pin 123456", "pin (secret)"},
		"a bool is no secret":   {"true", "true"},
		"quoted as Go does":     {fmt.Sprintf("got %q", `q"uote`), `got "(secret)"`},
		"nothing of it":         {"hello", "hello"},
		"nothing at all":        {"", ""},
		"twice":                 {"s3cret/pass s3cret/pass", "(secret) (secret)"},
		"a secret in a secret?": {"xs3cret/passx", "x(secret)x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := m.Text(tt.in); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if got := (Mask{}).Text("any"); got != "any" {
		t.Errorf("who knows no secret says %q", got)
	}
}

func TestTheLongerSecretGoesFirst(t *testing.T) {
	if got := New("pass", "passphrase").Text("a passphrase"); got != "a (secret)" {
		t.Errorf("%q", got)
	}
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestObject(t *testing.T) {
	m := New("hunter2", "hunter3", "7777")
	before := `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{all of it}", "x": "y"}}, "data": {"same": "QQ==", "other": "Qg=="}, "stringData": "odd"}`
	after := strings.ReplaceAll(before, "Qg==", "Qw==")
	tests := map[string]struct{ object, other, want string }{
		"a Secret": {
			before, `null`,
			`{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "(secret)", "x": "y"}}, "data": {"same": "(secret)", "other": "(secret)"}, "stringData": "(secret)"}`,
		},
		"a Secret that changes": {
			after, before,
			`{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "(secret)", "x": "y"}}, "data": {"same": "(secret)", "other": "(secret, changed)"}, "stringData": "(secret)"}`,
		},
		"known secrets in another object": {
			`{"kind": "ConfigMap", "data": {"url": "http://hunter3@h", "plain": "x", "pin": 7777, "hunter2": [1, true, null, "hunter3"]}}`,
			`{"kind": "ConfigMap", "data": {"url": "http://hunter2@h", "plain": "y", "pin": 7777, "hunter2": [1, true, null, "hunter3"]}}`,
			`{"kind": "ConfigMap", "data": {"url": "http://(secret, changed)@h", "plain": "x", "pin": "(secret)", "(secret)": [1, true, null, "(secret)"]}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			object := parse(t, tt.object)
			if d := cmp.Diff(parse(t, tt.want), m.Object(object, parse(t, tt.other), true)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if d := cmp.Diff(parse(t, tt.object), object); d != "" {
				t.Errorf("the object itself has changed:\n%s", d)
			}
		})
	}
}

func TestError(t *testing.T) {
	m := New("hunter2")
	if m.Error(nil) != nil {
		t.Error("nil is an error")
	}
	plain := errors.New("plain")
	if got := m.Error(fmt.Errorf("a: %w", plain)); got.Error() != "a: plain" || errors.Unwrap(got) == nil {
		t.Errorf("an error without secrets has become %v", got)
	}
	err := m.Error(fmt.Errorf("open hunter2: %w", fs.ErrNotExist))
	if err.Error() != "open (secret): file does not exist" || !errors.Is(err, fs.ErrNotExist) || errors.Unwrap(err) != nil {
		t.Errorf("%v", err)
	}
}

// FuzzText looks for a secret that comes through.
func FuzzText(f *testing.F) {
	f.Add("hunter2", "the password is hunter2")
	f.Add("a\nb c d", "a\nb c d")
	f.Add("(secret)", "(secret)")
	f.Fuzz(func(t *testing.T, secret, text string) {
		if len(secret) < shortest || strings.Contains(Hidden, secret) || strings.ContainsAny(secret, "()") {
			return
		}
		if got := New(secret).Text(text + secret + text); strings.Contains(got, secret) && !strings.Contains(secret, "secret") {
			t.Errorf("%q is in %q", secret, got)
		}
	})
}

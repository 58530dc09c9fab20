package changes

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFileJSON(t *testing.T) {
	tests := map[string]struct {
		file File
		want string
	}{
		"a plain path":               {File{"a/b.go", Modified}, `{"path":"a/b.go","status":"modified"}`},
		"Unicode and control":        {File{"é\t\n\"", Added}, `{"path":"é\t\n\"","status":"added"}`},
		"U+FFFD itself is no damage": {File{"\ufffd", Deleted}, `{"path":"` + "\ufffd" + `","status":"deleted"}`},
		"bytes that are not UTF-8":   {File{"caf\xe9/\xff\xfe", TypeChanged}, `{"path":"caf` + "\ufffd/\ufffd\ufffd" + `","path_base64":"Y2Fm6S///g==","status":"type-changed"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(tt.file)
			if err != nil || string(b) != tt.want {
				t.Errorf("= %s, %v; want %s", b, err, tt.want)
			}
			var back File
			if err := json.Unmarshal(b, &back); err != nil || back != tt.file {
				t.Errorf("back: %+v, %v; want %+v", back, err, tt.file)
			}
		})
	}
	if err := json.Unmarshal([]byte(`{"path":1}`), &File{}); err == nil {
		t.Error("a number was read as a path")
	}
}

func TestTextsStayOnOneLine(t *testing.T) {
	tests := map[string]struct{ got, want string }{
		"a plain file":      {File{"a b/é.go", Modified}.String(), "a b/é.go modified"},
		"a line break":      {File{"a\nb", Added}.String(), `"a\nb" added`},
		"an escape":         {File{"\x1b[31m", Added}.String(), `"\x1b[31m" added`},
		"not UTF-8":         {Reason{Kind: ByFile, Path: "\xff", Status: Added}.String(), `"\xff" added`},
		"a global file":     {Reason{Kind: ByGlobal, Path: "ci\r"}.String(), `"ci\r" is global`},
		"a right-to-left":   {File{"a\u202eb", Added}.String(), `"a\u202eb" added`},
		"an unknown reason": {Reason{Kind: "other"}.String(), "other"},
	}
	for name, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", name, tt.got, tt.want)
		}
	}
}

func TestSelectionJSON(t *testing.T) {
	c := Config{Modules: []Module{
		{Name: "a", Paths: []string{"a"}, Labels: map[string]string{"k": "v"}},
		{Name: "b", Paths: []string{"b"}, DependsOn: []string{"a"}},
	}}
	s, err := c.Select(Diff{Files: []File{{"a/\xff", Added}, {"z", Deleted}, {"\xfe", Added}}}, SelectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"modules":[` +
		`{"name":"a","status":"changed","labels":{"k":"v"},"reasons":[{"kind":"file","path":"a/` + "\ufffd" + `","path_base64":"YS//","via":[],"text":"\"a/\\xff\" added"}]},` +
		`{"name":"b","status":"dependent","reasons":[{"kind":"dependency","path":"","via":["a"],"text":"depends on a, which changed"}]}` +
		`],"deleted":[],"unowned":["z","` + "\ufffd" + `"],"all":""}`
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for name, empty := range map[string]Selection{"the zero value": {}, "an empty one": must(Config{}.Select(Diff{}, SelectOptions{}))} {
		want := `{"modules":[],"deleted":[],"unowned":[],"all":""}`
		if b, err := json.Marshal(empty); err != nil || string(b) != want {
			t.Errorf("%s: %s, %v; want %s", name, b, err, want)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

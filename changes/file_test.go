package changes

import (
	"encoding/json"
	"strconv"
	"strings"
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
		"bytes that are not UTF-8":   {File{"caf\xe9/\xff\xfe", TypeChanged}, `{"path":"caf` + "\ufffd/\ufffd\ufffd" + `","pathBase64":"Y2Fm6S///g==","status":"type-changed"}`},
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
		"a plain file":                 {File{"a b/é.go", Modified}.String(), "a b/é.go modified"},
		"a line break":                 {File{"a\nb", Added}.String(), `"a\nb" added`},
		"an escape":                    {File{"\x1b[31m", Added}.String(), `"\x1b[31m" added`},
		"not UTF-8":                    {Reason{Kind: ByFile, Path: "\xff", Status: Added}.String(), `"\xff" added`},
		"a global file":                {Reason{Kind: ByGlobal, Path: "ci\r"}.String(), `"ci\r" is global`},
		"an order to a runner":         {File{"::error::x", Added}.String(), `"::error::x" added`},
		"one after blanks":             {File{"  ::add-mask::x", Added}.String(), `"  ::add-mask::x" added`},
		"one that may stand anywhere":  {File{"a/##[add-mask]x", Added}.String(), `"a/#\x23[add-mask]x" added`},
		"one of Azure Pipelines":       {File{"###vso[task.x]", Added}.String(), `"#\x23#vso[task.x]" added`},
		"two colons, but not in front": {File{"a::b #c", Added}.String(), "a::b #c added"},
		"why all counts":               {Reason{Kind: ByAll, Detail: "x\n::error::y"}.String(), `all modules were asked for: "x\n::error::y"`},
		"a variable":                   {Reason{Kind: ByVariable, Detail: "X\rinjected"}.String(), `"X\rinjected" asks for it`},
		"a module that is depended on": {Reason{Kind: ByDependency, Via: []string{"::b", "c\n"}}.String(), `depends on "::b", which depends on "c\n", which changed`},
		"a selection": {
			Selection{Modules: []Selected{{Name: "::error::m", Status: ModuleChanged}}, Unowned: []string{"##[x]"}}.String(),
			"\"::error::m\"  changed  \nof no module: \"#\\x23[x]\"\n",
		},
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
		`{"name":"a","status":"changed","labels":{"k":"v"},"reasons":[{"kind":"file","path":"a/` + "\ufffd" + `","pathBase64":"YS//","via":[],"text":"\"a/\\xff\" added"}]},` +
		`{"name":"b","status":"dependent","reasons":[{"kind":"dependency","path":"","via":["a"],"text":"depends on a, which changed"}]}` +
		`],"deleted":[],"unowned":["z","` + "\ufffd" + `"],"all":"","unownedBase64":["eg==","/g=="]}`
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

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"a b", "\x1b[31m", "::x", " ::x", "a##[x]", "####", `\#"#`, "\xff##", "é\u202e", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Printable(text)
		if strings.ContainsAny(got, "\r\n\x1b") || strings.Contains(got, "##") || strings.HasPrefix(strings.TrimSpace(got), "::") || Printable(got) != got {
			t.Errorf("Printable(%q) = %s", text, got)
		}
		if back, err := strconv.Unquote(got); got != text && (err != nil || back != text) {
			t.Errorf("Printable(%q) = %s, which reads as %q, %v", text, got, back, err)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

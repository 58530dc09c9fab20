package values

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalize(t *testing.T) {
	type port struct {
		Name string `json:"name"`
		Port int    `json:"port"`
	}
	got, err := Normalize(map[string]any{
		"labels": map[string]string{"a": "b"}, "ports": []port{{"http", 80}}, "size": uint8(3), "share": 0.5,
		"large": int64(1) << 60, "none": nil, "list": []string{"x"}, "on": true,
	})
	want := map[string]any{
		"labels": map[string]any{"a": "b"}, "ports": []any{map[string]any{"name": "http", "port": int64(80)}}, "size": int64(3), "share": 0.5,
		"large": int64(1) << 60, "none": nil, "list": []any{"x"}, "on": true,
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, d)
	}
	if got, err := Normalize(nil); err != nil || got == nil || len(got) != 0 {
		t.Errorf("nothing is %v, %v", got, err)
	}
	if _, err := Normalize(map[string]any{"c": make(chan int)}); err == nil {
		t.Error("a channel is a value")
	}
}

func TestMerge(t *testing.T) {
	tests := map[string]struct{ base, over, want map[string]any }{
		"maps are merged":             {map[string]any{"a": map[string]any{"x": 1, "y": 2}}, map[string]any{"a": map[string]any{"y": 3}}, map[string]any{"a": map[string]any{"x": 1, "y": 3}}},
		"lists are replaced":          {map[string]any{"a": []any{1, 2}}, map[string]any{"a": []any{3}}, map[string]any{"a": []any{3}}},
		"a nil stays":                 {map[string]any{"a": 1}, map[string]any{"a": nil}, map[string]any{"a": nil}},
		"a map takes a text's place":  {map[string]any{"a": "b"}, map[string]any{"a": map[string]any{"c": 1}}, map[string]any{"a": map[string]any{"c": 1}}},
		"nothing upon nothing is one": {nil, nil, map[string]any{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before, _ := json.Marshal([]any{tt.base, tt.over})
			if d := cmp.Diff(tt.want, Merge(tt.base, tt.over)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if after, _ := json.Marshal([]any{tt.base, tt.over}); string(before) != string(after) {
				t.Errorf("what was merged has changed: %s, then %s", before, after)
			}
		})
	}
}

func TestHashDoesNotDependOnOrder(t *testing.T) {
	a, errA := Hash(map[string]any{"a": int64(1), "b": map[string]any{"c": "d", "e": []any{"f"}}})
	b, errB := Hash(map[string]any{"b": map[string]any{"e": []any{"f"}, "c": "d"}, "a": int64(1)})
	c, errC := Hash(map[string]any{"a": int64(1), "b": map[string]any{"c": "d", "e": []any{"g"}}})
	if errA != nil || errB != nil || errC != nil || a != b || a == c || len(a) != 64 {
		t.Errorf("%s, %s, %s", a, b, c)
	}
}

func TestLeaves(t *testing.T) {
	v := map[string]any{"b": []any{"x", map[string]any{"c": int64(1)}}, "a": nil, "d.e": true}
	var got []string
	for _, leaf := range Leaves(v) {
		got = append(got, fmt.Sprintf("%s=%v", leaf.Path, leaf.Value))
		if At(v, leaf.Path) != leaf.Value {
			t.Errorf("at %s is %v, want %v", leaf.Path, At(v, leaf.Path), leaf.Value)
		}
	}
	if d := cmp.Diff([]string{"b.0=x", "b.1.c=1", `"d.e"=true`}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, path := range []Path{{"b", "2"}, {"b", "-1"}, {"b", "x"}, {"a", "b"}, {"none"}, {"d.e", "f"}} {
		if found := At(v, path); found != nil {
			t.Errorf("at %s is %v", path, found)
		}
	}
}

var chart = &Chart{
	File: "top/values.yaml",
	Text: []byte(`# defaults
image: {repository: a/b, tag: "1"}
common: &common
  cpu: 1
resources:
  <<: *common
  memory: 64Mi
nodeSelector: {}
extra:
affinity: ""
args: []
enabled: false
port: 80
sub:
  colour: red
`),
	Schema:     []byte(`{"properties": {"fromSchema": {"$ref": "#/$defs/deep"}, "free": {"type": "object"}}, "$defs": {"deep": {"allOf": [{"properties": {"one": {}}}, {"properties": {"two": {"additionalProperties": true}}}]}}}`),
	Conditions: []string{"sub.enabled", "other.on"},
	Tags:       []string{"all"},
	Subcharts: map[string]*Chart{
		"sub":  {File: "top/charts/sub/values.yaml", Text: []byte("size: 1\n")},
		"bare": {File: "top/charts/bare/values.yaml"},
	},
}

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		given string
		want  []string
	}{
		"what the chart has": {`{"image": {"tag": "2"}, "resources": {"cpu": 2, "memory": "1Gi"}, "port": "http", "args": ["x"], "enabled": true}`, nil},
		"an unknown key at the top": {
			`{"imge": {}}`,
			[]string{"imge: the chart does not know it, meant image at top/values.yaml:2"},
		},
		"an unknown key below": {
			`{"image": {"repo": "x", "Tag": "3"}}`,
			[]string{"image.Tag: the chart does not know it, meant image.tag at top/values.yaml:2", "image.repo: the chart does not know it"},
		},
		"below an empty map, a null and an empty text": {`{"nodeSelector": {"a": "b"}, "extra": {"c": {"d": 1}}, "affinity": {"e": 2}}`, nil},
		"global values and tags":                       {`{"global": {"x": {"y": 1}}, "tags": {"all": true}}`, nil},
		"a subchart":                                   {`{"sub": {"size": 2, "colour": "blue", "enabled": true}, "other": {"on": true}}`, nil},
		"an unknown key of a subchart": {
			`{"sub": {"sise": 2}}`,
			[]string{"sub.sise: the chart does not know it, meant sub.size at top/charts/sub/values.yaml:1"},
		},
		"a subchart that says nothing":    {`{"bare": {"any": 1}}`, nil},
		"what only the schema has":        {`{"fromSchema": {"one": 1, "two": {"three": 3}}, "free": {"x": 1}}`, nil},
		"what the schema does not have":   {`{"fromSchema": {"too": 1}}`, []string{"fromSchema.too: the chart does not know it, meant fromSchema.two"}},
		"a nil takes a default away":      {`{"image": null, "port": null}`, nil},
		"a text for a bool":               {`{"enabled": "false"}`, []string{"enabled: the chart has a bool there, and a text was given at top/values.yaml:12"}},
		"a text for a map":                {`{"image": "a/b:2"}`, []string{"image: the chart has a map there, and a text was given at top/values.yaml:2"}},
		"a map for a number":              {`{"port": {"http": 80}}`, []string{"port: the chart has a number there, and a map was given at top/values.yaml:13"}},
		"a text for a list":               {`{"args": "-v"}`, []string{"args: the chart has a list there, and a text was given at top/values.yaml:11"}},
		"a map for a list":                {`{"args": {"v": true}}`, nil},
		"a list for all of a subchart":    {`{"sub": [1]}`, []string{"sub: the chart has a map there, and a list was given at top/charts/sub/values.yaml:1"}},
		"a number for a text that is set": {`{"image": {"tag": 2}}`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var given map[string]any
			if err := json.Unmarshal([]byte(tt.given), &given); err != nil {
				t.Fatal(err)
			}
			faults, err := Check(given, chart, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range faults {
				text := f.Path.String() + ": " + f.Problem
				if f.Meant != "" {
					text += ", meant " + f.Meant
				}
				if f.File != "" {
					text += fmt.Sprintf(" at %s:%d", f.File, f.Line)
				}
				got = append(got, text)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, f := range faults {
				if again, err := Check(given, chart, []string{f.Path.String()}); err != nil || len(again) != len(faults)-1 {
					t.Errorf("although %s is allowed: %v, %v", f.Path, again, err)
				}
			}
		})
	}
}

func TestCheckOfAChartThatDoesNotParse(t *testing.T) {
	for _, bad := range []*Chart{{Text: []byte("- a")}, {File: "c/values.yaml", Text: []byte("a: [")}, {File: "c/values.yaml", Schema: []byte("{")}, {Subcharts: map[string]*Chart{"a": {Text: []byte("b: [")}}}} {
		if _, err := Check(map[string]any{"a": map[string]any{"b": 1}}, bad, nil); err == nil {
			t.Errorf("%+v parses", bad)
		}
	}
}

func TestPrune(t *testing.T) {
	defaults := map[string]any{"a": map[string]any{"x": 1}, "b": "text", "c": map[string]any{"y": 1, "z": map[string]any{}}, "d": nil, "e": 1}
	Prune(defaults, map[string]any{"a": "text", "b": map[string]any{}, "c": map[string]any{"z": "text"}, "d": map[string]any{}, "e": nil})
	if d := cmp.Diff(map[string]any{"c": map[string]any{"y": 1}, "d": nil, "e": 1}, defaults); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// FuzzCheck looks for values, charts and schemas that bring Check down, and for a chart
// that does not know its own defaults.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a": {"b": 1}}`), []byte("a: {b: 2}"), []byte(`{"properties": {"a": {"$ref": "#"}}}`))
	f.Add([]byte(`{"a": 1}`), []byte("a: &a\n  <<: *a\n"), []byte(`{"allOf": [{"$ref": "#/allOf/0"}]}`))
	f.Add([]byte(`{}`), []byte("- a"), []byte(`[]`))
	f.Add([]byte(`{}`), []byte("0"), []byte(``))
	f.Fuzz(func(t *testing.T, given, text, schema []byte) {
		var v map[string]any
		if json.Unmarshal(given, &v) != nil {
			v = map[string]any{"a": 1}
		}
		faults, err := Check(v, &Chart{File: "f", Text: text, Schema: schema}, nil)
		if err != nil {
			return
		}
		for _, fault := range faults {
			if len(fault.Path) == 0 || fault.Problem == "" {
				t.Errorf("a fault without path or problem: %+v", fault)
			}
		}
		if allowed, _ := Check(v, &Chart{File: "f", Text: text, Schema: schema}, []string{"*"}); len(allowed) > 0 && len(v) > 0 && !slices.Contains(slices.Collect(maps.Keys(v)), "") {
			t.Errorf("although all is allowed: %+v", allowed)
		}
	})
}

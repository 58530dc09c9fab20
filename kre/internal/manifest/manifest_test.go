package manifest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, err := Parse(`---
# Source: c/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: ns}
---
# nothing
---
apiVersion: v1
kind: List
items:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}}
- {apiVersion: v1, kind: Pod, metadata: {generateName: c-}}
`)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, o := range got {
		ids = append(ids, fmt.Sprint(o.ID(), " of ", o.Source, " ", o.Key()))
	}
	want := []string{"ConfigMap ns/a of c/templates/a.yaml { ConfigMap ns a }", "Deployment b of  {apps Deployment  b }", "Pod  of  { Pod   }"}
	if d := cmp.Diff(want, ids); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestParseWhatIsNoManifest(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"no YAML":              {"# Source: c/a.yaml\na: [", "document 1 (c/a.yaml): "},
		"a text":               {"---\nhello", "document 1: "},
		"no kind":              {"apiVersion: v1\nmetadata: {name: a}", "an object has no kind"},
		"no apiVersion":        {"kind: A\nmetadata: {name: a}", "an object has no apiVersion"},
		"no name":              {"apiVersion: v1\nkind: A", "an object has no metadata.name"},
		"metadata that is odd": {"apiVersion: v1\nkind: A\nmetadata: [a]", "metadata is no map"},
		"an item that is odd":  {"apiVersion: v1\nkind: List\nitems: [1]", "item 1 of the List is no object"},
		"an item without name": {"apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: A}]", "item 1 of the List: an object has no metadata.name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(tt.in); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestCRDs(t *testing.T) {
	objects, err := Parse(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.test}
spec: {group: example.test, names: {kind: Widget}, versions: [{name: v1, served: true}, {name: v2, served: false}, {name: v3}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
`)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(CRDs(objects)); got != "[example.test/v1, Kind=Widget example.test/v3, Kind=Widget]" {
		t.Errorf("%s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n# Source: x\n")
	f.Add("apiVersion: v1\nkind: ConfigMapList\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]")
	f.Add("kind: List\nitems: {}")
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := Parse(text)
		if err != nil {
			return
		}
		CRDs(objects)
		for _, o := range objects {
			if o.GetKind() == "" || o.GetAPIVersion() == "" {
				t.Errorf("an object without kind or version: %v", o)
			}
		}
	})
}

func TestUnified(t *testing.T) {
	tests := map[string]struct{ before, after, want string }{
		"the same":             {"a\nb\n", "a\nb\n", ""},
		"all of it is new":     {"", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		"all of it goes":       {"a\n", "", "@@ -1 +0,0 @@\n-a\n"},
		"a line changes":       {"1\n2\n3\n4\n5\n6\n", "1\n2\n3\nx\n5\n6\n", "@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+x\n 5\n 6\n"},
		"two changes far away": {"a\n1\n2\n3\n4\n5\nb\n", "x\n1\n2\n3\n4\n5\ny\n", "@@ -1,3 +1,3 @@\n-a\n+x\n 1\n 2\n@@ -5,3 +5,3 @@\n 4\n 5\n-b\n+y\n"},
		"two changes nearby":   {"a\n1\n2\n3\n4\nb\n", "x\n1\n2\n3\n4\ny\n", "@@ -1,6 +1,6 @@\n-a\n+x\n 1\n 2\n 3\n 4\n-b\n+y\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, Unified(tt.before, tt.after)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestUnifiedOfRandomTexts patches the old text with each difference.
func TestUnifiedOfRandomTexts(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	text := func() string {
		var b strings.Builder
		for range r.IntN(40) {
			fmt.Fprintf(&b, "line %d\n", r.IntN(6))
		}
		return b.String()
	}
	for range 500 {
		before, after := text(), text()
		if got := patch(t, before, Unified(before, after)); got != after {
			t.Fatalf("seed %d: %q with its difference to %q is %q", seed, before, after, got)
		}
	}
	long := strings.Repeat("a\n", 3000)
	if got := patch(t, long, Unified(long, strings.Repeat("b\n", 3000))); got != strings.Repeat("b\n", 3000) {
		t.Error("long texts are not replaced as a whole")
	}
}

func patch(t *testing.T, before, diff string) string {
	t.Helper()
	var out []string
	old, at := lines(before), 0
	for _, line := range lines(diff) {
		switch line[0] {
		case '@':
			var first int
			if _, err := fmt.Sscanf(line, "@@ -%d", &first); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.Fields(line)[1], ",0") {
				first++
			}
			out = append(out, old[at:first-1]...)
			at = first - 1
		case '+':
			out = append(out, line[1:])
		default:
			if old[at] != line[1:] {
				t.Fatalf("line %d is %q, the difference has %q", at+1, old[at], line)
			}
			if line[0] == ' ' {
				out = append(out, old[at])
			}
			at++
		}
	}
	if out = append(out, old[at:]...); len(out) == 0 {
		return ""
	}
	return strings.Join(out, "\n") + "\n"
}

package stack

import (
	"fmt"
	"strings"
	"testing"
)

func TestDifference(t *testing.T) {
	long := strings.Repeat("x", 100)
	dashboard := func(title string, widgets int) string {
		all := make([]string, widgets)
		for i := range all {
			all[i] = fmt.Sprintf(`{"type":"metric","width":%d,"properties":{"title":%q,"region":"us-east-1"}}`, 6+i, title)
			title = "same"
		}
		return `{"start":"-PT6H","widgets":[` + strings.Join(all, ",") + `]}`
	}
	tests := map[string]struct{ before, after, want string }{
		"short texts are shown whole":              {"14", "30", "14 -> 30"},
		"of long texts, where they differ":         {long + "old" + long, long + "new" + long, "...xxxxxxxxxxoldxxxxxxxxxx... -> ...xxxxxxxxxxnewxxxxxxxxxx..."},
		"at their beginning":                       {"old" + long, "new" + long, "oldxxxxxxxxxx... -> newxxxxxxxxxx..."},
		"at their end":                             {long + "old", long + "new", "...xxxxxxxxxxold -> ...xxxxxxxxxxnew"},
		"of a text and no more of it":              {long + "old", long, "...xxxxxxxxxxold -> ...xxxxxxxxxx"},
		"of other texts, their beginning":          {strings.Repeat("a", 90), strings.Repeat("b", 90), strings.Repeat("a", 37) + "... -> " + strings.Repeat("b", 37) + "..."},
		"of a document, the path":                  {dashboard("CPU", 3), dashboard("CPU load", 3), "at widgets.0.properties.title CPU -> CPU load"},
		"of a document that grows":                 {dashboard("CPU", 2), dashboard("CPU", 3), "at widgets.2.properties.region added us-east-1, and 3 more"},
		"of a document that shrinks":               {dashboard("CPU", 3), dashboard("CPU", 2), "at widgets.2.properties.region removed us-east-1, and 3 more"},
		"of a list, the entry":                     {`[{"Name":"LoadBalancer","Value":"app/automation-1"}, 1, {}]`, `[{"Name":"LoadBalancer","Value":"app/automation-2"}, 1, {}]`, "at 0.Value app/automation-1 -> app/automation-2"},
		"of a document within a text, too":         {fmt.Sprintf(`{"Body":%q}`, dashboard("a", 1)), fmt.Sprintf(`{"Body":%q}`, dashboard("b", 1)), "at Body.widgets.0.properties.title a -> b"},
		"large numbers as they are written":        {`{"a":10000000000000000000000000000000000000001}`, `{"a":10000000000000000000000000000000000000002}`, "at a ...00000000001 -> ...00000000002"},
		"a document that is only written anew":     {dashboard("a", 1), strings.ReplaceAll(dashboard("a", 1), ",", ", "), "written otherwise, and the same"},
		"a document and what is none, as texts":    {dashboard("a", 1), long, `{"start":"-PT6H","widgets":[{"type":"... -> ` + strings.Repeat("x", 37) + "..."},
		"what would steer a terminal, in a text":   {long + "\x1b[2J", long + "\n", `...xxxxxxxxxx\x1b[2J -> ...xxxxxxxxxx\n`},
		"what would steer a terminal, in a path":   {`{"\u001b[2J":"` + long + `1"}`, `{"\u001b[2J":"` + long + `2"}`, `at \x1b[2J ...xxxxxxxxxx1 -> ...xxxxxxxxxx2`},
		"what is deeper than anybody nests, ended": {nest(9, "a"), nest(9, "b"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := difference(tt.before, tt.after)
			if tt.want != "" && got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if n := len([]rune(got)); n > 140 {
				t.Errorf("%d columns: %s", n, got)
			}
			if before, after, two := strings.Cut(got, " -> "); two && before == after {
				t.Errorf("two equal texts: %s", got)
			}
		})
	}
}

// nest is a document in a text in a document, and so on.
func nest(depth int, text string) string {
	for range depth {
		text = fmt.Sprintf(`{"a":%q}`, text)
	}
	return text
}

func FuzzDifference(f *testing.F) {
	f.Add("", "")
	f.Add(`{"a":[1,2,{"b":"c"}]}`, `{"a":[1,3]}`)
	f.Add(strings.Repeat("é", 60)+"a", strings.Repeat("é", 60)+"b")
	f.Add(`{"a":"{\"b\":1}","c":null}`+strings.Repeat(" ", 90), `[]`)
	f.Fuzz(func(t *testing.T, before, after string) {
		got := difference(before, after)
		if strings.ContainsAny(got, "\n\x1b") {
			t.Errorf("%q steers a terminal", got)
		}
		was, is, two := strings.Cut(got, " -> ")
		if two && !strings.Contains(before+after, " -> ") && before != after && was == is {
			t.Errorf("%q and %q look the same: %q", before, after, got)
		}
	})
}

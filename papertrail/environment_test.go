package papertrail_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/papertrail"
)

func TestEnvironmentGroups(t *testing.T) {
	e := papertrail.Environment{
		ID: "automation-8527fec8", Branch: "dev/feature/new-sla",
		Services: []papertrail.Service{
			{Name: "bruin-bridge", Image: "automation-8527fec8-1042"},
			{Name: "notifier", Image: "1043"},
			{Name: "notifier", Title: "notifier errors", Image: "1043", And: []string{"ERROR", "not found"}},
		},
		Alarms: []papertrail.Search{{Name: "errors", Query: "ERROR"}},
	}
	got, err := e.Groups()
	if err != nil {
		t.Fatal(err)
	}
	want := []papertrail.Group{
		{Name: "[automation-8527fec8] - dev/feature/new-sla logs", Wildcard: "*", Searches: []papertrail.Search{
			{Name: "[bruin-bridge] - logs", Query: "bruin-bridge AND automation-8527fec8 AND 1042"},
			{Name: "[notifier] - logs", Query: "notifier AND automation-8527fec8 AND 1043"},
			{Name: "[notifier errors] - logs", Query: `notifier AND automation-8527fec8 AND 1043 AND ERROR AND "not found"`},
			{Name: "[all modules] - logs", Query: "automation-8527fec8"},
		}},
		{Name: "[automation-8527fec8] - dev/feature/new-sla notifications", Wildcard: "*"},
		{Name: "[automation-8527fec8] - dev/feature/new-sla alarms", Wildcard: "*", Searches: []papertrail.Search{{Name: "errors", Query: "ERROR"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	var names []string
	for _, g := range got {
		names = append(names, g.Name)
	}
	if diff := cmp.Diff(names, e.GroupNames()); diff != "" {
		t.Errorf("names (-groups +GroupNames):\n%s", diff)
	}
	e.Name, e.ID, e.Branch, e.Wildcard = "production", "automation-master", "master", "automation-*"
	if got, err = e.Groups(); err != nil || got[0].Name != "[production] - master logs" || got[0].Wildcard != "automation-*" {
		t.Errorf("production: %v, %v", got, err)
	}
}

func TestEnvironmentsThatAreRefused(t *testing.T) {
	service := func(name, image string) papertrail.Service {
		return papertrail.Service{Name: name, Image: image}
	}
	tests := map[string]struct {
		e    papertrail.Environment
		want string
	}{
		"no id":                   {papertrail.Environment{Branch: "master"}, "the environment has no ID"},
		"no branch":               {papertrail.Environment{ID: "e"}, "environment e: it has no branch"},
		"a service without name":  {papertrail.Environment{ID: "e", Branch: "b", Services: []papertrail.Service{{}}}, "environment e: service 1 has no name"},
		"services without images": {papertrail.Environment{ID: "e", Branch: "b", Services: []papertrail.Service{service("b", ""), service("a", ""), service("b", "")}}, "environment e: no image is given for a, b, so the build number of their logs is not known"},
		"an empty word":           {papertrail.Environment{ID: "e", Branch: "b", Services: []papertrail.Service{{Name: "a", Image: "1", And: []string{"x", " "}}}}, "environment e: service a has an empty word among those that a line must have"},
		"a tag without a number":  {papertrail.Environment{ID: "e", Branch: "b", Services: []papertrail.Service{service("a", "e-latest")}}, `environment e: the image tag "e-latest" of service a does not end in a build number; want e-1042`},
		"the id as a tag":         {papertrail.Environment{ID: "automation-12345678", Branch: "b", Services: []papertrail.Service{service("a", "automation-12345678")}}, `environment automation-12345678: the image tag "automation-12345678" of service a does not end in a build number; want automation-12345678-1042`},
		"a service twice":         {papertrail.Environment{ID: "e", Branch: "b", Services: []papertrail.Service{service("a", "1"), service("a", "2")}}, `group "[e] - b logs": search "[a] - logs" is given twice`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.e.Groups()
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if _, ok := errors.AsType[*papertrail.MissingImageError](err); ok != strings.Contains(name, "without images") {
				t.Errorf("is a MissingImageError: %t", ok)
			}
		})
	}
}

func TestQuery(t *testing.T) {
	tests := map[string]struct {
		words []string
		want  string
	}{
		"words":               {[]string{"a-b", "c_d", "1.2/3"}, "a-b AND c_d AND 1.2/3"},
		"a phrase":            {[]string{"not found"}, `"not found"`},
		"an operator":         {[]string{"or", "AND", "Not"}, `"or" AND "AND" AND "Not"`},
		"what begins a minus": {[]string{"-a"}, `"-a"`},
		"quotes":              {[]string{`say "no"`}, `"say  no "`},
		"brackets and colons": {[]string{"(a)", "b:c"}, `"(a)" AND "b:c"`},
		"nothing":             {[]string{""}, `""`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := papertrail.Query(tt.words...); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Whatever a word is, it cannot leave its quotes.
func FuzzQuery(f *testing.F) {
	for _, word := range []string{"a", `"`, `a" OR "b`, "OR", "é ü", "\x00", "-x", "(a OR b)"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if !utf8.ValidString(word) {
			return
		}
		got := papertrail.Query("first", word, "last")
		inner := strings.TrimSuffix(strings.TrimPrefix(got, "first AND "), " AND last")
		bare := strings.Trim(inner, `"`)
		switch {
		case strings.HasPrefix(inner, `"`) != strings.HasSuffix(inner, `"`):
			t.Errorf("%q: %s", word, got)
		case strings.HasPrefix(inner, `"`) && strings.Count(inner, `"`) != 2:
			t.Errorf("%q: %s", word, got)
		case !strings.HasPrefix(inner, `"`) && (strings.ContainsAny(bare, ` "()`) || bare != word):
			t.Errorf("%q: %s", word, got)
		}
	})
}

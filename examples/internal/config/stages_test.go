package config_test

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/examples/internal/config"
)

func TestChecksAreThoseThatThereAre(t *testing.T) {
	const modules = "project: a\nmodules: [{name: a, paths: [a], labels: {kind: python}}]\n"
	tests := map[string]struct{ checks, want string }{
		"one with its tool":            {"{python: [pep8=ruff]}", ""},
		"one without":                  {"{python: [pep8, npm, npm=check, eslint, terraform]}", ""},
		"no check":                     {"{python: [pep9]}", `validation: there is no check "pep9" for python; want terraform, `},
		"a check without what follows": {"{python: [pep8=]}", `no check "pep8="`},
		"a check that takes nothing":   {"{python: [eslint=x]}", `no check "eslint=x"`},
		"a kind that no module has":    {"{pyhton: [pep8]}", "validation: no module has the label kind: pyhton"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Read("delivery.yaml", strings.NewReader(modules+"validation: {checks: "+tt.checks+"}\n"))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestTheDirectoryOfAModule(t *testing.T) {
	tests := map[string]struct {
		paths []string
		label string
		want  string
		err   string
	}{
		"is its first path":             {paths: []string{"a/b", "c"}, want: "a/b"},
		"is clean":                      {paths: []string{"./a/b/"}, want: "a/b"},
		"may be the repository":         {paths: []string{"."}, want: "."},
		"is that of the label":          {paths: []string{"a/*.go"}, label: "a", want: "a"},
		"is not known of a pattern":     {paths: []string{"a/*.go"}, err: "module m: its first path a/*.go is a pattern: give it the label dir"},
		"is in the repository":          {paths: []string{"a"}, label: "../a", err: "module m: its directory ../a is not below that of the file"},
		"is relative to the repository": {paths: []string{"a"}, label: "/a", err: "/a is not below"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := changes.Module{Name: "m", Paths: tt.paths}
			if tt.label != "" {
				m.Labels = map[string]string{"dir": tt.label}
			}
			got, err := config.Dir(m)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q, %v; want %q, %q", got, err, tt.want, tt.err)
			}
		})
	}
}

package gitlab

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sampleModules are those of testdata/jobs.yml, now and before.
func sampleModules() (now, before changes.Config) {
	labels := func(kind, dir string) map[string]string { return map[string]string{"kind": kind, "dir": dir} }
	now = changes.Config{Modules: []changes.Module{
		{Name: "lib", Paths: []string{"libs/lib"}, Labels: labels("go", "libs/lib")},
		{Name: "net", Paths: []string{"net"}, DependsOn: []string{"lib"}, Labels: labels("terraform", "net")},
		{Name: "app", Paths: []string{"app"}, DependsOn: []string{"net", "web"}, Labels: labels("python", "app")},
		{Name: "web", Paths: []string{"web"}, DependsOn: []string{"app"}, Labels: labels("go", "web")},
		{Name: "idle", Paths: []string{"idle"}, Labels: labels("go", "idle")},
	}}
	before = changes.Config{Modules: append(slices.Clone(now.Modules),
		changes.Module{Name: "old", Paths: []string{"old"}, DependsOn: []string{"older"}},
		changes.Module{Name: "older", Paths: []string{"older"}},
	)}
	return now, before
}

func selectSample(t testing.TB, paths ...string) (changes.Config, changes.Config, changes.Selection) {
	t.Helper()
	now, before := sampleModules()
	var files []changes.File
	for _, p := range paths {
		files = append(files, changes.File{Path: p, Status: changes.Modified})
	}
	selection, err := now.Select(changes.Diff{Files: files}, changes.SelectOptions{Before: &before})
	if err != nil {
		t.Fatal(err)
	}
	return now, before, selection
}

func TestPipelineOfTheSample(t *testing.T) {
	template, err := LoadTemplate("testdata/jobs.yml")
	if err != nil {
		t.Fatal(err)
	}
	now, before, selection := selectSample(t, "libs/lib/a.go", "old/x")
	none := selection
	none.Modules, none.Deleted = nil, nil
	for golden, s := range map[string]changes.Selection{"child.yml": selection, "nothing.yml": none} {
		t.Run(golden, func(t *testing.T) {
			got, err := template.Pipeline(now, s, Options{Before: &before})
			if err != nil {
				t.Fatal(err)
			}
			checked(t, got)
			if *update {
				if err := os.WriteFile("testdata/"+golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile("testdata/" + golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			again, err := template.Pipeline(now, s, Options{Before: &before})
			if err != nil || string(again) != string(got) {
				t.Errorf("a second time it differs: %v", err)
			}
		})
	}
}

// chain is modules m0, m1, ... of which each depends on those that it lists.
func chain(needs ...[]int) changes.Config {
	var c changes.Config
	for i, list := range needs {
		m := changes.Module{Name: fmt.Sprint("m", i), Paths: []string{fmt.Sprint("m", i)}}
		for _, n := range list {
			m.DependsOn = append(m.DependsOn, fmt.Sprint("m", n))
		}
		c.Modules = append(c.Modules, m)
	}
	return c
}

func chosen(names ...string) changes.Selection {
	var s changes.Selection
	for _, n := range names {
		s.Modules = append(s.Modules, changes.Selected{Name: n, Status: changes.ModuleChanged, Reasons: []changes.Reason{{Kind: changes.ByFile, Path: n}}})
	}
	return s
}

func parse(t testing.TB, content string) *Template {
	t.Helper()
	template, err := ReadTemplate(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return template
}

func TestNeeds(t *testing.T) {
	const one = "t $MODULE: {script: [x]}\n"
	const two = "b $MODULE: {stage: build, script: [x]}\nt $MODULE: {script: [x]}\n"
	tests := map[string]struct {
		template string
		config   changes.Config
		selected []string
		deleted  []string
		before   changes.Config
		want     map[string]string // needs by job
	}{
		"a job waits for that of the module that its module depends on": {
			template: one, config: chain(nil, []int{0}), selected: []string{"m0", "m1"},
			want: map[string]string{"t m0": "", "t m1": "t m0"},
		},
		"through a module that is not selected": {
			template: one, config: chain(nil, []int{0}, []int{1}, []int{2}), selected: []string{"m0", "m3"},
			want: map[string]string{"t m0": "", "t m3": "t m0"},
		},
		"not for what is reached through one that is": {
			template: one, config: chain(nil, []int{0}, []int{1}), selected: []string{"m0", "m1", "m2"},
			want: map[string]string{"t m0": "", "t m1": "t m0", "t m2": "t m1"},
		},
		"modules on a cycle do not wait for one another": {
			template: one, config: chain([]int{1}, []int{0}, []int{0}), selected: []string{"m0", "m1", "m2"},
			want: map[string]string{"t m0": "", "t m1": "", "t m2": "t m0"},
		},
		"also a cycle through one that is not selected": {
			template: one, config: chain([]int{1}, []int{2}, []int{0}), selected: []string{"m0", "m1"},
			want: map[string]string{"t m0": "", "t m1": ""},
		},
		"a module that depends on itself does not wait": {
			template: one, config: chain([]int{0}), selected: []string{"m0"}, want: map[string]string{"t m0": ""},
		},
		"a job waits for its own module's of earlier stages": {
			template: two, config: chain(nil, []int{0}), selected: []string{"m0", "m1"},
			want: map[string]string{"b m0": "", "t m0": "b m0", "b m1": "b m0", "t m1": "b m1 t m0"},
		},
		"and for plain jobs of earlier stages, which would hold it back too": {
			template: two + "gate: {stage: build, when: manual, script: [x]}\nlate: {stage: deploy, script: [x]}\n",
			config:   chain(nil), selected: []string{"m0"},
			want: map[string]string{"b m0": "", "t m0": "b m0 gate", "gate": "", "late": ""},
		},
		"what a template lists is what its job needs": {
			template: "a $MODULE: {stage: build, script: [x]}\nb $MODULE: {stage: build, script: [x]}\nt $MODULE: {needs: [\"b $MODULE\"], script: [x]}\n",
			config:   chain(nil, []int{0}), selected: []string{"m0", "m1"},
			want: map[string]string{"a m0": "", "b m0": "", "t m0": "b m0", "a m1": "a m0", "b m1": "b m0", "t m1": "b m1 t m0"},
		},
		"but for a job that is not made for the module": {
			template: "b $MODULE: {for: {labels: {kind: go}}, stage: build, script: [x]}\nt $MODULE: {needs: [{job: \"b $MODULE\", artifacts: true}, p], script: [x]}\np: {stage: build, script: [x]}\n",
			config:   chain(nil), selected: []string{"m0"}, want: map[string]string{"t m0": "p", "p": ""},
		},
		"each is listed once": {
			template: "b $MODULE: {stage: build, script: [x]}\nt $MODULE: {needs: [\"b $MODULE\", \"b ${MODULE}\", {job: \"b $MODULE\"}], script: [x]}\n",
			config:   chain(nil), selected: []string{"m0"}, want: map[string]string{"b m0": "", "t m0": "b m0"},
		},
		"deleted modules go after those that depended on them": {
			template: one + "d $MODULE: {for: {deleted: true}, stage: deploy, script: [x]}\n",
			config:   chain(nil), selected: []string{"m0"}, deleted: []string{"m1", "m2", "m3"}, before: chain(nil, []int{0}, []int{1}, []int{2}),
			want: map[string]string{"t m0": "", "d m1": "d m2", "d m2": "d m3", "d m3": ""},
		},
		"in no order where it is not known what they were": {
			template: one + "d $MODULE: {for: {deleted: true}, stage: deploy, script: [x]}\n",
			config:   chain(nil), deleted: []string{"m1", "m2"}, want: map[string]string{"d m1": "", "d m2": ""},
		},
		"deleted modules alone, and no job for them, are nothing to do": {
			template: one + "p: {script: [x]}\n", config: chain(nil), deleted: []string{"m1"}, want: map[string]string{"nothing to do": ""},
		},
		"a need that is written in another way is the same": {
			template: "b ${MODULE}: {for: {labels: {kind: go}}, stage: build, script: [x]}\nt $MODULE: {needs: [b $MODULE], dependencies: [b $MODULE], script: [x]}\n",
			config:   chain(nil), selected: []string{"m0"}, want: map[string]string{"t m0": ""},
		},
		"needs that are inherited are those of its own module": {
			template: ".n: {needs: [\"b $MODULE\"]}\nb $MODULE: {stage: build, script: [x]}\nt $MODULE: {extends: .n, script: [x]}\n",
			config:   chain(nil, []int{0}), selected: []string{"m0", "m1"}, want: map[string]string{"b m0": "", "t m0": "b m0", "b m1": "b m0", "t m1": "b m1 t m0"},
		},
		"so is nothing": {
			template: "stages: [.pre, lint]\nimage: x\nt $MODULE: {stage: lint, script: [x]}\n", config: chain(nil), want: map[string]string{"nothing to do": ""},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := chosen(tt.selected...)
			s.Deleted = chosen(tt.deleted...).Modules
			opts := Options{}
			if len(tt.before.Modules) > 0 {
				opts.Before = &tt.before
			}
			out, err := parse(t, tt.template).Pipeline(tt.config, s, opts)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for name, j := range checked(t, out) {
				got[name] = strings.Join(j.needs, " ")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("needs (-want +got):\n%s\n%s", d, out)
			}
		})
	}
}

func TestNothingKeepsWhatItsRunTakes(t *testing.T) {
	template := parse(t, `
variables: {VER: "1", DEPLOY_ON: "yes", GIT_STRATEGY: clone}
default: {image: "x:$VER", tags: [$VER]}
workflow: {rules: [{if: $DEPLOY_ON}]}
include: other.yml
t $MODULE: {script: [x]}
`)
	out, err := template.Pipeline(changes.Config{}, changes.Selection{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checked(t, out)
	var got map[string]any
	if err := yaml.Load(out, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"variables": map[string]any{"VER": "1", "DEPLOY_ON": "yes", "GIT_STRATEGY": "clone"},
		"default":   map[string]any{"image": "x:$VER", "tags": []any{"$VER"}},
		"workflow":  map[string]any{"rules": []any{map[string]any{"if": "$DEPLOY_ON"}}},
		"nothing to do": map[string]any{
			"stage":     "build",
			"inherit":   map[string]any{"default": []any{"image", "tags"}},
			"variables": map[string]any{"GIT_STRATEGY": "none"},
			"script":    []any{"echo 'No selected module has a job.'"},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAJobNeedsNoMoreThanGitLabAllows(t *testing.T) {
	template := parse(t, "t $MODULE: {script: [x]}\n")
	wide := func(n int, tied bool) (changes.Config, changes.Selection) {
		var needs [][]int
		var all []int
		var names []string
		for i := range n {
			var own []int
			if tied && i > 0 {
				own = []int{i - 1}
			}
			needs = append(needs, own)
			all = append(all, i)
			names = append(names, fmt.Sprint("m", i))
		}
		return chain(append(needs, all)...), chosen(append(names, fmt.Sprint("m", n))...)
	}
	config, selection := wide(50, false)
	out, err := template.Pipeline(config, selection, Options{})
	if err != nil || len(checked(t, out)["t m50"].needs) != 50 {
		t.Errorf("50: %v", err)
	}
	config, selection = wide(51, false)
	_, err = template.Pipeline(config, selection, Options{})
	if e, ok := errors.AsType[*NeedsError](err); !ok || *e != (NeedsError{Job: "t m51", Count: 51, Max: 50}) {
		t.Errorf("51: %v", err)
	}
	if _, err := template.Pipeline(config, selection, Options{MaxNeeds: 51}); err != nil {
		t.Errorf("51 of an instance that allows it: %v", err)
	}
	config, selection = wide(51, true)
	out, err = template.Pipeline(config, selection, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := checked(t, out)["t m51"].needs; !slices.Equal(got, []string{"t m50"}) {
		t.Errorf("51 that follow one another: needs %q, want the last alone", got)
	}
}

package gitlab

import (
	"errors"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
)

func TestTemplatesThatAreRefused(t *testing.T) {
	tests := map[string]struct{ content, want string }{
		"empty":                           {"", "job template: it is empty"},
		"comments alone":                  {"# x\n", "job template: it is empty"},
		"no mapping":                      {"- x\n", "1:1: a template must be a mapping"},
		"malformed":                       {"t $MODULE:\n  script: [\n", "malformed YAML: "},
		"two documents":                   {"t $MODULE: {script: [x]}\n---\nx: {}\n", "a second document begins"},
		"a malformed second document":     {"t $MODULE: {script: [x]}\n---\n[", "malformed YAML"},
		"a key given twice":               {"t $MODULE: {script: [x]}\nt $MODULE: {script: [x]}\n", "2:1: "},
		"no job of modules":               {"test: {script: [x]}\n", `no job has $MODULE in its name`},
		"a name that only looks like it":  {"test $MODULES $$MODULE: {script: [x]}\n", `no job has $MODULE in its name`},
		"inputs":                          {"spec: {inputs: {}}\n", "1:1: a template cannot have inputs"},
		"a job that is no mapping":        {"t $MODULE: x\n", `1:12: job "t $MODULE" must be a mapping`},
		"for in a plain job":              {"t $MODULE: {script: [x]}\np:\n  for: {deleted: true}\n", `3:3: job "p" has the key for, and no $MODULE in its name`},
		"for that is no mapping":          {"t $MODULE: {for: all}\n", `1:18: for of job "t $MODULE" must be a mapping`},
		"an unknown key in for":           {"t $MODULE: {for: {lables: {}}}\n", `1:19: unknown key "lables" in for (known: labels, deleted)`},
		"deleted that is no truth":        {"t $MODULE: {for: {deleted: maybe}}\n", "1:28: deleted must be true or false"},
		"labels that are no mapping":      {"t $MODULE: {for: {labels: [go]}}\n", "1:27: labels must be a mapping"},
		"a label of mappings":             {"t $MODULE: {for: {labels: {kind: {a: b}}}}\n", "label kind: it must be a value, or a list of values"},
		"stages that are no list":         {"stages: x\nt $MODULE: {script: [x]}\n", "1:9: stages must be a list"},
		"a stage that is not listed":      {"stages: [a, b]\nt $MODULE: {stage: c, script: [x]}\n", `2:1: job "t $MODULE" is in stage "c", which is not among the stages .pre, a, b, .post`},
		"a default stage not listed":      {"stages: [a, b]\nt $MODULE: {script: [x]}\n", `is in stage "test"`},
		"a stage of elsewhere":            {"t $MODULE: {extends: .remote, script: [x]}\n", "extends a job that is not in this file; give it a stage"},
		"jobs that extend one another":    {".a: {extends: .b}\n.b: {extends: .a}\nt $MODULE: {extends: .a}\n", "give it a stage"},
		"an alias within itself":          {"x: &x {a: *x}\nt $MODULE: {script: [x]}\n", "nested too deep"},
		"aliases that grow without bound": {bomb(), "its aliases make too much of it"},
		"a job that does nothing":         {"\nt $MODULE: {}\n", `2:1: job "t $MODULE" does nothing: it has no script, trigger or run`},
		"a plain job that does nothing":   {"t $MODULE: {script: [x]}\np: {stage: build}\n", `2:1: job "p" does nothing`},
		"one that extends nothing to do":  {".a: {stage: build}\nt $MODULE: {extends: .a}\n", `2:1: job "t $MODULE" does nothing`},
		"needs that no job has":           {"t $MODULE:\n  script: [x]\n  needs: [\"u $MODULE\"]\n", `3:11: needs of job "t $MODULE": no job has the name "u $MODULE"; where it may be absent, need {job: NAME, optional: true}`},
		"needs of one module":             {"t $MODULE: {script: [x], needs: [{job: t lib}]}\n", `no job has the name "t lib"`},
		"needs of a plain job":            {"t $MODULE: {script: [x]}\np: {script: [x], needs: [t $MODULE]}\n", `2:26: needs of job "p": no job has the name "t $MODULE"`},
		"needs that are inherited":        {".a: {needs: [x]}\nt $MODULE: {extends: .a, script: [x]}\n", `1:14: needs of job "t $MODULE": no job has the name "x"`},
		"needs of a later stage":          {"t $MODULE: {script: [x], needs: [d]}\nd: {stage: deploy, script: [x]}\n", `1:34: needs of job "t $MODULE": "d" is in a later stage`},
		"needs that are a reference":      {"include: x\n.a: {needs: [x]}\nt $MODULE: {script: [x], needs: !reference [.a, needs]}\n", `3:33: needs of job "t $MODULE" are a !reference`},
		"a need that is a reference":      {"t $MODULE: {script: [x], needs: [!reference [.a, needs]]}\n", `needs of job "t $MODULE" are a !reference`},
		"dependencies that no job has":    {"t $MODULE: {script: [x], dependencies: [u]}\n", `dependencies of job "t $MODULE": no job has the name "u"`},
		"needs of a rule":                 {"t $MODULE: {script: [x], rules: [{if: $X, needs: [p]}]}\np: {script: [x]}\n", `1:43: a rule of job "t $MODULE" has needs, which would take the place`},
		"a quoted variable in a rule":     {"t $MODULE:\n  script: [x]\n  rules: [{if: '$CI == \"$MODULE\"'}]\n", `3:16: job "t $MODULE": an expression has no variables in quotes: $MODULE would be taken as it stands`},
		"in a rule that is inherited":     {".r: {rules: [[{if: \"$CI == '$MODULE_GO'\"}]]}\nt $MODULE: {script: [x], extends: .r}\n", `1:20: job "t $MODULE": an expression has no variables in quotes: $MODULE_GO`},
		"a variable in a pattern":         {"t $MODULE: {script: [x], only: {variables: ['$CI =~ /^\\/$MODULE/']}}\n", `an expression has no variables between slashes: $MODULE`},
		"a variable in braces":            {"t $MODULE: {script: [x], except: {variables: ['${MODULE_GO} == null']}}\n", "an expression cannot have ${MODULE_GO}; write $MODULE_GO"},
		"a merge of text":                 {"t $MODULE: {<<: x, script: [x]}\n", "a merge key (<<) takes mappings only"},
		"a merge of texts":                {"t $MODULE: {<<: [x], script: [x]}\n", "a merge key (<<) takes mappings only"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ReadTemplate(strings.NewReader(tt.content))
			if _, ok := errors.AsType[*TemplateError](err); !ok || !strings.HasPrefix(err.Error(), "job template:") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v; want a TemplateError with %q", err, tt.want)
			}
		})
	}
}

// bomb is a small template that its aliases make a huge one.
func bomb() string {
	var b strings.Builder
	b.WriteString(".a0: &a0 [x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		prev := "*a" + string(rune('0'+i-1))
		b.WriteString(".a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(prev+", ", 7) + prev + "]\n")
	}
	return b.String() + "t $MODULE: {script: [x]}\n"
}

func TestLoadTemplateNamesItsFile(t *testing.T) {
	if _, err := LoadTemplate("testdata/none.yml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
	if _, err := LoadTemplate("testdata/nothing.yml"); err == nil || !strings.HasPrefix(err.Error(), "testdata/nothing.yml: no job has $MODULE") {
		t.Errorf("error = %v", err)
	}
}

func TestStagesAreInherited(t *testing.T) {
	tests := map[string]struct{ content, want string }{
		"from a hidden job":        {".a: {stage: build, script: [x]}\nt $MODULE: {extends: .a}\n", "build"},
		"through another":          {".a: {stage: build, script: [x]}\n.b: {extends: .a}\nt $MODULE: {extends: [.b]}\n", "build"},
		"the last wins":            {".a: {stage: build, script: [x]}\n.b: {stage: deploy}\nt $MODULE: {extends: [.a, .b]}\n", "deploy"},
		"unless it has none":       {".a: {stage: build, script: [x]}\n.b: {retry: 1}\nt $MODULE: {extends: [.a, .b]}\n", "build"},
		"its own wins":             {".a: {stage: build, script: [x]}\nt $MODULE: {extends: .a, stage: deploy}\n", "deploy"},
		"from a merge key":         {".a: &a {stage: build, script: [x]}\nt $MODULE: {<<: *a}\n", "build"},
		"from a plain job":         {"p: {stage: build, script: [x]}\nt $MODULE: {extends: p}\n", "build"},
		"test where there is none": {".a: {retry: 1, script: [x]}\nt $MODULE: {extends: .a}\n", "test"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			template := parse(t, tt.content)
			if got := template.stages[template.jobs[0].stage]; got != tt.want {
				t.Errorf("stage %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWhichModulesAJobIsFor(t *testing.T) {
	labels := map[string]string{"kind": "go", "docker": "Dockerfile", "empty": ""}
	tests := map[string]struct {
		labels string
		want   bool
	}{
		"of all where nothing is said": {"{}", true},
		"with a label":                 {"{kind: go}", true},
		"with one of several values":   {"{kind: [python, go]}", true},
		"with another value":           {"{kind: python}", false},
		"with two labels":              {"{kind: go, docker: Dockerfile}", true},
		"with one of two labels":       {"{kind: go, tier: core}", false},
		"with a label of any value":    {`{docker: "*"}`, true},
		"with an empty label":          {`{empty: "*"}`, true},
		"with a label that is not":     {`{tier: "*"}`, false},
		"with an empty value":          {`{tier: ""}`, false},
		"of no value at all":           {"{kind: []}", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			template := parse(t, "t $MODULE: {for: {labels: "+tt.labels+"}, script: [x]}\n")
			if got := template.jobs[0].applies(changes.Selected{Labels: labels}); got != tt.want {
				t.Errorf("applies: %v, want %v", got, tt.want)
			}
		})
	}
}

// FuzzTemplate holds that whatever is read makes a pipeline that is YAML, with
// sound needs, or an error.
func FuzzTemplate(f *testing.F) {
	content, err := os.ReadFile("testdata/jobs.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(content))
	f.Add("t $MODULE: {script: [x]}")
	f.Add(".a: &a {k: v}\n.b: &b [*a]\nt $MODULE: {<<: *a, run: x, needs: [p, {job: \"t ${MODULE}\"}], variables: {A: $MODULE_KIND}}\np: {stage: build, script: x}")
	f.Add("include: y\nt $MODULE:\n  for: {labels: {kind: [go]}, deleted: false}\n  needs: x\nd $MODULE: {for: {deleted: true}}")
	f.Add("include: x\n? [a]\n: b\n$MODULE: {}")
	f.Add("include: x\n$MODULE: {needs: [[], {job: {}}, {pipeline: x}, !t y]}")
	f.Add("t $MODULE: {script: x, rules: [{if: '$MODULE == \"a\" && $X =~ /\\//'}, [[{if: {}}]], []], only: {variables: [$MODULE, []]}, except: [], dependencies: [[]]}")
	now, before := sampleModules()
	selection := changes.Selection{
		Modules: []changes.Selected{{Name: "app", Labels: map[string]string{"kind": "go"}, Reasons: []changes.Reason{{}}}, {Name: "lib"}, {Name: "web"}},
		Deleted: []changes.Selected{{Name: "old"}, {Name: "older"}},
	}
	f.Fuzz(func(t *testing.T, content string) {
		template, err := ReadTemplate(strings.NewReader(content))
		if err != nil {
			if _, ok := errors.AsType[*TemplateError](err); !ok {
				t.Errorf("%v is no TemplateError", err)
			}
			return
		}
		out, err := template.Pipeline(now, selection, Options{Before: &before})
		if err != nil {
			return
		}
		var document yaml.Node
		if err := yaml.Load(out, &document); err != nil {
			t.Errorf("%v in what was made of %q:\n%s", err, content, out)
		}
	})
}

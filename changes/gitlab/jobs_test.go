package gitlab

import (
	"errors"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes"
)

func TestJobs(t *testing.T) {
	tests := map[string]struct {
		template   string
		module     changes.Selected
		want       []string
		without    []string
		incomplete bool // it needs jobs of elsewhere
	}{
		"texts have values, scripts have variables": {
			template: "t $MODULE: {image: \"i:$MODULE_TAG\", cache: {key: \"${MODULE}-$CI_JOB_NAME\"}, script: [\"echo $MODULE\"], before_script: [\"echo ${MODULE}\"]}\n",
			module:   changes.Selected{Name: "a", Labels: map[string]string{"tag": "v1"}},
			want:     []string{`image: "i:v1"`, `key: "a-$CI_JOB_NAME"`, `script: ["echo $MODULE"]`, `before_script: ["echo ${MODULE}"]`, "MODULE_TAG: v1\n"},
		},
		"a dollar of a value is not expanded again": {
			template: "t $MODULE: {image: $MODULE_TAG, script: [x]}\n",
			module:   changes.Selected{Name: "a$CI", Labels: map[string]string{"tag": "$SECRET"}},
			want:     []string{"\"t a$CI\":\n", `image: "$$SECRET"`, `MODULE_TAG: "$$SECRET"`, `MODULE: "a$$CI"`},
		},
		"a value that looks like another type stays text": {
			template: "t $MODULE: {image: $MODULE_TAG, script: [x]}\n",
			module:   changes.Selected{Name: "1.10", Labels: map[string]string{"tag": "on"}},
			want:     []string{`image: "on"`, `MODULE: "1.10"`, `MODULE_TAG: "on"`},
		},
		"a value cannot add to the YAML": {
			template: "t $MODULE: {image: $MODULE_TAG, script: [x]}\n",
			module:   changes.Selected{Name: "a", Labels: map[string]string{"tag": "x\"\n  script: [evil]\n#"}},
			want:     []string{`image: "x\"\n  script: [evil]\n#"`},
		},
		"other variables and a doubled dollar are left alone": {
			template: "t $MODULE: {image: \"$MODULES $$MODULE ${MODULE $OTHER $\", script: [x]}\n",
			module:   changes.Selected{Name: "a"},
			want:     []string{`image: "$MODULES $$MODULE ${MODULE $OTHER $"`},
		},
		"variables of the template stay": {
			template: "t $MODULE: {variables: {WHERE: \"x/$MODULE\"}, script: [x]}\n",
			module:   changes.Selected{Name: "a", Status: changes.ModuleAskedFor},
			want:     []string{"MODULE: a\n", "MODULE_STATUS: asked for\n", `WHERE: "x/a"`},
		},
		"references, anchors and merge keys hold": {
			template: ".a: &a {retry: 2, tags: [x]}\n.b: {script: [y]}\nt $MODULE: {<<: [*a, {retry: 1}], script: [!reference [.b, script]]}\n",
			module:   changes.Selected{Name: "a"},
			want:     []string{"!reference [.b, script]", "retry: 2", "tags: [x]"}, without: []string{"*a", "&a", "<<"},
		},
		"rules are evaluated by GitLab, which has the variables": {
			template: "t $MODULE: {rules: [{if: '$MODULE_GO == \"go.mod\"', changes: [\"$MODULE_DIR/**\"], variables: {if: $MODULE_DIR}}, !reference [.r, rules], {if: $MODULE =~ /^a/}], script: [x]}\n.r: {rules: [{if: $MODULE}]}\n",
			module:   changes.Selected{Name: "a", Labels: map[string]string{"go": `x" || true`, "dir": "d"}},
			want:     []string{`{if: '$MODULE_GO == "go.mod"', changes: ["d/**"], variables: {if: "d"}}`, "!reference [.r, rules], {if: $MODULE =~ /^a/}]", `MODULE_GO: "x\" || true"`},
		},
		"so are only and except, but for their branches": {
			template: "t $MODULE: {only: {variables: [$MODULE_GO], refs: [$MODULE_DIR]}, except: {variables: ['$MODULE == $X && \"$Y\" != null']}, script: [x]}\n",
			module:   changes.Selected{Name: "a", Labels: map[string]string{"go": `" || true`, "dir": "d"}},
			want:     []string{`only: {variables: [$MODULE_GO], refs: ["d"]}`, `except: {variables: ['$MODULE == $X && "$Y" != null']}`},
		},
		"a list of branches has values": {
			template: "t $MODULE: {only: [\"$MODULE_DIR\"], except: [main], script: [x]}\n",
			module:   changes.Selected{Name: "a", Labels: map[string]string{"dir": "d"}},
			want:     []string{`only: ["d"]`, "except: [main]"},
		},
		"dependencies of jobs that are not made are left out": {
			template: "b $MODULE: {for: {labels: {kind: go}}, stage: build, script: [x]}\nc $MODULE: {stage: build, script: [x]}\nt $MODULE: {dependencies: [b $MODULE, \"c ${MODULE}\"], script: [x]}\n",
			module:   changes.Selected{Name: "a"},
			want:     []string{`dependencies: ["c a"]`},
		},
		"also those that are inherited": {
			template: ".d: {dependencies: [b $MODULE, c $MODULE]}\nb $MODULE: {for: {labels: {kind: go}}, stage: build, script: [x]}\nc $MODULE: {stage: build, script: [x]}\nt $MODULE: {extends: .d, script: [x]}\n",
			module:   changes.Selected{Name: "a"},
			want:     []string{`dependencies: ["c a"]`},
		},
		"a need that may be absent may have any name": {
			template: "t $MODULE: {needs: [{job: t lib, optional: true}], script: [x]}\n",
			module:   changes.Selected{Name: "a"}, incomplete: true,
			want: []string{"{job: t lib, optional: true}"},
		},
		"what an include brings is not known": {
			template: "include: x.yml\nt $MODULE: {stage: test, needs: [\"u $MODULE\", v]}\n",
			module:   changes.Selected{Name: "a"}, incomplete: true,
			want: []string{`- "u a"`, "- v"},
		},
		"the key for is not handed on": {
			template: "t $MODULE: {for: {labels: {kind: go}}, script: [x]}\n",
			module:   changes.Selected{Name: "a", Labels: map[string]string{"kind": "go"}},
			want:     []string{"t a:"}, without: []string{"for:"},
		},
		"what may be absent is optional": {
			template: ".r: {rules: [{if: $X}]}\nb $MODULE: {stage: build, extends: .r, script: [x]}\nc $MODULE: {stage: build, extends: remote, script: [x]}\nt $MODULE: {script: [x]}\nd $MODULE: {needs: [\"b $MODULE\"], stage: deploy, script: [x]}\n",
			module:   changes.Selected{Name: "a"},
			want:     []string{"- {job: b a, optional: true}\n  - {job: c a, optional: true}\n", "needs:\n  - {job: b a, optional: true}\n"},
		},
		"needs of elsewhere are kept": {
			template: "t $MODULE: {needs: [{pipeline: $UP, job: x}, {project: g/p, job: \"b $MODULE\", ref: main, artifacts: true}], script: [x]}\n",
			module:   changes.Selected{Name: "a"}, incomplete: true,
			want: []string{"{pipeline: $UP, job: x}", `{project: g/p, job: "b a", ref: main, artifacts: true}`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.module.Reasons = []changes.Reason{{Kind: changes.ByRemoval}}
			out, err := parse(t, tt.template).Pipeline(changes.Config{}, changes.Selection{Modules: []changes.Selected{tt.module}}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !tt.incomplete {
				checked(t, out)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			for _, not := range tt.without {
				if strings.Contains(string(out), not) {
					t.Errorf("%q is in\n%s", not, out)
				}
			}
		})
	}
}

func TestNamesThatGitLabRefuses(t *testing.T) {
	tests := map[string]struct {
		template string
		modules  []changes.Selected
		want     string
	}{
		"hidden":                          {"$MODULE: {script: [x]}", chosen(".a").Modules, `job ".a" of module ".a": it begins with "."`},
		"a keyword":                       {"$MODULE: {script: [x]}", chosen("stages").Modules, `job "stages" of module "stages": it means something else to GitLab`},
		"image":                           {"$MODULE: {script: [x]}", chosen("image").Modules, "it means something else to GitLab"},
		"default":                         {"$MODULE: {script: [x]}", chosen("default").Modules, "it means something else to GitLab"},
		"workflow":                        {"$MODULE: {script: [x]}", chosen("workflow").Modules, "it means something else to GitLab"},
		"pages":                           {"$MODULE: {script: [x]}", chosen("pages").Modules, "it means something else to GitLab"},
		"pages, put together":             {"pages:$MODULE: {script: [x]}", chosen("deploy").Modules, `job "pages:deploy" of module "deploy"`},
		"true":                            {"$MODULE: {script: [x]}", chosen("true").Modules, "it means something else to GitLab"},
		"nil":                             {"$MODULE: {script: [x]}", chosen("nil").Modules, "it means something else to GitLab"},
		"empty":                           {"$MODULE: {script: [x]}", chosen("").Modules, "it is empty"},
		"too long":                        {"t $MODULE: {script: [x]}", chosen(strings.Repeat("ü", 254)).Modules, "it is longer than 255 characters"},
		"with what does not print":        {"t $MODULE: {script: [x]}", chosen("a\nb").Modules, "it holds what does not print"},
		"not UTF-8":                       {"t $MODULE: {script: [x]}", chosen("\xff").Modules, "it holds what does not print"},
		"with space around it":            {"t $MODULE: {script: [x]}", chosen("a ").Modules, "space around it"},
		"of another job":                  {"t $MODULE: {script: [x]}\nt a: {script: [x]}", chosen("a").Modules, `job "t a" of module "a": another job has it`},
		"of another module":               {"t $MODULE_DIR $MODULE: {script: [x]}", []changes.Selected{{Name: "a b", Labels: map[string]string{"dir": "x"}}, {Name: "b", Labels: map[string]string{"dir": "x a"}}}, "another job has it"},
		"of two labels":                   {"t $MODULE: {script: [x]}", []changes.Selected{{Name: "a", Labels: map[string]string{"the-dir": "x", "the_dir": "y"}}}, `module a: the label "the_dir" and the label "the-dir" are both the variable MODULE_THE_DIR`},
		"of a label and the status":       {"t $MODULE: {script: [x]}", []changes.Selected{{Name: "a", Labels: map[string]string{"status": "x"}}}, "and the status are both the variable MODULE_STATUS"},
		"of a variable of the template's": {"t $MODULE: {variables: {MODULE_DIR: y}, script: [x]}", []changes.Selected{{Name: "a", Labels: map[string]string{"dir": ""}}}, "has a variable MODULE_DIR already"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := parse(t, tt.template).Pipeline(changes.Config{}, changes.Selection{Modules: tt.modules}, Options{})
			if !errors.Is(err, ErrName) || !strings.Contains(err.Error(), tt.want) || out != nil {
				t.Errorf("= %s, %v; want an ErrName with %q", out, err, tt.want)
			}
		})
	}
}

func TestLongestName(t *testing.T) {
	name := strings.Repeat("ü", 255)
	out, err := parse(t, "$MODULE: {script: [x]}").Pipeline(changes.Config{}, chosen(name), Options{})
	if err != nil || checked(t, out)[name].name != name {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestNoNameEndsAComment(t *testing.T) {
	for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\x1b[2J"} {
		s := chosen("a")
		s.Modules[0].Reasons = []changes.Reason{{Kind: changes.ByVariable, Detail: "x" + end + "evil: {script: [y]}"}}
		s.Deleted = []changes.Selected{{Name: "b" + end + "evil: {script: [y]}"}}
		out, err := parse(t, "t $MODULE: {script: [x]}").Pipeline(changes.Config{}, s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, evil := checked(t, out)["evil"]; evil || end != "\n" && strings.Contains(string(out), end) {
			t.Errorf("%q is in\n%s", end, out)
		}
	}
}

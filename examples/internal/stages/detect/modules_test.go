package detect_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
	"github.com/mettel-automation/delivery/examples/internal/stages/stagetest"
)

const system = `
project: demo
modules:
  - {name: lib, paths: [lib]}
  - {name: api, paths: [api], depends_on: [lib], labels: {kind: python}}
  - {name: web, paths: [web], on_demand: TEST_WEB}
  - {name: doc, paths: [doc]}
`

var base = map[string]string{"delivery.yaml": system, "lib/a.py": "1\n", "api/a.py": "1\n", "web/a.js": "1\n", "doc/a": "1\n"}

func names(modules []changes.Selected) string {
	var all []string
	for _, m := range modules {
		all = append(all, m.Name+" "+string(m.Status))
	}
	return strings.Join(all, ", ")
}

func TestTheModulesOfAJob(t *testing.T) {
	tests := map[string]struct {
		options   detect.Options
		variables map[string]string
		module    string
		want      string
	}{
		"outside of CI, the base is named":       {options: detect.Options{Base: "master"}, want: "api dependent, lib changed"},
		"all is everything but what is asked":    {options: detect.Options{All: "why"}, want: "api asked for, doc asked for, lib asked for"},
		"a variable asks for a module":           {options: detect.Options{Base: "master"}, variables: map[string]string{"TEST_WEB": "true"}, want: "api dependent, lib changed, web asked for"},
		"a pipeline by hand takes all":           {variables: map[string]string{"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "web"}, want: "api asked for, doc asked for, lib asked for"},
		"a job for one module takes that":        {module: "doc", want: "doc "},
		"a job for one module knows its labels":  {module: "api", want: "api "},
		"where the base is lost, all is checked": {variables: map[string]string{"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": strings.Repeat("0", 40), "CI_COMMIT_BRANCH": "x", "CI_DEFAULT_BRANCH": "gone"}, want: "api asked for, doc asked for, lib asked for"},
	}
	dir := stagetest.Repository(t, base, map[string]string{"lib/a.py": "2\n"})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []changes.Selected
			o := stagetest.Do(t, dir, tt.variables, job.Stage{Name: "x", Do: func(_ context.Context, j *job.Job, _ *job.Record) (err error) {
				got, err = detect.Modules(t.Context(), j, tt.options, tt.module)
				return err
			}})
			if o.Err != nil || names(got) != tt.want {
				t.Errorf("%q, %v; want %q", names(got), o.Err, tt.want)
			}
			if tt.module == "api" && got[0].Labels["kind"] != "python" {
				t.Errorf("labels %v", got[0].Labels)
			}
		})
	}
}

func TestWhatWasDetectedIsTakenUnlessOtherwiseAsked(t *testing.T) {
	dir := stagetest.Repository(t, base, map[string]string{"lib/a.py": "2\n"})
	detected := stagetest.Do(t, dir, nil, detect.Stage(detect.Options{Base: "master"}))
	if detected.Err != nil || !strings.Contains(detected.Stdout, "2 of 4 modules selected") {
		t.Fatalf("%v\n%s", detected.Err, detected.Stdout)
	}
	// The record is that of the commit that detect found, as CI names it too.
	sha := map[string]string{"CI_COMMIT_SHA": detected.Job.Run.Revision}
	for want, o := range map[string]detect.Options{"api dependent, lib changed": {}, "api asked for, doc asked for, lib asked for": {All: "x"}} {
		got := stagetest.Do(t, dir, sha, job.Stage{Name: "x", Do: func(_ context.Context, j *job.Job, _ *job.Record) error {
			found, err := detect.Modules(t.Context(), j, o, "")
			if d := cmp.Diff(want, names(found)); d != "" {
				t.Errorf("%+v (-want +got):\n%s", o, d)
			}
			return err
		}})
		if got.Err != nil {
			t.Error(got.Err)
		}
	}
	one := stagetest.Do(t, dir, sha, job.Stage{Name: "x", Do: func(_ context.Context, j *job.Job, _ *job.Record) error {
		found, err := detect.Modules(t.Context(), j, detect.Options{}, "lib")
		if len(found) != 1 || len(found[0].Reasons) != 1 {
			t.Errorf("the reasons of a detected module are lost: %+v", found)
		}
		return err
	}})
	if one.Err != nil {
		t.Error(one.Err)
	}
}

func TestWhatCannotBeDetectedSaysWhatToDo(t *testing.T) {
	dir := stagetest.Repository(t, base, nil)
	for want, try := range map[string]struct {
		options detect.Options
		module  string
	}{
		"-base names the revision":                                   {},
		`there is no module "x"; the modules are lib, api, web, doc`: {module: "x"},
		"gone": {options: detect.Options{Base: "gone"}},
	} {
		o := stagetest.Do(t, dir, nil, job.Stage{Name: "x", Do: func(_ context.Context, j *job.Job, _ *job.Record) error {
			_, err := detect.Modules(t.Context(), j, try.options, try.module)
			return err
		}})
		if o.Err == nil || !strings.Contains(o.Err.Error(), want) {
			t.Errorf("%v lacks %q", o.Err, want)
		}
	}
}

func TestAFormerFileThatCannotBeReadTakesAllButThoseOnDemand(t *testing.T) {
	dir := stagetest.Repository(t, map[string]string{"delivery.yaml": "project: demo\n", "api/a.py": "1\n"}, map[string]string{"delivery.yaml": system})
	o := stagetest.Do(t, dir, nil, detect.Stage(detect.Options{Base: "master"}))
	if o.Err != nil || !strings.Contains(o.Stdout, "3 of 4 modules selected") || !strings.Contains(o.Stdout, "the former delivery.yaml: the key modules is missing") {
		t.Errorf("%v\n%s", o.Err, o.Stdout)
	}
}

func TestAModuleThatIsGoneIsDeleted(t *testing.T) {
	fewer := strings.Replace(system, "  - {name: doc, paths: [doc]}\n", "", 1)
	dir := stagetest.Repository(t, base, map[string]string{"delivery.yaml": fewer, "doc/a": ""})
	o := stagetest.Do(t, dir, nil, detect.Stage(detect.Options{Base: "master"}))
	if o.Err != nil || !strings.Contains(o.Stdout, "doc  deleted") {
		t.Errorf("%v\n%s", o.Err, o.Stdout)
	}
}

func TestTheFlagAllMaySayWhy(t *testing.T) {
	for arg, want := range map[string]string{"-all": "-all was given", "-all=nightly": "nightly", "-all=false": ""} {
		var o detect.Options
		flags := cli.NewFlags("x", "", nil)
		o.Flags(flags)
		if err := flags.Parse([]string{arg}); err != nil || o.All != want {
			t.Errorf("%s: %q, %v", arg, o.All, err)
		}
	}
}

func TestStageNamesAreFileNames(t *testing.T) {
	for module, want := range map[string]string{"": "s", "a-b": "s-a-b", "a/b": "s-a%2Fb", "../x": "s-..%2Fx"} {
		if got := detect.StageName("s", module); got != want {
			t.Errorf("%q: %q, want %q", module, got, want)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const modulesYAML = `global: [.gitlab-ci.yml]
modules:
  - {name: a, paths: [services/a], labels: {language: python}}
  - {name: b, paths: [services/b], depends_on: [a]}
  - {name: portal, paths: [portal], on_demand: CHANGES_TEST_PORTAL}
`

// repository makes one whose branch feature adds five files to services/a and
// a README, while main goes on in services/b.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	repo, err := git.PlainInit(dir, false)
	check(t, err)
	tree, err := repo.Worktree()
	check(t, err)
	commit := func(names ...string) {
		for _, name := range names {
			check(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
			check(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644))
			_, err := tree.Add(name)
			check(t, err)
		}
		_, err := tree.Commit("x", &git.CommitOptions{Author: &object.Signature{Name: "a", Email: "a@example.com", When: time.Unix(1, 0)}})
		check(t, err)
	}
	branch := func(name string, create bool) {
		check(t, tree.Checkout(&git.CheckoutOptions{Branch: plumbing.NewBranchReferenceName(name), Create: create}))
	}
	commit("services/a/app.py", "services/b/app.py")
	branch("main", true)
	branch("feature", true)
	commit("services/a/1", "services/a/2", "services/a/3", "services/a/4", "services/a/5", "README")
	branch("main", false)
	commit("services/b/new.py")
	branch("feature", false)
	check(t, os.WriteFile(filepath.Join(dir, "modules.yaml"), []byte(modulesYAML), 0o644))
	return dir
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call runs the main and returns its exit code and what it wrote.
func call(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = cli.Run(ctx, "changes", run, args, &out, &errs)
	return code, out.String(), errs.String()
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	check(t, os.WriteFile(path, []byte(content), 0o644))
	return path
}

var hash = regexp.MustCompile(`[0-9a-f]{12,40}`)

// noBase is why there is none, in the words of package changes.
var noBase = regexp.MustCompile(`(there is no base: )compare HEAD with #: .*no previous commit.*`)

func TestViewForPeople(t *testing.T) {
	dir := repository(t)
	modules := filepath.Join(dir, "modules.yaml")
	beside := write(t, "modules.yaml", modulesYAML) // for a head that is not checked out
	tests := map[string]struct {
		args []string
		env  string
		want string
	}{
		"without modules, files": {
			args: []string{"-base", "main"},
			want: "6 files changed, #..#\n  README added\n  services/a/1 added\n  services/a/2 added\n  services/a/3 added\n  services/a/4 added\n  services/a/5 added\n",
		},
		"nothing changed": {
			args: []string{"-base", "HEAD", "-modules", modules},
			want: "0 files changed, #..#\n0 modules selected\n",
		},
		"directly, from the base itself": {
			args: []string{"-repo", filepath.Join(dir, "services"), "-base", "main", "-direct", "-head", "main~1"},
			want: "1 file changed, #..#\n  services/b/new.py deleted\n",
		},
		"modules, their first files, and files of none": {
			args: []string{"-base", "main", "-modules", modules},
			want: "6 files changed, #..#\n2 modules selected\n\n" +
				"a: changed\n  services/a/1 added\n  services/a/2 added\n  services/a/3 added\n  and 2 more\n\n" +
				"b: dependent\n  depends on a, which changed\n\n" +
				"of no module\n  README added\n",
		},
		"all, with a variable that asks": {
			args: []string{"-base", "main~1", "-head", "main", "-modules", beside, "-before", beside, "-all"}, env: "1",
			want: "1 file changed, #..#\neverything counts as changed: -all\n3 modules selected\n\n" +
				"a: asked for\n  all modules were asked for: -all\n\n" +
				"b: changed\n  services/b/new.py added\n  all modules were asked for: -all\n\n" +
				"portal: asked for\n  CHANGES_TEST_PORTAL asks for it\n",
		},
		"no base, where the caller takes everything": {
			args: []string{"-base", "0000000000000000000000000000000000000000", "-on-no-base", "all", "-modules", modules},
			want: "#, compared with nothing\neverything counts as changed: there is no base: REASON\n" +
				"2 modules selected\n\n" +
				"a: asked for\n  all modules were asked for: there is no base: REASON\n\n" +
				"b: asked for\n  all modules were asked for: there is no base: REASON\n",
		},
		"a deleted module, and what depended on it": {
			args: []string{"-base", "main", "-modules", modules, "-before", write(t, "before.yaml", "modules:\n  - {name: b, paths: [services/b], depends_on: [gone]}\n  - {name: gone, paths: [gone]}\n"), "-dependents", "direct"},
			want: "6 files changed, #..#\n2 modules selected, 1 deleted\n\n" +
				"a: changed\n  services/a/1 added\n  services/a/2 added\n  services/a/3 added\n  and 2 more\n\n" +
				"b: dependent\n  depends on a, which changed\n\n" +
				"gone: deleted\n  no module any more\n\n" +
				"of no module\n  README added\n",
		},
		"for the matrix of a GitHub job": {
			args: []string{"-base", "main", "-modules", modules, "-matrix"},
			want: `{"include":[{"language":"python","module":"a","status":"changed"},{"module":"b","status":"dependent"}]}` + "\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CHANGES_TEST_PORTAL", tt.env)
			args := append([]string{"-repo", dir}, tt.args...)
			code, out, errs := call(t.Context(), args...)
			got := noBase.ReplaceAllString(hash.ReplaceAllString(out, "#"), "${1}REASON")
			if d := cmp.Diff(tt.want, got); d != "" || code != cli.OK || errs != "" {
				t.Errorf("exit %d, stderr %q, stdout (-want +got):\n%s", code, errs, d)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	dir := repository(t)
	code, out, errs := call(t.Context(), "-repo", dir, "-base", "main", "-modules", filepath.Join(dir, "modules.yaml"), "-json")
	if code != cli.OK || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	var got struct {
		Base       string   `json:"base"`
		Head       string   `json:"head"`
		MergeBase  string   `json:"mergeBase"`
		MergeBases []string `json:"mergeBases"`
		From       string   `json:"from"`
		WorkTree   bool     `json:"worktree"`
		All        string   `json:"all"`
		Files      []struct{ Path, Status string }
		Deleted    []struct{}
		Unowned    []string
		Modules    []struct {
			Name    string
			Status  string
			Labels  map[string]string
			Reasons []struct {
				Kind, Path, Text string
				Via              []string
			}
		}
	}
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	check(t, decoder.Decode(&got))
	for _, h := range append(got.MergeBases, got.Base, got.Head, got.MergeBase, got.From) {
		if len(h) != 40 {
			t.Errorf("hash %q is not full", h)
		}
	}
	if len(got.Files) != 6 || len(got.Modules) != 2 || len(got.Modules[0].Reasons) != 5 {
		t.Fatalf("= %+v; want 6 files and 2 modules, the first with 5 reasons", got)
	}
	if text := fmt.Sprintf("%+v %+v", got.Modules[0].Reasons[0], got.Modules[1].Reasons[0]); text !=
		"{Kind:file Path:services/a/1 Text:services/a/1 added Via:[]} {Kind:dependency Path: Text:depends on a, which changed Via:[a]}" {
		t.Errorf("reasons = %s", text)
	}
	if got.Modules[0].Status != "changed" || got.Modules[1].Status != "dependent" || len(got.MergeBases) != 1 || got.From != got.MergeBase || cmp.Diff([]string{"README"}, got.Unowned) != "" {
		t.Errorf("= %+v", got)
	}
	if d := cmp.Diff(map[string]string{"language": "python"}, got.Modules[0].Labels); d != "" {
		t.Errorf("labels (-want +got):\n%s", d)
	}
}

func TestJSONHasNoNull(t *testing.T) {
	dir := repository(t)
	_, out, _ := call(t.Context(), "-repo", dir, "-base", "HEAD", "-json")
	want := `{
  "base": "#",
  "head": "#",
  "mergeBase": "#",
  "mergeBases": [
    "#"
  ],
  "from": "#",
  "worktree": false,
  "all": "",
  "files": [],
  "modules": [],
  "deleted": [],
  "unowned": []
}
`
	if d := cmp.Diff(want, hash.ReplaceAllString(out, "#")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWrongUse(t *testing.T) {
	for _, name := range []string{"GITLAB_CI", "GITHUB_ACTIONS"} {
		t.Setenv(name, "")
	}
	dir := repository(t)
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	check(t, os.WriteFile(bad, []byte("modules:\n  - name: a\n    pths: [a]\n"), 0o644))
	tests := map[string]struct {
		args []string
		want string
	}{
		"no base":                 {[]string{"-repo", dir}, "-base is required, or -ci"},
		"ci with a base":          {[]string{"-ci", "-base", "main"}, "-ci decides what is compared"},
		"since without ci":        {[]string{"-base", "main", "-since-default"}, "-since-default needs -ci"},
		"two heads":               {[]string{"-worktree", "-head", "main"}, "-worktree is the head"},
		"a policy that is none":   {[]string{"-base", "main", "-on-no-base", "guess"}, "-on-no-base: it is none of all, error"},
		"a matrix of no modules":  {[]string{"-base", "main", "-matrix"}, "-matrix needs -modules"},
		"a pipeline of no jobs":   {[]string{"-base", "main", "-modules", "x", "-child-pipeline", "x"}, "-child-pipeline and -job-template need each other"},
		"outside of CI":           {[]string{"-repo", dir, "-ci"}, "neither GITLAB_CI nor GITHUB_ACTIONS is set"},
		"two forms at once":       {[]string{"-base", "main", "-modules", "x", "-matrix", "-json"}, "-matrix and -json are both"},
		"a dotenv that cannot be": {[]string{"-repo", dir, "-base", "main", "-modules", filepath.Join(dir, "modules.yaml"), "-dotenv", dir}, "write dotenv report: "},
		"a template that is none": {[]string{"-repo", dir, "-base", "main", "-modules", filepath.Join(dir, "modules.yaml"), "-child-pipeline", "x", "-job-template", bad}, bad + `:2:3: job "modules" must be a mapping`},
		"all without modules":     {[]string{"-repo", dir, "-base", "main", "-all"}, "-all needs -modules"},
		"an unknown flag":         {[]string{"-bse", "main"}, "-bse"},
		"an argument":             {[]string{"-base", "main", "HEAD"}, `unexpected argument "HEAD"`},
		"no repository":           {[]string{"-repo", filepath.Join(dir, "none"), "-base", "main"}, "not a Git repository"},
		"an unknown revision":     {[]string{"-repo", dir, "-base", "nope"}, "in " + dir + ": unknown revision"},
		"an empty head":           {[]string{"-repo", dir, "-base", "main", "-head", ""}, "-head is empty"},
		"the zero hash":           {[]string{"-repo", dir, "-base", strings.Repeat("0", 40)}, "no previous commit"},
		"a file that is missing":  {[]string{"-repo", dir, "-base", "main", "-modules", filepath.Join(dir, "none.yaml")}, "none.yaml: no such file"},
		"a file with a fault":     {[]string{"-repo", dir, "-base", "main", "-modules", bad}, bad + `:3:5: unknown key "pths"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errs := call(t.Context(), tt.args...)
			if code != cli.ExitUsage || out != "" || !strings.HasPrefix(errs, "changes: ") || !strings.Contains(errs, tt.want) {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2 and %q", code, out, errs, tt.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	code, out, _ := call(t.Context(), "-h")
	if code != cli.OK || !strings.Contains(out, "-base REVISION") {
		t.Errorf("exit %d, %s", code, out)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, out, errs := call(ctx, "-repo", repository(t), "-base", "main"); code == cli.OK || out != "" || !strings.Contains(errs, "canceled") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
}

func TestInCI(t *testing.T) {
	dir := repository(t)
	modules, out := filepath.Join(dir, "modules.yaml"), t.TempDir()
	jobs := write(t, "jobs.yml", "test $MODULE: {script: [\"make $MODULE\"]}\n")
	_, main, _ := call(t.Context(), "-repo", dir, "-base", "main", "-json")
	var diff struct {
		Base      string `json:"base"`
		MergeBase string `json:"mergeBase"`
	}
	check(t, json.Unmarshal([]byte(main), &diff))
	for name, value := range map[string]string{
		"GITLAB_CI": "true", "GITHUB_ACTIONS": "", "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "feature", "CI_DEFAULT_BRANCH": "main",
		"CI_COMMIT_TAG": "", "CI_MERGE_REQUEST_IID": "", "CI_EXTERNAL_PULL_REQUEST_IID": "", "CI_COMMIT_BEFORE_SHA": diff.MergeBase,
	} {
		t.Setenv(name, value)
	}
	code, text, errs := call(t.Context(), "-repo", dir, "-ci", "-modules", modules,
		"-dotenv", filepath.Join(out, "changes.env"), "-job-template", jobs, "-child-pipeline", filepath.Join(out, "child.yml"))
	if code != cli.OK || !strings.Contains(text, "6 files changed") {
		t.Fatalf("exit %d, %s, %s", code, text, errs)
	}
	for name, want := range map[string]string{"changes.env": "CHANGED_MODULES=a b\nDELETED_MODULES=\n", "child.yml": "  needs:\n  - test a\n"} {
		content, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || !strings.Contains(string(content), want) {
			t.Errorf("%s: %s, %v; want %q", name, content, err, want)
		}
	}

	t.Setenv("CI_COMMIT_BEFORE_SHA", diff.Base) // of main, which feature does not descend from
	code, _, errs = call(t.Context(), "-repo", dir, "-ci")
	if code != cli.ExitUsage || !strings.Contains(errs, "the branch was rewritten: "+diff.Base+" is no ancestor of ") {
		t.Errorf("a rewritten branch: exit %d, %s", code, errs)
	}
	t.Setenv("CI_PIPELINE_SOURCE", "web")
	code, text, errs = call(t.Context(), "-repo", dir, "-ci", "-modules", modules)
	if code != cli.OK || !strings.Contains(text, "everything counts as changed: the pipeline was run by hand") || !strings.Contains(text, "2 modules selected") {
		t.Errorf("by hand: exit %d, %s%s", code, text, errs)
	}
	code, text, errs = call(t.Context(), "-repo", dir, "-ci", "-all=release", "-modules", modules)
	if code != cli.OK || !strings.Contains(text, "everything counts as changed: release\n") {
		t.Errorf("all: exit %d, %s%s", code, text, errs)
	}
}

func TestAMatrixOfEverythingSaysWhyOnStderr(t *testing.T) {
	dir := repository(t)
	code, out, errs := call(t.Context(), "-repo", dir, "-base", "nope", "-on-no-base", "all", "-modules", filepath.Join(dir, "modules.yaml"), "-matrix")
	if code != cli.OK || !strings.HasPrefix(out, `{"include":[{`) || !strings.HasPrefix(errs, "changes: everything counts as changed: there is no base: compare HEAD with nope: ") {
		t.Errorf("exit %d, %s, %s", code, out, errs)
	}
}

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

var hash = regexp.MustCompile(`[0-9a-f]{12,40}`)

func TestViewForPeople(t *testing.T) {
	dir := repository(t)
	modules := filepath.Join(dir, "modules.yaml")
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
				"a\n  services/a/1 added\n  services/a/2 added\n  services/a/3 added\n  and 2 more\n\n" +
				"b\n  depends on a, which changed\n\n" +
				"of no module\n  README added\n",
		},
		"all, with a variable that asks": {
			args: []string{"-base", "main~1", "-head", "main", "-modules", modules, "-all"}, env: "1",
			want: "1 file changed, #..#\n3 modules selected\n\n" +
				"a\n  all modules were asked for: -all\n\n" +
				"b\n  services/b/new.py added\n  all modules were asked for: -all\n\n" +
				"portal\n  CHANGES_TEST_PORTAL asks for it\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CHANGES_TEST_PORTAL", tt.env)
			args := append([]string{"-repo", dir}, tt.args...)
			code, out, errs := call(t.Context(), args...)
			if d := cmp.Diff(tt.want, hash.ReplaceAllString(out, "#")); d != "" || code != cli.OK || errs != "" {
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
		Base      string `json:"base"`
		Head      string `json:"head"`
		MergeBase string `json:"merge_base"`
		Files     []struct{ Path, Status string }
		Modules   []struct {
			Name    string
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
	for _, h := range []string{got.Base, got.Head, got.MergeBase} {
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
	if d := cmp.Diff(map[string]string{"language": "python"}, got.Modules[0].Labels); d != "" {
		t.Errorf("labels (-want +got):\n%s", d)
	}
}

func TestJSONHasNoNull(t *testing.T) {
	dir := repository(t)
	_, out, _ := call(t.Context(), "-repo", dir, "-base", "HEAD", "-json")
	want := "{\n  \"base\": \"#\",\n  \"head\": \"#\",\n  \"merge_base\": \"#\",\n  \"files\": [],\n  \"modules\": []\n}\n"
	if d := cmp.Diff(want, hash.ReplaceAllString(out, "#")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWrongUse(t *testing.T) {
	dir := repository(t)
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	check(t, os.WriteFile(bad, []byte("modules:\n  - name: a\n    pths: [a]\n"), 0o644))
	tests := map[string]struct {
		args []string
		want string
	}{
		"no base":                {[]string{"-repo", dir}, "-base is required"},
		"all without modules":    {[]string{"-repo", dir, "-base", "main", "-all"}, "-all needs -modules"},
		"an unknown flag":        {[]string{"-bse", "main"}, "-bse"},
		"an argument":            {[]string{"-base", "main", "HEAD"}, `unexpected argument "HEAD"`},
		"no repository":          {[]string{"-repo", filepath.Join(dir, "none"), "-base", "main"}, "not a Git repository"},
		"an unknown revision":    {[]string{"-repo", dir, "-base", "nope"}, `resolve revision "nope" in ` + dir + ": unknown revision"},
		"an empty head":          {[]string{"-repo", dir, "-base", "main", "-head", ""}, "no revision: it is empty"},
		"the zero hash":          {[]string{"-repo", dir, "-base", strings.Repeat("0", 40)}, "no previous commit"},
		"a file that is missing": {[]string{"-repo", dir, "-base", "main", "-modules", filepath.Join(dir, "none.yaml")}, "none.yaml: no such file"},
		"a file with a fault":    {[]string{"-repo", dir, "-base", "main", "-modules", bad}, bad + `:3:5: unknown key "pths"`},
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
	if code != cli.OK || !strings.Contains(out, "-base string") {
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

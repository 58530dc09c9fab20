package job

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/envname"
)

func TestTheBranchOfAJob(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "delivery.yaml")
	if err := os.WriteFile(file, []byte("project: demo\nmodules: [{name: a, paths: [a]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fork := map[string]string{"CI_COMMIT_REF_NAME": "dev/feature/login", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1", "CI_MERGE_REQUEST_PROJECT_ID": "2"}
	tests := map[string]struct {
		branch    string
		variables map[string]string
		anyBranch bool
		want      envname.Environment // of which name and branch are looked at
		fails     bool
		err       error
	}{
		"is named":                               {branch: "master", want: envname.Environment{Name: "demo-master", Branch: "master"}},
		"is that of CI":                          {variables: map[string]string{"CI_COMMIT_REF_NAME": "master"}, want: envname.Environment{Name: "demo-master", Branch: "master"}},
		"must have an environment":               {branch: "topic", fails: true, err: envname.ErrNoEnvironment},
		"must be known":                          {fails: true, err: envname.ErrNoBranch},
		"need not have an environment":           {branch: "topic", anyBranch: true, want: envname.Environment{Branch: "topic"}},
		"nor in CI":                              {variables: map[string]string{"CI_COMMIT_REF_NAME": "topic"}, anyBranch: true, want: envname.Environment{Branch: "topic"}},
		"nor be known":                           {anyBranch: true},
		"may be a fork's, without environment":   {variables: fork, anyBranch: true, want: envname.Environment{Branch: "dev/feature/login"}},
		"of a fork has none for what needs one":  {variables: fork, fails: true, err: envname.ErrForkRequest},
		"that is a tag is taken by what may any": {variables: map[string]string{"CI_COMMIT_REF_NAME": "v1", "CI_COMMIT_TAG": "v1"}, anyBranch: true, want: envname.Environment{Branch: "v1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			j, err := Options{File: file, Branch: tt.branch}.Open(func(name string) string { return tt.variables[name] }, tt.anyBranch)
			if (err != nil) != tt.fails || tt.err != nil && !errors.Is(err, tt.err) {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if d := cmp.Diff(tt.want, envname.Environment{Name: j.Env.Name, Branch: j.Env.Branch}); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestTheHeadOfARepository(t *testing.T) {
	dir := t.TempDir()
	if got := head(t.Context(), dir); got != "" {
		t.Errorf("no repository has the head %q", got)
	}
	repo, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := head(t.Context(), dir); got != "" {
		t.Errorf("a repository without a commit has the head %q", got)
	}
	tree, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	want, err := tree.Commit("x", &git.CommitOptions{AllowEmptyCommits: true, Author: &object.Signature{Name: "a", Email: "a@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := head(t.Context(), dir); got != want.String() || !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(got) {
		t.Errorf("head %q, want %s", got, want)
	}
}

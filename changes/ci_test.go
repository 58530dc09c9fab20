package changes

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	zeros40 = "0000000000000000000000000000000000000000"
	zeros64 = zeros40 + "000000000000000000000000"
	sha1Hex = "7c8a3f1e6bd04c1f9d5d8a3ab6f1f0f3c2e94d11"
	sha2Hex = "19be2d0c5a774b6e8a4b7f1a2f3e9d8c7b6a5948"
)

const childOfUnknown = "the parent pipeline may have taken everything (CI_PIPELINE_SOURCE is parent_pipeline, and CI_COMMIT_BEFORE_SHA is zeros)"

// env is the variables of a job.
type env map[string]string

func (e env) get(name string) string { return e[name] }

// gitLab is a job of GitLab: its variables, with those that differ.
func gitLab(source string, other env) env {
	e := env{
		"GITLAB_CI": "true", "CI": "true", "CI_PIPELINE_SOURCE": source, "CI_DEFAULT_BRANCH": "main",
		"CI_COMMIT_BRANCH": "feature/x", "CI_COMMIT_REF_NAME": "feature/x", "CI_COMMIT_SHA": sha2Hex, "CI_COMMIT_BEFORE_SHA": zeros40,
	}
	maps.Copy(e, other)
	return e
}

func mergeRequest(other env) env {
	e := gitLab("merge_request_event", env{
		"CI_COMMIT_BRANCH": "", "CI_MERGE_REQUEST_IID": "12", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release/1.x",
		"CI_MERGE_REQUEST_EVENT_TYPE": "detached", "CI_MERGE_REQUEST_DIFF_BASE_SHA": sha1Hex,
	})
	maps.Copy(e, other)
	return e
}

// gitHub is a job of GitHub whose event is a file of testdata/github.
func gitHub(name, event string) env {
	return env{"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_EVENT_NAME": name, "GITHUB_SHA": sha2Hex, "GITHUB_EVENT_PATH": "testdata/github/" + event + ".json"}
}

func TestFromGitLab(t *testing.T) {
	tests := map[string]struct {
		env  env
		opts CIOptions
		want Range
	}{
		"a pipeline that was run by hand takes everything": {
			env: gitLab("web", nil), want: Range{All: "the pipeline was run by hand (CI_PIPELINE_SOURCE is web)"},
		},
		"also on a tag, or with a before": {
			env:  gitLab("web", env{"CI_COMMIT_TAG": "v1.2.0", "CI_COMMIT_BEFORE_SHA": sha1Hex}),
			want: Range{All: "the pipeline was run by hand (CI_PIPELINE_SOURCE is web)"},
		},
		"a tag takes everything": {
			env:  gitLab("push", env{"CI_COMMIT_TAG": "v1.2.0", "CI_COMMIT_BRANCH": ""}),
			want: Range{All: "v1.2.0 is a tag, which names a whole state (CI_COMMIT_TAG)"},
		},
		"a merge request is compared with the base of its diff": {
			env: mergeRequest(nil), want: Range{Base: sha1Hex},
		},
		"merged results are compared with the target that HEAD merges": {
			env:  mergeRequest(env{"CI_MERGE_REQUEST_EVENT_TYPE": "merged_result", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": sha2Hex}),
			want: Range{Base: sha2Hex},
		},
		"a merge request without the base of its diff is compared with the target branch": {
			env:  mergeRequest(env{"CI_MERGE_REQUEST_DIFF_BASE_SHA": ""}),
			want: Range{Base: "origin/release/1.x"},
		},
		"a merge request in a child pipeline is one still": {
			env: mergeRequest(env{"CI_PIPELINE_SOURCE": "parent_pipeline"}), want: Range{Base: sha1Hex},
		},
		"a merge request is compared with its own base even where branches are with the default branch": {
			env: mergeRequest(nil), opts: CIOptions{SinceDefault: true}, want: Range{Base: sha1Hex},
		},
		"a pull request of another host is compared with its target": {
			env:  gitLab("external_pull_request_event", env{"CI_EXTERNAL_PULL_REQUEST_IID": "3", "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA": sha1Hex}),
			want: Range{Base: sha1Hex},
		},
		"a push is compared with what was there before, which must be an ancestor": {
			env: gitLab("push", env{"CI_COMMIT_BEFORE_SHA": sha1Hex}), want: Range{Base: sha1Hex, Ancestor: true},
		},
		"a new branch is compared with the default branch": {
			env: gitLab("push", nil), want: Range{Base: "origin/main"},
		},
		"of a repository with SHA-256 too": {
			env: gitLab("push", env{"CI_COMMIT_BEFORE_SHA": zeros64}), want: Range{Base: "origin/main"},
		},
		"of the remote that the caller names": {
			env: gitLab("push", nil), opts: CIOptions{Remote: "upstream"}, want: Range{Base: "upstream/main"},
		},
		"the first push of the default branch keeps its zeros, which the policy decides about": {
			env: gitLab("push", env{"CI_COMMIT_BRANCH": "main"}), opts: CIOptions{OnNoBase: SelectAll},
			want: Range{Base: zeros40, Ancestor: true, OnNoBase: SelectAll},
		},
		"a push since the default branch is compared with that": {
			env:  gitLab("push", env{"CI_COMMIT_BEFORE_SHA": sha1Hex}),
			opts: CIOptions{SinceDefault: true}, want: Range{Base: "origin/main"},
		},
		"but the default branch not with itself": {
			env:  gitLab("push", env{"CI_COMMIT_BEFORE_SHA": sha1Hex, "CI_COMMIT_BRANCH": "main"}),
			opts: CIOptions{SinceDefault: true}, want: Range{Base: sha1Hex, Ancestor: true},
		},
		"a child pipeline has the before of its parent": {
			env: gitLab("parent_pipeline", env{"CI_COMMIT_BEFORE_SHA": sha1Hex}), want: Range{Base: sha1Hex, Ancestor: true},
		},
		"a child pipeline without a before takes everything, as the parent that nobody pushed did": {
			env: gitLab("parent_pipeline", nil), want: Range{All: childOfUnknown},
		},
		"also on the default branch, of SHA-256, or without the variable": {
			env: gitLab("parent_pipeline", env{"CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": zeros64}), want: Range{All: childOfUnknown},
		},
		"also since the default branch": {
			env: gitLab("parent_pipeline", env{"CI_COMMIT_BEFORE_SHA": ""}), opts: CIOptions{SinceDefault: true}, want: Range{All: childOfUnknown},
		},
		"a child pipeline of a push since the default branch is compared with that": {
			env: gitLab("parent_pipeline", env{"CI_COMMIT_BEFORE_SHA": sha1Hex}), opts: CIOptions{SinceDefault: true}, want: Range{Base: "origin/main"},
		},
		"a schedule takes everything": {
			env: gitLab("schedule", env{"CI_COMMIT_BRANCH": "main"}), want: Range{All: "nobody pushed (CI_PIPELINE_SOURCE is schedule)"},
		},
		"so does a trigger": {
			env: gitLab("trigger", nil), want: Range{All: "nobody pushed (CI_PIPELINE_SOURCE is trigger)"},
		},
		"so does the API": {
			env: gitLab("api", nil), want: Range{All: "nobody pushed (CI_PIPELINE_SOURCE is api)"},
		},
		"so does a pipeline of another project": {
			env: gitLab("pipeline", nil), want: Range{All: "nobody pushed (CI_PIPELINE_SOURCE is pipeline)"},
		},
		"a source that is not known is taken by its before": {
			env: gitLab("webide", env{"CI_COMMIT_BEFORE_SHA": sha1Hex}), want: Range{Base: sha1Hex, Ancestor: true},
		},
		"the caller may want everything, and keeps the base": {
			env:  gitLab("push", env{"CI_COMMIT_BEFORE_SHA": sha1Hex}),
			opts: CIOptions{Everything: "DEPLOY_ALL"}, want: Range{Base: sha1Hex, Ancestor: true, All: "DEPLOY_ALL"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromCI(tt.env.get, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestFromGitHub(t *testing.T) {
	pull := gitHub("pull_request", "none")
	pull["GITHUB_BASE_REF"] = "main"
	target := gitHub("pull_request_target", "pull_request")
	target["GITHUB_BASE_REF"] = "main"
	tests := map[string]struct {
		env  env
		opts CIOptions
		want Range
	}{
		"a push is compared with what was there before, which must be an ancestor": {
			env: gitHub("push", "push"), want: Range{Base: "6113728f27ae82c7b1a177c8d03f9e96e0adf246", Ancestor: true},
		},
		"a forced push too, which the repository will tell": {
			env: gitHub("push", "push_forced"), want: Range{Base: "b3f1d0ce8c0a4be0a3e5f7fd6a1d3c2b1a098f7e", Ancestor: true},
		},
		"a push that created a branch is compared with the default branch": {
			env: gitHub("push", "push_created"), want: Range{Base: "origin/trunk"},
		},
		"one that created the default branch keeps its zeros": {
			env: gitHub("push", "push_first"), want: Range{Base: zeros40, Ancestor: true},
		},
		"a push since the default branch is compared with that": {
			env: gitHub("push", "push"), opts: CIOptions{SinceDefault: true, Remote: "upstream"}, want: Range{Base: "upstream/trunk"},
		},
		"a tag takes everything": {
			env: gitHub("push", "push_tag"), want: Range{All: "v1.4.0 is a tag, which names a whole state"},
		},
		"a pull request is compared with its base branch, and needs no event": {
			env: pull, want: Range{Base: "origin/main"},
		},
		"from its head where HEAD is the base": {
			env: target, want: Range{Base: "origin/main", Head: "ec26c3e57ca3a959ca5aad62de7213c562f8c821"},
		},
		"a merge group is compared with what it is merged onto": {
			env: gitHub("merge_group", "merge_group"), want: Range{Base: "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d"},
		},
		"a workflow that was run by hand takes everything": {
			env: gitHub("workflow_dispatch", "none"), want: Range{All: "nobody pushed (GITHUB_EVENT_NAME is workflow_dispatch)"},
		},
		"so does a schedule": {
			env: gitHub("schedule", "none"), want: Range{All: "nobody pushed (GITHUB_EVENT_NAME is schedule)"},
		},
		"the caller may want everything": {
			env: gitHub("push", "push"), opts: CIOptions{Everything: "inputs.all", OnNoBase: SelectAll},
			want: Range{Base: "6113728f27ae82c7b1a177c8d03f9e96e0adf246", Ancestor: true, All: "inputs.all", OnNoBase: SelectAll},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromCI(tt.env.get, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestFromCISaysWhatIsMissing(t *testing.T) {
	unset := func(e env, name string) env { delete(e, name); return e }
	content := func(text string) CIOptions {
		return CIOptions{ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}
	}
	tests := map[string]struct {
		env  env
		opts CIOptions
		want string
		is   error
	}{
		"no CI": {env: env{}, want: "neither GITLAB_CI nor GITHUB_ACTIONS is set", is: ErrNoCI},
		"a new branch without the default branch": {env: unset(gitLab("push", nil), "CI_DEFAULT_BRANCH"), want: "CI_DEFAULT_BRANCH is not set"},
		"a merge request without anything to compare with": {
			env:  unset(mergeRequest(env{"CI_MERGE_REQUEST_DIFF_BASE_SHA": ""}), "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
			want: "none of CI_MERGE_REQUEST_TARGET_BRANCH_SHA, CI_MERGE_REQUEST_DIFF_BASE_SHA and",
		},
		"an external pull request without a target": {
			env:  gitLab("external_pull_request_event", env{"CI_EXTERNAL_PULL_REQUEST_IID": "3"}),
			want: "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA is not set",
		},
		"a workflow without an event name":           {env: unset(gitHub("push", "push"), "GITHUB_EVENT_NAME"), want: "GITHUB_EVENT_NAME is not set"},
		"a push without an event":                    {env: unset(gitHub("push", "push"), "GITHUB_EVENT_PATH"), want: "GITHUB_EVENT_PATH is not set"},
		"a pull request without a base":              {env: gitHub("pull_request", "none"), want: "GITHUB_BASE_REF is not set"},
		"a pull request target without a base":       {env: gitHub("pull_request_target", "pull_request"), want: "GITHUB_BASE_REF is not set"},
		"an event that is not there":                 {env: gitHub("push", "none"), want: "testdata/github/none.json", is: fs.ErrNotExist},
		"an event that is no JSON":                   {env: gitHub("push", "x"), opts: content("<html>"), want: "testdata/github/x.json (GITHUB_EVENT_PATH): invalid character"},
		"an event of another kind":                   {env: gitHub("push", "x"), opts: content(`{"action": "opened"}`), want: "has no ref"},
		"a push without a before":                    {env: gitHub("push", "x"), opts: content(`{"ref": "refs/heads/a"}`), want: "has no before"},
		"a new branch without the default of GitHub": {env: gitHub("push", "x"), opts: content(`{"ref": "refs/heads/a", "before": "` + zeros40 + `"}`), want: "has no repository.default_branch"},
		"a merge group without a base":               {env: gitHub("merge_group", "x"), opts: content(`{}`), want: "has no merge_group.base_sha"},
		"a pull request without a head":              {env: gitHub("pull_request_target", "x"), opts: content(`{}`), want: "has no pull_request.head.sha"},
		"a push that deleted its branch":             {env: gitHub("push", "push_deleted"), want: "the push deleted refs/heads/feature/retries: there is nothing to compare"},
		"everything does not hide a broken event":    {env: gitHub("push", "x"), opts: CIOptions{Everything: "x", ReadFile: content("[").ReadFile}, want: "unexpected end of JSON"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromCI(tt.env.get, tt.opts)
			if err == nil || !strings.HasPrefix(err.Error(), "find what to compare: ") || !strings.Contains(err.Error(), tt.want) || (tt.is != nil && !errors.Is(err, tt.is)) {
				t.Errorf("= %+v, %v; want an error with %q", got, err, tt.want)
			}
		})
	}
}

func TestFromCIWithoutVariables(t *testing.T) {
	if got, err := FromCI(nil, CIOptions{}); !errors.Is(err, ErrNoCI) {
		t.Errorf("= %+v, %v; want ErrNoCI", got, err)
	}
	if got, err := FromCI(nil, CIOptions{Everything: "-all"}); err != nil || got != (Range{All: "-all"}) {
		t.Errorf("= %+v, %v; want everything", got, err)
	}
}

func TestFromCIOutsideOfCIWithEverything(t *testing.T) {
	got, err := FromCI(env{}.get, CIOptions{Everything: "-all"})
	if want := (Range{All: "-all"}); err != nil || got != want {
		t.Errorf("= %+v, %v; want %+v", got, err, want)
	}
}

// FuzzGitHubEvent holds that no event makes FromCI panic, or compare with
// nothing without saying why.
func FuzzGitHubEvent(f *testing.F) {
	files, err := filepath.Glob("testdata/github/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte(`{"ref": 1}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, content []byte) {
		opts := CIOptions{ReadFile: func(string) ([]byte, error) { return content, nil }}
		for _, name := range []string{"push", "merge_group", "pull_request_target"} {
			e := gitHub(name, "x")
			e["GITHUB_BASE_REF"] = "main"
			got, err := FromCI(e.get, opts)
			if err == nil && got.Base == "" && got.All == "" {
				t.Errorf("%s: %s = %+v", name, content, got)
			}
		}
	})
}

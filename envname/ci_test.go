package envname

import (
	"errors"
	"strings"
	"testing"
)

func lookup(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestFromCI(t *testing.T) {
	const feature, featureName = "dev/feature/login", "automation-8527fec8"
	tests := map[string]struct {
		vars map[string]string
		want string
	}{
		"GitLab: a branch": {
			map[string]string{"CI_COMMIT_REF_NAME": "master", "CI_COMMIT_REF_SLUG": "other", "CI_PIPELINE_SOURCE": "push"}, "automation-master",
		},
		"GitLab: a runner on a laptop says GITLAB_CI=false": {
			map[string]string{"GITLAB_CI": "false", "CI_COMMIT_REF_NAME": feature, "CI_COMMIT_REF_SLUG": "dev-feature-login"}, featureName,
		},
		"GitLab: a merge request is its source branch": {
			map[string]string{
				"CI_COMMIT_REF_NAME": "refs/merge-requests/59/head", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": feature, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "master",
				"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "7",
				"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "g/p", "CI_MERGE_REQUEST_PROJECT_PATH": "g/p",
			}, featureName,
		},
		"GitLab: a request at GitHub that it mirrors": {
			map[string]string{
				"CI_COMMIT_REF_NAME": feature, "CI_PIPELINE_SOURCE": "external_pull_request_event", "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": feature,
				"CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY": "o/r", "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY": "o/r",
			}, featureName,
		},
		"GitHub: a branch": {
			map[string]string{"GITHUB_REF_NAME": "master", "GITHUB_REF": "refs/heads/master", "GITHUB_REF_TYPE": "branch", "GITHUB_EVENT_NAME": "push"}, "automation-master",
		},
		"GitHub: a pull request is its head, not the merge ref": {
			map[string]string{"GITHUB_HEAD_REF": feature, "GITHUB_BASE_REF": "master", "GITHUB_REF_NAME": "7/merge", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_EVENT_NAME": "pull_request"}, featureName,
		},
		"GitHub: a runner that CodeBuild hosts is GitHub's": {
			map[string]string{"GITHUB_REF_NAME": feature, "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/master", "CODEBUILD_SOURCE_VERSION": "refs/heads/master"}, featureName,
		},
		"Azure: a branch with slashes is whole": {
			map[string]string{"BUILD_SOURCEBRANCH": "refs/heads/" + feature, "BUILD_SOURCEBRANCHNAME": "login"}, featureName,
		},
		"Azure: a request of its own repositories": {
			map[string]string{"BUILD_SOURCEBRANCH": "refs/pull/1/merge", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/" + feature, "SYSTEM_PULLREQUEST_ISFORK": "False"}, featureName,
		},
		"Azure: a request at GitHub has no refs/heads": {
			map[string]string{"BUILD_SOURCEBRANCH": "refs/pull/1/merge", "SYSTEM_PULLREQUEST_SOURCEBRANCH": feature, "SYSTEM_PULLREQUEST_ISFORK": "False"}, featureName,
		},
		"Bitbucket: a branch":                            {map[string]string{"BITBUCKET_BRANCH": "master"}, "automation-master"},
		"Bitbucket: a request":                           {map[string]string{"BITBUCKET_BRANCH": feature, "BITBUCKET_PR_ID": "3"}, featureName},
		"CircleCI: a branch":                             {map[string]string{"CIRCLE_BRANCH": feature}, featureName},
		"CircleCI: a branch of which there is a request": {map[string]string{"CIRCLE_BRANCH": "master", "CIRCLE_PULL_REQUEST": "https://github.com/o/r/pull/1"}, "automation-master"},
		"Buildkite: a branch":                            {map[string]string{"BUILDKITE_BRANCH": "master", "BUILDKITE_PULL_REQUEST": "false", "BUILDKITE_PULL_REQUEST_REPO": ""}, "automation-master"},
		"Buildkite: a request, its repository spelt in another way": {
			map[string]string{
				"BUILDKITE_BRANCH": feature, "BUILDKITE_PULL_REQUEST": "12", "BRANCH_NAME": "PR-12",
				"BUILDKITE_PULL_REQUEST_REPO": "git://github.com/Acme/shop.git", "BUILDKITE_REPO": "git@github.com:acme/shop.git",
			}, featureName,
		},
		"Jenkins: a branch":  {map[string]string{"BRANCH_NAME": "master"}, "automation-master"},
		"Jenkins: a request": {map[string]string{"BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_BRANCH": feature, "CHANGE_TARGET": "master"}, featureName},
		"CodeBuild: a push":  {map[string]string{"CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/master", "CODEBUILD_WEBHOOK_EVENT": "PUSH", "CODEBUILD_SOURCE_VERSION": "0123abcd"}, "automation-master"},
		"CodeBuild: a build that someone started for a ref": {map[string]string{"CODEBUILD_SOURCE_VERSION": "refs/heads/" + feature + "^{0123abcd}"}, featureName},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			env, err := Rules{}.FromCI(lookup(tt.vars))
			if err != nil || env.Name != tt.want {
				t.Errorf("FromCI = %q, %v; want %q", env.Name, err, tt.want)
			}
		})
	}
}

func TestFromCIRefuses(t *testing.T) {
	const feature = "dev/feature/login"
	tests := map[string]struct {
		vars map[string]string
		want error
		text string
	}{
		"GitLab: a tag called master": {
			map[string]string{"CI_COMMIT_REF_NAME": "master", "CI_COMMIT_TAG": "master"},
			ErrNoBranch,
			`find the branch: no branch: GitLab CI runs for tag "master", and tags have no environment`,
		},
		"GitLab: a branch without an environment": {
			map[string]string{"CI_COMMIT_REF_NAME": "main"}, ErrNoEnvironment, `resolve branch "main": no environment`,
		},
		"GitLab: a merge request whose source is called master": {
			map[string]string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "master", "CI_COMMIT_REF_NAME": "master"},
			ErrRequestIsProduction,
			`resolve the request from branch "master": GitLab CI runs for a request, not for the branch itself: a request never becomes production, only what has been merged does`,
		},
		"GitLab: a merge request of which only the source of the pipeline tells": {
			map[string]string{"CI_COMMIT_REF_NAME": "master", "CI_PIPELINE_SOURCE": "merge_request_event"}, ErrRequestIsProduction, `request from branch "master"`,
		},
		"GitLab: a merge request of which only the number tells": {
			map[string]string{"CI_COMMIT_REF_NAME": "master", "CI_MERGE_REQUEST_IID": "3"}, ErrRequestIsProduction, `request from branch "master"`,
		},
		"GitLab: a fork by the ids of the projects": {
			map[string]string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": feature, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8", "CI_MERGE_REQUEST_PROJECT_ID": "7"},
			ErrForkRequest,
			`resolve the request from branch "dev/feature/login": it comes from project "8" and goes to "7" (CI_MERGE_REQUEST_SOURCE_PROJECT_ID): code of a fork must not run with the rights of an environment`,
		},
		"GitLab: a fork by the paths of the projects": {
			map[string]string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": feature, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "me/p", "CI_MERGE_REQUEST_PROJECT_PATH": "g/p"},
			ErrForkRequest,
			`from project "me/p" and goes to "g/p"`,
		},
		"GitLab: a fork that has been deleted since": {
			map[string]string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": feature, "CI_MERGE_REQUEST_PROJECT_ID": "7"}, ErrForkRequest, `from project ""`,
		},
		"GitLab: a fork whose branch is called master is a fork first": {
			map[string]string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "master", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8", "CI_MERGE_REQUEST_PROJECT_ID": "7"}, ErrForkRequest, "fork",
		},
		"GitLab: a fork at GitHub that it mirrors": {
			map[string]string{
				"CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": feature,
				"CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY":  "me/r", "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY": "o/r",
			}, ErrForkRequest, `"me/r"`,
		},
		"GitHub: a tag called master": {
			map[string]string{"GITHUB_REF_NAME": "master", "GITHUB_REF_TYPE": "tag"}, ErrNoBranch, `GitHub Actions runs for tag "master"`,
		},
		"GitHub: a tag by its ref": {
			map[string]string{"GITHUB_REF_NAME": "v1", "GITHUB_REF": "refs/tags/v1"}, ErrNoBranch, `tag "v1"`,
		},
		"GitHub: a request whose head is called master": {
			map[string]string{"GITHUB_HEAD_REF": "master", "GITHUB_REF_NAME": "7/merge", "GITHUB_EVENT_NAME": "pull_request"}, ErrRequestIsProduction, "GitHub Actions runs for a request",
		},
		"GitHub: a review has no head, and gives no branch by chance": {
			map[string]string{"GITHUB_REF_NAME": "7/merge", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_EVENT_NAME": "pull_request_review"}, ErrNoEnvironment, `"7/merge"`,
		},
		"GitHub: pull_request_target has the rights of the repository": {
			map[string]string{"GITHUB_HEAD_REF": feature, "GITHUB_REF_NAME": "master", "GITHUB_EVENT_NAME": "pull_request_target"}, ErrForkRequest, "with the event pull_request_target it may come from a fork",
		},
		"GitHub: workflow_run names the default branch whatever was built": {
			map[string]string{"GITHUB_REF_NAME": "master", "GITHUB_REF_TYPE": "branch", "GITHUB_EVENT_NAME": "workflow_run"}, ErrForkRequest, "with the event workflow_run",
		},
		"Azure: a tag":                                    {map[string]string{"BUILD_SOURCEBRANCH": "refs/tags/master"}, ErrNoBranch, `Azure Pipelines runs for tag "master"`},
		"Azure: a request called master":                  {map[string]string{"SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/master"}, ErrRequestIsProduction, "Azure Pipelines runs for a request"},
		"Azure: a request without a name":                 {map[string]string{"BUILD_SOURCEBRANCH": "refs/pull/1/merge", "BUILD_REASON": "PullRequest"}, ErrNoBranch, "Azure Pipelines runs, but its variables name none"},
		"Azure: a request of which only the reason tells": {map[string]string{"BUILD_SOURCEBRANCH": "refs/heads/master", "BUILD_REASON": "PullRequest"}, ErrRequestIsProduction, "request"},
		"Azure: a fork":                                   {map[string]string{"SYSTEM_PULLREQUEST_SOURCEBRANCH": feature, "SYSTEM_PULLREQUEST_ISFORK": "True"}, ErrForkRequest, "SYSTEM_PULLREQUEST_ISFORK"},
		"Bitbucket: a tag":                                {map[string]string{"BITBUCKET_TAG": "master"}, ErrNoBranch, `tag "master"`},
		"Bitbucket: a request from master":                {map[string]string{"BITBUCKET_BRANCH": "master", "BITBUCKET_PR_ID": "3"}, ErrRequestIsProduction, "request"},
		"CircleCI: a tag":                                 {map[string]string{"CIRCLE_TAG": "master"}, ErrNoBranch, `tag "master"`},
		"CircleCI: a fork by its branch":                  {map[string]string{"CIRCLE_BRANCH": "pull/7"}, ErrForkRequest, "CircleCI says"},
		"CircleCI: a fork by its number":                  {map[string]string{"CIRCLE_BRANCH": "master", "CIRCLE_PR_NUMBER": "7"}, ErrForkRequest, "CircleCI says"},
		"Buildkite: a tag":                                {map[string]string{"BUILDKITE_BRANCH": "master", "BUILDKITE_TAG": "master"}, ErrNoBranch, `tag "master"`},
		"Buildkite: a request from master":                {map[string]string{"BUILDKITE_BRANCH": "master", "BUILDKITE_PULL_REQUEST": "12"}, ErrRequestIsProduction, "request"},
		"Buildkite: a fork by its branch":                 {map[string]string{"BUILDKITE_BRANCH": "me:master"}, ErrForkRequest, "owner:branch"},
		"Buildkite: a fork by its repository": {
			map[string]string{
				"BUILDKITE_BRANCH": feature, "BUILDKITE_PULL_REQUEST": "12",
				"BUILDKITE_PULL_REQUEST_REPO": "https://github.com/me/shop", "BUILDKITE_REPO": "git@github.com:acme/shop.git",
			}, ErrForkRequest, "github.com/me/shop",
		},
		"Jenkins: a tag":                      {map[string]string{"BRANCH_NAME": "master", "TAG_NAME": "master"}, ErrNoBranch, `tag "master"`},
		"Jenkins: a request from master":      {map[string]string{"BRANCH_NAME": "PR-7", "CHANGE_BRANCH": "master"}, ErrRequestIsProduction, "request"},
		"Jenkins: a request without a name":   {map[string]string{"BRANCH_NAME": "master", "CHANGE_ID": "7"}, ErrNoBranch, "Jenkins runs, but its variables name none"},
		"Jenkins: a fork":                     {map[string]string{"BRANCH_NAME": "PR-7", "CHANGE_BRANCH": feature, "CHANGE_FORK": "me"}, ErrForkRequest, `the fork "me"`},
		"CodeBuild: a tag":                    {map[string]string{"CODEBUILD_WEBHOOK_HEAD_REF": "refs/tags/master"}, ErrNoBranch, `tag "master"`},
		"CodeBuild: a request":                {map[string]string{"CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/" + feature, "CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_CREATED"}, ErrForkRequest, "CodeBuild does not say"},
		"CodeBuild: a request by its trigger": {map[string]string{"CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/master", "CODEBUILD_WEBHOOK_TRIGGER": "pr/7"}, ErrForkRequest, "CodeBuild does not say"},
		"CodeBuild: a request by its number":  {map[string]string{"CODEBUILD_SOURCE_VERSION": "pr/7"}, ErrForkRequest, "CodeBuild does not say"},
		"CodeBuild: a bare name may be a tag": {map[string]string{"CODEBUILD_SOURCE_VERSION": "master"}, ErrNoBranch, "CodeBuild runs, but its variables name none"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			env, err := Rules{}.FromCI(lookup(tt.vars))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("FromCI = %v; want %v with %q", err, tt.want, tt.text)
			}
			if env != (Environment{}) {
				t.Errorf("an environment beside the error: %+v", env)
			}
		})
	}
}

func TestFromCIErrorsHaveDetail(t *testing.T) {
	_, err := Rules{}.FromCI(lookup(map[string]string{"CI_COMMIT_REF_NAME": "v1", "CI_COMMIT_TAG": "v1"}))
	var tag *TagError
	if !errors.As(err, &tag) || tag.Tag != "v1" || tag.CI != "GitLab CI" {
		t.Errorf("tag: %v", err)
	}
	_, err = Rules{}.FromCI(lookup(map[string]string{"BITBUCKET_BRANCH": "master", "BITBUCKET_PR_ID": "1"}))
	var request *RequestError
	if !errors.As(err, &request) || request.Branch != "master" || request.CI != "Bitbucket Pipelines" {
		t.Errorf("request: %v", err)
	}
}

func TestFromCIOutsideOfCI(t *testing.T) {
	_, err := Rules{}.FromCI(lookup(map[string]string{"HOME": "/root", "GITLAB_CI": "false", "CI_COMMIT_REF_SLUG": "master"}))
	if !errors.Is(err, ErrNoBranch) {
		t.Fatalf("err = %v", err)
	}
	for _, p := range providers() {
		for _, name := range p.names {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%v\ndoes not name %s", err, name)
			}
		}
	}
}

// Whatever else is set, a request or a tag is never production. The variables
// that say so are put beside every combination of those that name master.
func TestNoRequestAndNoTagIsEverProduction(t *testing.T) {
	signs := map[string][]string{
		"CI_COMMIT_REF_NAME": {"CI_COMMIT_TAG=master", "CI_MERGE_REQUEST_IID=1", "CI_PIPELINE_SOURCE=merge_request_event", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=master"},
		"GITHUB_REF_NAME":    {"GITHUB_REF_TYPE=tag", "GITHUB_HEAD_REF=master", "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_NAME=pull_request_target"},
		"BITBUCKET_BRANCH":   {"BITBUCKET_TAG=master", "BITBUCKET_PR_ID=1"},
		"CIRCLE_BRANCH":      {"CIRCLE_TAG=master", "CIRCLE_PR_NUMBER=1"},
		"BUILDKITE_BRANCH":   {"BUILDKITE_TAG=master", "BUILDKITE_PULL_REQUEST=1"},
		"BRANCH_NAME":        {"TAG_NAME=master", "CHANGE_ID=1", "CHANGE_BRANCH=master", "CHANGE_FORK=me"},
	}
	for branch, also := range signs {
		env, err := Rules{}.FromCI(lookup(map[string]string{branch: "master"}))
		if err != nil || env.Kind != Production {
			t.Errorf("%s alone = %+v, %v", branch, env, err)
		}
		for set := 1; set < 1<<len(also); set++ {
			vars := map[string]string{branch: "master"}
			for i, sign := range also {
				if set&(1<<i) != 0 {
					name, value, _ := strings.Cut(sign, "=")
					vars[name] = value
				}
			}
			if env, err := (Rules{}).FromCI(lookup(vars)); err == nil {
				t.Errorf("FromCI(%v) = %+v", vars, env)
			}
		}
	}
}

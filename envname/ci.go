package envname

import (
	"cmp"
	"fmt"
	"strings"
)

// FromCI returns the environment of the branch that a CI job runs for, as the
// variables of the CI tell it. Getenv is os.Getenv, or a map's lookup in a test.
//
// It knows GitLab CI, GitHub Actions, Azure Pipelines, Bitbucket Pipelines,
// CircleCI, Buildkite, Jenkins (multibranch) and AWS CodeBuild, and takes the
// first whose variables are set. Where the job is for a merge or pull request,
// the branch is its source. Slugs, which tell branches apart no longer, are
// never looked at. Beside the errors of [Rules.Resolve], it fails with
//
//   - a [*TagError], which matches [ErrNoBranch], where the job is for a tag,
//     also one that is called like a production branch
//   - [ErrNoBranch] where there are no such variables, or they name no branch
//   - a [*RequestError] with [ErrRequestIsProduction] where the job is for a
//     request whose source is called like a production branch: its code has not
//     been merged
//   - a [*RequestError] with [ErrForkRequest] where the job is for a request
//     from a fork: the code of strangers gets no environment, however they call
//     their branch
//
// GitLab CI, Azure Pipelines, Buildkite, CircleCI and Jenkins say what comes
// from a fork, and Bitbucket Pipelines runs nothing for one. CodeBuild does not
// say, nor do the GitHub events pull_request_target and workflow_run, and all
// of them run with the rights of the repository: they are refused as if they
// were about a fork. On the event pull_request a fork cannot be told either;
// its job has no secrets unless the repository's settings send them, and then
// the workflow must compare github.event.pull_request.head.repo itself.
func (r Rules) FromCI(getenv func(string) string) (Environment, error) {
	for _, p := range providers() {
		if first(getenv, p.names...) == "" {
			continue
		}
		return r.fromBuild(p.ci, p.read(getenv))
	}
	return Environment{}, noCI()
}

func (r Rules) fromBuild(ci string, b build) (Environment, error) {
	switch {
	case b.fork != "":
		return Environment{}, &RequestError{CI: ci, Branch: b.branch, Detail: b.fork, Err: ErrForkRequest}
	case b.tag != "":
		return Environment{}, &TagError{CI: ci, Tag: b.tag}
	case b.branch == "":
		return Environment{}, fmt.Errorf("find the branch: %w: %s runs, but its variables name none", ErrNoBranch, ci)
	}
	env, err := r.Resolve(b.branch)
	if err == nil && b.request && env.Kind == Production {
		return Environment{}, &RequestError{CI: ci, Branch: b.branch, Detail: ci + " runs for a request, not for the branch itself", Err: ErrRequestIsProduction}
	}
	return env, err
}

func noCI() error {
	var looked []string
	for _, p := range providers() {
		looked = append(looked, p.ci+": "+strings.Join(p.names, ", "))
	}
	return fmt.Errorf("find the branch: %w: no variable of a CI is set, so give the branch itself (looked for %s)", ErrNoBranch, strings.Join(looked, "; "))
}

// build is what a CI says of the job that it runs.
type build struct {
	branch, tag string
	request     bool   // for a merge or pull request, of which branch is the source
	fork        string // why it has to be taken for a request from a fork, whatever else it is; or ""
}

type provider struct {
	ci    string
	names []string // of these variables at least one is set in every job that has a branch or a tag
	read  func(getenv func(string) string) build
}

// providers are in an order that matters: CodeBuild hosts the runners of
// others, and jobs elsewhere set BRANCH_NAME of their own accord.
func providers() []provider {
	return []provider{
		{"GitLab CI", []string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"}, gitLab},
		{"GitHub Actions", []string{"GITHUB_HEAD_REF", "GITHUB_REF_NAME"}, gitHub},
		{"Azure Pipelines", []string{"SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"}, azure},
		{"Bitbucket Pipelines", []string{"BITBUCKET_BRANCH", "BITBUCKET_TAG"}, bitbucket},
		{"CircleCI", []string{"CIRCLE_BRANCH", "CIRCLE_TAG"}, circle},
		{"Buildkite", []string{"BUILDKITE_BRANCH", "BUILDKITE_TAG"}, buildkite},
		{"Jenkins", []string{"CHANGE_BRANCH", "BRANCH_NAME"}, jenkins},
		{"CodeBuild", []string{"CODEBUILD_WEBHOOK_HEAD_REF", "CODEBUILD_SOURCE_VERSION"}, codeBuild},
	}
}

// Source: GitLab docs, Predefined CI/CD variables. GITLAB_CI is no sign of it,
// since runners on a developer's machine set it to "false". In a pipeline for
// the fork's own project, too, source and target of the request differ.
func gitLab(getenv func(string) string) build {
	b := build{
		branch: first(getenv, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"),
		tag:    getenv("CI_COMMIT_TAG"),
		request: first(getenv, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_MERGE_REQUEST_IID",
			"CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME", "CI_EXTERNAL_PULL_REQUEST_IID") != "",
	}
	switch getenv("CI_PIPELINE_SOURCE") {
	case "merge_request_event", "external_pull_request_event":
		b.request = true
	}
	for _, pair := range [][2]string{
		{"CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID"},
		{"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "CI_MERGE_REQUEST_PROJECT_PATH"},
		{"CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY", "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY"},
	} {
		if source, target := getenv(pair[0]), getenv(pair[1]); source != target {
			b.fork = fmt.Sprintf("it comes from project %q and goes to %q (%s)", source, target, pair[0])
		}
	}
	return b
}

// Source: GitHub docs, Variables reference. In a request GITHUB_REF_NAME is
// "7/merge". Where the event is pull_request_target it is the target branch,
// where it is workflow_run the default branch, whatever the first workflow built.
func gitHub(getenv func(string) string) build {
	event := getenv("GITHUB_EVENT_NAME")
	b := build{
		branch:  first(getenv, "GITHUB_HEAD_REF", "GITHUB_REF_NAME"),
		request: getenv("GITHUB_HEAD_REF") != "" || strings.HasPrefix(event, "pull_request"),
	}
	if getenv("GITHUB_REF_TYPE") == "tag" || strings.HasPrefix(getenv("GITHUB_REF"), "refs/tags/") {
		b.tag = getenv("GITHUB_REF_NAME")
	}
	if event == "pull_request_target" || event == "workflow_run" {
		b.fork = "with the event " + event + " it may come from a fork"
	}
	return b
}

// Source: Azure Pipelines docs, Predefined variables. The source of a request
// has "refs/heads/" where the repository is at Azure, and not where it is at GitHub.
func azure(getenv func(string) string) build {
	b := build{request: getenv("SYSTEM_PULLREQUEST_SOURCEBRANCH") != "" || getenv("BUILD_REASON") == "PullRequest"}
	ref := first(getenv, "SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH")
	b.branch, b.tag = splitRef(ref)
	if b.request && !strings.HasPrefix(ref, "refs/") {
		b.branch = ref
	}
	if strings.EqualFold(getenv("SYSTEM_PULLREQUEST_ISFORK"), "true") {
		b.fork = "Azure Pipelines says that it comes from a fork (SYSTEM_PULLREQUEST_ISFORK)"
	}
	return b
}

// Source: Bitbucket Cloud docs, Variables and secrets.
func bitbucket(getenv func(string) string) build {
	return build{branch: getenv("BITBUCKET_BRANCH"), tag: getenv("BITBUCKET_TAG"), request: getenv("BITBUCKET_PR_ID") != ""}
}

// Source: CircleCI docs, Built-in environment variables. CIRCLE_PR_NUMBER is
// set for forks alone. CIRCLE_PULL_REQUEST says that some request has the
// branch as its source, while the job is still one for the branch.
func circle(getenv func(string) string) build {
	b := build{branch: getenv("CIRCLE_BRANCH"), tag: getenv("CIRCLE_TAG")}
	if getenv("CIRCLE_PR_NUMBER") != "" || strings.HasPrefix(b.branch, "pull/") {
		b.fork = "CircleCI says that it comes from a fork (CIRCLE_PR_NUMBER, or a branch pull/...)"
	}
	return b
}

// Source: Buildkite docs, Environment variables. The branch of a fork is
// written "owner:branch", where the pipeline is set so; git admits no colon.
func buildkite(getenv func(string) string) build {
	b := build{branch: getenv("BUILDKITE_BRANCH"), tag: getenv("BUILDKITE_TAG")}
	number := getenv("BUILDKITE_PULL_REQUEST")
	b.request = number != "" && number != "false"
	source := getenv("BUILDKITE_PULL_REQUEST_REPO")
	switch {
	case strings.Contains(b.branch, ":"):
		b.fork = "Buildkite writes the branches of forks as owner:branch"
	case b.request && source != "" && repository(source) != repository(getenv("BUILDKITE_REPO")):
		b.fork = fmt.Sprintf("it comes from the repository %q (BUILDKITE_PULL_REQUEST_REPO)", source)
	}
	return b
}

// Source: Jenkins, Global Variable Reference of a multibranch project. In a
// request BRANCH_NAME is "PR-7" or the like, for a tag it is that of the tag.
func jenkins(getenv func(string) string) build {
	b := build{branch: getenv("BRANCH_NAME"), tag: getenv("TAG_NAME")}
	if getenv("CHANGE_ID") != "" || getenv("CHANGE_BRANCH") != "" {
		b.branch, b.request = getenv("CHANGE_BRANCH"), true
	}
	if fork := getenv("CHANGE_FORK"); fork != "" {
		b.fork = fmt.Sprintf("it comes from the fork %q (CHANGE_FORK)", fork)
	}
	return b
}

// Source: AWS CodeBuild User Guide, Environment variables in build
// environments, and Source version. A bare CODEBUILD_SOURCE_VERSION may be a
// branch, a tag or a commit, so that only one in full says what it is.
func codeBuild(getenv func(string) string) build {
	version, _, _ := strings.Cut(getenv("CODEBUILD_SOURCE_VERSION"), "^{") // refs/heads/master^{commit}
	b := build{request: strings.HasPrefix(getenv("CODEBUILD_WEBHOOK_EVENT"), "PULL_REQUEST") ||
		strings.HasPrefix(getenv("CODEBUILD_WEBHOOK_TRIGGER"), "pr/") || strings.HasPrefix(version, "pr/")}
	b.branch, b.tag = splitRef(cmp.Or(getenv("CODEBUILD_WEBHOOK_HEAD_REF"), version))
	if b.request {
		b.fork = "CodeBuild does not say whether it comes from a fork"
	}
	return b
}

// splitRef returns the branch or the tag that a full ref is, and neither for
// anything else.
func splitRef(ref string) (branch, tag string) {
	if b, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return b, ""
	}
	if t, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		return "", t
	}
	return "", ""
}

// repository is the owner and the name in the URL of a repository, which git
// spells in several ways: git@host:owner/name.git, https://host/owner/name.
func repository(url string) string {
	words := strings.FieldsFunc(strings.ToLower(strings.TrimSuffix(url, ".git")), func(r rune) bool { return r == '/' || r == ':' })
	return strings.Join(words[max(0, len(words)-2):], "/")
}

// first returns the first of the variables that is not empty, or "".
func first(getenv func(string) string, names ...string) string {
	for _, name := range names {
		if v := getenv(name); v != "" {
			return v
		}
	}
	return ""
}

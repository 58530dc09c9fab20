package changes

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
)

// CIOptions tune [FromCI]. The zero value is ready to use.
type CIOptions struct {
	// Everything is why the caller wants everything, such as the name of a flag
	// or variable of theirs; "" leaves it to the CI system.
	Everything string
	// SinceDefault compares a branch with the default branch at each push, not
	// only at the first: for an environment of its own that every push must
	// bring all changes of the branch to. It changes nothing for the default
	// branch itself, and for merge and pull requests.
	SinceDefault bool
	OnNoBase     Policy // becomes that of the Range
	Remote       string // whose branches are compared with; default "origin"
	// ReadFile reads the event of a GitHub workflow; default os.ReadFile.
	ReadFile func(name string) ([]byte, error)
}

// FromCI says what a CI job is to compare, from the variables of its system. The
// head is HEAD, the commit that was checked out, unless the table says otherwise.
//
// GitLab (GITLAB_CI is set):
//
//	run by hand: CI_PIPELINE_SOURCE is web  everything
//	a tag                                   everything: it names a whole state
//	merge request, merged results or train  CI_MERGE_REQUEST_TARGET_BRANCH_SHA, which HEAD merges
//	merge request                           CI_MERGE_REQUEST_DIFF_BASE_SHA; without it, the target branch
//	external pull request                   CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA
//	push, or child of a pipeline            CI_COMMIT_BEFORE_SHA, which HEAD must descend from
//	push with a before of zeros             a new branch: the default branch
//	the same, on the default branch         the zeros: a [NoBaseError] of [Repository.Diff]
//	child of a pipeline, the same           everything: its parent may have been pushed or not
//	schedule, trigger, api, and others      everything: nobody pushed (CI_COMMIT_BEFORE_SHA is zeros)
//
// A child pipeline has the variables of its parent but for the source, so that of
// a new branch takes everything too. What else its parent took for everything
// must be handed on (CIOptions.Everything).
//
// GitHub (GITHUB_ACTIONS is set; the event is the file GITHUB_EVENT_PATH):
//
//	push                                    before of the event, which HEAD must descend from
//	push that created a branch              the default branch (repository.default_branch of the event)
//	push that created the default branch    the zeros: a NoBaseError of Repository.Diff
//	push of a tag                           everything: it names a whole state
//	push that deleted a branch              an error: there is nothing to compare
//	pull_request                            the branch GITHUB_BASE_REF, which HEAD is a merge with
//	pull_request_target                     the same, with pull_request.head.sha of the event as head,
//	                                        since HEAD is the base branch
//	merge_group                             merge_group.base_sha of the event
//	workflow_dispatch, schedule, others     everything: nobody pushed
//
// A branch is compared by the merge base: what the head did since it left it. It
// is that of the remote, which a clone holds where it is not shallow (GIT_DEPTH:
// 0, fetch-depth: 0). The base.sha of a pull request is not used, since it is not
// moved on when the base branch is. So a workflow that is run again after its
// pull request was merged finds that nothing differs.
//
// With CIOptions.Everything, the range has both that and the base, if there is
// one, so that deleted modules are seen; it may be used outside of CI.
//
// A nil getenv is that of no variables. The error is [ErrNoCI] outside of both
// systems. A variable or an event that is
// missing or malformed is an error that names it.
//
// Sources: GitLab, "Predefined CI/CD variables reference" and
// "CI_PIPELINE_SOURCE predefined variable"; GitHub, "Events that trigger
// workflows" and "Webhook events and payloads".
func FromCI(getenv func(name string) string, opts CIOptions) (Range, error) {
	opts.Remote = cmp.Or(opts.Remote, "origin")
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	if opts.ReadFile == nil {
		opts.ReadFile = os.ReadFile
	}
	between, err := Range{}, error(nil)
	switch {
	case getenv("GITLAB_CI") != "":
		between, err = fromGitLab(getenv, opts)
	case getenv("GITHUB_ACTIONS") != "":
		between, err = fromGitHub(getenv, opts)
	default:
		err = fmt.Errorf("%w: neither GITLAB_CI nor GITHUB_ACTIONS is set; name the base instead", ErrNoCI)
	}
	if opts.Everything != "" {
		between.All = opts.Everything
		if errors.Is(err, ErrNoCI) {
			err = nil
		}
	}
	if err != nil {
		return Range{}, fmt.Errorf("find what to compare: %w", err)
	}
	between.OnNoBase = opts.OnNoBase
	return between, nil
}

// branch is the range from a branch of the remote.
func (o CIOptions) branch(name string) Range { return Range{Base: o.Remote + "/" + name} }

// fromGitLab reads the variables of a GitLab job.
func fromGitLab(getenv func(string) string, opts CIOptions) (Range, error) {
	source, tag := getenv("CI_PIPELINE_SOURCE"), getenv("CI_COMMIT_TAG")
	switch {
	case source == "web":
		return Range{All: "the pipeline was run by hand (CI_PIPELINE_SOURCE is web)"}, nil
	case tag != "":
		return Range{All: fmt.Sprintf("%s is a tag, which names a whole state (CI_COMMIT_TAG)", tag)}, nil
	case getenv("CI_MERGE_REQUEST_IID") != "":
		return gitLabMergeRequest(getenv, opts)
	case getenv("CI_EXTERNAL_PULL_REQUEST_IID") != "":
		sha := getenv("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA")
		if sha == "" {
			return Range{}, errors.New("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA is not set, though CI_EXTERNAL_PULL_REQUEST_IID is")
		}
		return Range{Base: sha}, nil
	}
	before := getenv("CI_COMMIT_BEFORE_SHA")
	switch {
	case !isZero(before) || source == "push" || source == "":
	case source == "parent_pipeline":
		return Range{All: "the parent pipeline may have taken everything (CI_PIPELINE_SOURCE is parent_pipeline, and CI_COMMIT_BEFORE_SHA is zeros)"}, nil
	default:
		return Range{All: fmt.Sprintf("nobody pushed (CI_PIPELINE_SOURCE is %s)", source)}, nil
	}
	main := getenv("CI_DEFAULT_BRANCH")
	if getenv("CI_COMMIT_BRANCH") == main || !isZero(before) && !opts.SinceDefault {
		return Range{Base: before, Ancestor: true}, nil
	}
	if main == "" {
		return Range{}, errors.New("CI_DEFAULT_BRANCH is not set, which a new branch is compared with")
	}
	return opts.branch(main), nil
}

func gitLabMergeRequest(getenv func(string) string, opts CIOptions) (Range, error) {
	for _, name := range []string{"CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"} {
		if sha := getenv(name); !isZero(sha) {
			return Range{Base: sha}, nil
		}
	}
	if branch := getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"); branch != "" {
		return opts.branch(branch), nil
	}
	return Range{}, errors.New("none of CI_MERGE_REQUEST_TARGET_BRANCH_SHA, CI_MERGE_REQUEST_DIFF_BASE_SHA and CI_MERGE_REQUEST_TARGET_BRANCH_NAME is set, though CI_MERGE_REQUEST_IID is")
}

// isZero reports whether sha is empty or the all-zero hash, of either length,
// that says that there is no commit.
func isZero(sha string) bool { return strings.Trim(sha, "0") == "" }

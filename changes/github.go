package changes

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// gitHubEvent is what FromCI reads of the event that started a workflow.
type gitHubEvent struct {
	Ref        string `json:"ref"`
	Before     string `json:"before"`
	Created    bool   `json:"created"`
	Deleted    bool   `json:"deleted"`
	Repository struct {
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
	PullRequest struct {
		Head struct {
			SHA string `json:"sha"`
		} `json:"head"`
	} `json:"pull_request"`
	MergeGroup struct {
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`

	file string
}

// fromGitHub reads the variables and the event of a GitHub workflow.
func fromGitHub(getenv func(string) string, opts CIOptions) (Range, error) {
	name := getenv("GITHUB_EVENT_NAME")
	switch name {
	case "push", "merge_group", "pull_request_target":
	case "pull_request":
		return gitHubBase(getenv, opts)
	case "":
		return Range{}, errors.New("GITHUB_EVENT_NAME is not set, though GITHUB_ACTIONS is")
	default:
		return Range{All: fmt.Sprintf("nobody pushed (GITHUB_EVENT_NAME is %s)", name)}, nil
	}
	event, err := readGitHubEvent(getenv("GITHUB_EVENT_PATH"), opts.ReadFile)
	if err != nil {
		return Range{}, err
	}
	switch name {
	case "merge_group":
		base, err := event.need("merge_group.base_sha", event.MergeGroup.BaseSHA)
		return Range{Base: base}, err
	case "pull_request_target":
		head, err := event.need("pull_request.head.sha", event.PullRequest.Head.SHA)
		if err != nil {
			return Range{}, err
		}
		between, err := gitHubBase(getenv, opts)
		between.Head = head
		return between, err
	}
	return event.push(opts)
}

func gitHubBase(getenv func(string) string, opts CIOptions) (Range, error) {
	base := getenv("GITHUB_BASE_REF")
	if base == "" {
		return Range{}, errors.New("GITHUB_BASE_REF is not set, though the event is a pull request")
	}
	return opts.branch(base), nil
}

func readGitHubEvent(file string, readFile func(string) ([]byte, error)) (gitHubEvent, error) {
	event := gitHubEvent{file: file}
	if file == "" {
		return event, errors.New("GITHUB_EVENT_PATH is not set, which names the event")
	}
	content, err := readFile(file)
	if err != nil {
		return event, fmt.Errorf("read the event (GITHUB_EVENT_PATH): %w", err)
	}
	if err := json.Unmarshal(content, &event); err != nil {
		return event, fmt.Errorf("read the event %s (GITHUB_EVENT_PATH): %w", file, err)
	}
	return event, nil
}

// need returns the value of a key that the event must have.
func (e gitHubEvent) need(key, value string) (string, error) {
	if value == "" {
		return "", fmt.Errorf("the event %s (GITHUB_EVENT_PATH) has no %s", e.file, key)
	}
	return value, nil
}

func (e gitHubEvent) push(opts CIOptions) (Range, error) {
	ref, err := e.need("ref", e.Ref)
	if err != nil {
		return Range{}, err
	}
	branch, isBranch := strings.CutPrefix(ref, "refs/heads/")
	switch {
	case e.Deleted:
		return Range{}, fmt.Errorf("the push deleted %s: there is nothing to compare", ref)
	case !isBranch:
		return Range{All: fmt.Sprintf("%s is a tag, which names a whole state", strings.TrimPrefix(ref, "refs/tags/"))}, nil
	}
	before, err := e.need("before", e.Before)
	if err != nil {
		return Range{}, err
	}
	main := e.Repository.DefaultBranch
	if branch == main || !e.Created && !isZero(before) && !opts.SinceDefault {
		return Range{Base: before, Ancestor: true}, nil
	}
	main, err = e.need("repository.default_branch", main)
	if err != nil {
		return Range{}, err
	}
	return opts.branch(main), nil
}

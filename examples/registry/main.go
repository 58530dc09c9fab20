// Registry keeps the repositories of Amazon ECR as a file describes them, and
// removes the images of environments that are gone.
//
//	registry plan  -repositories repositories.yaml -running @running.txt
//	registry apply -repositories repositories.yaml -running @running.txt
//	registry cleanup plan  -repositories repositories.yaml -live 8527fec8 -running @running.txt
//	registry cleanup apply -repositories repositories.yaml -live @live.txt -running @running.txt
//	registry cleanup plan  -repositories repositories.yaml -live 8527fec8 -running none -local
//
// Plan prints what apply would do, and is the default: apply has to be said. Apply
// makes the repositories that are missing and mends the settings that the file
// speaks of; it never deletes a repository. Cleanup removes tags of environments that
// are not in -live, and images with their last tag.
//
// A list (-live, -gone, -running) is words with commas between them, @FILE with one
// word a line, or none, which has to be said: an empty file is an error, since what
// wrote it may have failed.
//
// The file of -repositories is YAML. Paths in it are relative to its directory:
//
//	defaults:                              # for what a repository does not say
//	  mutability: IMMUTABLE_WITH_EXCLUSION # or MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION
//	  exclusions: [latest*, cache*]
//	  scanning: on push                    # or manual
//	  encryption: {type: KMS, key: alias/ecr}
//	  lifecycle:
//	    keep: [latest-*]                   # what runs has one of these tags
//	    newest: 500                        # of the others, as many stay
//	    # file: lifecycle.json             # instead of both
//	  policy: policy.json                  # who may pull and push
//	  tags: {Project: automation}          # those of a repository are added
//	repositories:
//	  - name: automation/notifier
//	  - name: automation/bridge
//	    scanning: manual
//
// It talks to AWS, with region and credentials from the environment, as the AWS
// CLI does. With -local, AWS is a few repositories and images in memory.
//
// Progress goes to stderr; the outcome goes to stdout, with -json as one object
// that has the keys that apply:
//
//	{"plan": {"changes": [{"repository", "action", "detail", "warnings"}]},
//	 "cleanup": {"repositories": [{"name", "images": [{"digest", "remove", "keep", "reason", "bytes", "pushedAt"}],
//	                               "spared": [{"digest", "tags", "reason"}], "kept", "warnings"}]},
//	 "result": {"repositories": [{"repository", "removed", "changed"}]},
//	 "error": "why it failed, or empty"}
//
// Exit codes: 0 done, 1 a lifecycle policy endangers what runs, or AWS could not be
// asked or refused, 2 wrong use or a file that cannot be read.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/ecr/repository"
	"github.com/mettel-automation/delivery/examples/internal/awsenv"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/progress"
)

func main() { cli.Main("registry", run) }

const about = `
registry keeps the repositories of Amazon ECR as a file describes them, and removes
the images of environments that are gone.

  registry [plan|apply] flags
  registry cleanup [plan|apply] flags

  registry plan -repositories repositories.yaml -running none -local
  registry cleanup plan -repositories repositories.yaml -live 8527fec8 -running @running.txt
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	desired, err := load(o.file)
	if err != nil {
		return err
	}
	api, err := o.connect(ctx, desired)
	if err != nil {
		return err
	}
	view := cli.View(stderr, os.Getenv)
	defer func() { _ = view.Close() }() // whatever happens, the terminal is given back
	work := o.keep
	if o.cleanup {
		work = o.cleanUp
	}
	out, err := work(ctx, api, desired, view.Emit)
	if err != nil {
		return blame(ctx, err)
	}
	if err := errors.Join(view.Close(), out.print(stdout, o.json)); err != nil {
		return err
	}
	return cli.Failed(out.err)
}

// api is all that is used of ECR.
type api interface {
	repository.API
	cleanup.API
}

func (o options) connect(ctx context.Context, desired []repository.Repository) (api, error) {
	if o.local {
		return sample(desired, !o.cleanup), nil
	}
	cfg, err := awsenv.Load(ctx)
	if err != nil {
		return nil, err
	}
	return awsecr.NewFromConfig(cfg), nil
}

// keep plans and, where it is asked for, applies the repositories. What fails while
// applying is in the output.
func (o options) keep(ctx context.Context, api api, desired []repository.Repository, emit progress.Func) (output, error) {
	for i := range desired {
		desired[i].Running = o.running.words
		if p := desired[i].Lifecycle; p != nil && len(p.Rules) > 0 && !o.running.given {
			return output{}, fmt.Errorf("repository %s has a lifecycle policy: -running must say what runs, so that none of it expires (-h lists the flags)", desired[i].Name)
		}
	}
	manager := repository.New(api, repository.Options{Headroom: o.headroom, Progress: emit})
	plan, err := manager.Plan(ctx, desired)
	if err != nil {
		return output{}, err
	}
	out := output{Plan: &plan}
	if o.apply {
		_, out.err = manager.Apply(ctx, plan)
	}
	return out, nil
}

// cleanUp plans and, where it is asked for, applies a clean-up.
func (o options) cleanUp(ctx context.Context, api api, desired []repository.Repository, emit progress.Func) (output, error) {
	request := cleanup.Request{Live: o.live.words, NoneLive: o.live.none(), Gone: o.gone.words, Running: o.running.words}
	for _, r := range desired {
		request.Repositories = append(request.Repositories, r.Name)
	}
	cleaner := cleanup.New(api, cleanup.Options{MinAge: o.minAge, KeepInputs: o.keepInputs, Progress: emit})
	plan, err := cleaner.Plan(ctx, request)
	if err != nil {
		return output{}, err
	}
	out := output{Cleanup: &plan}
	if o.apply {
		var result cleanup.Result
		result, out.err = cleaner.Apply(ctx, plan)
		out.Result = &result
	}
	return out, nil
}

// blame marks an interruption, what AWS has refused or not answered, and a plan
// that is refused for what is in the registry as a failure; any other error is one
// of the input.
func blame(ctx context.Context, err error) error {
	_, remote := errors.AsType[*smithy.OperationError](err)
	if remote || errors.Is(err, repository.ErrExpiresRunning) || errors.Is(err, cleanup.ErrNoRepository) || ctx.Err() != nil {
		return cli.Failed(err)
	}
	return err
}

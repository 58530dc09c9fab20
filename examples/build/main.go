// Build brings the images of a file to Amazon ECR, and builds only those whose
// inputs have changed.
//
//	build plan  -images images.yaml -tag 8527fec8-131 -tag latest-8527fec8
//	build apply -images images.yaml -tag 8527fec8-131 -tag latest-8527fec8 -revision "$CI_COMMIT_SHA"
//	changes -ci -modules modules.yaml -json >changes.json && build -images images.yaml -changed changes.json
//	build plan  -images images.yaml -local
//
// Plan prints what apply would do; apply, which is the default, does it: it
// builds and pushes the images whose inputs no image of the registry has, and
// moves the tags of -tag to the image of each. Planning needs no engine, nor does
// applying where there is nothing to build.
//
// The file of -images is YAML. Paths in it are relative to the directory of -repo:
//
//	epoch: "2026-07"           # of all images; a new one builds them all; default none
//	bases:                     # of all images: what stands behind the tags of FROM
//	  python:3.12-slim: sha256:...
//	images:
//	  - repository: automation/notifier  # must exist
//	    module: notifier                 # default: the repository
//	    context: notifier                # what the Dockerfile may read
//	    dockerfile: Dockerfile           # relative to the context; default Dockerfile
//	    target: production               # stage; default the last one
//	    platform: linux/amd64            # default linux/amd64
//	    network: none                    # of RUN; default the engine's
//	    args: {VERSION: "1"}
//	    bases: {}                        # besides those above
//	    epoch: "1"                       # instead of that above
//	    labels: {team: voice}
//	    secrets:                         # for RUN --mount=type=secret; needs -buildkit
//	      - {id: npm, env: NPM_TOKEN}    # or file: path
//
// It talks to AWS, with region and credentials from the environment, as the AWS
// CLI does, and to the Docker Engine of DOCKER_HOST. With -local, the registry is
// one in memory, on a port of this machine where the engine must run too; it ends
// with the process. It is empty at the beginning, so that -local builds all images.
//
// Private base images need -docker-config, a file as docker login writes it:
// {"auths": {"ghcr.io": {"auth": "..."}}}. Credential helpers are not run. For the
// registry that the images are pushed to, nothing is needed.
//
// Progress goes to stderr; the outcome goes to stdout, with -json as one object
// that has the keys that apply:
//
//	{"plan": {"images": [{"module", "repository", "tag", "action", "reason", "digest", "pushedAt", "moves": [{"tag", "from"}]}]},
//	 "result": {"images": [{"module", "repository", "tag", "digest", "uri", "outcome", "tags"}]},
//	 "logs": [{"module", "step", "lines"}],  // the last lines of steps that failed
//	 "error": "why it failed, or empty"}
//
// Exit codes: 0 done, 1 an image could not be published, or AWS or the engine
// could not be asked, 2 wrong use or a file that cannot be read.
package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

func main() { cli.Main("build", run) }

const about = `
build brings the images of a file to Amazon ECR, and builds only those whose
inputs have changed.

  build [plan|apply] flags

  build plan -images images.yaml -local
  build apply -images images.yaml -tag 8527fec8-131 -tag latest-8527fec8
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	images, err := o.wanted(os.Getenv)
	if err != nil {
		return err
	}
	tools, err := o.connect(ctx, images)
	if err != nil {
		return err
	}
	defer tools.close()
	view := cli.View(stderr, os.Getenv)
	defer func() { _ = view.Close() }() // whatever happens, the terminal is given back
	tools.Progress = view.Emit
	out, err := o.do(ctx, tools, images)
	if err != nil {
		return err
	}
	if err := errors.Join(view.Close(), out.print(stdout, o.json)); err != nil {
		return err
	}
	return cli.Failed(out.err)
}

// do plans and, unless only that was asked for, applies. What fails on the way is
// in the output; an error is one of the input.
func (o options) do(ctx context.Context, t *tools, images []ecr.Image) (output, error) {
	publisher := ecr.New(t.api, t.Options)
	plan, err := publisher.Plan(ctx, images)
	if err != nil || o.verb == "plan" {
		return output{Plan: &plan}, blame(ctx, err)
	}
	if plan.Count(ecr.ActionBuild) > 0 {
		if err := t.reach(ctx); err != nil {
			return output{Plan: &plan, err: err}, nil
		}
	}
	result, err := publisher.Apply(ctx, plan)
	return output{Plan: &plan, Result: &result, err: err}, nil
}

// blame marks an interruption, what AWS has refused or not answered, and what the
// registry has not or would not take, as a failure of the delivery; any other error
// is one of the input.
func blame(ctx context.Context, err error) error {
	_, remote := errors.AsType[*smithy.OperationError](err)
	if remote || errors.Is(err, ecr.ErrNoRepository) || errors.Is(err, ecr.ErrImmutable) || ctx.Err() != nil {
		return cli.Failed(err)
	}
	return err
}

// Pipeline delivers a branch from end to end, by the stages of the jobs in
// examples/jobs: which modules it changes, whether they are sound and their tests
// cover enough, the repositories, network and roles, the images, and the rollout of the
// services in the order of their dependencies.
//
//	go run ./examples/pipeline
//
// delivers a feature branch of a small sample monorepo (automation.yaml is what
// describes it) onto an AWS in memory, without a cloud, Docker or a network, and writes
// a report of the run. Each part can be a real one:
//
//	pipeline -docker                                  # a Docker engine, that of DOCKER_HOST
//	pipeline -kre -kubeconfig kubeconfig              # KRE too, on a real cluster
//	pipeline -file delivery.yaml -branch dev/feature/x -base origin/master  # a repository of your own
//	pipeline -file delivery.yaml -branch dev/feature/x -base origin/master -docker -aws
//
// -until JOB ends after a job, -from JOB begins with one and takes those before it for
// done. -resume goes on where a run of the same commit and file was stopped or
// killed, unless the environment was destroyed since. An AWS in memory ends with its
// process, so that there the stages of before are done again, unseen. -destroy
// removes the environment: services, stacks, images and log searches; it names what it
// is going to remove first, and refuses production unless -allow-production repeats its
// name.
//
// The outcome goes to stdout and the progress to stderr: live on a terminal, lines
// elsewhere. A summary, and the name of the report, end it. Stages leave what came out in
// the run directory, .delivery, which belongs into .gitignore. With -json, stdout has one object:
//
//	{"stages": [{"name", "state", "summary", "started", "ended", "error", "failures", ...}]}
//
// Exit codes: 0 delivered, or destroyed; 1 the branch has no environment, or a stage
// failed; 2 wrong use or input that cannot be read.
package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
)

func main() { cli.Main("pipeline", run) }

const about = `
pipeline delivers a branch onto an AWS in memory: changed modules, checks,
coverage, infrastructure, images, rollout, log searches. Without flags it
delivers a sample monorepo of its own.

  pipeline
  pipeline -inject velocloud-bridge=crash
  pipeline -destroy
  pipeline -file delivery.yaml -base origin/master -branch dev/feature/x

The run directory has the report, and what -resume reads.

Exit codes: 0 delivered or destroyed; 1 no environment, or a stage failed;
2 wrong use or input that cannot be read.
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	cleanup, err := o.sample(ctx)
	defer cleanup()
	if err != nil {
		return err
	}
	j, err := o.Open(os.Getenv, false)
	if err != nil {
		return err
	}
	console := job.NewConsole(stdout, stderr, os.Getenv, o.JSON)
	d := &delivery{options: o, job: j, console: console}
	err = d.run(ctx)
	return errors.Join(console.Finish(err), d.report(err))
}

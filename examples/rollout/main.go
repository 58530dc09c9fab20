// Rollout plans and applies the services of a file to an ECS cluster.
//
//	rollout -services services.yaml -cluster automation-master -image 'registry/{module}:v12'
//	rollout -services services.yaml -local
//
// Against AWS it takes region and credentials from the environment, as the AWS
// CLI does. With -local it rolls out onto an ECS in memory, -speed times faster
// than a real one, so that a services file can be tried without a cloud.
//
// With -plan it only prints what it would do. Progress goes to stderr; the plan
// and the outcome go to stdout, with -json as one object:
//
//	{"plan": {"cluster", "changes": [{"service", "action", "detail", "needs", "baseline"}], "levels", "longestChain"},
//	 "result": {"services": [{"service", "action", "state", "message", "taskDefinition", "deployment", "started", "ended"}]},
//	 "error": "why it failed, or empty"}
//
// Exit codes: 0 all services are healthy, 1 the rollout failed, 2 wrong use or
// a file that cannot be read.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/system"
)

func main() { cli.Main("rollout", run) }

const about = `
rollout brings the services of a file to an ECS cluster, each as soon as what it
depends on is healthy, and rolls back where one fails.

  rollout -services services.yaml -cluster automation-master -image 'registry/{module}:v12'
  rollout -services services.yaml -local -inject notifier=crash
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := cli.NewFlags("rollout", about, stdout)
	file := flags.String("services", "", "`FILE` that lists the services")
	cluster := flags.String("cluster", "", "`NAME` of the ECS cluster; also the environment's name")
	image := flags.String("image", "{module}:latest", "image of a service; {module} is the name of its module")
	planOnly := flags.Bool("plan", false, "print what would be done, and do nothing")
	asJSON := flags.Bool("json", false, "print plan and outcome as JSON")
	var local system.Local
	local.Flags(flags.FlagSet)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := flags.Required("services"); err != nil {
		return err
	}
	services, err := system.Load(*file)
	if err != nil {
		return err
	}
	api, opts, err := connect(ctx, local, *cluster, services)
	if err != nil {
		return err
	}
	view := cli.View(stderr, os.Getenv)
	defer func() { _ = view.Close() }() // whatever happens, the terminal is given back
	opts.Progress = view.Emit
	deployer := ecs.New(api, opts)
	plan, err := deployer.Plan(ctx, system.Desired(services, opts.Cluster, func(module string) string {
		return strings.ReplaceAll(*image, "{module}", module)
	}))
	if err != nil {
		return err
	}
	out := output{Plan: plan}
	if !*planOnly {
		result, err := deployer.Apply(ctx, plan)
		out.Result, out.err = &result, err
	}
	if err := errors.Join(view.Close(), out.print(stdout, *asJSON)); err != nil {
		return err
	}
	return cli.Failed(out.err)
}

// connect returns the ECS to roll out to, and what suits it.
func connect(ctx context.Context, local system.Local, cluster string, services []system.Service) (ecs.API, ecs.Options, error) {
	if local.Enabled {
		if cluster == "" {
			cluster = "local"
		}
		return local.Start(cluster, services)
	}
	if cluster == "" {
		return nil, ecs.Options{}, errors.New("-cluster is required, or -local for an ECS in memory (-h lists the flags)")
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, ecs.Options{}, fmt.Errorf("configure AWS: %w", err)
	}
	return awsecs.NewFromConfig(cfg), ecs.Options{Cluster: cluster}, nil
}

type output struct {
	Plan   ecs.Plan    `json:"plan"`
	Result *ecs.Result `json:"result,omitempty"`
	Error  string      `json:"error"`
	err    error
}

func (o output) print(w io.Writer, asJSON bool) error {
	if o.err != nil {
		o.Error = o.err.Error()
	}
	if asJSON {
		return cli.PrintJSON(w, o)
	}
	_, err := fmt.Fprint(w, o.Plan)
	if o.Result != nil {
		_, err = fmt.Fprintf(w, "\n%s", o.Result)
	}
	return err
}

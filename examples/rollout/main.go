// Rollout brings the services of a file to an ECS cluster.
//
//	rollout plan     -services services.yaml -cluster automation-master
//	rollout apply    -services services.yaml -cluster automation-master -image 'registry/{module}:v12' -journal rollout.json
//	rollout resume   -services services.yaml -cluster automation-master -image 'registry/{module}:v12' -journal rollout.json
//	rollout rollback -cluster automation-master -journal rollout.json
//	rollout status   -cluster automation-master -journal rollout.json
//
// Plan prints what apply would do; apply, which is the default, does it. A
// journal lets the next run go on with one that was killed (resume, which differs
// from apply in that it insists on an unfinished rollout), undo it (rollback), or
// see where it stands (status).
//
// It talks to AWS, with region and credentials from the environment, as the AWS
// CLI does; services behind load balancers must be healthy there too, and the last
// lines of failed containers are read from CloudWatch Logs. With -local, plan and apply use an ECS in memory, -speed times
// faster than a real one; for one that outlives the process see examples/awslocal.
//
// Progress goes to stderr; the outcome goes to stdout, with -json as one object
// that has the keys that apply:
//
//	{"plan": {"cluster", "changes": [{"service", "action", "detail", "needs", "baseline"}], "levels", "longestChain"},
//	 "result": {"services": [{"service", "action", "state", "message", "taskDefinition", "deployment", "started", "ended"}], "warnings"},
//	 "logs": [{"container", "task", "lines"}],
//	 "status": {"cluster", "phase", "services": [{"service", "action", "stage", "runs", "taskDefinition", "running", "desired"}]},
//	 "error": "why it failed, or empty"}
//
// Exit codes: 0 done, 1 the rollout or the rollback failed, or AWS could not be
// asked, 2 wrong use or a file that cannot be read.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/ecs/logs"
	"github.com/mettel-automation/delivery/ecs/targets"
	"github.com/mettel-automation/delivery/examples/internal/awsenv"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/system"
)

func main() { cli.Main("rollout", run) }

const about = `
rollout brings the services of a file to an ECS cluster, each as soon as what it
depends on is healthy, and rolls back where one fails.

  rollout [plan|apply|resume|rollback|status] flags

  rollout apply -services services.yaml -cluster automation-master -image 'registry/{module}:v12' -journal rollout.json
  rollout status -cluster automation-master -journal rollout.json
  rollout apply -services services.yaml -local -inject notifier=crash
`

// options are what the flags say.
type options struct {
	verb                              string
	services, cluster, image, journal string
	json, capacity                    bool
	poll, timeout                     time.Duration
	local                             system.Local
}

func parse(args []string, stdout io.Writer) (options, error) {
	o := options{verb: "apply"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.verb, args = args[0], args[1:]
	}
	flags := cli.NewFlags("rollout", about, stdout)
	flags.StringVar(&o.services, "services", "", "`FILE` that lists the services")
	flags.StringVar(&o.cluster, "cluster", "", "`NAME` of the ECS cluster; also the environment's name")
	flags.StringVar(&o.image, "image", "{module}:latest", "image of a service; {module} is the name of its module")
	flags.StringVar(&o.journal, "journal", "", "`FILE` that keeps how far the rollout is")
	flags.BoolVar(&o.capacity, "capacity", false, "refuse a rollout that finds no room on the cluster's instances")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.DurationVar(&o.poll, "poll", 0, "time between two looks at the services under way; default 5s")
	flags.DurationVar(&o.timeout, "timeout", 0, "how long one service may take; default 15m")
	o.local.Flags(flags.FlagSet)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(flags.FlagSet)
}

func (o options) check(flags *flag.FlagSet) error {
	missing := func(name string) bool { return flags.Lookup(name).Value.String() == "" }
	journalled := slices.Contains([]string{"resume", "rollback", "status"}, o.verb)
	switch {
	case !journalled && o.verb != "plan" && o.verb != "apply":
		return fmt.Errorf("unknown command %q, want plan, apply, resume, rollback or status (-h helps)", o.verb)
	case o.verb != "rollback" && o.verb != "status" && missing("services"):
		return errors.New("-services is required (-h lists the flags)")
	case journalled && missing("journal"):
		return fmt.Errorf("-journal is required to %s (-h lists the flags)", o.verb)
	case journalled && o.local.Enabled:
		return fmt.Errorf("%s does not go with -local, whose ECS ends with the process (see examples/awslocal)", o.verb)
	case missing("cluster") && !o.local.Enabled:
		return errors.New("-cluster is required, or -local for an ECS in memory (-h lists the flags)")
	}
	return o.ignored(flags)
}

// ignored refuses flags that would do nothing.
func (o options) ignored(flags *flag.FlagSet) error {
	switch {
	case o.local.Tuned(flags) && !o.local.Enabled:
		return errors.New("-speed, -seed and -inject are about an ECS in memory: they need -local (-h lists the flags)")
	case o.local.Enabled && (o.capacity || o.poll != 0 || o.timeout != 0):
		return errors.New("-capacity, -poll and -timeout are about a real cluster: they do not go with -local (-h lists the flags)")
	}
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	var services []system.Service
	if o.services != "" {
		if services, err = system.Load(o.services); err != nil {
			return err
		}
	}
	api, opts, err := o.connect(ctx, services)
	if err != nil {
		return err
	}
	view := cli.View(stderr, os.Getenv)
	defer func() { _ = view.Close() }() // whatever happens, the terminal is given back
	opts.Progress = view.Emit
	if o.journal != "" {
		opts.Journal = ecs.FileJournal(o.journal)
	}
	out, err := o.do(ctx, ecs.New(api, opts), system.Desired(services, opts.Cluster, func(module string) string {
		return strings.ReplaceAll(o.image, "{module}", module)
	}))
	if err != nil {
		return err
	}
	if err := errors.Join(view.Close(), out.print(stdout, o.json)); err != nil {
		return err
	}
	return cli.Failed(out.err)
}

// connect returns the ECS to roll out to, and what suits it.
func (o options) connect(ctx context.Context, services []system.Service) (ecs.API, ecs.Options, error) {
	if o.local.Enabled {
		if o.cluster == "" {
			o.cluster = "local"
		}
		return o.local.Start(o.cluster, services)
	}
	cfg, err := awsenv.Load(ctx)
	if err != nil {
		return nil, ecs.Options{}, err
	}
	client := awsecs.NewFromConfig(cfg)
	opts := ecs.Options{
		Cluster: o.cluster, PollInterval: o.poll, Timeout: o.timeout,
		Gates: []ecs.Gate{targets.New(elasticloadbalancingv2.NewFromConfig(cfg), targets.Options{Instances: client})},
		Logs:  logs.New(cloudwatchlogs.NewFromConfig(cfg), logs.Options{}),
	}
	if o.capacity {
		reader := capacity.NewReader(client, capacity.Options{Tasks: client, Providers: client})
		opts.Supply = func(ctx context.Context, cluster string, _ []capacity.Demand) (capacity.Supply, error) {
			return reader.Supply(ctx, cluster)
		}
	}
	return client, opts, nil
}

// do does what the verb asks for. What fails on the way is in the output; an
// error is one of the input.
func (o options) do(ctx context.Context, deployer *ecs.Deployer, services []ecs.Service) (output, error) {
	switch o.verb {
	case "status", "resume":
		status, err := deployer.Status(ctx)
		if err != nil || o.verb == "status" {
			return output{Status: &status}, blame(err)
		}
		if status.Phase == "finished" {
			return output{}, fmt.Errorf("resume: the rollout in %s is finished; apply begins a new one", o.journal)
		}
	case "rollback":
		result, err := deployer.Rollback(ctx)
		if errors.Is(err, ecs.ErrNothingToRollBack) {
			return output{}, err
		}
		return output{Result: &result, err: err}, nil
	}
	plan, err := deployer.Plan(ctx, services)
	if err != nil || o.verb == "plan" {
		return output{Plan: &plan}, blame(err)
	}
	result, err := deployer.Apply(ctx, plan)
	return output{Plan: &plan, Result: &result, err: err}, nil
}

// blame marks what AWS has refused or not answered as a failure of the delivery;
// any other error is one of the input.
func blame(err error) error {
	if _, remote := errors.AsType[*smithy.OperationError](err); remote {
		return cli.Failed(err)
	}
	return err
}

type output struct {
	Plan   *ecs.Plan          `json:"plan,omitempty"`
	Result *ecs.Result        `json:"result,omitempty"`
	Status *ecs.Status        `json:"status,omitempty"`
	Logs   []ecs.ContainerLog `json:"logs,omitempty"`
	Error  string             `json:"error"`
	err    error
}

func (o output) print(w io.Writer, asJSON bool) error {
	if o.err != nil {
		o.Error = o.err.Error()
	}
	if o.Result != nil {
		o.Logs = o.Result.Logs()
	}
	if asJSON {
		return cli.PrintJSON(w, o)
	}
	if o.Plan != nil {
		fmt.Fprint(w, o.Plan)
	}
	if o.Result != nil {
		fmt.Fprintf(w, "\n%s", o.Result)
		for _, l := range o.Logs {
			fmt.Fprintf(w, "\nlast lines of container %s of task %s:\n  %s\n", l.Container, l.Task, strings.Join(l.Lines, "\n  "))
		}
	}
	if o.Status != nil {
		fmt.Fprint(w, o.Status)
	}
	return nil
}

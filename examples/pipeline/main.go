// Pipeline delivers a branch from end to end, without a cloud: which
// environment the branch is, which modules it changes, whether their tests
// cover enough, and the rollout of the system's services in the order of their
// dependencies, onto an ECS in memory.
//
//	go run ./examples/pipeline
//
// delivers a feature branch of a small sample monorepo, which it makes in a
// temporary directory. Each part can be replaced by a real one:
//
//	go run ./examples/pipeline -repo ~/src/monorepo -base origin/master -head HEAD \
//	    -branch dev/feature/login -modules modules.yaml -coverage reports -services services.yaml
//
// The report of a module is DIR/MODULE.* or the files in DIR/MODULE; a module
// with the label "coverage: none" needs none. Variables of on-demand modules
// are taken from the environment.
//
// The outcome goes to stdout and the progress to stderr: live on a terminal,
// lines elsewhere. The last line names the file that holds the timeline (SVG).
//
// Exit codes: 0 delivered; 1 the branch has no environment, the gate or the
// rollout failed; 2 wrong use or input that cannot be read.
package main

import (
	"context"
	"io"
	"os"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/system"
)

func main() { cli.Main("pipeline", run) }

const about = `
pipeline delivers a branch onto an ECS in memory: environment, changed modules,
coverage gate, rollout. Without flags it delivers a sample monorepo of its own.

  pipeline
  pipeline -inject notifier=crash
  pipeline -repo . -base origin/master -branch dev/feature/x -modules modules.yaml -coverage reports
`

// options are what the flags say.
type options struct {
	repo, base, head, branch    string
	modules, coverage, services string
	timeline                    string
	all                         bool
	minimum                     coverage.Percentage
	local                       system.Local
}

func parse(args []string, stdout io.Writer) (options, error) {
	flags := cli.NewFlags("pipeline", about, stdout)
	var o options
	flags.StringVar(&o.repo, "repo", "", "`PATH` of the git repository; default: a sample made for the run")
	flags.StringVar(&o.base, "base", "", "`REV`ision that the branch is compared with")
	flags.StringVar(&o.head, "head", "", "`REV`ision that is delivered; default HEAD")
	flags.StringVar(&o.branch, "branch", "", "`NAME` of the branch; default: from the variables of the CI job")
	flags.StringVar(&o.modules, "modules", "", "`FILE` that lists the modules")
	flags.StringVar(&o.coverage, "coverage", "", "`DIR`ectory of the coverage reports")
	flags.StringVar(&o.services, "services", "", "`FILE` that lists the services; default: those of the sample")
	flags.StringVar(&o.timeline, "timeline", "", "`FILE` for the picture of the rollout; default: a new one in the temporary directory")
	flags.BoolVar(&o.all, "all", false, "take every module as changed")
	flags.TextVar(&o.minimum, "min", coverage.Percentage{}, "minimum coverage in `PERCENT`; default 80")
	o.local.Tuning(flags.FlagSet)
	return o, flags.Parse(args)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	cleanup, err := o.complete(ctx)
	defer cleanup()
	if err != nil {
		return err
	}
	d, err := newDelivery(ctx, o, os.Getenv, stdout, stderr)
	if err != nil {
		return err
	}
	return d.run(ctx)
}

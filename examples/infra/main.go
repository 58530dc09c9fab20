// Infra plans, applies, checks and destroys the infrastructure of one environment:
// its network, its roles, and what its services run in.
//
//	infra plan    -branch dev/feature/login            # what applying would do
//	infra apply   -branch dev/feature/login            # do it
//	infra outputs -branch dev/feature/login            # what the stacks say for others
//	infra drift   -branch dev/feature/login            # what was changed behind their back
//	infra destroy -branch dev/feature/login            # take it all away
//	infra recover -branch dev/feature/login            # end a rollback that has failed
//	infra render  -branch dev/feature/login            # the templates, and nothing else
//
// It talks to AWS, with region and credentials from the environment, as the AWS CLI does
// (AWS_ENDPOINT_URL too). Nothing is asked of AWS before all templates and parameters are
// found to be sound. Templates of more than 51,200 bytes, which about four services make,
// need a bucket, -bucket.
//
// With -local the cloud is in memory, -speed times faster than AWS, so that one sees
// everything without an account. It begins empty, or with -existing with an older
// version of the environment, which applying then changes; outputs, drift and destroy
// begin with the environment just applied, and drift with two changes made since;
// recover begins with an update whose rollback has failed at LogGroup. It ends with the
// process. -fail makes a resource fail in it.
//
// Production refuses to be destroyed twice: by its name, which -allow-production
// repeats, and by its load balancer, until it is applied with -unprotected.
//
// An environment is three stacks. What the third one needs of the network are outputs
// of the first; where that is not there yet, CloudFormation cannot plan the third, and
// its plan is made by a CloudFormation in memory instead, which is said. With -network
// it lives in a network that is there already, and that is left alone.
//
// A file says what is in the environment; all its keys are optional:
//
//	services:  [{name, errorPattern, maxErrorLines, route: {priority, paths, hosts, healthPath}}]
//	caches:    [{name, nodeType, nodes, noFailover}]
//	redis:     {version, plainAtRest, plainInTransit, snapshotDays}
//	roles:     [{service, statements: [{actions, resources}], policies}]
//	secrets:   [ARN]            # that containers are started with
//	emails:    [ADDRESS]        # that hear of alarms
//	webhooks:  [URL]
//	domain, hostedZone, certificate, repository: TEXT
//	logDays, zones: NUMBER
//	zoneNames: [us-east-1a]     # of the network; best pinned
//	quiet:     false            # whether alarms tell nobody
//	cidr:      10.0.0.0/16
//
// Progress goes to stderr; the outcome goes to stdout, with -json as one object that
// has the keys that apply:
//
//	{"environment": {"name", "id", "kind", "kre", "branch"},
//	 "stacks": [{"name", "bytes", "parameters", "tags", "body"}], "plans": [...], "forecast": ["stacks planned in memory"],
//	 "results": [...], "outputs": {"stack": {"name": "value"}}, "drift": [...],
//	 "deletions": [...], "deleted": [...], "recoveries": [...], "recovered": [...],
//	 "unrecovered": ["why a stack is left as it is"], "error": "why it failed, or empty"}
//
// Exit codes: 0 done, 1 AWS did not do it, the plan is refused, or there is drift, 2
// wrong use or input that cannot be used.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/stack"
)

func main() { cli.Main("infra", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	s, err := o.site()
	if err != nil {
		return err
	}
	out := &output{Environment: s.env}
	if o.verb == "render" {
		if err := s.render(out); err != nil {
			return err
		}
		return out.print(stdout, o.json)
	}
	manager, err := o.connect(ctx, s, stderr)
	if err != nil {
		return err
	}
	view := cli.View(stderr, os.Getenv)
	defer func() { _ = view.Close() }() // whatever happens, the terminal is given back
	w := &work{site: s, manager: manager(view.Emit), silent: manager(nil), out: out}
	err = advise(o.verb, w.do(ctx, o))
	out.tell(err)
	if err := errors.Join(view.Close(), out.print(stdout, o.json)); err != nil {
		return err
	}
	return blame(err)
}

// blame marks as failures of the delivery all errors but those of the input.
func blame(err error) error {
	if errors.Is(err, stack.ErrInvalid) || errors.Is(err, stack.ErrTemplateTooLarge) || errors.Is(err, errInput) {
		return err
	}
	return cli.Failed(err)
}

// advise says by which flag or command one does here what an error asks for.
func advise(verb string, err error) error {
	_, stuck := errors.AsType[*stack.StuckError](err)
	switch {
	case errors.Is(err, stack.ErrConsent):
		return fmt.Errorf("%w; here that is -consent LOGICALID", err)
	case stuck, errors.Is(err, stack.ErrRollbackFailed) && verb == "apply":
		return fmt.Errorf("%w; here that is infra recover", err)
	}
	return err
}

// errInput marks what is wrong with the flags and files of a run.
var errInput = errors.New("input")

// input is a fault of the input.
type input struct{ err error }

func (i input) Error() string        { return i.err.Error() }
func (i input) Unwrap() error        { return i.err }
func (i input) Is(target error) bool { return target == errInput }

// do does what the verb asks for; what it did before it failed is in the output.
func (w *work) do(ctx context.Context, o options) error {
	switch o.verb {
	case "plan":
		return w.plan(ctx)
	case "apply":
		return w.apply(ctx)
	case "outputs":
		return w.outputs(ctx)
	case "drift":
		return w.drift(ctx)
	case "destroy":
		return w.destroy(ctx, o.allowProduction)
	case "recover":
		return w.recover(ctx)
	}
	return fmt.Errorf("unknown command %q", o.verb) // parse has refused it
}

// Nuke-config writes the configuration of aws-nuke that deletes one ephemeral
// environment and nothing else, for when the ordinary destroy has failed.
//
//	nuke-config -environment automation-1a2b3c4d -out nuke.yaml
//	aws-nuke run -c nuke.yaml                 # a dry run: read what it says
//	aws-nuke run -c nuke.yaml --no-dry-run    # this deletes
//
// The environment is the one of -environment, or that of -branch, or of the branch of
// the CI job; the branch may be gone. The account, the region, the names of ephemeral
// environments and, in the section nuke, the accounts that must never be touched are
// those of delivery.yaml.
//
// It reads what the account holds of the types that environments are made of, decides
// what belongs to the environment, and writes a configuration that lists exactly that,
// and that has been proved against all that was read. It only reads; aws-nuke deletes.
//
// It refuses production in every form, an environment whose name is not one of an
// ephemeral one, an account that is in its own blocklist or that has no alias of its
// own, and an environment with resources whose name, tags and belonging disagree: see
// package nuke. No flag and no key turns that off.
//
// With -verify it writes nothing. It says what aws-nuke would do by the configuration
// in that file, which people may have written, and fails unless that is to delete the
// environment and nothing else.
//
// It talks to AWS, with credentials from the environment, as the AWS CLI does
// (AWS_ENDPOINT_URL too). Whose they are needs to read only; an action that is not
// allowed is named.
//
// The configuration goes to stdout, or with -out into a file, which is there as a whole
// or not at all, a former one being removed first; with -verify, what goes and what stays goes to stdout. Progress and the
// summary go to stderr: what is deleted and why, conflicts, and what belongs to the
// environment and is not for aws-nuke.
//
// Exit codes: 0 done, 1 refused, AWS could not be read, or the verification has failed,
// 2 wrong use or a file that cannot be read.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/awsenv"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory"
)

func main() { cli.Main("nuke-config", job(connect)) }

// job is the main for an account that is reached by connect.
func job(connect func(context.Context) (inventory.API, error)) cli.Job {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		o, err := parse(args, stdout, os.Getenv)
		if err != nil {
			return err
		}
		file, err := o.given()
		if err != nil {
			return err
		}
		if err := o.clear(); err != nil {
			return err
		}
		api, err := connect(ctx)
		if err != nil {
			return err
		}
		inv, err := o.inventory(ctx, api, stderr)
		if err != nil {
			return cli.Failed(err)
		}
		if o.verify != "" {
			return o.judge(file, inv, stdout)
		}
		return o.generate(inv, stdout)
	}
}

func connect(ctx context.Context) (inventory.API, error) {
	cfg, err := awsenv.Load(ctx)
	if err != nil {
		return inventory.API{}, err
	}
	return inventory.Connect(cfg), nil
}

// inventory reads the account and sums up what it holds, unless all of it is refused.
func (o *options) inventory(ctx context.Context, api inventory.API, stderr io.Writer) (nuke.Inventory, error) {
	view := cli.View(stderr, os.Getenv)
	defer func() { _ = view.Close() }() // whatever happens, the terminal is given back
	o.reading.Progress = view.Emit
	reader := inventory.New(api, o.reading)
	inv, err := reader.Identify(ctx)
	if err == nil {
		err = o.check(inv) // before the long read
	}
	if err != nil {
		return inv, err
	}
	o.nuke.Time = time.Now()
	if inv, err = reader.Read(ctx); err != nil {
		return inv, err
	}
	if err := errors.Join(view.Close(), summarize(stderr, inv)); err != nil {
		return inv, err
	}
	return inv, o.check(inv)
}

// check refuses what must not be deleted.
func (o *options) check(inv nuke.Inventory) error {
	if err := o.nuke.Check(inv); err != nil {
		return fmt.Errorf("refuse %q: %w", o.reading.Environment, err)
	}
	return nil
}

// generate writes the configuration.
func (o *options) generate(inv nuke.Inventory, stdout io.Writer) error {
	configuration, err := o.nuke.Generate(inv)
	if err != nil {
		return cli.Failed(err)
	}
	return o.write(configuration, stdout)
}

// judge says what aws-nuke would do by a configuration.
func (o *options) judge(file []byte, inv nuke.Inventory, stdout io.Writer) error {
	configuration, err := nuke.Parse(o.verify, file, o.nuke.Major)
	if err != nil {
		return cli.Failed(err)
	}
	verdict, err := nuke.Verify(configuration, inv, nuke.Run{Now: o.nuke.Time})
	if _, printErr := io.WriteString(stdout, verdict.String()); printErr != nil {
		return printErr
	}
	return cli.Failed(err)
}

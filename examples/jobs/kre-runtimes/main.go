// Kre-runtimes brings up the runtimes of a KRE environment: each has a hosted zone that is
// delegated, a namespace and a release.
//
//	kre-runtimes plan                      # what applying would do
//	kre-runtimes apply                     # do it, several at once
//	kre-runtimes apply -runtime kre-tnba   # this one alone
//
// The environment is that of the branch in the section kre of delivery.yaml, or of -kind,
// and stands already: see basic-infra-kre. Runtimes are the key runtimes of it.
//
// No secret is in the file, on a command line or in what is printed: the file says in
// which environment variable or file each one is.
//
// It talks to AWS, with credentials from the environment, as the AWS CLI does
// (AWS_ENDPOINT_URL too), and refuses another account than that of delivery.yaml. With
// -kubeconfig it talks to another cluster than the environment's own.
//
// With -local, AWS, the cluster and small charts are in memory, as those of
// basic-infra-kre, which has just been applied; secrets that are not there are made up.
//
//	kre-runtimes apply -local -kind dev -file examples/pipeline/automation.yaml
//
// -fail makes something fail there: zone (none may be made), image, crash, forbidden,
// credentials, unreachable, or terminating (the namespaces are being deleted).
//
// In the run directory it leaves kre-releases.json: what it has planned and done. With
// -json, stdout is an object {"stages": [...]} of what people are shown of it.
//
// Exit codes: 0 done, 1 it could not be done, or is refused, 2 wrong use, or a file that
// cannot be used.
package main

import (
	"context"
	"io"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/kresystem"
)

func main() { cli.Main("kre-runtimes", run) }

const about = `
kre-runtimes brings up the runtimes of a KRE environment, each with its hosted zone,
its namespace and its release. With -local, AWS and the cluster are in memory, where
basic-infra-kre has just been applied.

  kre-runtimes plan
  kre-runtimes apply -runtime kre-tnba
  kre-runtimes apply -local -kind dev -file examples/pipeline/automation.yaml

  kre-runtimes [plan|apply] flags
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var name string
	return kresystem.Main{
		Name: "kre-runtimes", About: about, Stage: "kre-releases",
		Begin: func() kresystem.State { return kresystem.Founded },
		Flags: func(f *cli.Flags) {
			f.StringVar(&name, "runtime", "", "`NAME` of the only runtime to be concerned with")
		},
		Do: func(ctx context.Context, s *kresystem.System, apply bool) (kresystem.Outcome, error) {
			return s.Runtimes(ctx, name, apply)
		},
	}.Run(ctx, args, stdout, stderr)
}

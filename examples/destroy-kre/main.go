// Destroy-kre takes a KRE environment away, or its runtimes alone.
//
//	destroy-kre plan  -file environment.yaml                      # what would go
//	destroy-kre apply -file environment.yaml -empty-bucket        # all of it goes
//	destroy-kre apply -file environment.yaml -runtimes-only       # the runtimes go
//	destroy-kre apply -file environment.yaml -runtime kre-tnba    # this one alone goes
//
// What goes, in this order: the runtimes with their zones, records and volumes; the
// charts; the access; the access keys of the user that sends mail; the stack. All of it is
// planned and named before the first goes, and what is called alike but is not named
// stays. The bucket goes where -empty-bucket says so, since the keys are in it, and records
// that others than external-dns have made in the zones where -delete-foreign does.
//
// Production refuses: its name has to be repeated by -allow-production, and its cluster
// has to be applied with cluster.unprotected: true first.
//
// The file is that of basic-infra-kre and kre-runtimes. It needs no secrets here.
//
// By default AWS is in memory, -speed times faster than it is, and so are the cluster
// and small charts of the names and keys of the real ones, so that one sees everything
// without an account and without a network: the environment and its runtimes have just
// been applied. It ends with the process. With -kubeconfig the cluster is a real one,
// and AWS still in memory; -real-charts fetches charts from their repositories. With
// -local=false it is AWS, with credentials from the environment as the AWS CLI takes
// them.
//
// -fail makes something fail in memory: record (of somebody else, in the zones of the
// runtimes), unreachable, credentials, stack:LOGICALID (it cannot be deleted).
//
// Progress goes to stderr; plans and outcomes go to stdout, with -json as one object:
//
//	{"environment", "done": {"runtimes", "destroyed", "charts", "uninstalled", "access", "revoked", "keys",
//	 "keysDeleted", "stack", "deleted", "notBegun": ["what was not come to"]}, "error": "why it failed, or empty"}
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

func main() { cli.Main("destroy-kre", run) }

const about = `
destroy-kre takes a KRE environment away: its runtimes, its charts, its access, its
keys and its stack. Nothing goes before all is planned, and nothing at all without
apply. Without -local=false, AWS and the cluster are in memory, where the environment
and its runtimes have just been applied.

  destroy-kre plan
  destroy-kre apply -empty-bucket
  destroy-kre apply -runtime kre-tnba
  destroy-kre apply -file production.yaml -empty-bucket -allow-production mettel-automation-kre -local=false

  destroy-kre [plan|apply] flags
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var d kresystem.Destroy
	return kresystem.Main{
		Name: "destroy-kre", About: about, Verbs: []string{"plan", "apply"}, Begin: kresystem.Running,
		Flags: func(f *cli.Flags) {
			f.BoolVar(&d.RuntimesOnly, "runtimes-only", false, "destroy the runtimes, and leave what they stand on")
			f.StringVar(&d.Runtime, "runtime", "", "`NAME` of the only runtime to destroy; all else stays")
			f.BoolVar(&d.EmptyBucket, "empty-bucket", false, "delete every version of every object in the bucket of the environment, without which it cannot go")
			f.BoolVar(&d.DeleteForeign, "delete-foreign", false, "delete records of others, too, in the zones of the runtimes")
			f.StringVar(&d.AllowProduction, "allow-production", "", "`NAME` of the environment again, to destroy it though it is production")
		},
		Do: func(ctx context.Context, s *kresystem.System, verb string) (any, error) {
			d.Apply = verb == "apply"
			return s.Destroy(ctx, d)
		},
	}.Run(ctx, args, stdout, stderr)
}

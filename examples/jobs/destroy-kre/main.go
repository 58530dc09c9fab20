// Destroy-kre takes a KRE environment away, or its runtimes alone.
//
//	destroy-kre plan                      # what would go
//	destroy-kre apply -empty-bucket       # all of it goes
//	destroy-kre apply -runtimes-only      # the runtimes go
//	destroy-kre apply -runtime kre-tnba   # this one alone goes
//
// The environment is that of the branch in the section kre of delivery.yaml, or of -kind.
// Mind that all ephemeral branches share the one of kind dev.
//
// What goes, in this order: the runtimes with their zones, records and volumes; the
// charts; the access; the access keys of the user that sends mail; the stack. All of it is
// planned and named before the first goes, and what is called alike but is not named
// stays. The bucket goes where -empty-bucket says so, since the keys are in it. What
// others have made goes where -delete-foreign does: records in the zones that are not
// those of external-dns, and access keys that are not in the bucket.
//
// Production refuses: its name has to be repeated by -allow-production, and its cluster
// has to be applied with cluster: {unprotected: true} first.
//
// It talks to AWS, with credentials from the environment, as the AWS CLI does
// (AWS_ENDPOINT_URL too), and refuses another account than that of delivery.yaml. With
// -kubeconfig it talks to another cluster than the environment's own. It needs no secrets.
//
// With -local, AWS, the cluster and small charts are in memory, as those of
// basic-infra-kre: the environment and its runtimes have just been applied.
//
//	destroy-kre apply -local -kind dev -empty-bucket -file examples/pipeline/automation.yaml
//
// -fail makes something fail there: record (of somebody else, in the zones of the
// runtimes), unreachable, credentials, stack:LOGICALID (it cannot be deleted).
//
// In the run directory it leaves kre-removal.json: what it has planned and done. With
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

func main() { cli.Main("destroy-kre", run) }

const about = `
destroy-kre takes a KRE environment away: its runtimes, its charts, its access, its
keys and its stack. Nothing goes before all is planned, and nothing at all without
apply. With -local, AWS and the cluster are in memory, where the environment and its
runtimes have just been applied.

  destroy-kre plan
  destroy-kre apply -empty-bucket
  destroy-kre apply -runtime kre-tnba
  destroy-kre apply -kind production -empty-bucket -allow-production mettel-automation-kre
  destroy-kre apply -local -kind dev -empty-bucket -file examples/pipeline/automation.yaml

  destroy-kre [plan|apply] flags
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var d kresystem.Destroy
	return kresystem.Main{
		Name: "destroy-kre", About: about, Stage: "kre-removal",
		Begin: func() kresystem.State { return kresystem.Running },
		Flags: func(f *cli.Flags) {
			f.BoolVar(&d.RuntimesOnly, "runtimes-only", false, "destroy the runtimes, and leave what they stand on")
			f.StringVar(&d.Runtime, "runtime", "", "`NAME` of the only runtime to destroy; all else stays")
			f.BoolVar(&d.EmptyBucket, "empty-bucket", false, "delete every version of every object in the bucket of the environment, without which it cannot go")
			f.BoolVar(&d.DeleteForeign, "delete-foreign", false, "delete what others have made, too: records in the zones of the runtimes, keys of the user that sends mail")
			f.StringVar(&d.AllowProduction, "allow-production", "", "`NAME` of the environment again, to destroy it though it is production")
		},
		Do: func(ctx context.Context, s *kresystem.System, apply bool) (kresystem.Outcome, error) {
			d.Apply = apply
			return s.Destroy(ctx, d)
		},
	}.Run(ctx, args, stdout, stderr)
}

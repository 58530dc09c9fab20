// Basic-infra-kre makes what the runtimes of a KRE environment stand on: the stack of its
// cluster, its keys, who may do what in it, and its charts.
//
//	basic-infra-kre plan                # what applying would do
//	basic-infra-kre apply               # do it
//	basic-infra-kre apply -kind dev     # whatever the branch
//
// The environment is that of the branch in the section kre of delivery.yaml: dev for all
// ephemeral branches, and production. The steps are the stack (packages infra and stack),
// the keys in its bucket (eks/keys), the access of its groups (eks/access) and the charts
// (kre and kre/charts). Each is planned, its plan shown, and carried out before the next
// one is planned, which needs what it makes. So plan ends with the first step that would
// change what others need.
//
// It talks to AWS, with credentials from the environment, as the AWS CLI does
// (AWS_ENDPOINT_URL too), and refuses another account than that of delivery.yaml. With
// -kubeconfig it talks to another cluster than the environment's own.
//
// With -local, AWS is in memory, -speed times faster than it is, and so are the cluster
// and small charts of the names and keys of the real ones, so that one sees everything
// without an account and without a network:
//
//	basic-infra-kre apply -local -kind dev -file examples/pipeline/automation.yaml
//
// It begins empty, or with -existing with an older version of the environment, and ends
// with the process. -real-charts fetches charts from their repositories. -fail makes
// something fail: a resource of the stack by stack:LOGICALID, keys (no access key may be
// made), credentials (the cluster does not know them), unreachable, forbidden (no
// Deployment may be written), image or crash (of the ingress controller).
//
// In the run directory it leaves kre-cluster.json: what it has planned and done. With
// -json, stdout is an object {"stages": [...]} of what people are shown of it.
//
// Exit codes: 0 done, 1 it could not be done, or is refused, 2 wrong use, or a file that
// cannot be used.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/kresystem"
)

func main() { cli.Main("basic-infra-kre", run) }

const about = `
basic-infra-kre makes what the runtimes of a KRE environment stand on: the cluster's
stack, its keys, who may do what in it, and its charts. With -local, AWS and the cluster
are in memory.

  basic-infra-kre plan
  basic-infra-kre apply
  basic-infra-kre apply -local -kind dev -file examples/pipeline/automation.yaml

  basic-infra-kre [plan|apply] flags
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var existing bool
	var kubeconfig string
	return kresystem.Main{
		Name: "basic-infra-kre", About: about, Stage: "kre-cluster",
		Flags: func(f *cli.Flags) {
			f.BoolVar(&existing, "existing", false, "with -local: begin with an older version of the environment")
			f.StringVar(&kubeconfig, "kubeconfig-out", "", "`FILE` into which apply writes how kubectl reaches the cluster, by aws eks get-token")
		},
		Check: func(o kresystem.Options, apply bool) error {
			switch {
			case kubeconfig != "" && !apply:
				return errors.New("-kubeconfig-out is for apply")
			case existing && !o.Local:
				return errors.New("-existing is about what is in memory: it needs -local")
			}
			return nil
		},
		Begin: func() kresystem.State {
			if existing {
				return kresystem.Older
			}
			return kresystem.Empty
		},
		Do: func(ctx context.Context, s *kresystem.System, apply bool) (kresystem.Outcome, error) {
			foundation, err := s.Foundation(ctx, apply)
			if err != nil || kubeconfig == "" {
				return foundation, err
			}
			return foundation, write(ctx, s, kubeconfig)
		},
	}.Run(ctx, args, stdout, stderr)
}

// write writes a kubeconfig for the cluster of the environment.
func write(ctx context.Context, s *kresystem.System, path string) error {
	c, err := s.Connect(ctx)
	if err != nil {
		return err
	}
	if err := (eks.Kubeconfig{Cluster: c.EKS, Use: true}).WriteFile(ctx, path); err != nil {
		return err
	}
	s.Console.Say(fmt.Sprintf("kubeconfig %s: the context is %s", path, c.EKS.ARN), "")
	return nil
}

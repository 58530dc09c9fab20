// Basic-infra-kre makes what the runtimes of a KRE environment stand on: the stack of its
// cluster, its keys, who may do what in it, and its charts.
//
//	basic-infra-kre plan   -file environment.yaml    # what applying would do
//	basic-infra-kre apply  -file environment.yaml    # do it
//	basic-infra-kre sample                           # a whole file, to begin with
//
// The steps are the stack (packages infra and stack), the keys in its bucket (eks/keys),
// the access of its groups (eks/access) and the charts (kre and kre/charts). Each is
// planned, its plan shown, and carried out before the next one is planned, which needs
// what it makes. So plan ends with the first step that would change what others need.
//
// The file is YAML, and describes one environment to this main, kre-runtimes and
// destroy-kre; a key that is not known is an error. Sample prints one with most keys:
//
//	name: mettel-automation-kre-dev     # of the cluster, the stack and all
//	kind: dev                           # or production
//	project, region: TEXT
//	network:  {vpc, subnets, nodeSubnets}
//	cluster:  {version, authenticationMode, noCreatorAdmin, noPrivateEndpoint, publicClients, logs, logDays,
//	           secretsKey, unprotected, ssh, sshClients, hostedZones, ebsAccount,
//	           nodeGroups: [{name, instanceTypes, desired, min, max, disk, spot, amiType, labels, taints}]}
//	users:    {developer, developerOpsPrivileged, devops: [USER]}
//	mail:     {domain, hostedZone, from}
//	access:   {prefix, rules: {developer: [{apiGroups, resources, resourceNames, nonResourceURLs, verbs}]}}
//	charts:                             # what is left out is not installed
//	  externalDNS: {policy, owner, domains, zones, interval, prefix, recordSources}
//	  certManager: {nameservers, replicas}
//	  issuer:      {email, issuer, server, hostedZone, domains}
//	  ingress:     {nginx: {sources, everyone, class, loadBalancer, clientAddresses, internal, ipv6, idleTimeout,
//	                snippets, noAdmissionWebhook, replicas}}
//	  storage:     {hostPath: {path, class, default, reclaim}}
//	  others:      [CUSTOM]             # as ingress: {custom: CUSTOM} and storage: {custom: CUSTOM}
//	runtimes: see kre-runtimes
//
// Each chart, and CUSTOM, takes name, namespace, chart: {path, repository, name, version,
// keyring}, values, allowUnknown, needs and timeout too. Paths begin where the file is.
//
// By default AWS is in memory, -speed times faster than it is, and so are the cluster
// and small charts of the names and keys of the real ones, so that one sees everything
// without an account and without a network: it begins empty, or with -existing with an
// older version of the environment. It ends with the process. With -kubeconfig the
// cluster is a real one, and AWS still in memory; -real-charts fetches charts from
// their repositories. With -local=false it is AWS, with credentials from the
// environment as the AWS CLI takes them.
//
// -fail makes something fail in memory: a resource of the stack by stack:LOGICALID, keys
// (no access key may be made), credentials (the cluster does not know them), unreachable,
// forbidden (no Deployment may be written), image or crash (of the ingress controller).
//
// Progress goes to stderr; plans and outcomes go to stdout, with -json as one object:
//
//	{"environment", "done": {"stack", "applied", "outputs", "keys", "delivered", "access", "granted",
//	 "charts", "installed", "notBegun": ["what was not come to"]}, "error": "why it failed, or empty"}
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
stack, its keys, who may do what in it, and its charts. Without -local=false, AWS and
the cluster are in memory.

  basic-infra-kre plan
  basic-infra-kre apply -existing
  basic-infra-kre sample > environment.yaml
  basic-infra-kre apply -file environment.yaml -local=false

  basic-infra-kre [plan|apply|sample] flags
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 1 && args[0] == "sample" {
		_, err := stdout.Write(kresystem.Demo)
		return err
	}
	var existing bool
	var kubeconfig string
	return kresystem.Main{
		Name: "basic-infra-kre", About: about, Verbs: []string{"plan", "apply"},
		Flags: func(f *cli.Flags) {
			f.BoolVar(&existing, "existing", false, "begin with an older version of the environment in memory")
			f.StringVar(&kubeconfig, "kubeconfig-out", "", "`FILE` into which apply writes how kubectl reaches the cluster, by aws eks get-token")
		},
		Check: func(verb string) error {
			if kubeconfig != "" && verb != "apply" {
				return errors.New("-kubeconfig-out is for apply")
			}
			return nil
		},
		Before: func() kresystem.State {
			if existing {
				return kresystem.Older
			}
			return kresystem.Empty
		},
		Do: func(ctx context.Context, s *kresystem.System, verb string) (any, error) {
			foundation, err := s.Foundation(ctx, verb == "apply")
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
	return s.Console.Say(fmt.Sprintf("kubeconfig %s: the context is %s", path, c.EKS.ARN), "")
}

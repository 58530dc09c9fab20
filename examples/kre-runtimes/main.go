// Kre-runtimes brings up the runtimes of a KRE environment: each has a hosted zone that is
// delegated, a namespace and a release.
//
//	kre-runtimes plan  -file environment.yaml                      # what applying would do
//	kre-runtimes apply -file environment.yaml                      # do it, several at once
//	kre-runtimes apply -file environment.yaml -runtime kre-tnba    # this one alone
//
// The environment stands already: see basic-infra-kre, whose file it has. Its part of it:
//
//	runtimes:
//	  - name: kre-tnba
//	    title: TNBA
//	    domain: mettel-automation.net   # the zone is kre-tnba-dev.mettel-automation.net, in production without -dev
//	    zoneID, domainZoneID: ID        # where there are several zones of a name
//	    generation: "2021"              # of the chart: 2021 or 8
//	    chart: {path, repository, name, version, keyring}
//	    admin: ops@mettel-automation.net
//	    sender: tnba@kre.mettel-automation.net # with it, mail is sent by the credentials in the bucket
//	    linkLifetime: 10m
//	    tls: {acme: {server, email, dns: {region, accessKeyID}}}       # of chart 2021
//	    tls: {clusterIssuer, wildcardSecret}                           # of chart 8
//	    storage: {class, adminAPI: {class, size}, nats, chronograf, influxDB, mongoDB}
//	    mongoDB: {secretName, secretKey}                               # of chart 8
//	    ingressClass, values, allowUnknown, timeout
//	    secrets:                        # where each is: {env: VARIABLE} or {file: PATH}
//	      {jwt, apiToken, mongoAdmin, mongo, dns, values: {config.some.key: {env: VARIABLE}}}
//
// No secret is in the file, on a command line or in what is printed. In memory, one that
// is not there is made up.
//
// By default AWS is in memory, -speed times faster than it is, and so are the cluster
// and small charts of the names and keys of the real ones, so that one sees everything
// without an account and without a network: the environment has just been applied. It
// ends with the process. With -kubeconfig the cluster is a real one, and AWS still in
// memory; -real-charts fetches charts from their repositories. With -local=false it is
// AWS, with credentials from the environment as the AWS CLI takes them.
//
// -fail makes something fail in memory: zone (none may be made), image, crash, forbidden,
// credentials, unreachable, or terminating (the namespaces are being deleted).
//
// Progress goes to stderr; plans and outcomes go to stdout, with -json as one object:
//
//	{"environment", "done": {"plan": {"runtimes"}, "result": {"runtimes"}}, "error": "why it failed, or empty"}
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
its namespace and its release. Without -local=false, AWS and the cluster are in memory,
where basic-infra-kre has just been applied.

  kre-runtimes plan
  kre-runtimes apply -runtime kre-tnba
  kre-runtimes apply -file environment.yaml -local=false

  kre-runtimes [plan|apply] flags
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var name string
	return kresystem.Main{
		Name: "kre-runtimes", About: about, Verbs: []string{"plan", "apply"}, Begin: kresystem.Founded,
		Flags: func(f *cli.Flags) {
			f.StringVar(&name, "runtime", "", "`NAME` of the only runtime to be concerned with")
		},
		Do: func(ctx context.Context, s *kresystem.System, verb string) (any, error) {
			return s.Runtimes(ctx, name, verb == "apply")
		},
	}.Run(ctx, args, stdout, stderr)
}

// Awslocal serves an AWS account in memory on a loopback address, so that the mains
// of a pipeline, the AWS CLI and docker share it:
//
//	awslocal -listen 127.0.0.1:4566 -speed 100 -repository automation/notifier
//	export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
//	export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
//	infra apply -branch dev/feature-x -project automation -file site.yaml
//	aws ecs list-services --cluster automation-c721e158
//	DOCKER_HOST=tcp://127.0.0.1:4566 build -images images.yaml -tag latest
//	curl http://127.0.0.1:4566/_leftovers
//
// It has CloudFormation, ECS, Cloud Map, target groups, logs, ECR with its registry,
// S3 and STS; Papertrail below /papertrail/; and of a Docker Engine what building and
// pushing with the classic builder takes. What a stack makes is there for the others.
// When it listens, it prints the variables to set; with -ready it also writes its URL
// to a file. GET /_leftovers tells what is still there, /_actions which IAM actions
// were used, a line each.
//
// It checks no credentials, keeps nothing when it ends, and refuses to listen
// anywhere but on this machine.
//
// Exit codes: 0 interrupted, 2 wrong use or an address that cannot be had.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/internal/atomicfile"
)

func main() { cli.Main("awslocal", run) }

const about = `
awslocal serves an AWS account in memory on a loopback address.

  awslocal -listen 127.0.0.1:4566 -speed 100
  awslocal -listen 127.0.0.1:0 -ready url.txt -cluster demo -inject notifier=crash
`

type names []string

func (n *names) String() string { return "" }

func (n *names) Set(text string) error {
	if text == "" {
		return errors.New("want a name")
	}
	*n = append(*n, text)
	return nil
}

func run(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var opts localcloud.Options
	flags := cli.NewFlags("awslocal", about, stdout)
	address := flags.String("listen", "127.0.0.1:4566", "loopback `ADDRESS` to listen on; port 0 takes a free one")
	ready := flags.String("ready", "", "`FILE` to which the URL is written as soon as it answers")
	flags.Float64Var(&opts.Speed, "speed", 100, "how many times faster than AWS everything goes")
	flags.Uint64Var(&opts.Seed, "seed", 1, "`NUMBER` that decides how long each service takes to start")
	flags.Var(&opts.Faults, "inject", "`FAULT` that goes wrong there, may be repeated: "+localcloud.FaultUsage())
	flags.Var((*names)(&opts.Clusters), "cluster", "`NAME` of an ECS cluster that is there from the beginning; may be repeated")
	flags.Var((*names)(&opts.Buckets), "bucket", "`NAME` of such an S3 bucket; may be repeated")
	flags.Var((*names)(&opts.Repositories), "repository", "`NAME` of such an ECR repository; may be repeated")
	flags.Var((*names)(&opts.LogGroups), "log-group", "`NAME` of such a log group; may be repeated")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if !(opts.Speed > 0) || math.IsInf(opts.Speed, 0) {
		return fmt.Errorf("-speed %v: want a number above 0", opts.Speed)
	}
	listener, err := listen(ctx, *address)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // again, as a rule
	opts.RegistryHost = listener.Addr().String()
	if *ready != "" {
		if err := atomicfile.Write(*ready, []byte("http://"+opts.RegistryHost+"\n")); err != nil {
			return fmt.Errorf("write -ready: %w", err)
		}
		defer func() { _ = os.Remove(*ready) }() // it would point to nothing
	}
	fmt.Fprint(stdout, exports(opts.RegistryHost, opts.Speed))
	return serve(ctx, listener, localcloud.New(opts))
}

// listen listens on this machine alone.
func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("-listen %s: want a loopback address and a port, such as 127.0.0.1:4566", address)
	}
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", address)
}

// exports are the variables by which programs find the account, for a shell.
func exports(host string, speed float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "listening on http://%s\n", host)
	for _, v := range [][2]string{
		{"AWS_ENDPOINT_URL", "http://" + host},
		{"AWS_REGION", localcloud.Region},
		{"AWS_DEFAULT_REGION", localcloud.Region}, // version 1 of the AWS CLI, and boto3, know no other
		{"AWS_ACCOUNT_ID", localcloud.Account},
		{"AWS_ACCESS_KEY_ID", "local"},
		{"AWS_SECRET_ACCESS_KEY", "local"},
		{"PAPERTRAIL_URL", "http://" + host + "/papertrail/api/v1/"},
		{"PAPERTRAIL_API_TOKEN", "local"},
		{"DOCKER_HOST", "tcp://" + host},
		{"DELIVERY_SPEED", strconv.FormatFloat(max(1, speed), 'f', -1, 64)}, // for the jobs: how often to look
	} {
		fmt.Fprintf(&b, "export %s=%s\n", v[0], v[1])
	}
	return b.String()
}

// serve serves handler until ctx ends, which also ends what is under way.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

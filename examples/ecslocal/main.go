// Ecslocal serves an ECS in memory on a loopback address, for trying out
// whatever talks to ECS:
//
//	ecslocal -listen 127.0.0.1:4599 -cluster demo
//	export AWS_ENDPOINT_URL=http://127.0.0.1:4599 AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x
//	rollout apply -services services.yaml -cluster demo -journal rollout.json
//	aws ecs list-services --cluster demo
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
	"net"
	"net/http"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/system"
)

func main() { cli.Main("ecslocal", run) }

const about = `
ecslocal serves an ECS in memory on a loopback address.

  ecslocal -listen 127.0.0.1:4599 -cluster demo -inject notifier=crash
`

func run(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := cli.NewFlags("ecslocal", about, stdout)
	address := flags.String("listen", "127.0.0.1:4599", "loopback `ADDRESS` to listen on; port 0 takes a free one")
	cluster := flags.String("cluster", "demo", "`NAME` of a cluster that is there from the beginning")
	var local system.Local
	local.Tuning(flags.FlagSet)
	if err := flags.Parse(args); err != nil {
		return err
	}
	cloud, err := local.Cloud(*cluster)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(*address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("-listen %s: want a loopback address and a port, such as 127.0.0.1:4599", *address)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", *address)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: cloud, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

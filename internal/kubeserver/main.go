// Command kubeserver is etcd, kube-apiserver and kube-controller-manager in one
// binary, for tests that need a real Kubernetes API. It needs neither root nor
// containers, and listens on loopback alone. There is no scheduler and no
// kubelet: a Deployment gets its pods, and these wait until a test sets their
// status.
//
//	kubeserver up DIRECTORY
//
// starts all three, and writes DIRECTORY/kubeconfig when they answer; its user is
// in the group system:masters. They end with it. What they print is in
// DIRECTORY/*.log.
//
// It is a module of its own: it links some 2,500 packages, of which the library
// needs none. The versions that users see are stamped by the linker, see
// scripts/integration: without them kube-apiserver tells one that nobody parses.
package main

import (
	"fmt"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

const usage = `usage:
  kubeserver up DIRECTORY
  kubeserver etcd DIRECTORY CLIENT-PORT PEER-PORT
  kubeserver kube-apiserver [FLAGS]
  kubeserver kube-controller-manager [FLAGS]`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	name := os.Args[1]
	os.Args = os.Args[1:] // the commands of Kubernetes read it themselves
	var err error
	switch name {
	case "up":
		err = up(os.Args[1:])
	case "etcd":
		err = etcd(os.Args[1:])
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	default:
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "kubeserver %s: %v\n", name, err)
		os.Exit(1)
	}
}

// etcd serves until it fails. Its data need not survive a power cut.
func etcd(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want a directory and two ports, got %d arguments", len(args))
	}
	c := embed.NewConfig()
	c.Dir, c.LogLevel, c.UnsafeNoFsync = args[0], "error", true
	clients := []url.URL{{Scheme: "http", Host: "127.0.0.1:" + args[1]}}
	peers := []url.URL{{Scheme: "http", Host: "127.0.0.1:" + args[2]}}
	c.ListenClientUrls, c.AdvertiseClientUrls = clients, clients
	c.ListenPeerUrls, c.AdvertisePeerUrls = peers, peers
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	e, err := embed.StartEtcd(c)
	if err != nil {
		return err
	}
	return <-e.Err()
}

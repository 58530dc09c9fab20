// Package kubetest holds a Kubernetes API server in memory, for tests of what
// deploys to one. A [Cluster] speaks the REST protocol to a real client-go or
// helm client, without a socket:
//
//	cluster := kubetest.New(kubetest.Options{})
//	client, err := kubernetes.NewForConfig(cluster.Config())
//
// It has discovery, custom resources, validation, patches, server-side apply,
// watches and RBAC, as one suite of conversations with a real kube-apiserver
// 1.36 shows, and controllers that bring workloads, volumes, load balancers and
// namespaces where they should go, unless [Cluster.Inject] makes them fail.
//
// Nothing runs in the background: at each call, and in each read of a watch, it
// catches up with time.Now. In a testing/synctest bubble ten minutes take
// milliseconds; in real time, [Quick] helps.
//
// It runs no container, webhook, CEL rule, quota, CronJob or autoscaler, makes no
// endpoints, and refuses only the mistakes that deployments make.
package kubetest

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/control"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/rbac"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/registry"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/types"
)

// Host is the address that the configurations of a Cluster have. Nothing
// listens there.
const Host = "https://kubernetes.test"

// Options tune a Cluster. The zero value is ready to use.
type Options struct {
	// Version is what the server says that it is; default "v1.36.3".
	Version string
	// Timing says how long things take.
	Timing Timing
	// Nodes is how many nodes there are, with as much room as is asked for;
	// default 1. With a negative number there is none, nor a scheduler: pods stay
	// pending.
	Nodes int
	// NoControllers leaves objects as they are written, as on a server without
	// its controller manager. CustomResourceDefinitions are served all the same.
	NoControllers bool
	// Authenticate says whose a bearer token is, where the Cluster itself is the
	// transport or the handler; its error is answered with 401. With nil, such
	// requests are those of a member of system:masters. Clients of
	// [Cluster.ConfigFor] are known otherwise, as by a certificate.
	Authenticate func(token string) (user string, groups []string, err error)
	// Before may refuse a request before it takes effect; nil lets every one
	// through. An error that the server would send, such as [Unauthorized], is
	// answered; any other is what the transport returns, as when no connection
	// can be made.
	Before func(Request) error
	// After may replace the answer to a request that has taken effect, in the
	// same way. The request has its Code by then.
	After func(Request) error
}

// Cluster is an API server. It is safe for concurrent use.
type Cluster struct {
	opts Options

	broken error // why nothing works: what is built in could not be read

	mu       sync.Mutex
	registry *registry.Registry
	control  *control.Manager
	requests []Request
	rules    []*rule
	streams  map[*stream]chan struct{} // watches that wait for a change
}

// New returns a Cluster with the namespaces and roles that a new cluster has,
// and no StorageClass. Who may do what is always decided by RBAC.
func New(opts Options) *Cluster {
	if opts.Version == "" {
		opts.Version = "v1.36.3"
	}
	switch {
	case opts.Nodes == 0:
		opts.Nodes = 1
	case opts.Nodes < 0:
		opts.Nodes = 0
	}
	c := &Cluster{opts: opts, streams: make(map[*stream]chan struct{})}
	if err := c.boot(); err != nil {
		c.broken = fmt.Errorf("start cluster: %w", err)
	}
	return c
}

// boot fills an empty cluster.
func (c *Cluster) boot() error {
	known, err := catalog.New()
	if err != nil {
		return err
	}
	kinds, err := types.New()
	if err != nil {
		return err
	}
	c.registry = registry.New(known, kinds, store.New(c.changed))
	c.control = control.New(c.registry, control.Options{
		Timing: control.Timing(c.opts.Timing.filled()), Off: c.opts.NoControllers, Nodes: c.opts.Nodes, Hostname: hostname,
	})
	c.catchUp()
	for _, name := range []string{metav1.NamespaceDefault, "kube-node-lease", metav1.NamespacePublic, metav1.NamespaceSystem} {
		manifest := fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s}}", name)
		if err := c.add(manifest, "kube-apiserver"); err != nil {
			return err
		}
	}
	for n := range c.opts.Nodes {
		if err := c.add(node(n+1), "kubelet"); err != nil {
			return err
		}
	}
	return c.add(rbac.Bootstrap, "kube-apiserver")
}

// node is the manifest of the n-th node.
func node(n int) string {
	name := fmt.Sprintf("node-%d", n)
	return fmt.Sprintf(`{apiVersion: v1, kind: Node,
  metadata: {name: %[1]s, labels: {kubernetes.io/hostname: %[1]s, kubernetes.io/os: linux, kubernetes.io/arch: amd64}},
  status: {conditions: [{type: Ready, status: "True", reason: KubeletReady, message: kubelet is posting ready status}],
    addresses: [{type: InternalIP, address: 10.1.0.%[2]d}], nodeInfo: {kubeletVersion: v1.36.3, operatingSystem: linux, architecture: amd64,
      bootID: "", containerRuntimeVersion: "", kernelVersion: "", kubeProxyVersion: "", machineID: "", osImage: "", systemUUID: ""}}}`, name, n)
}

// hostname is that of a load balancer, made up as AWS does.
func hostname(kind, namespace, name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(kind + "/" + namespace + "/" + name)) // never fails
	return fmt.Sprintf("a%016x.us-east-1.elb.amazonaws.com", h.Sum64())
}

// catchUp does all that the controllers should have done by now.
func (c *Cluster) catchUp() { c.control.CatchUp(time.Now()) }

// Config returns a configuration for clients whose requests end in c, as a
// member of system:masters, who may do everything.
func (c *Cluster) Config() *rest.Config {
	return c.ConfigFor("kubernetes-admin", rbac.Masters)
}

// ConfigFor returns a configuration for clients of a user, who may do what
// roles and bindings say. The user is in the group system:authenticated as well.
func (c *Cluster) ConfigFor(user string, groups ...string) *rest.Config {
	return &rest.Config{Host: Host, Transport: session{c, identity{user, groups}}, QPS: -1}
}

// session is the transport of one user.
type session struct {
	cluster *Cluster
	who     identity
}

type identity struct {
	name   string
	groups []string
}

// RoundTrip answers one request as the server would.
func (s session) RoundTrip(r *http.Request) (*http.Response, error) {
	return s.cluster.roundTrip(r, s.who)
}

// RoundTrip answers one request, as that of whom [Options.Authenticate] names.
func (c *Cluster) RoundTrip(r *http.Request) (*http.Response, error) {
	who := identity{"kubernetes-admin", []string{rbac.Masters}}
	if c.opts.Authenticate != nil {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		user, groups, err := c.opts.Authenticate(token)
		if err != nil {
			user = "" // nobody
		}
		who = identity{user, groups}
	}
	return c.roundTrip(r, who)
}

// Compact forgets the history of all objects, as the real server does after
// some minutes: watches and lists that begin at an older revision hear that it
// is gone. Watches that are under way go on.
func (c *Cluster) Compact() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil {
		c.registry.Store.Compact()
	}
}

// Requests returns what was asked since the beginning or the last [Cluster.Forget], in order.
func (c *Cluster) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Request(nil), c.requests...)
}

// Writes returns those of Requests that may have changed something.
func (c *Cluster) Writes() []Request {
	var writes []Request
	for _, r := range c.Requests() {
		if r.Write() {
			writes = append(writes, r)
		}
	}
	return writes
}

// Forget empties the list of Requests.
func (c *Cluster) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
}

// changed hears of each write: controllers look at it, and watches wake up.
func (c *Cluster) changed(change store.Change) {
	c.control.Changed(change)
	for _, wake := range c.streams {
		select {
		case wake <- struct{}{}:
		default: // it is to wake up already
		}
	}
}

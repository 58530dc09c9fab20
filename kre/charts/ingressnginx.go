package charts

import (
	"cmp"
	"net/netip"
	"strconv"
	"time"

	"github.com/mettel-automation/delivery/kre"
)

var ingressNginx = documented{
	name: "ingress-nginx", namespace: "kube-system",
	chart: kre.Chart{Repository: "https://kubernetes.github.io/ingress-nginx", Name: "ingress-nginx", Version: "4.15.1"},
}

// The load balancers that AWS puts before the controller.
const (
	Classic = "classic"
	NLB     = "nlb"
)

// How the controller learns the addresses of clients.
const (
	// ProxyProtocol lets the load balancer say them at the beginning of each
	// connection. Both sides must be told: one alone breaks every request.
	ProxyProtocol = "proxy-protocol"
	// Local lets connections keep them (externalTrafficPolicy: Local), which an NLB
	// does and a Classic Load Balancer does not.
	Local = "local"
	// Hidden leaves them unknown: all requests come from nodes.
	Hidden = "hidden"
)

// IngressNginx lets requests into the cluster. The project is retired: nothing, not
// even security fixes, has come since March 2026 (its README). Its chart, ingress-nginx
// 4.15.1 of https://kubernetes.github.io/ingress-nginx, still works, and the KRE's own
// ingresses are made for it. Others are better off with a controller of the Gateway API,
// such as the AWS Load Balancer Controller: give its release as [Custom] in its place.
type IngressNginx struct {
	Common
	// Class is the name of the IngressClass; default "nginx".
	Class string
	// LoadBalancer is Classic (the default) or NLB.
	LoadBalancer string
	// ClientAddresses are by ProxyProtocol, the default of Classic; by Local, that of
	// NLB; or Hidden.
	ClientAddresses string
	// Sources are the networks that may connect, in CIDR notation. Without any,
	// Everyone must be set.
	Sources  []string
	Everyone bool
	// Internal gives the load balancer addresses of the VPC alone.
	Internal bool
	// IPv6 gives it addresses of both kinds. It needs an NLB, subnets that have both,
	// and the AWS Load Balancer Controller in the cluster, which makes such ones. Within
	// the cluster the addresses stay of its one kind: that of an EKS cluster is either.
	IPv6 bool
	// IdleTimeout is when the load balancer ends a connection on which nothing is said:
	// whole seconds, up to 4000; default 60. An NLB has none to set.
	IdleTimeout time.Duration
	// Snippets lets annotations of ingresses put configuration into the controller, as
	// those of the KRE chart do (server-snippet). Whoever may write an ingress can then
	// read all secrets of the cluster.
	Snippets bool
	// NoAdmissionWebhook accepts ingresses that the controller cannot use.
	NoAdmissionWebhook bool
	// Replicas of the controller; default 1.
	Replicas int
}

// Release is the release, or all that is wrong with the settings.
func (n IngressNginx) Release() (kre.Release, error) {
	balancer := cmp.Or(n.LoadBalancer, Classic)
	clients := n.ClientAddresses
	if clients == "" {
		clients = map[string]string{Classic: ProxyProtocol, NLB: Local}[balancer]
	}
	f := n.check(balancer, clients)
	// The chart's own class has another controller value, which cannot be changed.
	class := n.Class != "" && n.Class != "nginx"
	return n.release(ingressNginx, map[string]any{"controller": map[string]any{
		"service": n.service(balancer, clients),
		"config": map[string]any{
			"use-proxy-protocol":     only(clients == ProxyProtocol, "true", "ClientAddresses"),
			"annotations-risk-level": only(n.Snippets, "Critical", "Snippets"), // that of server-snippet
		},
		"allowSnippetAnnotations": or(n.Snippets, "Snippets"),
		"ingressClass":            only(class, n.Class, "Class"),
		"ingressClassResource": map[string]any{
			"name": only(class, n.Class, "Class"), "controllerValue": only(class, "k8s.io/"+n.Class, "Class"),
		},
		"admissionWebhooks": map[string]any{"enabled": only(n.NoAdmissionWebhook, false, "NoAdmissionWebhook")},
		"replicaCount":      or(n.Replicas, "Replicas"),
	}}, f)
}

func (n IngressNginx) check(balancer, clients string) faults {
	var f faults
	f.oneOf("load balancer", balancer, Classic, NLB)
	if clients != "" {
		f.oneOf("way to client addresses", clients, ProxyProtocol, Local, Hidden)
	}
	f.add(balancer == Classic && clients == Local, "a Classic Load Balancer hides the addresses of clients, whatever the traffic policy; take %s, or an NLB", ProxyProtocol)
	f.add(balancer == Classic && n.IPv6, "a Classic Load Balancer in a VPC has no IPv6; take an NLB")
	f.add(n.IdleTimeout != 0 && balancer == NLB, "an NLB has no idle timeout to set")
	f.add(n.IdleTimeout < 0 || n.IdleTimeout > 4000*time.Second || n.IdleTimeout%time.Second != 0, "idle timeout %v: want whole seconds, from 1 to 4000", n.IdleTimeout)
	f.add(n.Replicas < 0, "it has %d replicas", n.Replicas)
	f.objectName("class", cmp.Or(n.Class, "nginx"))
	f.sources(n.Sources, n.Everyone, n.IPv6)
	return f
}

// service are the values of the controller's Service.
func (n IngressNginx) service(balancer, clients string) map[string]any {
	const prefix = "service.beta.kubernetes.io/aws-load-balancer-"
	// An NLB of both kinds is made by the AWS Load Balancer Controller alone, which has
	// to be told that it is meant, and makes an internal one where it is told nothing.
	kind, scheme := "nlb", "internet-facing"
	if n.IPv6 {
		kind = "external"
	}
	if n.Internal {
		scheme = "internal"
	}
	idle := strconv.FormatInt(int64(cmp.Or(n.IdleTimeout, time.Minute)/time.Second), 10)
	return map[string]any{
		"annotations": map[string]any{
			prefix + "backend-protocol":        "tcp",
			prefix + "proxy-protocol":          only(clients == ProxyProtocol, "*", "ClientAddresses"),
			prefix + "type":                    only(balancer == NLB, kind, "LoadBalancer"),
			prefix + "nlb-target-type":         only(n.IPv6, "instance", "IPv6"),
			prefix + "scheme":                  only(n.IPv6, scheme, "Internal"),
			prefix + "connection-idle-timeout": only(balancer == Classic, idle, "IdleTimeout"),
			prefix + "internal":                only(n.Internal, "true", "Internal"),
			prefix + "ip-address-type":         only(n.IPv6, "dualstack", "IPv6"),
		},
		"externalTrafficPolicy":    only(clients == Local, "Local", "ClientAddresses"),
		"loadBalancerSourceRanges": or(list(n.Sources), "Sources"),
	}
}

// sources checks the networks that may connect. A list with an empty text in it, as
// templates make them, would let everyone in.
func (f *faults) sources(networks []string, everyone, ipv6 bool) {
	f.add(len(networks) == 0 && !everyone, "it has no Sources; list the networks that may connect, or set Everyone")
	f.add(len(networks) > 0 && everyone, "it has Sources and Everyone; leave one of them")
	seen := make(map[netip.Prefix]bool)
	for _, text := range networks {
		p, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
			f.add(true, "source %q is no network in CIDR notation; want one such as 203.0.113.0/24", text)
			continue
		case p != p.Masked():
			f.add(true, "source %s has bits of a host; the network is %s", text, p.Masked())
		case p.Bits() == 0:
			f.add(true, "source %s is everyone; set Everyone in place of Sources where that is meant", text)
		case p.Addr().Is4In6():
			f.add(true, "source %s is an IPv4 network written as IPv6; write it as IPv4", text)
		case p.Addr().Is6() && !ipv6:
			f.add(true, "source %s is an IPv6 network, and IPv6 is not set", text)
		case seen[p]:
			f.add(true, "source %s is listed twice", text)
		}
		seen[p] = true
	}
}

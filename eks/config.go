package eks

import (
	"cmp"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// ConfigOptions tune a Config. The zero value is ready to use.
type ConfigOptions struct {
	// Endpoint is the address to connect to instead of the cluster's own, such as the
	// near end of a tunnel; TLSServerName is then the name in the certificate of the API
	// server, by default the host of the cluster's endpoint.
	Endpoint, TLSServerName string
	// CA is who must have signed that certificate, as PEM; default the cluster's.
	CA []byte
	// Transport answers requests instead of a network, such as an API server in memory.
	// CA and TLSServerName then mean nothing.
	Transport http.RoundTripper
	// QPS and Burst are how many requests a client may make a second, and at once;
	// default 50 and 300: discovery alone makes a hundred, and those of client-go (5 and
	// 10) let a command wait for a minute.
	QPS   float32
	Burst int
	// Timeout is how long one request may take, watches included; default none, since
	// a deployment watches. Each call has its context.
	Timeout time.Duration
	// UserAgent is what the audit log of the cluster shows; default "delivery".
	UserAgent string
}

// Config returns what client-go needs to talk to the cluster, with tokens that are
// renewed while it does: there is no fixed token in it. Without tokens, requests have none.
func Config(c Cluster, tokens *Tokens, opts ConfigOptions) *rest.Config {
	endpoint := cmp.Or(opts.Endpoint, c.Endpoint)
	config := &rest.Config{
		Host:      endpoint,
		QPS:       cmp.Or(opts.QPS, 50),
		Burst:     cmp.Or(opts.Burst, 300),
		Timeout:   opts.Timeout,
		UserAgent: cmp.Or(opts.UserAgent, "delivery"),
	}
	if tokens != nil {
		config.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
			return &transport{tokens: tokens, server: address(endpoint), next: next}
		}
	}
	if opts.Transport != nil {
		config.Transport = opts.Transport // which client-go takes without TLS settings only
		return config
	}
	config.CAData = c.CA
	if opts.CA != nil {
		config.CAData = opts.CA
	}
	config.ServerName = opts.TLSServerName
	if config.ServerName == "" && opts.Endpoint != "" && opts.CA == nil {
		config.ServerName = address(c.Endpoint).Hostname()
	}
	return config
}

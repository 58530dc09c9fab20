package config

import "time"

// Chart is a chart of helm: a directory or archive at Path, from where the file is, or
// one by Name and Version in a Repository; see kre.Chart.
type Chart struct {
	Path       string `yaml:"path"`
	Repository string `yaml:"repository"` // URL, https:// or oci://
	Name       string `yaml:"name"`
	Version    string `yaml:"version"` // or a range: ~8.2
	Keyring    string `yaml:"keyring"` // public keys that verify it; default it is not verified
}

// Release is a chart in the cluster. Those that a type here describes have defaults for
// all of it.
type Release struct {
	Name         string         `yaml:"name"`
	Namespace    string         `yaml:"namespace"`
	Chart        Chart          `yaml:"chart"`
	Values       map[string]any `yaml:"values"`
	AllowUnknown []string       `yaml:"allow_unknown"` // keys that the chart uses, and does not declare
	Needs        []string       `yaml:"needs"`         // releases that come before it
	Timeout      time.Duration  `yaml:"timeout"`       // default 5m
}

// Charts are what runtimes need in their cluster. What is left out is not installed;
// see package kre/charts.
type Charts struct {
	ExternalDNS *ExternalDNS `yaml:"external_dns"`
	CertManager *CertManager `yaml:"cert_manager"`
	Issuer      *Issuer      `yaml:"issuer"`
	Ingress     struct {
		Nginx  *IngressNginx `yaml:"nginx"`
		Custom *Release      `yaml:"custom"` // another controller
	} `yaml:"ingress"`
	Storage struct {
		HostPath *HostPath `yaml:"host_path"`
		Custom   *Release  `yaml:"custom"` // another provisioner
	} `yaml:"storage"`
	Others []Release `yaml:"others"`
}

// ExternalDNS makes records of the ingresses; see charts.ExternalDNS.
type ExternalDNS struct {
	Release       `yaml:",inline"`
	Owner         string        `yaml:"owner"`  // default the name of the environment
	Policy        string        `yaml:"policy"` // sync, upsert-only or create-only
	Domains       []string      `yaml:"domains"`
	Zones         string        `yaml:"zones"`
	Interval      time.Duration `yaml:"interval"`
	Prefix        string        `yaml:"prefix"` // of its notes about what is its own
	RecordSources []string      `yaml:"record_sources"`
}

// CertManager gets certificates; see charts.CertManager.
type CertManager struct {
	Release     `yaml:",inline"`
	Nameservers []string `yaml:"nameservers"` // that it asks whether a challenge is there
	Replicas    int      `yaml:"replicas"`
}

// Issuer is who certificates come from; see charts.Issuer.
type Issuer struct {
	Release    `yaml:",inline"`
	Issuer     string   `yaml:"issuer"` // default letsencrypt
	Email      string   `yaml:"email"`
	Server     string   `yaml:"server"` // of ACME; default that of Let's Encrypt
	HostedZone string   `yaml:"hosted_zone"`
	Domains    []string `yaml:"domains"`
}

// IngressNginx is the controller of ingresses; see charts.IngressNginx.
type IngressNginx struct {
	Release            `yaml:",inline"`
	Class              string        `yaml:"class"` // default nginx
	LoadBalancer       string        `yaml:"load_balancer"`
	ClientAddresses    string        `yaml:"client_addresses"`
	Sources            []string      `yaml:"sources"`  // CIDRs that reach it
	Everyone           bool          `yaml:"everyone"` // in place of Sources
	Internal           bool          `yaml:"internal"`
	IPv6               bool          `yaml:"ipv6"`
	IdleTimeout        time.Duration `yaml:"idle_timeout"`
	Snippets           bool          `yaml:"snippets"`
	NoAdmissionWebhook bool          `yaml:"no_admission_webhook"`
	Replicas           int           `yaml:"replicas"`
}

// HostPath makes volumes on the disks of nodes; see charts.HostPathProvisioner.
type HostPath struct {
	Release `yaml:",inline"`
	Path    string `yaml:"path"`
	Class   string `yaml:"class"` // of storage; default hostpath
	Default bool   `yaml:"default"`
	Reclaim string `yaml:"reclaim"`
}

func (c Charts) check(fail func(format string, args ...any)) {
	if c.Ingress.Nginx != nil && c.Ingress.Custom != nil {
		fail("charts: ingress has nginx and custom: leave one of them")
	}
	if c.Storage.HostPath != nil && c.Storage.Custom != nil {
		fail("charts: storage has host_path and custom: leave one of them")
	}
}

package kresystem

import (
	"time"

	"github.com/mettel-automation/delivery/kre/runtime"
)

// Environment is the file of a KRE environment. Its keys stand in demo.yaml; what they
// mean is said at the types of packages infra, kre/charts and kre/runtime that they
// become.
type Environment struct {
	Name     string       `yaml:"name"`
	Kind     runtime.Kind `yaml:"kind"`
	Project  string       `yaml:"project"`
	Region   string       `yaml:"region"`
	Network  network      `yaml:"network"`
	Cluster  cluster      `yaml:"cluster"`
	Users    users        `yaml:"users"`
	Mail     mail         `yaml:"mail"`
	Access   accessRules  `yaml:"access"`
	Charts   chartsFile   `yaml:"charts"`
	Runtimes []runtimeOf  `yaml:"runtimes"`

	dir string // that paths of charts and secrets begin at
}

type network struct {
	VPC         string   `yaml:"vpc"`
	Subnets     []string `yaml:"subnets"`
	NodeSubnets []string `yaml:"nodeSubnets"`
}

type cluster struct {
	Version            string      `yaml:"version"`
	AuthenticationMode string      `yaml:"authenticationMode"`
	NoCreatorAdmin     bool        `yaml:"noCreatorAdmin"`
	NoPrivateEndpoint  bool        `yaml:"noPrivateEndpoint"`
	PublicClients      []string    `yaml:"publicClients"`
	Logs               []string    `yaml:"logs"`
	LogDays            int         `yaml:"logDays"`
	SecretsKey         string      `yaml:"secretsKey"`
	Unprotected        bool        `yaml:"unprotected"` // lets production be destroyed
	SSH                bool        `yaml:"ssh"`
	SSHClients         []string    `yaml:"sshClients"`
	NodeGroups         []nodeGroup `yaml:"nodeGroups"`
	HostedZones        []string    `yaml:"hostedZones"`
	EBSAccount         string      `yaml:"ebsAccount"`
}

// nodeGroup is an [infra.NodeGroup].
type nodeGroup struct {
	Name          string            `yaml:"name"`
	InstanceTypes []string          `yaml:"instanceTypes"`
	Desired       int               `yaml:"desired"`
	Min           int               `yaml:"min"`
	Max           int               `yaml:"max"`
	Disk          int               `yaml:"disk"`
	Spot          bool              `yaml:"spot"`
	AMIType       string            `yaml:"amiType"`
	Labels        map[string]string `yaml:"labels"`
	Taints        []string          `yaml:"taints"`
}

// users are [infra.Users].
type users struct {
	Developer              []string `yaml:"developer"`
	DeveloperOpsPrivileged []string `yaml:"developerOpsPrivileged"`
	Devops                 []string `yaml:"devops"`
}

// mail is an [infra.Mail].
type mail struct {
	Domain     string   `yaml:"domain"`
	HostedZone string   `yaml:"hostedZone"`
	From       []string `yaml:"from"`
}

// accessRules say who may do what where that is not the default.
type accessRules struct {
	Prefix string            `yaml:"prefix"` // what the names of groups in Kubernetes begin with
	Rules  map[string][]rule `yaml:"rules"`  // by group, in place of those of package rules
}

type rule struct {
	APIGroups       []string `yaml:"apiGroups"`
	Resources       []string `yaml:"resources"`
	ResourceNames   []string `yaml:"resourceNames"`
	NonResourceURLs []string `yaml:"nonResourceURLs"`
	Verbs           []string `yaml:"verbs"`
}

// chartFile is a [kre.Chart].
type chartFile struct {
	Path       string `yaml:"path"` // from where the file is
	Repository string `yaml:"repository"`
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	Keyring    string `yaml:"keyring"`
}

// common are [charts.Common].
type common struct {
	Name         string         `yaml:"name"`
	Namespace    string         `yaml:"namespace"`
	Chart        chartFile      `yaml:"chart"`
	Values       map[string]any `yaml:"values"`
	AllowUnknown []string       `yaml:"allowUnknown"`
	Needs        []string       `yaml:"needs"`
	Timeout      time.Duration  `yaml:"timeout"`
}

// chartsFile is a [charts.Cluster].
type chartsFile struct {
	ExternalDNS *externalDNS `yaml:"externalDNS"`
	CertManager *certManager `yaml:"certManager"`
	Issuer      *issuer      `yaml:"issuer"`
	Ingress     struct {
		Nginx  *ingressNginx `yaml:"nginx"`
		Custom *common       `yaml:"custom"` // another controller
	} `yaml:"ingress"`
	Storage struct {
		HostPath *hostPath `yaml:"hostPath"`
		Custom   *common   `yaml:"custom"` // another provisioner
	} `yaml:"storage"`
	Others []common `yaml:"others"`
}

type externalDNS struct {
	common        `yaml:",inline"`
	Owner         string        `yaml:"owner"` // default the environment
	Policy        string        `yaml:"policy"`
	Domains       []string      `yaml:"domains"`
	Zones         string        `yaml:"zones"`
	Interval      time.Duration `yaml:"interval"`
	Prefix        string        `yaml:"prefix"`
	RecordSources []string      `yaml:"recordSources"`
}

type certManager struct {
	common      `yaml:",inline"`
	Nameservers []string `yaml:"nameservers"`
	Replicas    int      `yaml:"replicas"`
}

type issuer struct {
	common     `yaml:",inline"`
	Issuer     string   `yaml:"issuer"`
	Email      string   `yaml:"email"`
	Server     string   `yaml:"server"`
	HostedZone string   `yaml:"hostedZone"`
	Domains    []string `yaml:"domains"`
}

type ingressNginx struct {
	common             `yaml:",inline"`
	Class              string        `yaml:"class"`
	LoadBalancer       string        `yaml:"loadBalancer"`
	ClientAddresses    string        `yaml:"clientAddresses"`
	Sources            []string      `yaml:"sources"`
	Everyone           bool          `yaml:"everyone"`
	Internal           bool          `yaml:"internal"`
	IPv6               bool          `yaml:"ipv6"`
	IdleTimeout        time.Duration `yaml:"idleTimeout"`
	Snippets           bool          `yaml:"snippets"`
	NoAdmissionWebhook bool          `yaml:"noAdmissionWebhook"`
	Replicas           int           `yaml:"replicas"`
}

type hostPath struct {
	common  `yaml:",inline"`
	Path    string `yaml:"path"`
	Class   string `yaml:"class"`
	Default bool   `yaml:"default"`
	Reclaim string `yaml:"reclaim"`
}

// runtimeOf is a [runtime.Runtime], its secrets where they are kept.
type runtimeOf struct {
	Name         string             `yaml:"name"`
	Title        string             `yaml:"title"`
	Domain       string             `yaml:"domain"`
	ZoneID       string             `yaml:"zoneID"`
	DomainZoneID string             `yaml:"domainZoneID"`
	Generation   runtime.Generation `yaml:"generation"`
	Chart        chartFile          `yaml:"chart"`
	Admin        string             `yaml:"admin"`
	Sender       string             `yaml:"sender"` // mail address; without one it sends no mails
	LinkLifetime time.Duration      `yaml:"linkLifetime"`
	TLS          *tls               `yaml:"tls"`
	Storage      storage            `yaml:"storage"`
	MongoDB      struct {
		SecretName string `yaml:"secretName"`
		SecretKey  string `yaml:"secretKey"`
	} `yaml:"mongoDB"`
	IngressClass string         `yaml:"ingressClass"`
	Values       map[string]any `yaml:"values"`
	AllowUnknown []string       `yaml:"allowUnknown"`
	Timeout      time.Duration  `yaml:"timeout"`
	Secrets      runtimeSecrets `yaml:"secrets"`
}

type tls struct {
	ClusterIssuer  string `yaml:"clusterIssuer"`
	WildcardSecret string `yaml:"wildcardSecret"`
	ACME           *struct {
		Server string `yaml:"server"`
		Email  string `yaml:"email"`
		DNS    *struct {
			Region      string `yaml:"region"`
			AccessKeyID string `yaml:"accessKeyID"`
		} `yaml:"dns"`
	} `yaml:"acme"`
}

type storage struct {
	Class      string `yaml:"class"`
	AdminAPI   volume `yaml:"adminAPI"`
	NATS       volume `yaml:"nats"`
	Chronograf volume `yaml:"chronograf"`
	InfluxDB   volume `yaml:"influxDB"`
	MongoDB    volume `yaml:"mongoDB"`
}

type volume struct {
	Class string `yaml:"class"`
	Size  string `yaml:"size"`
}

// runtimeSecrets say where the secrets of a runtime are.
type runtimeSecrets struct {
	JWT        source            `yaml:"jwt"`
	APIToken   source            `yaml:"apiToken"`
	MongoAdmin source            `yaml:"mongoAdmin"`
	Mongo      source            `yaml:"mongo"`
	DNS        source            `yaml:"dns"`    // the secret access key of tls.acme.dns
	Values     map[string]source `yaml:"values"` // of the chart, by key with dots
}

// source is where a secret is: in an environment variable, or in a file, whose last
// line may end.
type source struct {
	Env  string `yaml:"env"`
	File string `yaml:"file"` // from where the file is
}

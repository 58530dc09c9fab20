package config

// Infrastructure is what environments are made of besides their services; see
// package infra.
type Infrastructure struct {
	// Network is shared by all ephemeral environments; production has one of its own.
	Network     Network  `yaml:"network"`
	Caches      []Cache  `yaml:"caches"`
	Redis       Redis    `yaml:"redis"`
	Secrets     []string `yaml:"secrets"` // ARNs that containers are started with
	Emails      []string `yaml:"emails"`  // that hear of alarms
	Webhooks    []string `yaml:"webhooks"`
	Domain      string   `yaml:"domain"`      // of production
	HostedZone  string   `yaml:"hosted_zone"` // of Domain
	Certificate string   `yaml:"certificate"` // ARN
	LogDays     int      `yaml:"log_days"`
	// TemplateBucket takes templates over 51,200 bytes, which some four services make.
	TemplateBucket string `yaml:"template_bucket"`
}

// Network is a VPC; see infra.Network.
type Network struct {
	CIDR      string   `yaml:"cidr"`
	Zones     int      `yaml:"zones"`
	ZoneNames []string `yaml:"zone_names"`
}

// Cache is a Redis; see infra.Cache.
type Cache struct {
	Name       string `yaml:"name"`
	NodeType   string `yaml:"node_type"`
	Nodes      int    `yaml:"nodes"`
	NoFailover bool   `yaml:"no_failover"`
}

// Redis is what caches have in common; see infra.Redis.
type Redis struct {
	Version        string `yaml:"version"`
	PlainAtRest    bool   `yaml:"plain_at_rest"`
	PlainInTransit bool   `yaml:"plain_in_transit"`
	SnapshotDays   int    `yaml:"snapshot_days"`
}

func (f *File) checkInfrastructure() error { return nil }

// KRE is a KRE environment.
type KRE struct{}

func (f *File) checkKRE() error { return nil }

// Papertrail says how the logs of an environment are searched; see package
// papertrail. Searches of services come from Services.
type Papertrail struct {
	Wildcard      string   `yaml:"wildcard"`
	Notifications []Search `yaml:"notifications"`
	Alarms        []Search `yaml:"alarms"`
}

// Search is a search of its own.
type Search struct {
	Name  string `yaml:"name"`
	Query string `yaml:"query"`
}

// Nuke says what aws-nuke must keep its hands off; see package nuke.
type Nuke struct {
	Blocklist []string `yaml:"blocklist"` // accounts; that of production must be among them
	Version   int      `yaml:"version"`   // major version of aws-nuke; default 3
}

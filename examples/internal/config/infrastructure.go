package config

import (
	"errors"
	"fmt"
	"regexp"
)

// Infrastructure is what environments are made of besides their services; see
// package infra.
type Infrastructure struct {
	// Network is shared by all ephemeral environments; production has one of its own.
	Network Network `yaml:"network"`
	// Caches are Redis; default none.
	Caches []Cache `yaml:"caches"`
	Redis  Redis   `yaml:"redis"`
	// Secrets are the ARNs that containers may be started with, in which an asterisk
	// stands for any text. Those of services are among them without being named.
	Secrets  []string `yaml:"secrets"`
	Emails   []string `yaml:"emails"`   // that hear of alarms
	Webhooks []string `yaml:"webhooks"` // likewise: URLs, which are shown nowhere
	// Domain is the DNS name of production, HostedZone the id of the Route 53 zone that
	// gets a record of it, Certificate the ARN of one in ACM. Ephemeral environments
	// have none of them.
	Domain      string `yaml:"domain"`
	HostedZone  string `yaml:"hosted_zone"`
	Certificate string `yaml:"certificate"`
	// LogDays is for how many days logs are kept; default 14, in production 90.
	LogDays int `yaml:"log_days"`
	// TemplateBucket takes templates over 51,200 bytes, which some four services make.
	// The job "basic-infra -network" makes it where it is missing.
	TemplateBucket string `yaml:"template_bucket"`
	// Role is the ARN of the role that CloudFormation makes, changes and deletes the
	// environments' stacks as; default none: it has the rights of the job.
	Role string `yaml:"role"`
	// Boundary is the ARN of a policy that caps what the roles of the environments may
	// do, their permissions boundary; default none.
	Boundary string `yaml:"boundary"`
	// TaskLimit is how many tasks all environments of the project may run together, in
	// one region; default no limit.
	TaskLimit int `yaml:"task_limit"`
}

// Network is a VPC; see infra.Network.
type Network struct {
	CIDR      string   `yaml:"cidr"`       // default 10.0.0.0/16; cannot be changed later
	Zones     int      `yaml:"zones"`      // 2 or 3; default as many as ZoneNames, or 2
	ZoneNames []string `yaml:"zone_names"` // best pinned: us-east-1a
}

// Cache is a Redis; see infra.Cache.
type Cache struct {
	Name       string `yaml:"name"`      // follows the environment's; default none
	NodeType   string `yaml:"node_type"` // default cache.t4g.micro
	Nodes      int    `yaml:"nodes"`     // default 1, in production 2
	NoFailover bool   `yaml:"no_failover"`
}

// Redis is what caches have in common; see infra.Redis.
type Redis struct {
	Version        string `yaml:"version"` // default 7.1
	PlainAtRest    bool   `yaml:"plain_at_rest"`
	PlainInTransit bool   `yaml:"plain_in_transit"`
	SnapshotDays   int    `yaml:"snapshot_days"` // default 1, in production 7
}

func (f *File) checkInfrastructure() error {
	var errs []error
	if n := f.Infrastructure.TaskLimit; n < 0 {
		errs = append(errs, fmt.Errorf("infrastructure: task_limit %d: want at least 1, or none", n))
	}
	for i, arn := range f.Infrastructure.Secrets {
		if !isARN(arn) {
			errs = append(errs, fmt.Errorf("infrastructure: secrets: number %d: want the ARN of where it is, in Secrets Manager or Systems Manager", i+1))
		}
	}
	errs = append(errs, f.checkIAM("infrastructure: role", "role", f.Infrastructure.Role), f.checkIAM("infrastructure: boundary", "policy", f.Infrastructure.Boundary))
	return errors.Join(errs...)
}

// identity is what an ARN of IAM says: whose it is, and of what.
var identity = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}|aws):(role|policy)/[!-~]+$`)

// checkIAM holds arn, which may be empty, to be that of a role or a policy of the
// account. Policies may be those of AWS, too.
func (f *File) checkIAM(what, kind, arn string) error {
	if arn == "" {
		return nil
	}
	m := identity.FindStringSubmatch(arn)
	switch {
	case m == nil, m[2] != kind, kind == "role" && m[1] == "aws":
		return fmt.Errorf("%s %q: want the ARN of a %s, as arn:aws:iam::123456789012:%s/name", what, arn, kind, kind)
	case f.Account != "" && m[1] != f.Account && m[1] != "aws":
		return fmt.Errorf("%s %s: it is of account %s, and this file is for %s", what, arn, m[1], f.Account)
	}
	return nil
}

// Nuke says what aws-nuke must keep its hands off; see package nuke.
type Nuke struct {
	Blocklist []string `yaml:"blocklist"` // accounts; that of production must be among them
	Version   int      `yaml:"version"`   // major version of aws-nuke, 3 or 2; default 3
}

func (f *File) checkNuke() error {
	var errs []error
	for _, id := range f.Nuke.Blocklist {
		if !account.MatchString(id) {
			errs = append(errs, fmt.Errorf("nuke: blocklist: account %q: want twelve digits, in quotes", id))
		}
	}
	if v := f.Nuke.Version; v != 0 && v != 2 && v != 3 {
		errs = append(errs, fmt.Errorf("nuke: version %d: want 3 or 2", v))
	}
	return errors.Join(errs...)
}

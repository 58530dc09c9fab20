package site

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
)

const system = `
project: automation
modules: [{name: a, paths: [a]}]
infrastructure:
  network: {cidr: 10.20.0.0/16, zones: 3}
  caches: [{name: bruin, node_type: cache.t4g.small, nodes: 2, no_failover: true}]
  redis: {version: "7.0", snapshot_days: 3}
  secrets: ['arn:aws:secretsmanager:us-east-1:123456789012:secret:automation/*']
  emails: [team@example.com]
  domain: example.com
  hosted_zone: Z1
  certificate: arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000
  log_days: 30
services:
  - name: api
    image: nginx
    port: 80
    route: {priority: 10, paths: [/api/*], hosts: [api.example.com], health_path: /health}
    error_pattern: ERROR
    max_error_lines: 0
    statements: [{actions: ['s3:GetObject'], resources: ['arn:aws:s3:::reports/*']}]
    secrets:
      COVERED: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:automation/slack'
      B: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:other-AbCdEf:password::'
      A: 'arn:aws:ssm:us-east-1:123456789012:parameter/api/key'
  - name: quiet
    image: nginx
    secrets: {SAME: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:other-AbCdEf:user::'}
`

// siteOf is the site of a branch.
func siteOf(t *testing.T, text, branch string) (Site, *job.Job) {
	t.Helper()
	path := filepath.Join(t.TempDir(), config.Name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := job.Options{File: path, Branch: branch}.Open(func(string) string { return "" }, false)
	if err != nil {
		t.Fatal(err)
	}
	return Of(j), j
}

var in = infra.NetworkOutputs{VPC: "vpc-1", PublicSubnets: []string{"subnet-1", "subnet-2"}, PrivateSubnets: []string{"subnet-3", "subnet-4"}}

func TestWhoseThingsAre(t *testing.T) {
	tests := map[string]struct {
		branch, owner, network string
		production             bool
	}{
		"an ephemeral environment shares its network": {"dev/feature/login", "automation-8527fec8", "automation-ephemeral-network", false},
		"so does another":                     {"dev/fix/it", "automation-2a8d1a0b", "automation-ephemeral-network", false},
		"production has a network of its own": {"master", "automation-master", "automation-master-network", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, _ := siteOf(t, system, tt.branch)
			network, err := s.Network().StackName()
			if err != nil || network != tt.network || s.Production() != tt.production || !strings.HasPrefix(s.Owner().Name, tt.owner[:11]) {
				t.Errorf("%s, network %s, production %v, %v", s.Owner().Name, network, s.Production(), err)
			}
			if tags := s.NetworkOwner().Tags; tags["Environment"] != strings.TrimSuffix(tt.network, "-network") || tags["Project"] != "automation" || (tags["Branch"] != "") != tt.production {
				t.Errorf("tags of the network: %v", tags)
			}
			if n := s.Network(); n.NATPerZone != tt.production || n.Endpoints != tt.production || n.Zones != 3 || n.CIDR != "10.20.0.0/16" {
				t.Errorf("%+v", n)
			}
			want, err := s.Stack(s.Environment(in))
			if err != nil || want.Production != tt.production || want.RecreateFailed == tt.production || want.Name != s.Env.Name {
				t.Errorf("stack %s: production %v, recreate %v, %v", want.Name, want.Production, want.RecreateFailed, err)
			}
		})
	}
}

func TestRolesHaveWhatServicesNeed(t *testing.T) {
	s, _ := siteOf(t, system, "dev/feature/login")
	got := s.Roles()
	got.Owner = infra.Owner{}
	want := infra.Roles{
		Repository: "automation/*",
		Secrets: []string{
			"arn:aws:secretsmanager:us-east-1:123456789012:secret:automation/*",
			"arn:aws:ssm:us-east-1:123456789012:parameter/api/key",
			"arn:aws:secretsmanager:us-east-1:123456789012:secret:other-AbCdEf",
		},
		Services: []infra.ServiceRole{{Service: "api", Statements: []infra.Statement{{Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::reports/*"}}}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("roles (-want +got):\n%s", d)
	}
}

func TestTheEnvironmentHasWhatTheFileSays(t *testing.T) {
	s, _ := siteOf(t, system, "master")
	got := s.Environment(in)
	got.Owner = infra.Owner{}
	want := infra.Environment{
		Production: true, VPC: in.VPC, PublicSubnets: in.PublicSubnets, PrivateSubnets: in.PrivateSubnets,
		Certificate: "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000", Domain: "example.com", HostedZone: "Z1",
		Services: []infra.Service{
			{Name: "api", ErrorPattern: "ERROR", MaxErrorLines: new(0), Route: &infra.Route{Priority: 10, Paths: []string{"/api/*"}, Hosts: []string{"api.example.com"}, HealthPath: "/health"}},
			{Name: "quiet"},
		},
		Caches: []infra.Cache{{Name: "bruin", NodeType: "cache.t4g.small", Nodes: 2, NoFailover: true}},
		Redis:  infra.Redis{Version: "7.0", SnapshotDays: 3}, LogDays: 30, Emails: []string{"team@example.com"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("environment (-want +got):\n%s", d)
	}
	s, _ = siteOf(t, system, "dev/feature/login")
	if e := s.Environment(in); e.Domain+e.HostedZone+e.Certificate != "" {
		t.Errorf("an ephemeral environment has the name of production: %+v", e)
	}
}

func TestNoCachesAreNotTheDefaultOnes(t *testing.T) {
	for _, text := range []string{"", "infrastructure: {caches: []}\n"} {
		s, _ := siteOf(t, "project: a\nmodules: [{name: a, paths: [a]}]\n"+text, "master")
		if got := s.Environment(in).Caches; got == nil || len(got) != 0 {
			t.Errorf("%q: %#v", text, got)
		}
	}
}

// TestTheSampleIsSound checks all stacks of the full sample, which are large.
func TestTheSampleIsSound(t *testing.T) {
	text, err := os.ReadFile("../../../pipeline/automation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, branch := range []string{"master", "dev/feature/login"} {
		s, j := siteOf(t, string(text), branch)
		nowhere := &cloud.Cloud{AWS: aws.Config{Region: "us-east-1"}, Speed: 1}
		if err := s.Check(Manager(nowhere, j, nil)); err != nil {
			t.Errorf("%s: %v", branch, err)
		}
		if want, err := s.Stack(s.Environment(in)); err != nil || len(want.Body) <= 51_200 {
			t.Errorf("%s: %d bytes, %v", branch, len(want.Body), err)
		}
		j.Config.Infrastructure.TemplateBucket = ""
		if err := s.Check(Manager(nowhere, j, nil)); err == nil || !strings.Contains(err.Error(), "set infrastructure.template_bucket in delivery.yaml") {
			t.Errorf("%s without a bucket: %v", branch, err)
		}
	}
}

func TestWhoMeansItSaysSo(t *testing.T) {
	err := refused(stack.Plan{Stack: "automation-8527fec8", Refused: []stack.Refusal{
		{LogicalID: "Bucket", Type: "AWS::S3::Bucket", Action: stack.Replace}, {LogicalID: "LogGroup", Type: "AWS::Logs::LogGroup", Action: stack.Delete},
	}})
	if !strings.HasSuffix(err.Error(), "where its data may go, say so: -consent Bucket -consent LogGroup") {
		t.Error(err)
	}
}

func TestCovers(t *testing.T) {
	tests := map[string]struct {
		pattern, arn string
		want         bool
	}{
		"the same":                    {"a:b", "a:b", true},
		"another":                     {"a:b", "a:bc", false},
		"all that begins so":          {"a:*", "a:bc", true},
		"something else":              {"a:*", "b:a:", false},
		"an asterisk in the middle":   {"a*c", "abbc", true},
		"which does not end so":       {"a*c", "abb", false},
		"two asterisks":               {"a*b*c", "axbxc", true},
		"parts in another order":      {"a*b*c", "axcxb", false},
		"no text twice":               {"ab*ba", "aba", false},
		"the end is the last of many": {"a*b", "abab", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := covers(tt.pattern, tt.arn); got != tt.want {
				t.Errorf("%s covers %s: %v", tt.pattern, tt.arn, got)
			}
		})
	}
}

// FuzzCovers compares with regular expressions.
func FuzzCovers(f *testing.F) {
	f.Add("a*b*c", "axbxc")
	f.Add("ab*ba", "aba")
	f.Add("*", "")
	f.Add("**a", "aa")
	f.Fuzz(func(t *testing.T, pattern, arn string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(arn) {
			return // regular expressions know none of those
		}
		want := regexp.MustCompile(`(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `\z`)
		if got := covers(pattern, arn); got != want.MatchString(arn) {
			t.Errorf("%q covers %q: %v", pattern, arn, got)
		}
	})
}

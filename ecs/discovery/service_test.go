package discovery

import (
	"strings"
	"testing"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		services []Service
		want     []string // what each line of the error holds; none is fine
	}{
		"a plain name":                  {[]Service{{Name: "backend"}}, nil},
		"labels as SRV records want":    {[]Service{{Name: "_web._tcp", Record: "SRV", Port: 80, Container: "app", TTL: time.Minute}}, nil},
		"a name of one letter":          {[]Service{{Name: "a"}}, nil},
		"a label of 63 letters":         {[]Service{{Name: strings.Repeat("a", 63)}}, nil},
		"a label of 64 letters":         {[]Service{{Name: strings.Repeat("a", 64)}}, []string{"labels of 1 to 63"}},
		"a name of 128 characters":      {[]Service{{Name: strings.Repeat("a.", 63) + "ab"}}, []string{"127 characters"}},
		"no name":                       {[]Service{{}}, []string{"labels of 1 to 63"}},
		"a label that ends in a hyphen": {[]Service{{Name: "back-"}}, []string{`service "back-": a name has labels`}},
		"names that differ by case":     {[]Service{{Name: "web"}, {Name: "Web"}}, []string{`service "Web": is there twice`}},
		"half a second":                 {[]Service{{Name: "web", TTL: time.Second / 2}}, []string{"TTL 500ms is not a number of whole seconds"}},
		"time that runs backwards":      {[]Service{{Name: "web", TTL: -time.Second}}, []string{"TTL -1s"}},
		"more seconds than fit":         {[]Service{{Name: "web", TTL: (1 << 31) * time.Second}}, []string{"whole seconds"}},
		"SRV without a port":            {[]Service{{Name: "web", Record: "SRV"}}, []string{"needs a port"}},
		"a container without a port":    {[]Service{{Name: "web", Container: "app"}}, []string{"container app without its port"}},
		"a port that is none":           {[]Service{{Name: "web", Port: 65536}}, []string{"port 65536"}},
		"an alias":                      {[]Service{{Name: "web", Record: "CNAME"}}, []string{"record type CNAME"}},
		"all faults at once":            {[]Service{{Name: "-", TTL: 1}, {Name: "b", Record: "SRV"}}, []string{`service "-": a name`, `service "-": TTL`, `service "b": an SRV`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var lines []string
			if err := check(tt.services); err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			if len(lines) != len(tt.want) {
				t.Fatalf("got %q, want %q", lines, tt.want)
			}
			for i := range lines {
				if !strings.Contains(lines[i], tt.want[i]) {
					t.Errorf("got %q, want %q", lines[i], tt.want[i])
				}
			}
		})
	}
}

func TestRegistry(t *testing.T) {
	tests := map[string]struct {
		service Service
		want    ecstypes.ServiceRegistry
	}{
		"an address needs the ARN alone":      {Service{}, ecstypes.ServiceRegistry{RegistryArn: new("arn")}},
		"a port stands by itself":             {Service{Port: 80}, ecstypes.ServiceRegistry{RegistryArn: new("arn"), Port: new(int32(80))}},
		"or belongs to a container, not both": {Service{Port: 80, Container: "app"}, ecstypes.ServiceRegistry{RegistryArn: new("arn"), ContainerName: new("app"), ContainerPort: new(int32(80))}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.service.registry("arn"), cmpopts.IgnoreUnexported(ecstypes.ServiceRegistry{})); d != "" {
				t.Errorf("registry (-want +got):\n%s", d)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	dns := func(ttl int64, kinds ...types.RecordType) *types.DnsConfig {
		c := &types.DnsConfig{}
		for _, k := range kinds {
			c.DnsRecords = append(c.DnsRecords, types.DnsRecord{Type: k, TTL: &ttl})
		}
		return c
	}
	const stuck = "which cannot be changed: remove it and its ECS service, and create both again"
	checked := &types.HealthCheckCustomConfig{}
	tests := map[string]struct {
		service Service
		now     types.ServiceSummary
		want    Action
		detail  []string
	}{
		"an equal one is kept":              {Service{}, types.ServiceSummary{DnsConfig: dns(10, "A")}, Keep, nil},
		"so is one with SRV and a check":    {Service{Record: "SRV", HealthCheck: true}, types.ServiceSummary{DnsConfig: dns(10, "SRV"), HealthCheckCustomConfig: checked}, Keep, nil},
		"another TTL is updated":            {Service{TTL: time.Minute}, types.ServiceSummary{DnsConfig: dns(10, "A")}, Update, []string{"TTL 10s -> 1m0s"}},
		"another record type is a conflict": {Service{Record: "SRV"}, types.ServiceSummary{DnsConfig: dns(10, "A")}, Conflict, []string{"has A records, want SRV", stuck}},
		"so are two types":                  {Service{}, types.ServiceSummary{DnsConfig: dns(10, "A", "AAAA")}, Conflict, []string{"has A and AAAA records, want A", stuck}},
		"so is a service without DNS":       {Service{}, types.ServiceSummary{}, Conflict, []string{"has no records, want A", stuck}},
		"a check cannot be added":           {Service{HealthCheck: true}, types.ServiceSummary{DnsConfig: dns(10, "A")}, Conflict, []string{"has no health check, want one", stuck}},
		"nor taken away":                    {Service{TTL: time.Minute}, types.ServiceSummary{DnsConfig: dns(10, "A"), HealthCheckCustomConfig: checked}, Conflict, []string{"has a health check, want none", stuck}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := diff(tt.service.withDefaults(), tt.now)
			if d := cmp.Diff(tt.detail, got.Detail); got.Action != tt.want || d != "" {
				t.Errorf("action %s, want %s; detail (-want +got):\n%s", got.Action, tt.want, d)
			}
		})
	}
}

func TestPlanString(t *testing.T) {
	plan := Plan{Namespace: "demo.local", Changes: []Change{
		{Service: "a", Action: Keep},
		{Service: "b", Action: Create, Detail: []string{"A record, TTL 10s"}},
		{Service: "c", Action: Update, Detail: []string{"TTL 1m0s -> 10s"}},
		{Service: "d", Action: Delete},
		{Service: "e", Action: Conflict, Detail: []string{"x", "y"}},
	}}
	want := `namespace demo.local: 1 to create, 1 to update, 1 to delete, 1 unchanged, 1 in conflict
  + b  A record, TTL 10s
  ~ c  TTL 1m0s -> 10s
  - d
  ! e  x, y
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	if err := plan.Err(); err == nil || err.Error() != "service e.demo.local: conflict: x, y" {
		t.Errorf("error %v", err)
	}
	if plan.Empty() || !(Plan{Changes: plan.Changes[:1]}).Empty() {
		t.Error("only a plan that keeps everything is empty")
	}
}

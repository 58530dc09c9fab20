package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/infra"
)

func TestDashboard(t *testing.T) {
	_, tpl := render(t, production(t))
	type area struct{ x, y int }
	taken := map[area]string{}
	titles := 0
	for _, w := range tpl.dashboard(t)["widgets"].([]any) {
		widget := w.(map[string]any)
		properties := widget["properties"].(map[string]any)
		title := properties["title"].(string)
		titles++
		number := func(key string) int { return int(widget[key].(float64)) }
		if number("x")+number("width") > 24 {
			t.Errorf("%s does not fit into 24 columns", title)
		}
		for x := range number("width") {
			for y := range number("height") {
				at := area{number("x") + x, number("y") + y}
				if other, ok := taken[at]; ok {
					t.Fatalf("%s and %s are both at %v", title, other, at)
				}
				taken[at] = title
			}
		}
		if widget["type"] != "alarm" && properties["region"] == nil {
			t.Errorf("%s has no region", title)
		}
	}
	if titles != 16 {
		t.Errorf("%d widgets", titles)
	}
}

// shown returns how often each alarm is on the dashboard, by the title of its
// widget, and how many each widget has at most.
func (tpl template) shown(t *testing.T) (titles map[string][]string, most int) {
	t.Helper()
	sub := tpl.Resources["Dashboard"]["Properties"].(map[string]any)["DashboardBody"].(map[string]any)["!Sub"].([]any)[0].(string)
	var body struct {
		Widgets []struct {
			Type       string
			Properties struct {
				Title  string
				Alarms []string
			}
		}
	}
	if err := json.Unmarshal([]byte(sub), &body); err != nil {
		t.Fatal(err)
	}
	titles = map[string][]string{}
	for _, w := range body.Widgets {
		most = max(most, len(w.Properties.Alarms))
		for _, alarm := range w.Properties.Alarms {
			id := strings.TrimSuffix(strings.TrimPrefix(alarm, "${"), ".Arn}")
			_, title, _ := strings.Cut(w.Properties.Title, ": ")
			titles[id] = append(titles[id], title)
		}
	}
	return titles, most
}

func TestEachAlarmIsShownOnce(t *testing.T) {
	many := production(t)
	many.Services = large(t, 120).Services
	for i := range many.Services {
		many.Services[i].Route = nil
	}
	for name, e := range map[string]infra.Environment{"ephemeral": ephemeral(t), "production": production(t), "more than a widget has room for": many} {
		t.Run(name, func(t *testing.T) {
			_, tpl := render(t, e)
			tpl.dashboard(t)
			titles, most := tpl.shown(t)
			if d := cmp.Diff(tpl.of("AWS::CloudWatch::Alarm"), slices.Sorted(maps.Keys(titles))); d != "" {
				t.Errorf("alarms (-there +shown):\n%s", d)
			}
			for id, in := range titles {
				want := "services"
				switch {
				case strings.HasPrefix(id, "Cache"):
					want = "caches"
				case strings.HasPrefix(id, "Route") || id == "LoadBalancerFailuresAlarm":
					want = "front"
				}
				if len(in) != 1 || in[0] != want {
					t.Errorf("%s is shown in %q, want %s", id, in, want)
				}
			}
			if most > 100 {
				t.Errorf("a widget has %d alarms", most)
			}
		})
	}
}

func TestCacheAlarms(t *testing.T) {
	type alarm struct {
		Metric, Threshold string
		Credits           bool
	}
	small, large := alarm{"CPUUtilization", "45", false}, alarm{"EngineCPUUtilization", "80", false}
	for nodeType, want := range map[string]alarm{
		"": {"CPUUtilization", "45", true}, "cache.t3.medium": {"CPUUtilization", "45", true},
		"cache.m7g.large": small, "cache.m3.medium": small, "cache.z9.colossal": small,
		"cache.r6gd.xlarge": large, "cache.m5.24xlarge": large,
	} {
		t.Run(nodeType, func(t *testing.T) {
			e := ephemeral(t)
			e.Caches = []infra.Cache{{NodeType: nodeType, Nodes: 2}}
			_, tpl := render(t, e)
			for _, node := range []string{"CacheNode001", "CacheNode002"} {
				cpu := tpl.Resources[node+"CpuAlarm"]["Properties"].(map[string]any)
				_, credits := tpl.Resources[node+"CreditAlarm"]
				if d := cmp.Diff(want, alarm{text(cpu["MetricName"]), text(cpu["Threshold"]), credits}); d != "" {
					t.Errorf("%s (-want +got):\n%s", node, d)
				}
			}
		})
	}
}

func TestFailoverAndNodesAreTwoSteps(t *testing.T) {
	for name, tt := range map[string]struct {
		cache infra.Cache
		want  string
	}{
		"new":            {infra.Cache{Nodes: 2}, "2 true true"},
		"more nodes":     {infra.Cache{Nodes: 2, NoFailover: true}, "2 false false"},
		"one node":       {infra.Cache{Nodes: 1}, "1 false false"},
		"of production":  {infra.Cache{}, "2 true true"},
		"one on the way": {infra.Cache{Nodes: 3, NoFailover: true}, "3 false false"},
	} {
		t.Run(name, func(t *testing.T) {
			e := production(t)
			e.Caches = []infra.Cache{tt.cache}
			_, tpl := render(t, e)
			p := tpl.Resources["CacheGroup"]["Properties"].(map[string]any)
			if got := fmt.Sprint(p["NumCacheClusters"], " ", p["AutomaticFailoverEnabled"], " ", p["MultiAZEnabled"]); got != tt.want {
				t.Errorf("nodes, failover and zones %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSwitches(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*infra.Environment)
		want   map[string]string
	}{
		"production": {func(*infra.Environment) {}, map[string]string{
			"DeletionProtection": "true", "AlarmsOn": "true", "TellRecovery": "true", "RedisSnapshotDays": "7", "LoadBalancerSubnets": "subnet-1,subnet-2,subnet-3",
		}},
		"production before it is deleted": {func(e *infra.Environment) { e.Unprotected, e.Quiet = true, true }, map[string]string{
			"DeletionProtection": "false", "AlarmsOn": "false", "TellRecovery": "true", "BucketDays": "365",
		}},
		"any other": {func(e *infra.Environment) { e.Production = false }, map[string]string{
			"DeletionProtection": "false", "TellRecovery": "false", "RedisSnapshotDays": "1",
		}},
		"internal, in a network without public subnets": {func(e *infra.Environment) { e.Internal, e.PublicSubnets = true, nil }, map[string]string{
			"LoadBalancerSubnets": "subnet-4,subnet-5,subnet-6",
		}},
		"alarms at the first": {func(e *infra.Environment) { e.MaxErrorLines, e.MaxFailures = new(0), new(0) }, map[string]string{
			"MaxErrorLines": "0", "MaxFailures": "0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			e := production(t)
			tt.change(&e)
			rendered, tpl := render(t, e)
			for parameter, want := range tt.want {
				if got := rendered.Parameters[parameter]; got != want {
					t.Errorf("%s is %q, want %q", parameter, got, want)
				}
			}
			if faults := tpl.wants(rendered.Parameters); len(faults) > 0 {
				t.Errorf("faults %q", faults)
			}
		})
	}
}

func TestErrorLinesOfAService(t *testing.T) {
	e := ephemeral(t)
	e.Services[0].MaxErrorLines = new(0)
	_, tpl := render(t, e)
	for id, want := range map[string]string{"ServiceNotifierErrorsAlarm": "0", "ServiceFrontendErrorsAlarm": "10"} {
		if got := tpl.Resources[id]["Properties"].(map[string]any)["Threshold"]; got != want {
			t.Errorf("%s: threshold %v, want %s", id, got, want)
		}
	}
}

// TestAmbiguousNames holds what YAML 1.1 takes for something else to be quoted.
func TestAmbiguousNames(t *testing.T) {
	e := ephemeral(t)
	e.Services, e.Tags = nil, map[string]string{"y": "08"}
	for _, name := range []string{"no", "Yes", "on", "0x1", "1_000", "null"} {
		e.Services = append(e.Services, infra.Service{Name: name})
	}
	rendered, _ := render(t, e)
	for _, want := range []string{"Value: 'no'", "Value: 'Yes'", "Value: 'on'", "Value: '0x1'", "Value: '1_000'", "Value: 'null'", "Key: 'y'", "Value: '08'"} {
		if !strings.Contains(string(rendered.Body), want) {
			t.Errorf("the body lacks %s", want)
		}
	}
}

func TestZoneNames(t *testing.T) {
	names := []string{"us-gov-west-1b", "us-west-2-lax-1a", "us-east-1f"}
	rendered, err := infra.Network{Owner: owner(t, "master"), ZoneNames: names}.Render()
	if err != nil {
		t.Fatal(err)
	}
	for i, parameter := range []string{"ZoneA", "ZoneB", "ZoneC"} {
		if rendered.Parameters[parameter] != names[i] || rendered.Parameters["ThirdZone"] != "true" {
			t.Errorf("parameters %v", rendered.Parameters)
		}
	}
}

func TestManySecrets(t *testing.T) {
	roles := infra.Roles{Owner: owner(t, "master")}
	for i := range 80 { // 6,400 bytes, more than a parameter holds
		roles.Secrets = append(roles.Secrets, fmt.Sprintf("arn:aws:secretsmanager:us-east-1:123456789012:secret:automation/number-%02d-AbCdEf", i))
	}
	rendered, err := roles.Render()
	if err != nil {
		t.Fatal(err)
	}
	tpl := parse(t, rendered.Body)
	if faults := slices.Concat(tpl.faults(), tpl.wants(rendered.Parameters)); len(faults) > 0 {
		t.Errorf("faults %q", faults)
	}
	for name, value := range rendered.Parameters {
		if len(value) > 4096 {
			t.Errorf("parameter %s has %d bytes", name, len(value))
		}
	}
	if n := strings.Count(string(rendered.Body), "secret:automation/number-"); n != 80 {
		t.Errorf("%d secrets", n)
	}
}

// TestWhoeverActsIsBounded holds all roles and users to have the boundary that is given.
func TestWhoeverActsIsBounded(t *testing.T) {
	want := map[string]any{"!If": []any{"HasBoundary", map[string]any{"!Ref": "Boundary"}, map[string]any{"!Ref": "AWS::NoValue"}}}
	bounded := 0
	for name, render := range stacks(t) {
		rendered, err := render()
		if err != nil {
			t.Fatal(err)
		}
		tpl := parse(t, rendered.Body)
		for _, id := range slices.Concat(tpl.of("AWS::IAM::Role"), tpl.of("AWS::IAM::User")) {
			properties := tpl.Resources[id]["Properties"].(map[string]any)
			switch _, can := tpl.Parameters["Boundary"]; {
			case can:
				bounded++
				if d := cmp.Diff(want, properties["PermissionsBoundary"]); d != "" {
					t.Errorf("%s: %s (-want +got):\n%s", name, id, d)
				}
			case !strings.HasPrefix(name, "network"): // its role writes flow logs, and nobody chooses what it may do
				t.Errorf("%s: %s has no boundary", name, id)
			}
		}
	}
	if bounded < 10 {
		t.Errorf("%d roles and users", bounded)
	}
}

func TestNamesThatOthersAreMadeOfStayAsTheyAre(t *testing.T) {
	e := ephemeral(t)
	names := e.ResourceName
	e.ResourceName = func(kind string, parts ...string) (string, error) {
		name, err := names(kind, parts...)
		if kind == "ECS cluster" || kind == "Cloud Map namespace" {
			name += "-x"
		}
		return name, err
	}
	_, err := e.Render()
	says(t, err, `render environment of "automation-8527fec8": ECS cluster "automation-8527fec8-x": want the name of the environment as it is, since other names are made of it`+"\n"+
		`Cloud Map namespace "automation-8527fec8-x": want the name of the environment as it is, since other names are made of it`)
}

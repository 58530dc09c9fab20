package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/infra"
)

// of is the owner that a caller makes of an environment.
func of(env envname.Environment) infra.Owner {
	return infra.Owner{
		Name: env.Name,
		Tags: env.Tags(),
		ResourceName: func(kind string, parts ...string) (string, error) {
			return env.ResourceName(envname.ResourceType(kind), parts...)
		},
	}
}

// owner resolves a branch.
func owner(t testing.TB, branch string) infra.Owner {
	t.Helper()
	env, err := envname.Resolve(branch)
	if err != nil {
		t.Fatal(err)
	}
	return of(env)
}

// ephemeral is a small environment, production one with everything.
func ephemeral(t testing.TB) infra.Environment {
	return infra.Environment{
		Owner: owner(t, "dev/feature/login"), VPC: "vpc-1",
		PublicSubnets: []string{"subnet-1", "subnet-2"}, PrivateSubnets: []string{"subnet-3", "subnet-4"},
		Services: []infra.Service{
			{Name: "notifier"},
			{Name: "frontend", Route: &infra.Route{Priority: 1000}},
		},
	}
}

func production(t testing.TB) infra.Environment {
	return infra.Environment{
		Owner: owner(t, "master"), Production: true, VPC: "vpc-1",
		PublicSubnets:  []string{"subnet-1", "subnet-2", "subnet-3"},
		PrivateSubnets: []string{"subnet-4", "subnet-5", "subnet-6"},
		Clients:        []string{"192.0.2.0/24", "198.51.100.7/32"},
		Certificate:    "arn:aws:acm:us-east-1:123456789012:certificate/8f1a",
		Domain:         "automation.example.com", HostedZone: "Z2FDTNDATAQYW2",
		Services: []infra.Service{
			{Name: "notifier", ErrorPattern: `{ $.app = "notifier" && $.level >= 40 }`},
			{Name: "api", Route: &infra.Route{
				Priority: 100, Paths: []string{"/api/*", "/v2/*"},
				Hosts: []string{"automation.example.com", "*.automation.example.com"}, HealthPath: "/_health",
			}},
			{Name: "frontend", Route: &infra.Route{Priority: 1000}},
		},
		Caches:       []infra.Cache{{NodeType: "cache.m7g.large"}, {Name: "customer-cache-redis"}, {Name: "tnba-feedback-cache-redis", Nodes: 3}},
		Redis:        infra.Redis{PlainInTransit: true},
		Emails:       []string{"on-call@example.com"},
		Webhooks:     []string{"https://events.example.com/integration/0123456789abcdef/enqueue"},
		BucketWriter: "arn:aws:iam::123456789012:role/automation-master-task-thanos",
	}
}

// large has n services, of which each third is public.
func large(t testing.TB, n int) infra.Environment {
	e := ephemeral(t)
	e.Services = nil
	for i := range n {
		s := infra.Service{Name: fmt.Sprintf("service-number-%c%c", 'a'+i/26, 'a'+i%26)}
		if i%3 == 0 {
			s.Route = &infra.Route{Priority: i + 1, Paths: []string{"/" + s.Name + "/*"}}
		}
		e.Services = append(e.Services, s)
	}
	return e
}

// template is a rendered template as values; functions are a map of their short
// tag to their argument.
type template struct {
	Parameters map[string]map[string]any
	Conditions map[string]any
	Resources  map[string]map[string]any
	Outputs    map[string]map[string]any
}

func parse(t testing.TB, body []byte) template {
	t.Helper()
	var document yaml.Node
	if err := yaml.Load(body, &document); err != nil {
		t.Fatalf("the template is no YAML: %v\n%s", err, body)
	}
	encoded, err := json.Marshal(plain(document.Content[0]))
	if err != nil {
		t.Fatal(err)
	}
	var tpl template
	if err := json.Unmarshal(encoded, &tpl); err != nil {
		t.Fatal(err)
	}
	return tpl
}

func plain(n *yaml.Node) any {
	var value any = n.Value
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		value = m
	case yaml.SequenceNode:
		list := []any{}
		for _, child := range n.Content {
			list = append(list, plain(child))
		}
		value = list
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return map[string]any{n.Tag: value}
	}
	return value
}

var inSub = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// faults returns what is wrong with the references of a template: what they name
// is not there, and what is not named by any parameter or condition.
func (tpl template) faults() (faults []string) {
	used := map[string]bool{}
	names := func(section string, known bool, name string) {
		used[section+" "+name] = true
		if !known && !strings.HasPrefix(name, "AWS::") {
			faults = append(faults, fmt.Sprintf("%s %q does not exist", section, name))
		}
	}
	value := func(name string) {
		_, parameter := tpl.Parameters[name]
		_, resource := tpl.Resources[name]
		names("value", parameter || resource, name)
	}
	resource := func(name string) {
		_, ok := tpl.Resources[name]
		names("resource", ok, name)
	}
	condition := func(name string) {
		_, ok := tpl.Conditions[name]
		names("condition", ok, name)
	}
	var walk func(v any)
	sub := func(text string, local map[string]any) {
		for _, found := range inSub.FindAllStringSubmatch(text, -1) {
			name, _, attribute := strings.Cut(found[1], ".")
			if _, ok := local[name]; ok {
				continue
			}
			if value(name); attribute {
				resource(name)
			}
		}
	}
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, child := range v {
				walk(child)
			}
		case map[string]any:
			for key, child := range v {
				switch key {
				case "!Ref":
					value(child.(string))
				case "!GetAtt":
					name, _, _ := strings.Cut(child.(string), ".")
					resource(name)
				case "!Sub":
					if list, ok := child.([]any); ok {
						sub(list[0].(string), list[1].(map[string]any))
					} else {
						sub(child.(string), nil)
					}
				case "!If":
					condition(child.([]any)[0].(string))
				case "!Condition":
					condition(child.(string))
				}
				walk(child)
			}
		}
	}
	for _, r := range tpl.Resources {
		walk(map[string]any(r))
		if on, ok := r["DependsOn"].(string); ok {
			resource(on)
		}
	}
	for _, section := range []map[string]map[string]any{tpl.Resources, tpl.Outputs} {
		for _, entry := range section {
			if c, ok := entry["Condition"].(string); ok {
				condition(c)
			}
			walk(entry["Value"])
		}
	}
	walk(tpl.Conditions)
	for name := range tpl.Parameters {
		if !used["value "+name] {
			faults = append(faults, fmt.Sprintf("parameter %s is not used", name))
		}
	}
	for name := range tpl.Conditions {
		if !used["condition "+name] {
			faults = append(faults, fmt.Sprintf("condition %s is not used", name))
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

// refuses says why a parameter does not take value, or "".
func (tpl template) refuses(parameter, value string) string {
	p, ok := tpl.Parameters[parameter]
	if !ok {
		return "there is no parameter " + parameter
	}
	if allowed, ok := p["AllowedValues"].([]any); ok && !slices.Contains(allowed, any(value)) {
		return fmt.Sprintf("parameter %s: %q is none of %v", parameter, value, allowed)
	}
	if pattern, ok := p["AllowedPattern"].(string); ok && !regexp.MustCompile("^(?:"+pattern+")$").MatchString(value) {
		return fmt.Sprintf("parameter %s: %q does not match %s", parameter, value, pattern)
	}
	return ""
}

// wants returns what is wrong with parameters as values of those of a template.
func (tpl template) wants(parameters map[string]string) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if fault := tpl.refuses(name, parameters[name]); fault != "" {
			faults = append(faults, fault)
		}
	}
	for name, p := range tpl.Parameters {
		if _, given := parameters[name]; !given && p["Default"] == nil {
			faults = append(faults, "parameter "+name+" has no value")
		}
	}
	return faults
}

// dashboard returns the body of the dashboard.
func (tpl template) dashboard(t testing.TB) map[string]any {
	t.Helper()
	properties := tpl.Resources["Dashboard"]["Properties"].(map[string]any)
	text := properties["DashboardBody"].(map[string]any)["!Sub"].([]any)[0].(string)
	var body map[string]any
	if err := json.Unmarshal([]byte(inSub.ReplaceAllString(text, "x")), &body); err != nil {
		t.Fatalf("the body of the dashboard is no JSON: %v\n%s", err, text)
	}
	return body
}

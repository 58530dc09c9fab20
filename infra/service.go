package infra

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

// Service is what an environment has for one ECS service: an alarm when fewer
// tasks of it run than should, a metric of its error lines with an alarm, and what
// its Route needs.
type Service struct {
	// Name is the name of the ECS service: letters, digits, hyphens and underscores.
	Name string `json:"name"`
	// ErrorPattern is the filter pattern of its error lines in the log group,
	// which all services share, so that it has to say whose they are. Default are
	// JSON lines: { ($.level = "ERROR") && ($.service = "NAME") }.
	// Its language: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters".
	ErrorPattern string `json:"errorPattern,omitempty"`
	// MaxErrorLines is how many of them there may be within 5 minutes before there
	// is an alarm; nil is what the environment has.
	MaxErrorLines *int `json:"maxErrorLines,omitempty"`
	// Route makes the service public; nil does not.
	Route *Route `json:"route,omitempty"`
}

// Route is how the load balancer forwards requests to a service, whose container
// speaks HTTP. It has a target group, a rule, and alarms for targets that are
// unhealthy, for none that is healthy, and for answers 5xx. It has no port: ECS
// registers tasks under the port of their container.
type Route struct {
	// Priority is the place of the rule among those of all services, 1 to 50,000:
	// of those that match a request, the lowest wins. No two may have the same,
	// nor can two be exchanged in one update.
	Priority int `json:"priority"`
	// Paths are patterns of which one has to match the path, as "/api/*"; at most
	// 3. Default "/*", which is all.
	Paths []string `json:"paths,omitempty"`
	// Hosts are patterns of which one has to match the Host header, as
	// "api.example.com"; at most 3, and 5 with the paths, which may have 5 of the
	// wildcards * and ? together. Default all.
	Hosts []string `json:"hosts,omitempty"`
	// HealthPath is answered with 2xx while a task is well; default "/".
	HealthPath string `json:"healthPath,omitempty"`
}

// The limits of rules and patterns. Source: Application Load Balancers guide,
// "Listener rules" and "Condition types"; ELBv2 API reference,
// CreateTargetGroup; CloudWatch Logs API reference, PutMetricFilter.
const (
	maxPriority     = 50_000
	maxValues       = 3 // of one condition
	maxRuleValues   = 5 // of all conditions of a rule
	maxWildcards    = 5 // of all conditions of a rule
	maxPattern      = 128
	maxHealthPath   = 1024
	maxFilterLength = 1024
)

func (s Service) check(f *faults) {
	if s.ErrorPattern != "" {
		f.pattern("service "+s.Name+": error pattern", s.ErrorPattern)
	}
	if s.MaxErrorLines != nil {
		f.within("service "+s.Name+": max error lines", *s.MaxErrorLines, 0, maxThreshold)
	}
	if s.Route != nil {
		s.Route.check(f, "service "+s.Name+": route: ")
	}
}

func (r Route) check(f *faults, what string) {
	f.within(what+"priority", r.Priority, 1, maxPriority)
	for _, path := range r.Paths {
		f.match(what+"path", path, `/[A-Za-z0-9_.$/~"'@:+&*?=-]{0,`+fmt.Sprint(maxPattern-1)+`}`, "a slash and at most 127 of letters, digits and _-.$/~\"'@:+&*?")
	}
	for _, host := range r.Hosts {
		f.match(what+"host", host, `[A-Za-z0-9.*?-]+\.[A-Za-z*?]+`, "a host name, in which * and ? may stand for others")
		f.within(what+"host: characters", len(host), 1, maxPattern)
	}
	if n := len(r.Paths); n > maxValues {
		f.add("%s%d paths: want at most %d", what, n, maxValues)
	}
	if n := len(r.Hosts); n > maxValues {
		f.add("%s%d hosts: want at most %d", what, n, maxValues)
	}
	if n := len(r.Hosts) + max(1, len(r.Paths)); n > maxRuleValues {
		f.add("%s%d hosts and paths: want at most %d", what, n, maxRuleValues)
	}
	if n := r.wildcards(); n > maxWildcards {
		f.add("%s%d wildcards: want at most %d", what, n, maxWildcards)
	}
	if r.HealthPath != "" {
		f.match(what+"health path", r.HealthPath, `/[!-~]*`, "a slash and ASCII characters without spaces")
		f.within(what+"health path: characters", len(r.HealthPath), 1, maxHealthPath)
	}
}

// paths and hosts are those of the route with their defaults; "" is every host.
func (r Route) paths() []string {
	if len(r.Paths) == 0 {
		return []string{"/*"}
	}
	return r.Paths
}

func (r Route) hosts() []string {
	if len(r.Hosts) == 0 {
		return []string{""}
	}
	return r.Hosts
}

func (r Route) wildcards() (n int) {
	for _, value := range slices.Concat(r.paths(), r.Hosts) {
		n += strings.Count(value, "*") + strings.Count(value, "?")
	}
	return n
}

// checkServices checks what services have among one another.
func checkServices(f *faults, services []Service) {
	names := make([]string, len(services))
	priorities, taken := map[int]string{}, map[string]string{}
	for i, s := range services {
		names[i] = s.Name
		s.check(f)
		if s.Route == nil {
			continue
		}
		s.checkAlone(f, taken)
		if s.Route.Priority == 0 {
			continue
		}
		if other, taken := priorities[s.Route.Priority]; taken {
			f.add("service %s: route: priority %d is that of %s", s.Name, s.Route.Priority, other)
		}
		priorities[s.Route.Priority] = s.Name
	}
	f.services("service", names)
}

// checkAlone refuses requests that another route has already: the rule with the
// higher priority would never be asked.
func (s Service) checkAlone(f *faults, taken map[string]string) {
	for _, host := range s.Route.hosts() {
		for _, path := range s.Route.paths() {
			request := strings.ToLower(host) + path
			switch other, found := taken[request]; {
			case found && other == s.Name:
				f.add("service %s: route: %s is given twice", s.Name, request)
			case found:
				f.add("service %s: route: %s is that of %s, too", s.Name, request, other)
			}
			taken[request] = s.Name
		}
	}
}

// copy returns what stands for the service in the template.
func (s Service) copy(maxErrorLines int) exemplar.Copy {
	if s.MaxErrorLines != nil {
		maxErrorLines = *s.MaxErrorLines
	}
	pattern := fmt.Sprintf(`{ ($.level = "ERROR") && ($.service = "%s") }`, s.Name)
	c := exemplar.Copy{
		IDs:    map[string]string{"Service": "Service" + s.id(), "Route": "Route" + s.id()},
		Values: map[string]any{"ServiceName": s.Name, "ServiceErrorPattern": cmp.Or(s.ErrorPattern, pattern), "ServiceMaxErrorLines": maxErrorLines},
	}
	if r := s.Route; r != nil {
		c.Values["RoutePriority"] = r.Priority
		c.Values["RoutePaths"], c.Values["RouteHosts"] = r.paths(), r.Hosts
		c.Values["RouteHealthPath"] = cmp.Or(r.HealthPath, "/")
		c.Conditions = map[string]bool{"RouteHasHosts": len(r.Hosts) > 0}
	}
	return c
}

func (s Service) id() string { return exemplar.LogicalID(s.Name) }

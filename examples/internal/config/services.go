package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/dag"
)

// Service is one ECS service: how it runs, how it is reached, what it may do, and how
// its logs are found.
type Service struct {
	Name string `yaml:"name"`
	// Module is the one whose image it runs; default Name. Where Images has none of
	// that module, Image must be given.
	Module string `yaml:"module"`
	// Image is an image from elsewhere, which runs as it is.
	Image string `yaml:"image"`
	// DependsOn are services that must be healthy before it starts.
	DependsOn []string `yaml:"depends_on"`

	CPU         int32  `yaml:"cpu"`    // CPU units of the task; default 256
	Memory      int32  `yaml:"memory"` // MiB of the task; default 512
	Count       int32  `yaml:"count"`  // tasks where the service is made; default 1
	Port        int32  `yaml:"port"`   // of the container; default none
	HealthCheck string `yaml:"health_check"`
	// Environment are variables besides those that each container gets: ENVIRONMENT_NAME;
	// SERVICES_DOMAIN, in which it finds others as NAME.DOMAIN; and the URLs of the
	// caches, REDIS_URL of the one without a name and REDIS_OUTAGES_URL of outages.
	Environment map[string]string `yaml:"environment"`
	// Secrets are variables whose values are in Secrets Manager or Systems Manager: ARNs.
	Secrets map[string]string `yaml:"secrets"`

	// Route makes it public. It needs a Port.
	Route *Route `yaml:"route"`
	// Statements are what its tasks may do in AWS; default nothing.
	Statements []Statement `yaml:"statements"`
	// ErrorPattern and MaxErrorLines tune the alarm on its log; see infra.Service.
	ErrorPattern  string `yaml:"error_pattern"`
	MaxErrorLines *int   `yaml:"max_error_lines"`
	// Title is what people call it in Papertrail; default Name.
	Title string `yaml:"title"`
}

// Route is how the load balancer finds a service; see infra.Route.
type Route struct {
	Priority   int      `yaml:"priority"`
	Paths      []string `yaml:"paths"`
	Hosts      []string `yaml:"hosts"`
	HealthPath string   `yaml:"health_path"`
}

// Statement is one of an IAM policy.
type Statement struct {
	Actions   []string `yaml:"actions"`
	Resources []string `yaml:"resources"`
}

// ImageOf is the module whose image the service runs.
func (s Service) ImageOf() string { return cmp.Or(s.Module, s.Name) }

func (f *File) checkServices() error {
	var errs []error
	names := map[string]int{}
	for _, s := range f.Services {
		names[s.Name]++
	}
	for i, s := range f.Services {
		who := cmp.Or(s.Name, fmt.Sprintf("number %d", i+1))
		if names[s.Name] > 1 && s.Name != "" {
			errs = append(errs, fmt.Errorf("services: %s: there are two of this name", who))
			names[s.Name] = 1 // which is said once
		}
		for _, fault := range append(s.faults(), f.faultsAround(s)...) {
			errs = append(errs, fmt.Errorf("services: %s: %s", who, fault))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return f.checkOrder()
}

// faults are what is wrong with a service by itself.
func (s Service) faults() (faults []string) {
	if s.Name == "" {
		faults = append(faults, "it has no name")
	}
	if s.CPU < 0 || s.Memory < 0 || s.Count < 0 {
		faults = append(faults, "cpu, memory and count must not be negative")
	}
	if s.Port < 0 || s.Port > 65535 {
		faults = append(faults, fmt.Sprintf("port %d is not between 1 and 65535", s.Port))
	}
	if s.Route != nil && s.Port == 0 {
		faults = append(faults, "a route needs a port")
	}
	if s.Image != "" && s.Module != "" {
		faults = append(faults, "it has a module and an image: give one")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		if _, twice := s.Environment[name]; twice {
			faults = append(faults, name+" is a variable and a secret: give one")
		}
		if !isARN(s.Secrets[name]) {
			faults = append(faults, fmt.Sprintf("secret %s: want the ARN of where it is, in Secrets Manager or Systems Manager", name))
		}
	}
	return faults
}

// isARN reports whether text looks like one. What does not may be a secret itself, and is
// shown nowhere.
func isARN(text string) bool { return strings.HasPrefix(text, "arn:") }

// faultsAround are what is wrong between a service and the rest of the file.
func (f *File) faultsAround(s Service) (faults []string) {
	for _, need := range s.DependsOn {
		if !slices.ContainsFunc(f.Services, func(other Service) bool { return other.Name == need }) {
			faults = append(faults, fmt.Sprintf("it depends on %q, which is no service", need))
		}
	}
	if _, built := f.Images.of(s.ImageOf()); s.Image == "" && !built {
		faults = append(faults, fmt.Sprintf("it runs the image of %s, which images.modules has not; name that there, or an image here", s.ImageOf()))
	}
	return faults
}

// checkOrder refuses services that wait for one another in a circle.
func (f *File) checkOrder() error {
	nodes := make([]dag.Node, len(f.Services))
	for i, s := range f.Services {
		nodes[i] = dag.Node{Name: s.Name, Needs: s.DependsOn}
	}
	if _, err := dag.New(nodes); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	return nil
}

// ServiceNames are the names of all services, sorted.
func (f *File) ServiceNames() []string {
	names := make([]string, 0, len(f.Services))
	for _, s := range f.Services {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
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

	CPU         int32             `yaml:"cpu"`    // CPU units of the task; default 256
	Memory      int32             `yaml:"memory"` // MiB of the task; default 512
	Count       int32             `yaml:"count"`  // tasks where the service is made; default 1
	Port        int32             `yaml:"port"`   // of the container; default none
	HealthCheck string            `yaml:"health_check"`
	Environment map[string]string `yaml:"environment"` // variables
	Secrets     map[string]string `yaml:"secrets"`     // variables by ARN, in Secrets Manager or Systems Manager

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
	fail := func(s Service, i int, format string, args ...any) {
		errs = append(errs, fmt.Errorf("services: %s: %s", cmp.Or(s.Name, fmt.Sprintf("number %d", i+1)), fmt.Sprintf(format, args...)))
	}
	seen := map[string]bool{}
	for _, s := range f.Services {
		seen[s.Name] = true
	}
	named := map[string]bool{}
	for i, s := range f.Services {
		switch {
		case s.Name == "":
			fail(s, i, "it has no name")
		case named[s.Name]:
			fail(s, i, "there are two of this name")
		}
		named[s.Name] = true
		if s.CPU < 0 || s.Memory < 0 || s.Count < 0 {
			fail(s, i, "cpu, memory and count must not be negative")
		}
		if s.Port < 0 || s.Port > 65535 {
			fail(s, i, "port %d is not between 1 and 65535", s.Port)
		}
		if s.Route != nil && s.Port == 0 {
			fail(s, i, "a route needs a port")
		}
		for _, need := range s.DependsOn {
			if !seen[need] {
				fail(s, i, "it depends on %q, which is no service", need)
			}
		}
		_, built := f.Images.of(s.ImageOf())
		if s.Image == "" && !built {
			fail(s, i, "it runs the image of %s, which images.modules has not; name that there, or an image here", s.ImageOf())
		}
		if s.Image != "" && s.Module != "" {
			fail(s, i, "it has a module and an image: give one")
		}
	}
	return errors.Join(errs...)
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

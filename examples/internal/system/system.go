// Package system reads the services of a system from a YAML file and turns
// them into what package ecs rolls out.
//
//	services:
//	  - name: notifier
//	    module: notifier          # whose image it runs; default: the name
//	    depends_on: [nats-server] # healthy before it starts
//	    cpu: 256                  # CPU units of the task; default 256
//	    memory: 512               # MiB of the task; default 512
//	    count: 1                  # tasks where the service is created; default 1
//	    port: 5000                # container port; default none
//	    health_check: "curl -f http://localhost:5000/_health" # default none
package system

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/examples/internal/yamlfile"
)

// Service is one service as the file has it.
type Service struct {
	Name        string   `yaml:"name"`
	Module      string   `yaml:"module"`
	DependsOn   []string `yaml:"depends_on"`
	CPU         int32    `yaml:"cpu"`
	Memory      int32    `yaml:"memory"`
	Count       int32    `yaml:"count"`
	Port        int32    `yaml:"port"`
	HealthCheck string   `yaml:"health_check"`
}

// Load reads the services of the file at path.
func Load(path string) ([]Service, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	defer file.Close()
	return Read(path, file)
}

// Read reads services from r; name is what errors call it. Unknown keys are
// errors, with line and column.
func Read(name string, r io.Reader) ([]Service, error) {
	var file struct {
		Services []Service `yaml:"services"`
	}
	if err := yamlfile.Decode(r, &file); err != nil {
		return nil, fmt.Errorf("read services %s:%w", name, err)
	}
	if len(file.Services) == 0 {
		return nil, fmt.Errorf("read services %s: it lists no services", name)
	}
	var errs []error
	for i, s := range file.Services {
		if fault := s.fault(); fault != "" {
			errs = append(errs, fmt.Errorf("read services %s: %s: %s", name, cmp.Or(s.Name, fmt.Sprintf("service %d", i+1)), fault))
		}
	}
	return file.Services, errors.Join(errs...)
}

// fault says what no task definition could hold.
func (s Service) fault() string {
	switch {
	case s.Name == "":
		return "it has no name"
	case s.CPU < 0 || s.Memory < 0 || s.Count < 0:
		return "cpu, memory and count must not be negative"
	case s.Port < 0 || s.Port > 65535:
		return fmt.Sprintf("port %d is not between 1 and 65535", s.Port)
	}
	return ""
}

// Desired returns services as those of the named environment. Image gives the
// image of a module.
func Desired(services []Service, environment string, image func(module string) string) []ecs.Service {
	desired := make([]ecs.Service, len(services))
	for i, s := range services {
		desired[i] = s.desired(environment, image(cmp.Or(s.Module, s.Name)))
	}
	return desired
}

func (s Service) desired(environment, image string) ecs.Service {
	container := types.ContainerDefinition{
		Name: &s.Name, Image: &image,
		Environment: []types.KeyValuePair{{Name: new("ENVIRONMENT_NAME"), Value: &environment}},
	}
	if s.Port != 0 {
		container.PortMappings = []types.PortMapping{{ContainerPort: &s.Port}}
	}
	if s.HealthCheck != "" {
		container.HealthCheck = &types.HealthCheck{Command: []string{"CMD-SHELL", s.HealthCheck}}
	}
	return ecs.Service{
		Name:      s.Name,
		DependsOn: s.DependsOn,
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
			Family:               new(environment + "-" + s.Name),
			Cpu:                  new(fmt.Sprint(cmp.Or(s.CPU, 256))),
			Memory:               new(fmt.Sprint(cmp.Or(s.Memory, 512))),
			ContainerDefinitions: []types.ContainerDefinition{container},
		},
		Settings: &awsecs.CreateServiceInput{
			DesiredCount: new(cmp.Or(s.Count, 1)),
			DeploymentConfiguration: &types.DeploymentConfiguration{
				DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
			},
		},
	}
}

// Package infra holds what an environment is made of, as CloudFormation
// templates that people can read: network.yaml, roles.yaml, environment.yaml and
// kre-cluster.yaml.
//
// Each is complete, and can be given to "aws cloudformation deploy" as it is.
// [Network], [Roles], [Environment] and [KRECluster] fill in what repeats, such as a role
// for each service, and hold all names against the limits of AWS. What comes out goes into
// a stack, and the outputs of one are parameters of the next:
//
//	env := infra.Environment{
//		Owner:    infra.Owner{Name: "automation-8527fec8", Tags: tags, ResourceName: names},
//		VPC:      network.VPC, PublicSubnets: network.PublicSubnets, PrivateSubnets: network.PrivateSubnets,
//		Services: []infra.Service{{Name: "notifier"}},
//	}
//	rendered, err := env.Render() // Name, Body, Parameters and Tags of a stack
//	outputs, err := env.Read(result.Outputs)
//
// It calls no AWS API and applies nothing: package stack does. It makes neither
// ECS services nor Cloud Map services, which come with each rollout (packages
// ecs and ecs/discovery), and no image repositories, which environments share.
package infra

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

//go:embed network.yaml roles.yaml environment.yaml kre-cluster.yaml
var templates embed.FS

// Rendered is a stack, ready to be applied.
type Rendered struct {
	// Name is the name of the stack.
	Name string
	// Body is the template in YAML. One of more than 51,200 bytes can only be
	// given to CloudFormation by way of S3; see [Environment].
	Body []byte
	// Parameters are the values of parameters of the template by name. Those of
	// subscriptions may be secret, and are marked NoEcho.
	Parameters map[string]string
	// Tags are those of the stack, which it hands on to its resources; see [Owner].
	Tags map[string]string
}

// Owner says whose the resources of a stack are.
type Owner struct {
	// Name is the name of the environment, as "automation-8527fec8": at most 32
	// lower-case letters, digits and hyphens. Names of resources begin with it. An
	// account has an environment of that name in one region: the names of its roles
	// are those of the whole account, that of its bucket is so in all the world.
	Name string
	// Tags are put on the stack, and by CloudFormation on all its resources but
	// those that have no tags in it: listeners and their rules, metric filters,
	// subscriptions, the dashboard, DNS records, the policies of the topic and of
	// the bucket, rules of security groups; and in a network, routes, and what
	// attaches route tables and the internet gateway. The Cloud Map namespace is not
	// documented to get them, and is given them by itself. At most 49, since some
	// resources have a Name besides.
	Tags map[string]string
	// ResourceName makes the name of a resource of the environment: Name, and
	// parts with hyphens between them, within the limits of its type. It must be
	// given, and is asked for each name before anything is rendered; what it
	// returns has to begin with Name. Its first argument is what people call the
	// type: "stack", "ECS cluster", "load balancer", "replication group", "role",
	// "log group", "topic", "alarm", "dashboard", "bucket", "Cloud Map namespace",
	// "EKS cluster" or "user". The method of that name of an envname.Environment does it:
	//
	//	func(kind string, parts ...string) (string, error) {
	//		return env.ResourceName(envname.ResourceType(kind), parts...)
	//	}
	ResourceName func(kind string, parts ...string) (string, error)
}

// errNoNames is the fault of an Owner without ResourceName.
var errNoNames = errors.New("ResourceName is nil: give a function that makes names, as the method of an envname.Environment does")

// stack returns the name of the stack with the parts given.
func (o Owner) stack(parts ...string) (string, error) { return o.name("stack", parts...) }

// name asks ResourceName, and holds it to its word.
func (o Owner) name(kind string, parts ...string) (string, error) {
	if o.ResourceName == nil {
		return "", errNoNames
	}
	name, err := o.ResourceName(kind, parts...)
	if err == nil && !strings.HasPrefix(name, o.Name) {
		return "", fmt.Errorf("%s %q: its name does not begin with %q: is ResourceName that of another environment?", kind, name, o.Name)
	}
	return name, err
}

// asIs holds ResourceName to leaving a name as it is that AWS, or another part of
// the template, makes names of.
func (o Owner) asIs(kind string) error {
	if name, err := o.name(kind); err == nil && name != o.Name {
		return fmt.Errorf("%s %q: want the name of the environment as it is, since other names are made of it", kind, name)
	}
	return nil // Names tells the error
}

// render makes a stack of a template that has been edited.
func (o Owner) render(stack string, t *exemplar.Template, source string, parameters map[string]string) (Rendered, error) {
	body, err := t.Bytes(fmt.Sprintf("Rendered from %s of %s by github.com/mettel-automation/delivery/infra.", source, o.Name))
	if err != nil {
		return Rendered{}, err
	}
	return Rendered{Name: stack, Body: body, Parameters: parameters, Tags: maps.Clone(o.Tags)}, nil
}

// parse reads a template of this package.
func parse(name string) (*exemplar.Template, error) {
	body, err := templates.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return exemplar.Parse(body)
}

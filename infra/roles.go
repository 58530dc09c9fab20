package infra

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

// Roles are the roles of an environment's tasks. See roles.yaml. The stack needs
// the capability CAPABILITY_NAMED_IAM.
type Roles struct {
	Owner
	// Repository is the name of the image repositories that tasks are started
	// from, in which an asterisk stands for any text, as "automation-*"; default
	// all of the account.
	Repository string
	// Secrets are the ARNs of secrets (Secrets Manager) and parameters (Systems
	// Manager) that containers are started with. Asterisks are allowed: the ARN of
	// a secret ends in six characters that nobody knows before. A part of a secret,
	// as ":password::" after the ARN in a task definition, is none of it.
	Secrets []string
	// Keys are the ARNs of KMS keys that encrypt secrets, but for those that AWS
	// manages.
	Keys []string
	// Exec lets people open a shell in the tasks with "aws ecs execute-command".
	Exec bool
	// Boundary is the ARN of a policy that caps what all these roles may do, whatever
	// their own policies say: their permissions boundary. Empty is none. It has to allow
	// what starting a task takes. Source: IAM User Guide, "Permissions boundaries for
	// IAM entities".
	Boundary string
	// Services are those whose code has rights of its own. The tasks of others
	// share one role, which has none.
	Services []ServiceRole
}

// ServiceRole is what the code of a service may do.
type ServiceRole struct {
	// Service is the name of the service.
	Service string `json:"service"`
	// Statements are what it may do.
	Statements []Statement `json:"statements,omitempty"`
	// Policies are the ARNs of managed policies that it has besides; at most 10.
	Policies []string `json:"policies,omitempty"`
}

// Statement allows actions on resources.
type Statement struct {
	// Actions are those of AWS services, as "s3:GetObject" or "s3:Get*", and
	// never of all services.
	Actions []string `json:"actions"`
	// Resources are ARNs, or "*" for actions that know no resources.
	Resources []string `json:"resources"`
}

// RolesOutputs are the ARNs of roles.
type RolesOutputs struct {
	ExecutionRole string            `json:"executionRole"` // executionRoleArn of all task definitions
	TaskRole      string            `json:"taskRole"`      // taskRoleArn of those whose service has no role of its own
	ServiceRoles  map[string]string `json:"serviceRoles"`  // by service
}

// The most managed policies, and characters of inline policies, that a role has.
// Of these, the template has some itself. Source: IAM User Guide, "IAM and AWS STS
// quotas".
const (
	maxPolicies  = 10
	maxInline    = 10_240
	inlineOfOwns = 1_240
)

// StackName returns the name of the stack: that of the Owner, and "roles".
func (r Roles) StackName() (string, error) { return r.stack("roles") }

// Render returns the stack of the roles. All faults of r are in the error.
func (r Roles) Render() (Rendered, error) {
	var f faults
	f.owner(r.Owner)
	r.check(&f)
	var stack, logGroup string
	if r.ResourceName != nil {
		var err error
		stack, err = r.StackName()
		f.also(err)
		logGroup, err = r.name("log group")
		f.also(err)
	}
	t, err := parse("roles.yaml")
	if err != nil {
		return Rendered{}, err
	}
	if len(f) == 0 {
		f.also(r.edit(t))
	}
	if err := f.of("roles", r.Name); err != nil {
		return Rendered{}, err
	}
	return r.render(stack, t, "roles.yaml", map[string]string{
		"Environment": r.Name,
		"LogGroup":    logGroup,
		"Repository":  cmp.Or(r.Repository, "*"),
		"Exec":        strconv.FormatBool(r.Exec),
		"Boundary":    r.Boundary,
	})
}

// policy is an inline policy as roles.yaml writes them.
type policy struct {
	PolicyName     string   `yaml:"PolicyName"`
	PolicyDocument document `yaml:"PolicyDocument"`
}

type document struct {
	Version   string  `yaml:"Version"`
	Statement []allow `yaml:"Statement"`
}

type allow struct {
	Effect   string   `yaml:"Effect"`
	Action   []string `yaml:"Action,flow"`
	Resource []string `yaml:"Resource,flow"`
}

// document returns what the service may do as a policy says it.
func (s ServiceRole) document() document {
	d := document{Version: "2012-10-17"}
	for _, statement := range s.Statements {
		d.Statement = append(d.Statement, allow{"Allow", statement.Actions, statement.Resources})
	}
	return d
}

// edit puts in secrets and keys, of which there may be more than a parameter holds,
// and repeats the role of a service.
func (r Roles) edit(t *exemplar.Template) error {
	t.Settle(map[string]any{"Secrets": r.Secrets, "Keys": r.Keys}, map[string]bool{"HasSecrets": len(r.Secrets) > 0, "HasKeys": len(r.Keys) > 0})
	var copies []exemplar.Copy
	for _, s := range r.Services {
		copies = append(copies, exemplar.Copy{
			IDs:        map[string]string{"Service": s.id()},
			Values:     map[string]any{"ServiceName": s.Service, "ServicePolicies": s.Policies},
			Conditions: map[string]bool{"ServiceGiven": true, "ServiceHasPolicies": len(s.Policies) > 0},
		})
	}
	if err := t.Repeat(map[string][]exemplar.Copy{"Service": copies}); err != nil {
		return err
	}
	for _, s := range r.Services {
		if len(s.Statements) == 0 {
			continue
		}
		own := policy{PolicyName: "service", PolicyDocument: s.document()}
		if err := t.Append(s.id()+"Role", "Policies", own); err != nil {
			return err
		}
	}
	return t.Names(r.Name, r.name)
}

// id is what the logical ids of the service begin with.
func (s ServiceRole) id() string { return "Service" + exemplar.LogicalID(s.Service) }

func (r Roles) check(f *faults) {
	if r.Repository != "" {
		f.match("repository", r.Repository, `[a-z0-9._/*-]+`, "lower-case letters, digits, hyphens, underscores, periods, slashes and asterisks")
	}
	f.arns("secret", r.Secrets, `(secretsmanager|ssm)`)
	f.arns("key", r.Keys, `kms`)
	f.boundary(r.Boundary)
	for _, secret := range r.Secrets {
		// arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, arn:aws:ssm:REGION:ACCOUNT:parameter/NAME
		parts, whole := strings.Split(secret, ":"), 6
		if len(parts) > 2 && parts[2] == "secretsmanager" {
			whole = 7
		}
		if len(parts) > whole {
			f.add("secret: %q: it names a part or a version, as task definitions do: want %s", secret, strings.Join(parts[:whole], ":"))
		}
	}
	f.inline("secrets and keys", slices.Concat(r.Secrets, r.Keys))
	names := make([]string, len(r.Services))
	for i, s := range r.Services {
		names[i] = s.Service
		s.check(f)
	}
	f.services("role of service", names)
}

func (s ServiceRole) check(f *faults) {
	f.arns("role of service "+s.Service+": policy", s.Policies, `iam`)
	if n := len(s.Policies); n > maxPolicies {
		f.add("role of service %s: %d policies: want at most %d", s.Service, n, maxPolicies)
	}
	if len(s.Statements) > 0 {
		f.inline("role of service "+s.Service+": statements", s.document())
	}
	for i, statement := range s.Statements {
		what := fmt.Sprintf("role of service %s: statement %d", s.Service, i+1)
		if len(statement.Actions) == 0 || len(statement.Resources) == 0 {
			f.add("%s: want actions and resources", what)
		}
		for _, action := range statement.Actions {
			f.match(what+": action", action, `[a-z0-9-]+:[A-Za-z0-9*?]+`, "the actions of one service, as s3:GetObject")
		}
		for _, resource := range statement.Resources {
			f.match(what+": resource", resource, `\*|arn:[^\s]+`, "an ARN or *")
		}
	}
}

// inline holds what becomes an inline policy against the room that a role has.
func (f *faults) inline(what string, value any) {
	text, err := json.Marshal(value)
	f.also(err)
	if n := len(text); n > maxInline-inlineOfOwns {
		f.add("%s: %d characters: want at most %d; take asterisks, or a managed policy", what, n, maxInline-inlineOfOwns)
	}
}

// services checks the names of services.
func (f *faults) services(what string, names []string) {
	byID := map[string]string{}
	for i, name := range names {
		f.match(what, name, `[A-Za-z0-9_-]{1,255}`, "1 to 255 letters, digits, hyphens and underscores")
		id := exemplar.LogicalID(name)
		switch other, taken := byID[id]; {
		case slices.Contains(names[:i], name):
			f.add("%s %s: given twice", what, name)
		case taken:
			f.add("%s %s: it has the logical id %s, as %s has; rename one", what, name, id, other)
		}
		byID[id] = name
	}
}

// arns checks ARNs of one of services, a pattern.
func (f *faults) arns(what string, arns []string, services string) {
	for _, arn := range arns {
		f.match(what, arn, `arn:aws[a-z-]*:`+services+`:[^,\s]+`, "an ARN")
	}
}

// boundary checks the ARN of a permissions boundary, which may be empty.
func (f *faults) boundary(arn string) {
	if arn != "" {
		f.match("boundary", arn, `arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[!-~]+`, "the ARN of a managed policy")
	}
}

// Read finds the roles in the outputs of their stack. Each output that is
// missing is a [*MissingOutputError] in the joined error.
func (r Roles) Read(outputs map[string]string) (RolesOutputs, error) {
	from := reader{stack: r.StackName, outputs: outputs}
	out := RolesOutputs{
		ExecutionRole: from.text("ExecutionRole"),
		TaskRole:      from.text("TaskRole"),
		ServiceRoles:  make(map[string]string, len(r.Services)),
	}
	for _, s := range r.Services {
		out.ServiceRoles[s.Service] = from.text(s.id() + "Role")
	}
	return out, from.err()
}

package iampolicy

import (
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/doccheck"
)

const (
	root   = "../../.."
	module = "github.com/mettel-automation/delivery/"
)

// use is an interface of AWS operations that a job hands to a package.
type use struct {
	pkg, name string
	only      []string // methods; none is all
}

// job is what a job's policy has to allow, and nothing else.
type job struct {
	uses []use
	also map[string]string // actions that no interface has, and what takes them
}

var (
	stackReads  = use{pkg: "stack", name: "Reader"}
	stackPlans  = use{pkg: "stack", name: "ChangeSets"}
	stackWrites = use{pkg: "stack", name: "Writer"}
	templates   = use{pkg: "stack/bucket", name: "TemplateAPI"}
	empties     = use{pkg: "stack/bucket", name: "API"}
)

const (
	passing   = "CloudFormation acts as a role that the job hands to it"
	missing   = "without it, S3 answers 403 for an object that is not there, and not 404"
	tagging   = "what is created with tags"
	pushing   = "the engine pushes and pulls with the job's token; ECR user guide, Required IAM permissions for pushing an image"
	cloudMap  = "DeregisterInstance ends health checks; Cloud Map developer guide, AWS Cloud Map API permissions reference"
	taskRoles = "a task definition names the roles of its tasks"
	tags      = "Cloud Map services are created with tags"
	running   = "images that any environment runs stay in the registry"
	reading   = "CloudFormation reads the template with the rights of whoever makes the change set"
)

var jobs = map[string]job{
	"basic-infra": {
		uses: []use{
			stackReads, stackPlans, stackWrites, templates,
			{pkg: "stack/bucket", name: "HomeAPI"},
			{pkg: "ecr/repository", name: "API"},
			{pkg: "ecs/capacity", name: "API"},
			{pkg: "ecs/capacity", name: "TaskAPI"},
			{pkg: "ecs/capacity", name: "ProviderAPI"},
			{pkg: "ecs/capacity/limits", name: "EC2"},
			{pkg: "ecs/capacity/limits", name: "Quotas"},
		},
		also: map[string]string{
			"iam:PassRole": passing, "s3:ListBucket": missing, "s3:GetObject": reading,
			"ecs:ListServices": running, "ecs:DescribeServices": running, "ecs:DescribeTaskDefinition": running,
		},
	},
	"build": {
		uses: []use{{pkg: "ecr", name: "API"}},
		also: map[string]string{
			"ecr:BatchCheckLayerAvailability": pushing, "ecr:InitiateLayerUpload": pushing, "ecr:UploadLayerPart": pushing,
			"ecr:CompleteLayerUpload": pushing, "ecr:GetDownloadUrlForLayer": pushing,
		},
	},
	"deploy": {
		uses: []use{
			stackReads, stackPlans, stackWrites, templates,
			{pkg: "ecr", name: "ImageReader"},
			{pkg: "ecs", name: "API"},
			{pkg: "ecs/capacity", name: "API"},
			{pkg: "ecs/capacity", name: "TaskAPI"},
			{pkg: "ecs/capacity", name: "ProviderAPI"},
			{pkg: "ecs/discovery", name: "API"},
			{pkg: "ecs/discovery", name: "Finder"},
			{pkg: "ecs/targets", name: "API"},
			{pkg: "ecs/targets", name: "InstanceReader"},
			{pkg: "ecs/logs", name: "API"},
		},
		also: map[string]string{
			"iam:PassRole": passing + "; " + taskRoles, "s3:ListBucket": missing, "s3:GetObject": reading, "ecs:TagResource": tagging, "servicediscovery:TagResource": tags,
			"route53:GetHealthCheck": cloudMap, "route53:DeleteHealthCheck": cloudMap, "route53:UpdateHealthCheck": cloudMap,
		},
	},
	"destroy": {
		uses: []use{
			stackReads, stackWrites, empties,
			{pkg: "ecs/cluster", name: "Reader"},
			{pkg: "ecs/cluster", name: "InstanceReader"},
			{pkg: "ecs/cluster", name: "Destroyer"},
			{pkg: "ecs/discovery", name: "Reader"},
			{pkg: "ecs/discovery", name: "Writer", only: []string{"DeregisterInstance", "DeleteService"}},
			{pkg: "ecr/cleanup", name: "API"},
		},
		also: map[string]string{
			"iam:PassRole": passing, "ecs:ListClusters": running, "ecs:DescribeTaskDefinition": running,
			"ecs:DeregisterTaskDefinition": "what nobody shall start again",
			"route53:GetHealthCheck":       cloudMap, "route53:DeleteHealthCheck": cloudMap, "route53:UpdateHealthCheck": cloudMap,
		},
	},
	"basic-infra-kre": {
		uses: []use{
			stackReads, stackPlans, stackWrites, templates,
			{pkg: "eks", name: "Clusters"},
			{pkg: "eks/access", name: "Entries"},
			{pkg: "eks/keys", name: "Objects"},
			{pkg: "eks/keys", name: "Parameters"},
			{pkg: "eks/keys", name: "AccessKeys"},
		},
		also: map[string]string{"iam:PassRole": passing, "s3:ListBucket": missing, "s3:GetObject": reading},
	},
	"kre-runtimes": {
		uses: []use{
			stackReads,
			{pkg: "eks", name: "Clusters"},
			{pkg: "eks/keys", name: "Objects", only: []string{"GetObject"}},
			{pkg: "kre/zone", name: "Reader"},
			{pkg: "kre/zone", name: "Writer"},
		},
		also: map[string]string{"s3:ListBucket": missing},
	},
	"destroy-kre": {
		uses: []use{
			stackReads, stackWrites, empties,
			{pkg: "eks", name: "Clusters"},
			{pkg: "eks/access", name: "Entries"},
			{pkg: "eks/keys", name: "AccessKeys", only: []string{"ListAccessKeys", "DeleteAccessKey"}},
			{pkg: "eks/keys", name: "Objects", only: []string{"GetObject"}},
			{pkg: "kre/zone", name: "Reader"},
			{pkg: "kre/zone", name: "Writer", only: []string{"ChangeResourceRecordSets"}},
			{pkg: "kre/zone", name: "Destroyer"},
		},
		also: map[string]string{"iam:PassRole": passing, "s3:ListBucket": missing},
	},
	"nuke-config": {uses: inventory()},
}

// inventory are the interfaces by which an account is read.
func inventory() []use {
	var all []use
	for _, name := range []string{
		"Aliases", "IAM", "DNS", "Tags", "Clusters", "Services", "LoadBalancers", "Caches", "CloudMap", "CloudWatch",
		"Logs", "Stacks", "Topics", "Buckets", "Network",
	} {
		all = append(all, use{pkg: "nuke/inventory", name: name})
	}
	return all
}

// withoutAWS are the jobs that ask nothing of AWS.
var withoutAWS = []string{"detect", "validate", "unit-coverage", "report"}

func TestThePolicyOfAJobAllowsWhatItsInterfacesHaveAndNothingElse(t *testing.T) {
	var paths []string
	for _, j := range jobs {
		for _, u := range j.uses {
			paths = append(paths, module+u.pkg)
		}
	}
	imports, err := doccheck.Importer(t.Context(), root, token.NewFileSet(), paths...)
	if err != nil {
		t.Fatal(err)
	}
	for name, j := range jobs {
		t.Run(name, func(t *testing.T) {
			policy := read(t, name)
			want := slices.Collect(maps.Keys(j.also))
			for _, u := range j.uses {
				want = append(want, operations(t, imports, u)...)
			}
			slices.Sort(want)
			if d := cmp.Diff(slices.Compact(want), policy.Actions()); d != "" {
				t.Errorf("docs/iam/%s.json (-what its interfaces have +what it allows):\n%s", name, d)
			}
		})
	}
}

func operations(t *testing.T, imports types.Importer, u use) []string {
	t.Helper()
	pkg, err := imports.Import(module + u.pkg)
	if err != nil {
		t.Fatal(err)
	}
	found := pkg.Scope().Lookup(u.name)
	if found == nil {
		t.Fatalf("package %s has no %s", u.pkg, u.name)
	}
	i, ok := found.Type().Underlying().(*types.Interface)
	if !ok {
		t.Fatalf("%s.%s is no interface", u.pkg, u.name)
	}
	actions, err := Operations(i, u.only...)
	if err != nil {
		t.Fatalf("%s.%s: %v", u.pkg, u.name, err)
	}
	return actions
}

func read(t *testing.T, name string) Policy {
	t.Helper()
	policy, err := Read(filepath.Join(root, "docs", "iam", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestEveryPolicyIsOfAJobOrOfCloudFormation(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "iam", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		if !strings.HasPrefix(name, "trust-") {
			got = append(got, name)
		}
		read(t, name)
	}
	want := slices.Sorted(maps.Keys(jobs))
	want = append(want, slices.Sorted(maps.Keys(roles))...)
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("policies in docs/iam (-want +got):\n%s", d)
	}
}

func TestEveryJobIsOnThePage(t *testing.T) {
	page, err := doccheck.Read(root, "docs/iam-permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(page.Lines, "\n")
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(jobs)), slices.Sorted(maps.Keys(roles))) {
		if !strings.Contains(text, "(iam/"+name+".json)") {
			t.Errorf("docs/iam-permissions.md does not name iam/%s.json", name)
		}
	}
	for _, name := range withoutAWS {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/iam-permissions.md does not say that %s needs nothing", name)
		}
	}
}

var reads = regexp.MustCompile(`:(Describe|Get|List|BatchGet)`)

// What an ephemeral job may change is named after ephemeral environments, whose ids
// have eight characters, and never after production.
func TestJobsOfEphemeralEnvironmentsReachNothingOfProduction(t *testing.T) {
	for _, name := range []string{"basic-infra", "deploy", "destroy", "build"} {
		for _, s := range read(t, name).Statement {
			if !slices.ContainsFunc(s.Action, func(a string) bool { return !reads.MatchString(a) }) {
				continue
			}
			for _, r := range s.Resource {
				if strings.Contains(r, "automation-*") || strings.Contains(r, "automation-master") {
					t.Errorf("%s: %s reaches %s", name, s.Sid, r)
				}
			}
		}
	}
}

// The policies are those of the sample system, so that a reader can compare them.
func TestThePoliciesAreThoseOfTheSample(t *testing.T) {
	sample, err := os.ReadFile(filepath.Join(root, "examples", "pipeline", "automation.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := os.ReadFile(filepath.Join(root, "docs", "iam", "deploy.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"account", "region", "template_bucket", "project"} {
		m := regexp.MustCompile(`(?m)^ *` + key + `: *"?([^" #\n]+)`).FindSubmatch(sample)
		if m == nil {
			t.Fatalf("automation.yaml has no %s", key)
		}
		if !strings.Contains(string(policy), string(m[1])) {
			t.Errorf("deploy.json does not have the %s of the sample, %s", key, m[1])
		}
	}
}

// Package access says which IAM roles may do what in an EKS cluster.
//
// Desired are groups of people: each has principals, which are IAM roles, and rules.
// [Manager.Plan] compares them with the cluster and only reads, [Manager.Apply] writes
// what the plan says:
//
//	manager := access.New(access.Cluster{
//		Name: cluster.Name, Mode: cluster.AuthenticationMode, // of eks.Describe
//		Entries: awseks.NewFromConfig(cfg), Kubernetes: client, // a *kubernetes.Clientset
//	}, access.Options{})
//	plan, err := manager.Plan(ctx, []access.Group{{Name: "devops", Principals: roles, Rules: rules.DevOps()}})
//	fmt.Print(plan) // who gains and who loses what
//	result, err := manager.Apply(ctx, plan)
//
// What is not ours is never touched, and what is ours goes when it is no longer desired: see
// [Options.Owner]. Rules that name what the cluster does not know are refused, and notes of
// the plan tell who else has the rights of a group.
//
// It neither makes IAM roles nor changes the authentication mode, associates no EKS access
// policies, and neither grants nor looks at what holds in one namespace only.
package access

import (
	"context"
	"regexp"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"k8s.io/client-go/discovery"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	rbacv1 "k8s.io/client-go/kubernetes/typed/rbac/v1"

	"github.com/mettel-automation/delivery/progress"
)

// Entries is what access entries need of an [awseks.Client].
type Entries interface {
	ListAccessEntries(context.Context, *awseks.ListAccessEntriesInput, ...func(*awseks.Options)) (*awseks.ListAccessEntriesOutput, error)
	DescribeAccessEntry(context.Context, *awseks.DescribeAccessEntryInput, ...func(*awseks.Options)) (*awseks.DescribeAccessEntryOutput, error)
	CreateAccessEntry(context.Context, *awseks.CreateAccessEntryInput, ...func(*awseks.Options)) (*awseks.CreateAccessEntryOutput, error)
	UpdateAccessEntry(context.Context, *awseks.UpdateAccessEntryInput, ...func(*awseks.Options)) (*awseks.UpdateAccessEntryOutput, error)
	DeleteAccessEntry(context.Context, *awseks.DeleteAccessEntryInput, ...func(*awseks.Options)) (*awseks.DeleteAccessEntryOutput, error)
}

// Kubernetes is what is needed of a *kubernetes.Clientset.
type Kubernetes interface {
	RbacV1() rbacv1.RbacV1Interface
	CoreV1() corev1.CoreV1Interface
	Discovery() discovery.DiscoveryInterfaces
}

// Cluster is where access is managed.
type Cluster struct {
	Name string
	// Mode says where principals are written: API and API_AND_CONFIG_MAP as access
	// entries, CONFIG_MAP in aws-auth. In API_AND_CONFIG_MAP an entry wins over aws-auth, and what
	// is ours there is removed once the entries exist. The mode is needed: see
	// DescribeCluster, accessConfig.authenticationMode.
	Mode types.AuthenticationMode
	// Entries may be nil where Mode is CONFIG_MAP.
	Entries    Entries
	Kubernetes Kubernetes
}

// Labels and tags of what is ours, and annotations of the aws-auth ConfigMap.
const (
	// LabelManagedBy has the value "delivery" on each object that this package made.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// LabelOwner says whose an object is, and is the key of the tag of access entries.
	LabelOwner = "access.delivery/owner"
	// AnnotationPrevious is mapRoles as it was before the last edit; see [Manager.PlanRestore].
	AnnotationPrevious = "access.delivery/previous-map-roles"
	// AnnotationWritten is the SHA-256 of mapRoles as that edit left it.
	AnnotationWritten = "access.delivery/written-sha256"
)

const managedBy = "delivery"

// Options tune a Manager. The zero value is ready to use.
type Options struct {
	// Progress hears of each step: operation "eks.access". A nil one is silence.
	Progress progress.Func
	// Owner tells what is ours from what is not: the value of [LabelOwner] on roles,
	// bindings and access entries, and with a colon the beginning of usernames. All that has it
	// and is not desired is removed, so two lists of groups for one cluster need two owners.
	// Small letters, digits and hyphens, at most 40; default "delivery".
	Owner string
	// Adopt makes ours what stands in the way: a role or binding of a group's name, an
	// access entry or a mapping in aws-auth of a principal. Without it that is a
	// [ClashError]. What belongs to Kubernetes itself or to nodes is never adopted.
	Adopt bool
	// AllowLockout applies plans that take the rights of an administrator from everybody
	// who has them by one of our groups: see [Plan.Lockout].
	AllowLockout bool
	// CreateConfigMap makes aws-auth where it is missing, which in a cluster with nodes
	// it never is.
	CreateConfigMap bool
	// LaterGroups are API groups that rules may name although the cluster does not serve
	// them yet, such as "cert-manager.io", or their server is down.
	LaterGroups []string
	// Namespace and ConfigMap are where aws-auth is; default kube-system and aws-auth,
	// which is the only place that a cluster reads.
	Namespace, ConfigMap string
}

// Manager plans and applies the access to one cluster.
type Manager struct {
	cluster Cluster
	opts    Options
}

// New returns a Manager for cluster.
func New(cluster Cluster, opts Options) *Manager {
	setDefault(&opts.Owner, "delivery")
	setDefault(&opts.Namespace, "kube-system")
	setDefault(&opts.ConfigMap, "aws-auth")
	return &Manager{cluster: cluster, opts: opts}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

const op = "eks.access"

func (m *Manager) emit(subject string, state progress.State, message string, err error) {
	m.opts.Progress.Emit(progress.Event{Op: op, Subject: subject, State: state, Message: message, Err: err})
}

// byEntries reports whether principals are written as access entries.
func (m *Manager) byEntries() bool { return m.cluster.Mode != types.AuthenticationModeConfigMap }

// byConfigMap reports whether the cluster reads aws-auth.
func (m *Manager) byConfigMap() bool { return m.cluster.Mode != types.AuthenticationModeApi }

// prefix begins the usernames of our principals.
func (m *Manager) prefix() string { return m.opts.Owner + ":" }

var ownerForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// check is what is wrong with the manager itself.
func (m *Manager) check() error {
	switch m.cluster.Mode {
	case types.AuthenticationModeApi, types.AuthenticationModeApiAndConfigMap:
		if m.cluster.Entries == nil || m.cluster.Name == "" {
			return invalid("authentication mode %s needs the name of the cluster and an EKS client", m.cluster.Mode)
		}
	case types.AuthenticationModeConfigMap:
	default:
		return invalid("%q is no authentication mode: take it from DescribeCluster", m.cluster.Mode)
	}
	if err := m.checkClient(); err != nil {
		return err
	}
	// What usernames of access entries may not begin with.
	// Source: EKS User Guide, "Set a custom username for EKS access entries".
	switch m.opts.Owner {
	case "system", "eks", "aws", "amazon", "iam":
		return invalid("owner %q is reserved", m.opts.Owner)
	}
	if !ownerForm.MatchString(m.opts.Owner) {
		return invalid("owner %q: want small letters, digits and hyphens, at most 40", m.opts.Owner)
	}
	return nil
}

func (m *Manager) checkClient() error {
	if m.cluster.Kubernetes == nil {
		return invalid("there is no Kubernetes client")
	}
	return nil
}

package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// describes is how many access entries are read at once.
const describes = 4

// typeStandard is the type of entries of people and programs; all others are of machines.
const typeStandard = "STANDARD"

// entry is an access entry.
type entry struct {
	arn, username, kind string
	groups              []string // sorted
	owner               string   // by its tag, else by its username; "" for none that we know
	admin               bool     // by adminPolicy
}

// adminPolicy is the access policy that gives all rights. A cluster gives it to its creator.
const adminPolicy = "AmazonEKSClusterAdminPolicy"

// accessEntries reads all entries of the cluster, sorted by ARN: a list of them says only
// their principals.
func (m *Manager) accessEntries(ctx context.Context) ([]entry, error) {
	arns, err := m.principals(ctx, nil)
	if err != nil {
		return nil, err
	}
	admins, err := m.admins(ctx, arns)
	if err != nil {
		return nil, err
	}
	slices.Sort(arns)
	found := make([]*entry, len(arns))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(describes)
	for i, arn := range arns {
		group.Go(func() (err error) {
			found[i], err = m.accessEntry(inner, arn)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var entries []entry
	for _, e := range found {
		if e != nil { // else it was deleted meanwhile
			e.admin = slices.Contains(admins, e.arn)
			entries = append(entries, *e)
		}
	}
	return entries, nil
}

// principals are the ARNs of all entries, or of those with an access policy.
func (m *Manager) principals(ctx context.Context, policy *string) (arns []string, _ error) {
	pages := awseks.NewListAccessEntriesPaginator(m.cluster.Entries, &awseks.ListAccessEntriesInput{ClusterName: &m.cluster.Name, AssociatedPolicyArn: policy})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list access entries of %s: %w", m.cluster.Name, explainEKS(err))
		}
		arns = append(arns, page.AccessEntries...)
	}
	return arns, nil
}

// admins are those of all entries that have adminPolicy, whose ARN is in the partition of theirs.
func (m *Manager) admins(ctx context.Context, arns []string) ([]string, error) {
	if len(arns) == 0 {
		return nil, nil
	}
	partition, _, _ := strings.Cut(strings.TrimPrefix(arns[0], "arn:"), ":")
	return m.principals(ctx, new("arn:"+partition+":eks::aws:cluster-access-policy/"+adminPolicy))
}

// accessEntry reads one entry, nil for none.
func (m *Manager) accessEntry(ctx context.Context, arn string) (*entry, error) {
	out, err := m.cluster.Entries.DescribeAccessEntry(ctx, &awseks.DescribeAccessEntryInput{ClusterName: &m.cluster.Name, PrincipalArn: &arn})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describe access entry %s: %w", arn, explainEKS(err))
	}
	e := out.AccessEntry
	found := entry{arn: arn, username: ptr.Value(e.Username), kind: ptr.Value(e.Type), groups: sorted(e.KubernetesGroups), owner: e.Tags[LabelOwner]}
	switch {
	case found.kind != typeStandard:
		found.owner = "" // whatever its tag says, it is of machines
	case found.owner == "" && strings.HasPrefix(found.username, m.prefix()):
		found.owner = m.opts.Owner // adopted: an entry that exists gets no tag
	}
	return &found, nil
}

func (m *Manager) createEntry(ctx context.Context, p principal) error {
	_, err := m.cluster.Entries.CreateAccessEntry(ctx, &awseks.CreateAccessEntryInput{
		ClusterName: &m.cluster.Name, PrincipalArn: &p.arn, Type: new(typeStandard),
		Username: &p.username, KubernetesGroups: p.groups,
		Tags: map[string]string{LabelOwner: m.opts.Owner, LabelManagedBy: managedBy},
	})
	if _, exists := errors.AsType[*types.ResourceInUseException](err); exists {
		// It may be our own: the answer to a call that took effect can get lost.
		if e, readErr := m.accessEntry(ctx, p.arn); readErr == nil && e != nil && e.owner == m.opts.Owner && e.matches(p) {
			return nil
		}
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	if wrong, ok := errors.AsType[*types.InvalidParameterException](err); ok && strings.Contains(ptr.Value(wrong.Message), "principal") {
		return fmt.Errorf("does the IAM role exist? One made a moment ago may take some seconds until EKS knows it: %w", err)
	}
	return explainEKS(err)
}

func (m *Manager) updateEntry(ctx context.Context, arn string, p principal) error {
	_, err := m.cluster.Entries.UpdateAccessEntry(ctx, &awseks.UpdateAccessEntryInput{
		ClusterName: &m.cluster.Name, PrincipalArn: &arn, Username: &p.username, KubernetesGroups: p.groups,
	})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	return explainEKS(err)
}

func (m *Manager) deleteEntry(ctx context.Context, arn string) error {
	_, err := m.cluster.Entries.DeleteAccessEntry(ctx, &awseks.DeleteAccessEntryInput{ClusterName: &m.cluster.Name, PrincipalArn: &arn})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return nil
	}
	return explainEKS(err)
}

func (e entry) matches(p principal) bool {
	return e.username == p.username && slices.Equal(e.groups, p.groups)
}

// explainEKS is explain, and knows what EKS says of clusters.
func explainEKS(err error) error {
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return fmt.Errorf("%w: %w", ErrNoCluster, err)
	}
	if wrong, ok := errors.AsType[*types.InvalidRequestException](err); ok && strings.Contains(ptr.Value(wrong.Message), "authentication mode") {
		return fmt.Errorf("%w: its authentication mode is CONFIG_MAP, not what was given: %w", ErrInvalid, err)
	}
	return explain(err)
}

func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

package ekstest

import (
	"maps"
	"slices"
	"strings"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

const policyPrefix = "arn:aws:eks::aws:cluster-access-policy/"

// policyNames are the access policies for people and programs.
// Source: EKS user guide, "Review access policy permissions".
func policyNames() []string {
	return []string{"AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSClusterAdminPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy"}
}

// associate gives an entry a policy; one that it has takes the new scope.
func (e *entry) associate(name string, scope *types.AccessScope, now time.Time) *types.AssociatedAccessPolicy {
	p := e.policies[policyPrefix+name]
	if p == nil {
		p = &types.AssociatedAccessPolicy{PolicyArn: new(policyPrefix + name), AssociatedAt: &now}
		e.policies[*p.PolicyArn] = p
	}
	p.AccessScope, p.ModifiedAt = scope, &now
	return p
}

func (c *Cloud) associateAccessPolicy(r request) (object, *Error) {
	cl, e, fault := c.entry(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.AssociateAccessPolicyInput](r)
	if fault != nil {
		return nil, fault
	}
	name, ours := strings.CutPrefix(ptr.Value(in.PolicyArn), policyPrefix)
	scope := ptr.Value(in.AccessScope)
	switch {
	case !ours || !slices.Contains(policyNames(), name):
		return nil, invalid("The policyArn %s is not valid. You can view the available policies with 'list-access-policies'.", ptr.Value(in.PolicyArn))
	case !kinds()[*e.Type].policies:
		return nil, unfit("Access policies can't be associated with access entries of type %s", *e.Type)
	case scope.Type == types.AccessScopeTypeNamespace && len(scope.Namespaces) == 0:
		return nil, invalid("The access scope of type namespace must have at least one namespace")
	case scope.Type == types.AccessScopeTypeCluster && len(scope.Namespaces) > 0:
		return nil, invalid("The access scope of type cluster can't have namespaces")
	case scope.Type != types.AccessScopeTypeCluster && scope.Type != types.AccessScopeTypeNamespace:
		return nil, invalid("The type of the access scope must be cluster or namespace")
	}
	if scope.Namespaces == nil {
		scope.Namespaces = []string{}
	}
	p := e.associate(name, &scope, r.now)
	return object{"clusterName": cl.Name, "principalArn": e.PrincipalArn, "associatedAccessPolicy": p}, nil
}

func (c *Cloud) disassociateAccessPolicy(r request) (object, *Error) {
	_, e, fault := c.entry(r)
	if fault != nil {
		return nil, fault
	}
	if e.policies[r.path("policy")] == nil {
		return nil, missing("The specified policyArn is not associated with the access entry.")
	}
	delete(e.policies, r.path("policy"))
	return object{}, nil
}

func (c *Cloud) listAssociatedAccessPolicies(r request) (object, *Error) {
	cl, e, fault := c.entry(r)
	if fault != nil {
		return nil, fault
	}
	out, fault := c.page(r, "associatedAccessPolicies", slices.Sorted(maps.Keys(e.policies)))
	if fault != nil {
		return nil, fault
	}
	full := []*types.AssociatedAccessPolicy{}
	for _, arn := range out["associatedAccessPolicies"].([]string) {
		full = append(full, e.policies[arn])
	}
	out["associatedAccessPolicies"], out["clusterName"], out["principalArn"] = full, cl.Name, e.PrincipalArn
	return out, nil
}

func (c *Cloud) listAccessPolicies(r request) (object, *Error) {
	out, fault := c.page(r, "accessPolicies", policyNames())
	if fault != nil {
		return nil, fault
	}
	var full []types.AccessPolicy
	for _, name := range out["accessPolicies"].([]string) {
		full = append(full, types.AccessPolicy{Name: &name, Arn: new(policyPrefix + name)})
	}
	out["accessPolicies"] = full
	return out, nil
}

package ekstest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// group returns the node group that the path of a request names, and its cluster.
func (c *Cloud) group(r request) (*cluster, *types.Nodegroup, *Error) {
	cl, fault := c.find(r)
	if fault != nil {
		return nil, nil, fault
	}
	g := cl.groups[r.path("group")]
	if g == nil {
		return nil, nil, missing("No node group found for name: %s.", r.path("group"))
	}
	return cl, g, nil
}

func (c *Cloud) createNodegroup(r request) (object, *Error) {
	cl, fault := c.ready(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.CreateNodegroupInput](r)
	if fault != nil {
		return nil, fault
	}
	switch {
	case ptr.Value(in.NodegroupName) == "" || len(*in.NodegroupName) > 63:
		return nil, invalid("Nodegroup name must have 1 to 63 characters")
	case ptr.Value(in.NodeRole) == "":
		return nil, invalid("The nodeRole is required")
	case len(in.Subnets) == 0:
		return nil, invalid("Subnet list must not be empty")
	case cl.groups[*in.NodegroupName] != nil:
		return nil, inUse("NodeGroup already exists with name %s and cluster name %s", *in.NodegroupName, cl.name())
	}
	g, fault := c.newGroup(cl, in, r.now)
	if fault != nil {
		return nil, fault
	}
	cl.groups[*g.NodegroupName] = g
	c.admitNodes(cl, g, r.now)
	c.agenda.Plan(r.now.Add(c.opts.Timing.NodegroupCreate), func(time.Time) {
		if g.Status == types.NodegroupStatusCreating {
			g.Status = types.NodegroupStatusActive
		}
	})
	return object{"nodegroup": g}, nil
}

func (c *Cloud) newGroup(cl *cluster, in *awseks.CreateNodegroupInput, now time.Time) (*types.Nodegroup, *Error) {
	scaling := types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(2)), DesiredSize: new(int32(2))}
	if in.ScalingConfig != nil {
		scaling = *in.ScalingConfig
	}
	if fault := checkScaling(scaling); fault != nil {
		return nil, fault
	}
	version := or(in.Version, *cl.Version)
	if *version != *cl.Version && minor(*version) > minor(*cl.Version) {
		return nil, invalid("Nodegroup version %s is newer than the cluster's %s", *version, *cl.Version)
	}
	id := c.uuid()
	g := &types.Nodegroup{
		NodegroupName: in.NodegroupName, ClusterName: cl.Name, CreatedAt: &now, ModifiedAt: &now,
		NodegroupArn: arn("nodegroup", cl.name()+"/"+*in.NodegroupName+"/"+id),
		Status:       types.NodegroupStatusCreating, Version: version, ReleaseVersion: or(in.ReleaseVersion, *version+".1-20260801"),
		NodeRole: in.NodeRole, Subnets: in.Subnets, ScalingConfig: &scaling, UpdateConfig: in.UpdateConfig,
		AmiType: cmp.Or(in.AmiType, types.AMITypesAl2023X8664Standard), CapacityType: cmp.Or(in.CapacityType, types.CapacityTypesOnDemand),
		InstanceTypes: in.InstanceTypes, Labels: maps.Clone(in.Labels), Taints: slices.Clone(in.Taints), Tags: maps.Clone(in.Tags),
		RemoteAccess: in.RemoteAccess, LaunchTemplate: in.LaunchTemplate,
		Health:    &types.NodegroupHealth{Issues: []types.Issue{}},
		Resources: &types.NodegroupResources{AutoScalingGroups: []types.AutoScalingGroup{{Name: new("eks-" + *in.NodegroupName + "-" + id)}}},
	}
	if g.UpdateConfig == nil {
		g.UpdateConfig = &types.NodegroupUpdateConfig{MaxUnavailable: new(int32(1))}
	}
	if g.LaunchTemplate == nil {
		g.DiskSize = or(in.DiskSize, 20)
		if len(g.InstanceTypes) == 0 {
			g.InstanceTypes = []string{"t3.medium"}
		}
	}
	return g, nil
}

func checkScaling(s types.NodegroupScalingConfig) *Error {
	low, high, desired := ptr.Value(s.MinSize), ptr.Value(s.MaxSize), ptr.Value(s.DesiredSize)
	switch {
	case low < 0 || high < 1:
		return invalid("Minimum capacity must be at least 0, and maximum capacity at least 1")
	case low > high:
		return invalid("Minimum capacity %d can't be greater than maximum size %d", low, high)
	case desired < low || desired > high:
		return invalid("desired capacity %d must be between minimum %d and maximum %d", desired, low, high)
	}
	return nil
}

// admitNodes lets the nodes of a group in, as EKS does where access entries are on. The
// entry stays when the group goes.
func (c *Cloud) admitNodes(cl *cluster, g *types.Nodegroup, now time.Time) {
	if cl.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap || cl.entries[*g.NodeRole] != nil {
		return
	}
	cl.entries[*g.NodeRole] = c.newEntry(cl, &awseks.CreateAccessEntryInput{PrincipalArn: g.NodeRole, Type: new("EC2_LINUX")}, now)
}

func (c *Cloud) describeNodegroup(r request) (object, *Error) {
	_, g, fault := c.group(r)
	if fault != nil {
		return nil, fault
	}
	return object{"nodegroup": g}, nil
}

func (c *Cloud) listNodegroups(r request) (object, *Error) {
	cl, fault := c.find(r)
	if fault != nil {
		return nil, fault
	}
	return c.page(r, "nodegroups", slices.Sorted(maps.Keys(cl.groups)))
}

func (c *Cloud) deleteNodegroup(r request) (object, *Error) {
	cl, g, fault := c.group(r)
	if fault != nil {
		return nil, fault
	}
	if g.Status != types.NodegroupStatusDeleting {
		g.Status = types.NodegroupStatusDeleting
		c.agenda.Plan(r.now.Add(c.opts.Timing.NodegroupDelete), func(time.Time) { delete(cl.groups, *g.NodegroupName) })
	}
	return object{"nodegroup": g}, nil
}

// beginGroup is begin for a node group, which has one update at a time.
func (c *Cloud) beginGroup(r request, g *types.Nodegroup, cl *cluster, kind types.UpdateType, params map[types.UpdateParamType]string, done func()) (object, *Error) {
	if g.Status != types.NodegroupStatusActive {
		return nil, inUse("Nodegroup %s is in status %s and cannot be updated", *g.NodegroupName, g.Status)
	}
	g.Status = types.NodegroupStatusUpdating
	u := c.begin(cl, *g.NodegroupName, kind, params, r.now, c.opts.Timing.NodegroupUpdate, func() {
		done()
		if g.Status == types.NodegroupStatusUpdating {
			g.Status = types.NodegroupStatusActive
		}
	})
	return object{"update": u.Update}, nil
}

func (c *Cloud) updateNodegroupConfig(r request) (object, *Error) {
	cl, g, fault := c.group(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.UpdateNodegroupConfigInput](r)
	if fault != nil {
		return nil, fault
	}
	params := map[types.UpdateParamType]string{}
	scaling := *g.ScalingConfig
	if in.ScalingConfig != nil {
		scaling.MinSize = or(in.ScalingConfig.MinSize, ptr.Value(scaling.MinSize))
		scaling.MaxSize = or(in.ScalingConfig.MaxSize, ptr.Value(scaling.MaxSize))
		scaling.DesiredSize = or(in.ScalingConfig.DesiredSize, ptr.Value(scaling.DesiredSize))
		params[types.UpdateParamTypeDesiredSize] = strconv.Itoa(int(*scaling.DesiredSize))
	}
	if fault := checkScaling(scaling); fault != nil {
		return nil, fault
	}
	if in.Labels != nil {
		text, _ := json.Marshal(in.Labels.AddOrUpdateLabels) // strings always can be
		params[types.UpdateParamTypeLabelsToAdd] = string(text)
	}
	return c.beginGroup(r, g, cl, types.UpdateTypeConfigUpdate, params, func() {
		g.ScalingConfig, g.Labels, g.Taints = &scaling, relabel(g.Labels, in.Labels), retaint(g.Taints, in.Taints)
	})
}

func relabel(labels map[string]string, in *types.UpdateLabelsPayload) map[string]string {
	p := ptr.Value(in)
	out := maps.Clone(labels)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, p.AddOrUpdateLabels)
	for _, key := range p.RemoveLabels {
		delete(out, key)
	}
	return out
}

func retaint(taints []types.Taint, in *types.UpdateTaintsPayload) []types.Taint {
	p := ptr.Value(in)
	out := slices.Clone(taints)
	for _, t := range slices.Concat(p.RemoveTaints, p.AddOrUpdateTaints) {
		out = slices.DeleteFunc(out, func(o types.Taint) bool { return ptr.Value(o.Key) == ptr.Value(t.Key) && o.Effect == t.Effect })
	}
	return append(out, p.AddOrUpdateTaints...)
}

func (c *Cloud) updateNodegroupVersion(r request) (object, *Error) {
	cl, g, fault := c.group(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.UpdateNodegroupVersionInput](r)
	if fault != nil {
		return nil, fault
	}
	version := *or(in.Version, *cl.Version)
	if minor(version) == 0 || minor(version) > minor(*cl.Version) {
		return nil, invalid("Nodegroup version %s is newer than the cluster's %s", version, *cl.Version)
	}
	params := map[types.UpdateParamType]string{types.UpdateParamTypeVersion: version}
	return c.beginGroup(r, g, cl, types.UpdateTypeVersionUpdate, params, func() {
		g.Version, g.ReleaseVersion = &version, or(in.ReleaseVersion, version+".1-20260801")
	})
}

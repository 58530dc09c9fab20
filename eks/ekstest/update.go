package ekstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// update is one of a cluster, or of a node group of it.
type update struct {
	types.Update
	group string
}

// begin records an update that is done after a while.
func (c *Cloud) begin(cl *cluster, group string, kind types.UpdateType, params map[types.UpdateParamType]string, now time.Time, after time.Duration, done func()) *update {
	u := &update{group: group, Update: types.Update{
		Id: new(c.uuid()), Type: kind, Status: types.UpdateStatusInProgress, CreatedAt: &now, Errors: []types.ErrorDetail{}, Params: []types.UpdateParam{},
	}}
	for name, v := range params {
		u.Params = append(u.Params, types.UpdateParam{Type: name, Value: new(v)})
	}
	slices.SortFunc(u.Params, func(a, b types.UpdateParam) int { return strings.Compare(string(a.Type), string(b.Type)) })
	cl.updates[*u.Id] = u
	cl.order = slices.Insert(cl.order, 0, *u.Id)
	c.agenda.Plan(now.Add(after), func(time.Time) {
		u.Status = types.UpdateStatusSuccessful
		done()
	})
	return u
}

// beginCluster is begin for the cluster itself, which has one update at a time.
func (c *Cloud) beginCluster(cl *cluster, kind types.UpdateType, params map[types.UpdateParamType]string, now time.Time, after time.Duration, done func()) (object, *Error) {
	if u := cl.under(); u != nil {
		return nil, inUse("Cannot %s because cluster %s currently has update %s in progress", kind, cl.name(), *u.Id)
	}
	cl.Status = types.ClusterStatusUpdating
	u := c.begin(cl, "", kind, params, now, after, func() {
		done()
		if cl.Status == types.ClusterStatusUpdating {
			cl.Status = types.ClusterStatusActive
		}
	})
	return object{"update": u.Update}, nil
}

func (c *Cloud) updateClusterConfig(r request) (object, *Error) {
	cl, fault := c.ready(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.UpdateClusterConfigInput](r)
	if fault != nil {
		return nil, fault
	}
	kinds := 0
	for _, given := range []bool{in.AccessConfig != nil, in.ResourcesVpcConfig != nil, in.Logging != nil, in.DeletionProtection != nil} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return nil, invalid("No changes found for update.")
	case kinds > 1:
		return nil, invalid("Only one type of update can be allowed.")
	case in.AccessConfig != nil:
		return c.updateMode(cl, in.AccessConfig.AuthenticationMode, r.now)
	case in.ResourcesVpcConfig != nil:
		return c.updateEndpoints(cl, in.ResourcesVpcConfig, r.now)
	case in.Logging != nil:
		text, _ := json.Marshal(encode(in.Logging)) // names and flags always can be
		params := map[types.UpdateParamType]string{types.UpdateParamTypeClusterLogging: string(text)}
		return c.beginCluster(cl, types.UpdateTypeLoggingUpdate, params, r.now, c.opts.Timing.Update, func() { cl.Logging = in.Logging })
	}
	params := map[types.UpdateParamType]string{types.UpdateParamTypeDeletionProtection: strconv.FormatBool(*in.DeletionProtection)}
	return c.beginCluster(cl, types.UpdateTypeDeletionProtectionUpdate, params, r.now, c.opts.Timing.Update, func() { cl.DeletionProtection = in.DeletionProtection })
}

// updateMode goes one way only, a step at a time.
// Source: EKS user guide, "Change authentication mode to use access entries".
func (c *Cloud) updateMode(cl *cluster, to types.AuthenticationMode, now time.Time) (object, *Error) {
	way := []types.AuthenticationMode{types.AuthenticationModeConfigMap, types.AuthenticationModeApiAndConfigMap, types.AuthenticationModeApi}
	from := cl.AccessConfig.AuthenticationMode
	if slices.Index(way, to) != slices.Index(way, from)+1 {
		return nil, invalid("Unsupported authentication mode update from %s to %s", from, to)
	}
	params := map[types.UpdateParamType]string{types.UpdateParamTypeAuthenticationMode: string(to)}
	return c.beginCluster(cl, types.UpdateTypeAccessConfigUpdate, params, now, c.opts.Timing.Update, func() {
		cl.AccessConfig.AuthenticationMode = to
		if from == types.AuthenticationModeConfigMap {
			c.admit(cl) // who has made the cluster had it before, too
			for _, g := range cl.groups {
				c.admitNodes(cl, g, now)
			}
		}
	})
}

func (c *Cloud) updateEndpoints(cl *cluster, in *types.VpcConfigRequest, now time.Time) (object, *Error) {
	next := *cl.ResourcesVpcConfig
	if in.EndpointPublicAccess != nil {
		next.EndpointPublicAccess = *in.EndpointPublicAccess
	}
	if in.EndpointPrivateAccess != nil {
		next.EndpointPrivateAccess = *in.EndpointPrivateAccess
	}
	if in.PublicAccessCidrs != nil {
		next.PublicAccessCidrs = in.PublicAccessCidrs
	}
	if fault := checkEndpoints(&next.EndpointPublicAccess, &next.EndpointPrivateAccess); fault != nil {
		return nil, fault
	}
	was := cl.ResourcesVpcConfig
	if next.EndpointPublicAccess == was.EndpointPublicAccess && next.EndpointPrivateAccess == was.EndpointPrivateAccess &&
		slices.Equal(next.PublicAccessCidrs, was.PublicAccessCidrs) {
		return nil, invalid("Cluster is already at the desired configuration with endpointPrivateAccess: %t , endpointPublicAccess: %t, and Public Endpoint Restrictions: [%s]",
			was.EndpointPrivateAccess, was.EndpointPublicAccess, strings.Join(was.PublicAccessCidrs, ", "))
	}
	params := map[types.UpdateParamType]string{
		types.UpdateParamTypeEndpointPublicAccess:  strconv.FormatBool(next.EndpointPublicAccess),
		types.UpdateParamTypeEndpointPrivateAccess: strconv.FormatBool(next.EndpointPrivateAccess),
		types.UpdateParamTypePublicAccessCidrs:     fmt.Sprintf("[%q]", strings.Join(next.PublicAccessCidrs, `","`)),
	}
	return c.beginCluster(cl, types.UpdateTypeEndpointAccessUpdate, params, now, c.opts.Timing.Update, func() { cl.ResourcesVpcConfig = &next })
}

func (c *Cloud) updateClusterVersion(r request) (object, *Error) {
	cl, fault := c.ready(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.UpdateClusterVersionInput](r)
	if fault != nil {
		return nil, fault
	}
	from, to := minor(ptr.Value(cl.Version)), minor(ptr.Value(in.Version))
	switch {
	case to == 0:
		return nil, invalid("unsupported Kubernetes version")
	case to == from:
		return nil, invalid("Cluster is already at version %s", ptr.Value(in.Version))
	case to != from+1:
		return nil, invalid("Unsupported Kubernetes minor version update from %s to %s", ptr.Value(cl.Version), ptr.Value(in.Version))
	}
	params := map[types.UpdateParamType]string{types.UpdateParamTypeVersion: *in.Version}
	return c.beginCluster(cl, types.UpdateTypeVersionUpdate, params, r.now, 2*c.opts.Timing.Update, func() { cl.Version = in.Version })
}

// minor is the number after "1.", 0 if that is no version.
func minor(version string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(version, "1."))
	if err != nil || !strings.HasPrefix(version, "1.") {
		return 0
	}
	return n
}

func (c *Cloud) listUpdates(r request) (object, *Error) {
	cl, fault := c.find(r)
	if fault != nil {
		return nil, fault
	}
	var ids []string
	for _, id := range cl.order {
		if cl.updates[id].group == r.query.Get("nodegroupName") {
			ids = append(ids, id)
		}
	}
	return c.page(r, "updateIds", ids)
}

func (c *Cloud) describeUpdate(r request) (object, *Error) {
	cl, fault := c.find(r)
	if fault != nil {
		return nil, fault
	}
	u := cl.updates[r.path("update")]
	if u == nil || u.group != r.query.Get("nodegroupName") {
		return nil, missing("No update found for ID: %s", r.path("update"))
	}
	return object{"update": u.Update}, nil
}

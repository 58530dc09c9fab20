package ekstest

import (
	"cmp"
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Version is the Kubernetes version of a cluster that is made without one.
const Version = "1.35"

// cluster is one, and what belongs to it.
type cluster struct {
	types.Cluster
	groups  map[string]*types.Nodegroup
	entries map[string]*entry // by ARN of the principal
	updates map[string]*update
	order   []string // ids of updates, latest first
}

func (cl *cluster) name() string { return *cl.Name }

// under is the update of the cluster itself that is in progress, nil if none.
func (cl *cluster) under() *update {
	for _, id := range cl.order {
		if u := cl.updates[id]; u.Status == types.UpdateStatusInProgress && u.group == "" {
			return u
		}
	}
	return nil
}

// The rules of a name. Source: EKS API reference, CreateCluster, "name".
var clusterName = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$`)

// find returns the cluster that the path of a request names.
func (c *Cloud) find(r request) (*cluster, *Error) {
	cl := c.clusters[r.path("name")]
	if cl == nil {
		return nil, missing("No cluster found for name: %s.", r.path("name"))
	}
	return cl, nil
}

// ready is find for what only an active cluster can do.
func (c *Cloud) ready(r request) (*cluster, *Error) {
	cl, fault := c.find(r)
	if fault == nil && cl.Status != types.ClusterStatusActive && cl.Status != types.ClusterStatusUpdating {
		return nil, unfit("Cluster '%s' is not in ACTIVE status", cl.name())
	}
	return cl, fault
}

func (c *Cloud) createCluster(r request) (object, *Error) {
	in, fault := decode[awseks.CreateClusterInput](r)
	if fault == nil {
		fault = checkCluster(in)
	}
	if fault != nil {
		return nil, fault
	}
	if c.clusters[*in.Name] != nil {
		return nil, inUse("Cluster already exists with name: %s", *in.Name)
	}
	cl := c.newCluster(in, r.now)
	c.clusters[*in.Name] = cl
	c.agenda.Plan(r.now.Add(c.opts.Timing.Create), func(time.Time) {
		if cl.Status == types.ClusterStatusCreating {
			c.activate(cl)
		}
	})
	return object{"cluster": cl.Cluster}, nil
}

func checkCluster(in *awseks.CreateClusterInput) *Error {
	switch vpc := ptr.Value(in.ResourcesVpcConfig); {
	case !clusterName.MatchString(ptr.Value(in.Name)):
		return invalid("The cluster name should match the regular expression %s", clusterName)
	case ptr.Value(in.RoleArn) == "":
		return invalid("The roleArn is required")
	case len(vpc.SubnetIds) < 2:
		return invalid("Subnets specified must be in at least two different AZs")
	default:
		if fault := checkAccess(in.AccessConfig); fault != nil {
			return fault
		}
		return checkEndpoints(or(vpc.EndpointPublicAccess, true), vpc.EndpointPrivateAccess)
	}
}

func checkAccess(in *types.CreateAccessConfigRequest) *Error {
	a := ptr.Value(in)
	switch a.AuthenticationMode {
	case "", types.AuthenticationModeConfigMap:
		if a.BootstrapClusterCreatorAdminPermissions != nil && !*a.BootstrapClusterCreatorAdminPermissions {
			return invalid("bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")
		}
	case types.AuthenticationModeApi, types.AuthenticationModeApiAndConfigMap:
	default:
		return invalid("Unsupported authentication mode %s", a.AuthenticationMode)
	}
	return nil
}

func checkEndpoints(public, private *bool) *Error {
	if !ptr.Value(public) && !ptr.Value(private) {
		return invalid("Private and public endpoint access cannot be false")
	}
	return nil
}

// newCluster is what CreateCluster makes: it has neither endpoint nor authority yet.
func (c *Cloud) newCluster(in *awseks.CreateClusterInput, now time.Time) *cluster {
	vpc, access := ptr.Value(in.ResourcesVpcConfig), ptr.Value(in.AccessConfig)
	id := strings.ToUpper(strings.ReplaceAll(c.uuid(), "-", ""))
	cidrs := vpc.PublicAccessCidrs
	if len(cidrs) == 0 {
		cidrs = []string{"0.0.0.0/0"}
	}
	tags := maps.Clone(in.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	public := vpc.EndpointPublicAccess == nil || *vpc.EndpointPublicAccess
	return &cluster{
		groups:  make(map[string]*types.Nodegroup),
		entries: make(map[string]*entry),
		updates: make(map[string]*update),
		Cluster: types.Cluster{
			Name: in.Name, Arn: arn("cluster", *in.Name), CreatedAt: &now, Status: types.ClusterStatusCreating,
			Version: or(in.Version, Version), PlatformVersion: new("eks.1"), RoleArn: in.RoleArn, Tags: tags,
			ResourcesVpcConfig: &types.VpcConfigResponse{
				SubnetIds: vpc.SubnetIds, SecurityGroupIds: vpc.SecurityGroupIds, VpcId: new("vpc-" + strings.ToLower(id[:17])),
				EndpointPublicAccess: public, EndpointPrivateAccess: ptr.Value(vpc.EndpointPrivateAccess), PublicAccessCidrs: cidrs,
			},
			AccessConfig: &types.AccessConfigResponse{
				AuthenticationMode:                      cmp.Or(access.AuthenticationMode, types.AuthenticationModeConfigMap),
				BootstrapClusterCreatorAdminPermissions: new(access.BootstrapClusterCreatorAdminPermissions == nil || *access.BootstrapClusterCreatorAdminPermissions),
			},
			KubernetesNetworkConfig: network(in.KubernetesNetworkConfig),
			Logging:                 in.Logging, EncryptionConfig: in.EncryptionConfig,
			DeletionProtection:   new(ptr.Value(in.DeletionProtection)),
			CertificateAuthority: &types.Certificate{}, Health: &types.ClusterHealth{Issues: []types.ClusterIssue{}},
			Identity: &types.Identity{Oidc: &types.OIDC{Issuer: new("https://oidc.eks." + Region + ".amazonaws.com/id/" + id)}},
		},
	}
}

func network(in *types.KubernetesNetworkConfigRequest) *types.KubernetesNetworkConfigResponse {
	n := ptr.Value(in)
	return &types.KubernetesNetworkConfigResponse{
		IpFamily: cmp.Or(n.IpFamily, types.IpFamilyIpv4), ServiceIpv4Cidr: or(n.ServiceIpv4Cidr, "172.20.0.0/16"),
	}
}

// activate gives a cluster its API server, and its creator an entry where one was wanted.
func (c *Cloud) activate(cl *cluster) {
	cl.Status = types.ClusterStatusActive
	id := strings.ToLower(*cl.Identity.Oidc.Issuer)
	cl.Endpoint = new(cmp.Or(c.opts.Endpoint, "https://"+id[strings.LastIndexByte(id, '/')+1:]+".gr7."+Region+".eks.amazonaws.com"))
	cl.CertificateAuthority.Data = new(base64.StdEncoding.EncodeToString(c.opts.CA))
	cl.ResourcesVpcConfig.ClusterSecurityGroupId = new("sg-" + strings.TrimPrefix(*cl.ResourcesVpcConfig.VpcId, "vpc-"))
	if *cl.AccessConfig.BootstrapClusterCreatorAdminPermissions && cl.AccessConfig.AuthenticationMode != types.AuthenticationModeConfigMap {
		c.admit(cl)
	}
}

// admit gives the creator of a cluster an entry that may do everything.
func (c *Cloud) admit(cl *cluster) {
	if cl.entries[Creator] != nil {
		return
	}
	e := c.newEntry(cl, &awseks.CreateAccessEntryInput{PrincipalArn: new(Creator)}, *cl.CreatedAt)
	e.associate("AmazonEKSClusterAdminPolicy", &types.AccessScope{Type: types.AccessScopeTypeCluster}, *cl.CreatedAt)
	cl.entries[Creator] = e
}

func (c *Cloud) describeCluster(r request) (object, *Error) {
	cl, fault := c.find(r)
	if fault != nil {
		return nil, fault
	}
	return object{"cluster": cl.Cluster}, nil
}

func (c *Cloud) listClusters(r request) (object, *Error) {
	return c.page(r, "clusters", slices.Sorted(maps.Keys(c.clusters)))
}

func (c *Cloud) deleteCluster(r request) (object, *Error) {
	cl, fault := c.find(r)
	if fault != nil {
		return nil, fault
	}
	switch {
	case len(cl.groups) > 0:
		return nil, inUse("Cluster has nodegroups attached")
	case ptr.Value(cl.DeletionProtection):
		return nil, unfit("Cluster %s has deletion protection enabled", cl.name())
	case cl.under() != nil:
		return nil, inUse("Cannot delete because cluster %s currently has an update in progress", cl.name())
	case cl.Status == types.ClusterStatusCreating:
		return nil, inUse("Cluster %s is currently being created", cl.name())
	case cl.Status != types.ClusterStatusDeleting:
		cl.Status = types.ClusterStatusDeleting
		c.agenda.Plan(r.now.Add(c.opts.Timing.Delete), func(time.Time) { delete(c.clusters, cl.name()) })
	}
	return object{"cluster": cl.Cluster}, nil
}

// SetStatus puts a cluster into a status, such as FAILED, in which no call of the API
// brings it. It does nothing where there is no such cluster.
func (c *Cloud) SetStatus(name string, status types.ClusterStatus, issues ...types.ClusterIssue) {
	defer c.present()()
	if cl := c.clusters[name]; cl != nil {
		cl.Status = status
		cl.Health = &types.ClusterHealth{Issues: append([]types.ClusterIssue{}, issues...)}
	}
}

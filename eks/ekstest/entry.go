package ekstest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// standard is the type of the access entries of people and programs.
const standard = "STANDARD"

// entry is an access entry, and the access policies that are associated with it.
type entry struct {
	types.AccessEntry
	policies map[string]*types.AssociatedAccessPolicy // by ARN
}

// kind is what EKS sets for a type of entry.
type kind struct {
	username string
	groups   []string
	policies bool // access policies may be associated
}

// kinds are the types of entries.
// Source: EKS user guide, "Create access entries".
func kinds() map[string]kind {
	return map[string]kind{
		standard:         {policies: true},
		"EC2_LINUX":      {username: "system:node:{{EC2PrivateDNSName}}", groups: []string{"system:nodes"}},
		"EC2_WINDOWS":    {username: "system:node:{{EC2PrivateDNSName}}", groups: []string{"eks:kube-proxy-windows", "system:nodes"}},
		"EC2":            {username: "system:node:{{EC2PrivateDNSName}}", groups: []string{"system:nodes"}, policies: true},
		"FARGATE_LINUX":  {username: "system:node:{{SessionName}}", groups: []string{"system:bootstrappers", "system:node-proxier", "system:nodes"}},
		"HYBRID_LINUX":   {username: "system:node:{{SessionName}}", groups: []string{"system:nodes"}},
		"HYPERPOD_LINUX": {username: "system:node:{{SessionName}}", groups: []string{"system:nodes"}},
	}
}

// entries is ready for what needs access entries.
func (c *Cloud) entries(r request) (*cluster, *Error) {
	cl, fault := c.ready(r)
	if fault == nil && cl.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap {
		return nil, unfit("The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
	}
	return cl, fault
}

// entry returns the access entry that the path of a request names.
func (c *Cloud) entry(r request) (*cluster, *entry, *Error) {
	cl, fault := c.entries(r)
	if fault != nil {
		return nil, nil, fault
	}
	e := cl.entries[r.path("principal")]
	if e == nil {
		return nil, nil, missing("The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.")
	}
	return cl, e, nil
}

func (c *Cloud) createAccessEntry(r request) (object, *Error) {
	cl, fault := c.entries(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.CreateAccessEntryInput](r)
	if fault == nil {
		fault = checkEntry(in)
	}
	if fault != nil {
		return nil, fault
	}
	if cl.entries[*in.PrincipalArn] != nil {
		return nil, inUse("The specified access entry resource is already in use on this cluster.")
	}
	e := c.newEntry(cl, in, r.now)
	cl.entries[*in.PrincipalArn] = e
	return object{"accessEntry": e.AccessEntry}, nil
}

// principal is the ARN of what can have an entry: neither root nor a session.
var principal = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:(user|role)/[\w+=,.@/-]+$`)

func checkEntry(in *awseks.CreateAccessEntryInput) *Error {
	name := *or(in.Type, standard)
	_, known := kinds()[name]
	switch {
	case !principal.MatchString(ptr.Value(in.PrincipalArn)), strings.Contains(*in.PrincipalArn, ":role/aws-service-role/"):
		return invalid("The specified principalArn is invalid: invalid principal.")
	case !known:
		return invalid("The specified type %s is invalid", name)
	case name == standard:
		return checkIdentity(in.Username, in.KubernetesGroups)
	case len(in.KubernetesGroups) > 0 || in.Username != nil:
		return unfit("The kubernetesGroups and username can't be specified for the type %s", name)
	case !strings.Contains(*in.PrincipalArn, "::"+Account+":role/"):
		return invalid("The principalArn of an entry of type %s must be a role of the cluster's account", name)
	}
	return nil
}

// reserved are what neither groups nor usernames of an entry may begin with.
// Source: EKS user guide, "Create access entries" and "Set a custom username".
func reserved(name string) string {
	for _, prefix := range []string{"system:", "eks:", "aws:", "amazon:", "iam:"} {
		if strings.HasPrefix(name, prefix) {
			return prefix
		}
	}
	return ""
}

func checkIdentity(username *string, groups []string) *Error {
	for _, g := range groups {
		switch prefix := reserved(g); {
		case prefix != "":
			return invalid("The kubernetes group name %s is invalid, it cannot start with %s", g, prefix)
		case strings.TrimSpace(g) == "":
			return invalid("The kubernetes group name must not be empty")
		}
	}
	if username == nil {
		return nil
	}
	before, _, session := strings.Cut(*username, "{{SessionName")
	switch prefix := reserved(*username); {
	case prefix != "":
		return invalid("The username must not begin with %s", prefix)
	case *username == "":
		return invalid("The username must not be empty")
	case session && !strings.Contains(before, ":"):
		return invalid("The username must include a colon before {{SessionName}}")
	}
	return nil
}

// newEntry fills in what EKS does.
func (c *Cloud) newEntry(cl *cluster, in *awseks.CreateAccessEntryInput, now time.Time) *entry {
	name := *or(in.Type, standard)
	kind := kinds()[name]
	groups := slices.Concat(kind.groups, slices.Compact(slices.Sorted(slices.Values(in.KubernetesGroups))))
	if groups == nil {
		groups = []string{}
	}
	tags := maps.Clone(in.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	username := kind.username
	if username == "" {
		username = *or(in.Username, defaultUsername(*in.PrincipalArn))
	}
	_, what, _ := strings.Cut(*in.PrincipalArn, ":iam::")
	account, path, _ := strings.Cut(what, ":")
	family, who, _ := strings.Cut(path, "/")
	return &entry{
		policies: make(map[string]*types.AssociatedAccessPolicy),
		AccessEntry: types.AccessEntry{
			AccessEntryArn: arn("access-entry", strings.Join([]string{cl.name(), family, account, base(who), c.uuid()}, "/")),
			ClusterName:    cl.Name, PrincipalArn: in.PrincipalArn, Type: &name, Username: &username,
			KubernetesGroups: groups, Tags: tags, CreatedAt: &now, ModifiedAt: &now,
		},
	}
}

// defaultUsername is that of a principal whose entry names none.
func defaultUsername(principal string) string {
	if !strings.Contains(principal, ":role/") {
		return principal
	}
	prefix, _, _ := strings.Cut(principal, ":role/")
	return strings.Replace(prefix, ":iam::", ":sts::", 1) + ":assumed-role/" + base(principal) + "/{{SessionName}}"
}

// base is the last part of a path.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func (c *Cloud) listAccessEntries(r request) (object, *Error) {
	cl, fault := c.entries(r)
	if fault != nil {
		return nil, fault
	}
	var principals []string
	for _, p := range slices.Sorted(maps.Keys(cl.entries)) {
		if policy := r.query.Get("associatedPolicyArn"); policy == "" || cl.entries[p].policies[policy] != nil {
			principals = append(principals, p)
		}
	}
	return c.page(r, "accessEntries", principals)
}

func (c *Cloud) describeAccessEntry(r request) (object, *Error) {
	_, e, fault := c.entry(r)
	if fault != nil {
		return nil, fault
	}
	return object{"accessEntry": e.AccessEntry}, nil
}

func (c *Cloud) updateAccessEntry(r request) (object, *Error) {
	_, e, fault := c.entry(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.UpdateAccessEntryInput](r)
	if fault == nil {
		fault = checkIdentity(in.Username, in.KubernetesGroups)
	}
	switch {
	case fault != nil:
		return nil, fault
	case *e.Type != standard:
		return nil, unfit("Access entries of type %s can't be updated", *e.Type)
	}
	if in.KubernetesGroups != nil { // an empty list takes all away
		e.KubernetesGroups = append([]string{}, slices.Compact(slices.Sorted(slices.Values(in.KubernetesGroups)))...)
	}
	e.Username = or(in.Username, *e.Username)
	e.ModifiedAt = &r.now
	return object{"accessEntry": e.AccessEntry}, nil
}

func (c *Cloud) deleteAccessEntry(r request) (object, *Error) {
	cl, e, fault := c.entry(r)
	if fault != nil {
		return nil, fault
	}
	delete(cl.entries, *e.PrincipalArn)
	return object{}, nil
}

// Entry is what an access entry looks like inside the Cloud.
type Entry struct {
	Principal, Username, Type string
	Groups                    []string
	Tags                      map[string]string
	Policies                  []string // ARNs, sorted
}

// Entries returns the access entries of a cluster, sorted by principal, without a call.
func (c *Cloud) Entries(clusterName string) []Entry {
	defer c.present()()
	cl := c.clusters[clusterName]
	if cl == nil {
		return nil
	}
	var all []Entry
	for _, p := range slices.Sorted(maps.Keys(cl.entries)) {
		e := cl.entries[p]
		all = append(all, Entry{
			Principal: p, Username: *e.Username, Type: *e.Type, Groups: slices.Clone(e.KubernetesGroups),
			Tags: maps.Clone(e.Tags), Policies: slices.Sorted(maps.Keys(e.policies)),
		})
	}
	return all
}

package localcloud

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// resource is something that a stack has made.
type resource struct{ stack, logicalID, kind, id string }

// account ties the doubles of a Cloud together. It is called while one of them is
// locked: CloudFormation before the others, and ECS before ECR.
type account struct{ c *Cloud }

var (
	_ stacktest.Services = account{}
	_ ecstest.Elsewhere  = account{}
)

// The types of resources that are in other services, too.
const (
	clusterType      = "AWS::ECS::Cluster"
	namespaceType    = "AWS::ServiceDiscovery::PrivateDnsNamespace"
	bucketType       = "AWS::S3::Bucket"
	repositoryType   = "AWS::ECR::Repository"
	loadBalancerType = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	targetGroupType  = "AWS::ElasticLoadBalancingV2::TargetGroup"
	logGroupType     = "AWS::Logs::LogGroup"
)

// Create implements [stacktest.Services].
func (a account) Create(stack string, r stacktest.Resource) (id string, err error) {
	id = r.PhysicalID
	switch r.Type {
	case clusterType:
		err = a.createCluster(id, r)
	case namespaceType:
		name, _ := r.Properties["Name"].(string)
		id = a.c.containers.AddNamespace(name)
	case bucketType:
		versioning, _ := r.Properties["VersioningConfiguration"].(map[string]any)
		err = a.c.objects.Create(id, versioning["Status"] == "Enabled")
	case repositoryType:
		err = a.c.tell("ecr", "CreateRepository", object{"repositoryName": id}, nil)
	}
	if err != nil {
		return "", err
	}
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	a.c.made[resource{stack, r.LogicalID, r.Type, id}] = true
	return id, nil
}

// Delete implements [stacktest.Services].
func (a account) Delete(stack string, r stacktest.Resource) (err error) {
	switch r.Type {
	case loadBalancerType:
		err = protected(r)
	case clusterType:
		err = a.c.tell("ecs", "DeleteCluster", object{"cluster": r.PhysicalID}, nil)
	case namespaceType:
		err = a.c.containers.RemoveNamespace(r.PhysicalID)
	case bucketType:
		err = a.c.objects.Remove(r.PhysicalID)
	case repositoryType:
		err = a.c.tell("ecr", "DeleteRepository", object{"repositoryName": r.PhysicalID, "force": fmt.Sprint(r.Properties["EmptyOnDelete"]) == "true"}, nil)
	}
	if refused, ok := errors.AsType[*refusal](err); ok && strings.HasSuffix(refused.Code, "NotFoundException") {
		err = nil // somebody else has deleted it
	}
	if err != nil {
		return err
	}
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	delete(a.c.made, resource{stack, r.LogicalID, r.Type, r.PhysicalID})
	return nil
}

// protected refuses to delete a load balancer that is protected.
func protected(r stacktest.Resource) error {
	attributes, _ := r.Properties["LoadBalancerAttributes"].([]any)
	for _, a := range attributes {
		if a, _ := a.(map[string]any); a["Key"] == "deletion_protection.enabled" && fmt.Sprint(a["Value"]) == "true" {
			return fmt.Errorf("Load balancer '%s' cannot be deleted because deletion protection is enabled (Service: ElasticLoadBalancingV2, Status Code: 400)", r.PhysicalID) //nolint:staticcheck,revive // as AWS writes it
		}
	}
	return nil
}

// createCluster makes the cluster of a stack, in the words of ECS.
func (a account) createCluster(name string, r stacktest.Resource) error {
	var tags []object
	for key, value := range r.Tags {
		tags = append(tags, object{"key": key, "value": value})
	}
	if own, ok := lower(r.Properties["Tags"]).([]any); ok {
		for _, tag := range own {
			if tag, ok := tag.(object); ok {
				tags = append(tags, tag)
			}
		}
	}
	in := object{"clusterName": name, "tags": tags}
	for from, to := range map[string]string{
		"ClusterSettings": "settings", "CapacityProviders": "capacityProviders",
		"DefaultCapacityProviderStrategy": "defaultCapacityProviderStrategy",
	} {
		if v, given := r.Properties[from]; given {
			in[to] = lower(v)
		}
	}
	var there struct {
		Clusters []struct{ Status string }
	}
	if err := a.c.tell("ecs", "DescribeClusters", object{"clusters": []string{name}}, &there); err != nil {
		return err
	}
	if len(there.Clusters) > 0 && there.Clusters[0].Status != "INACTIVE" {
		return fmt.Errorf("Cluster %s already exists", name) //nolint:staticcheck,revive // as AWS writes it
	}
	return a.c.tell("ecs", "CreateCluster", in, nil)
}

// lower turns properties into the members of a request: their names begin in lower
// case, and what looks like a number is one.
func lower(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = lower(element)
		}
		return out
	case map[string]any:
		out := make(object, len(v))
		for key, element := range v {
			text, _ := element.(string)
			n, err := strconv.Atoi(text)
			if (key == "Weight" || key == "Base") && err == nil {
				element = n
			}
			first := min(1, len(key))
			out[strings.ToLower(key[:first])+key[first:]] = lower(element)
		}
		return out
	}
	return v
}

// Image implements [ecstest.Elsewhere]: images of other registries are there.
func (a account) Image(ref string) bool {
	path, ours := strings.CutPrefix(ref, a.c.opts.RegistryHost+"/")
	if !ours {
		return true
	}
	path, digest, _ := strings.Cut(path, "@")
	repository, tag, tagged := strings.Cut(path, ":")
	if !tagged {
		tag = "latest"
	}
	for _, image := range a.c.images.Images(repository) {
		if digest != "" && image.Digest == digest || digest == "" && slices.Contains(image.Tags, tag) {
			return true
		}
	}
	return false
}

// TargetGroup implements [ecstest.Elsewhere].
func (a account) TargetGroup(arn string) bool { return a.has(targetGroupType, arn) }

// LogGroup implements [ecstest.Elsewhere].
func (a account) LogGroup(name string) bool {
	return slices.Contains(a.c.opts.LogGroups, name) || a.has(logGroupType, name)
}

// has reports whether a stack has made a resource.
func (a account) has(kind, id string) bool {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	for r := range a.c.made {
		if r.kind == kind && r.id == id {
			return true
		}
	}
	return false
}

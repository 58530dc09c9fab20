package inventory

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	maptypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// readCloudMap reads namespaces, their services and the instances of these.
func readCloudMap(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things gathered
	var namespaces []maptypes.NamespaceSummary
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "servicediscovery:ListNamespaces", p.CloudMap.ListNamespaces, &servicediscovery.ListNamespacesInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		namespaces = append(namespaces, out.Namespaces...)
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, namespaces, func(ctx context.Context, n maptypes.NamespaceSummary) error {
		return gone(readNamespace(ctx, p, n, &things))
	})
	return things.list, err
}

func readNamespace(ctx context.Context, p *place, n maptypes.NamespaceSummary, things *gathered) error {
	id := ptr.Value(n.Id)
	own, err := mapTags(ctx, p, ptr.Value(n.Arn))
	if err != nil {
		return err
	}
	t := p.thing("ServiceDiscoveryNamespace", id, ptr.Value(n.Name), map[string]string{"ID": id})
	t.ARN, t.Keys, t.Tags = ptr.Value(n.Arn), []string{id}, own
	things.add(t)
	// What the list says of a service does not have its namespace, so each is asked for its own.
	return pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "servicediscovery:ListServices", p.CloudMap.ListServices, &servicediscovery.ListServicesInput{
			NextToken: token,
			Filters:   []maptypes.ServiceFilter{{Name: maptypes.ServiceFilterNameNamespaceId, Values: []string{id}, Condition: maptypes.FilterConditionEq}},
		})
		if err != nil {
			return nil, err
		}
		err = each(ctx, out.Services, func(ctx context.Context, s maptypes.ServiceSummary) error {
			return gone(readMapService(ctx, p, id, s, things))
		})
		return out.NextToken, err
	})
}

// readMapService reads a service and its instances.
func readMapService(ctx context.Context, p *place, namespace string, s maptypes.ServiceSummary, things *gathered) error {
	id := ptr.Value(s.Id)
	t := p.thing("ServiceDiscoveryService", id, ptr.Value(s.Name), nil)
	t.ARN, t.Keys, t.Within = ptr.Value(s.Arn), []string{id}, []whose.Part{{Kind: "namespace", Key: namespace}}
	t.Ask = func(ctx context.Context) (map[string]string, error) { return mapTags(ctx, p, ptr.Value(s.Arn)) }
	things.add(t)
	return pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "servicediscovery:ListInstances", p.CloudMap.ListInstances, &servicediscovery.ListInstancesInput{ServiceId: &id, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, instance := range out.Instances {
			t := p.thing("ServiceDiscoveryInstance", ptr.Value(instance.Id)+" -> "+id, "", nil)
			t.Within = []whose.Part{{Kind: "service", Key: id}}
			things.add(t)
		}
		return out.NextToken, nil
	})
}

func mapTags(ctx context.Context, p *place, arn string) (map[string]string, error) {
	out, err := call(ctx, p, "servicediscovery:ListTagsForResource", p.CloudMap.ListTagsForResource, &servicediscovery.ListTagsForResourceInput{ResourceARN: &arn})
	if err != nil {
		return nil, err
	}
	return tags(out.Tags, func(t maptypes.Tag) (*string, *string) { return t.Key, t.Value }), nil
}

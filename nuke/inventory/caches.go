package inventory

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	cachetypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// readCaches reads ElastiCache: clusters, serverless ones among them, replication
// groups and subnet groups.
func readCaches(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things gathered
	kinds := []func(context.Context, *place, *gathered) error{readCacheClusters, readServerlessCaches, readReplicationGroups, readSubnetGroups}
	err := each(ctx, kinds, func(ctx context.Context, read func(context.Context, *place, *gathered) error) error {
		return read(ctx, p, &things)
	})
	return things.list, err
}

func readCacheClusters(ctx context.Context, p *place, things *gathered) error {
	return pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "elasticache:DescribeCacheClusters", p.Caches.DescribeCacheClusters, &elasticache.DescribeCacheClustersInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, c := range out.CacheClusters {
			t := cache(p, ptr.Value(c.CacheClusterId), ptr.Value(c.CacheClusterStatus), ptr.Value(c.ARN), false)
			if group := ptr.Value(c.ReplicationGroupId); group != "" {
				t.Within = []whose.Part{{Kind: "replication group", Key: replicationKey(p, group)}}
			}
			things.add(t)
		}
		return out.Marker, nil
	})
}

// readServerlessCaches takes it for none where ElastiCache does not know the operation.
func readServerlessCaches(ctx context.Context, p *place, things *gathered) error {
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "elasticache:DescribeServerlessCaches", p.Caches.DescribeServerlessCaches, &elasticache.DescribeServerlessCachesInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, c := range out.ServerlessCaches {
			things.add(cache(p, ptr.Value(c.ServerlessCacheName), ptr.Value(c.Status), ptr.Value(c.ARN), true))
		}
		return out.NextToken, nil
	})
	if isUnknown(err) {
		return nil
	}
	return err
}

// cache is a cluster of either sort; aws-nuke has one type for both.
func cache(p *place, id, status, arn string, serverless bool) *whose.Thing {
	t := p.thing("ElasticacheCacheCluster", id, id, map[string]string{"ClusterID": id, "Status": status, "Serverless": strconv.FormatBool(serverless)})
	t.ARN = arn
	ask(p, t, status)
	return t
}

func readReplicationGroups(ctx context.Context, p *place, things *gathered) error {
	return pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "elasticache:DescribeReplicationGroups", p.Caches.DescribeReplicationGroups, &elasticache.DescribeReplicationGroupsInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, g := range out.ReplicationGroups {
			id := ptr.Value(g.ReplicationGroupId)
			t := p.thing("ElasticacheReplicationGroup", id, id, nil)
			t.ARN, t.Keys = ptr.Value(g.ARN), []string{replicationKey(p, id)}
			ask(p, t, ptr.Value(g.Status))
			things.add(t)
		}
		return out.Marker, nil
	})
}

// replicationKey is how the clusters of a replication group mean it.
func replicationKey(p *place, id string) string { return p.name + " replication group " + id }

func readSubnetGroups(ctx context.Context, p *place, things *gathered) error {
	return pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "elasticache:DescribeCacheSubnetGroups", p.Caches.DescribeCacheSubnetGroups, &elasticache.DescribeCacheSubnetGroupsInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, g := range out.CacheSubnetGroups {
			name := ptr.Value(g.CacheSubnetGroupName)
			t := p.thing("ElasticacheSubnetGroup", name, name, map[string]string{"Name": name})
			t.ARN = ptr.Value(g.ARN)
			ask(p, t, available)
			if strings.HasPrefix(name, "default") {
				t.Held = "its name begins with default"
			}
			things.add(t)
		}
		return out.Marker, nil
	})
}

// available is the state in which things of ElastiCache tell their tags.
const available = "available"

// ask lets t be asked for its tags, unless it is going already. In other states, that
// it cannot be found does not mean that it is gone.
// Source: ElastiCache API reference, ListTagsForResource.
func ask(p *place, t *whose.Thing, status string) {
	if t.Moot = status == "deleting" || status == "deleted"; t.Moot {
		return
	}
	const action = "elasticache:ListTagsForResource"
	t.Ask = func(ctx context.Context) (map[string]string, error) {
		out, err := call(ctx, p, action, p.Caches.ListTagsForResource, &elasticache.ListTagsForResourceInput{ResourceName: &t.ARN})
		if status != available && isGone(err) {
			return nil, &ReadError{Region: p.name, Action: action, Err: fmt.Errorf("%s tells no tags while it is %q: wait, or delete it by hand", t.ID, status)}
		}
		if err != nil {
			return nil, err
		}
		return tags(out.TagList, func(t cachetypes.Tag) (*string, *string) { return t.Key, t.Value }), nil
	}
}

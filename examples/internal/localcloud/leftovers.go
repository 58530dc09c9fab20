package localcloud

import (
	"fmt"
	"slices"
	"strings"
)

// Leftovers are all that is there and was not from the beginning, as a person would
// name it, sorted: "ecs service automation-c721e158/notifier", "stack automation-c721e158".
// What a stack has made goes with the stack, and is listed only where it is in none
// any more. Repositories with their images are not listed, nor is what was put into a
// bucket that was there, nor are task definitions, which cost nothing and cannot be
// deleted for good.
func (c *Cloud) Leftovers() []string {
	stacks := c.stacks.Stacks()
	var list []string
	for _, name := range stacks {
		list = append(list, "stack "+name)
	}
	held, left := c.outlived(stacks)
	list = append(list, left...)
	there := c.containers.Inventory()
	for _, name := range there.Clusters {
		if !held[resource{kind: clusterType, id: name}] && !slices.Contains(c.opts.Clusters, name) {
			list = append(list, "ecs cluster "+name)
		}
	}
	list = append(list, each("ecs service ", there.Services)...)
	list = append(list, each("ecs task ", there.Tasks)...)
	list = append(list, each("cloud map service ", there.MapServices)...)
	for _, name := range c.objects.Buckets() {
		if !held[resource{kind: bucketType, id: name}] && !slices.Contains(c.opts.Buckets, name) {
			list = append(list, fmt.Sprintf("s3 bucket %s (%s)", name, count(c.objects.Objects(name), "object")))
		}
	}
	for _, g := range c.papertrail.Groups() {
		list = append(list, "papertrail group "+g.Name)
	}
	for _, s := range c.papertrail.Searches() {
		list = append(list, "papertrail search "+s.Name)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// outlived returns by type and id what the stacks that there are have, and the names
// of what others have left.
func (c *Cloud) outlived(stacks []string) (held map[resource]bool, left []string) {
	held = make(map[resource]bool)
	for _, name := range stacks {
		for _, r := range c.stacks.Resources(name) {
			held[resource{kind: r.Type, id: r.PhysicalID}] = true
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for r := range c.made {
		switch {
		case held[resource{kind: r.kind, id: r.id}]:
		case r.kind == clusterType, r.kind == bucketType: // listed where they are
		case r.kind == repositoryType: // not listed at all
		default:
			left = append(left, r.name())
		}
	}
	return held, left
}

// name is what a person calls r: "log group automation-c721e158", "sns topic ...".
func (r resource) name() string {
	switch r.kind {
	case logGroupType:
		return "log group " + r.id
	case namespaceType:
		return "cloud map namespace " + r.id
	case targetGroupType:
		return "target group " + r.id
	case loadBalancerType:
		return "load balancer " + r.id
	}
	_, kind, _ := strings.Cut(r.kind, "::")
	return strings.ToLower(strings.ReplaceAll(kind, "::", " ")) + " " + r.id
}

func each(what string, names []string) (list []string) {
	for _, name := range names {
		list = append(list, what+name)
	}
	return list
}

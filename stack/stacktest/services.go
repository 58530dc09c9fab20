package stacktest

import (
	"maps"
	"strings"

	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// Services are the services of the account in which the resources of stacks are,
// such as an ECS in memory that has the clusters. A Cloud tells them of each thing
// that it makes and deletes, nested stacks aside, and never of changes in place:
//
//   - Create hears of a thing that is about to be, and returns its physical id: ""
//     is the one that r has. Its error fails the creation, of which nothing is left.
//   - Delete hears of a thing that is about to go. Its error, such as that the
//     cluster has services, fails the deletion. What is gone already is no error.
//
// What a DeletionPolicy or a forced deletion leaves behind is not deleted. Both are
// called while the Cloud is locked, which they must not call back.
type Services interface {
	Create(stack string, r Resource) (physicalID string, err error)
	Delete(stack string, r Resource) error
}

// arise makes the thing in AWS for which r stands: it gets its physical id, unless it
// is a nested stack, which has its own. A reason is why the services of the account do
// not make it; r then is what it was, without its new name.
func (c *Cloud) arise(r *resource, nested bool) (reason string) {
	before := r.copy()
	r.serial, r.version, r.physical, r.lost, r.drifted = c.next(), 1, "", false, nil
	if nested {
		return ""
	}
	r.physical = r.kind.ID(r.instance())
	if c.opts.Services == nil || r.kind.Name == catalog.Nested { // one of these that fails
		return ""
	}
	id, err := c.opts.Services.Create(r.stack.name, r.outside())
	if err != nil {
		c.release(r, true)
		before.claimed = nil
		*r = *before
		return c.handler(err.Error(), "GeneralServiceException")
	}
	if id != "" {
		r.physical = id
	}
	return ""
}

// vanish lets the services of the account delete the thing that r stands for. A
// reason is why they do not: of a bucket, that it has objects.
func (c *Cloud) vanish(r *resource) (reason string) {
	if r.kind.Name == "AWS::S3::Bucket" && !r.lost && c.objects[r.physical] > 0 {
		return c.handler("The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: "+strings.ToUpper(digest(r.physical)[:16])+")", "GeneralServiceException")
	}
	if c.opts.Services == nil || r.kind.Name == catalog.Nested {
		return ""
	}
	if err := c.opts.Services.Delete(r.stack.name, r.outside()); err != nil {
		return c.handler(err.Error(), "GeneralServiceException")
	}
	return ""
}

// outside is r as [Cloud.Resources] shows it.
func (r *resource) outside() Resource {
	return Resource{
		LogicalID: r.id, Type: r.kind.Name, PhysicalID: r.physical, Status: string(r.status), Reason: r.reason, Properties: r.actual(),
		Tags: maps.Clone(r.tags),
	}
}

// template reads what a TemplateURL points to.
func (c *Cloud) template(url string) ([]byte, bool) {
	if body, ok := c.templates[url]; ok || c.opts.Template == nil {
		return body, ok
	}
	return c.opts.Template(url)
}

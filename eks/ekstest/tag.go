package ekstest

import (
	"maps"
	"strings"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
)

// maxTags is how many tags a resource may have. Source: EKS user guide, "Tag restrictions".
const maxTags = 50

// tags returns the tags of the resource that the path of a request names: a cluster, a
// node group or an access entry.
func (c *Cloud) tags(r request) (*map[string]string, *Error) {
	want := r.path("arn")
	for _, cl := range c.clusters {
		if *cl.Arn == want {
			return &cl.Tags, nil
		}
		for _, g := range cl.groups {
			if *g.NodegroupArn == want {
				return &g.Tags, nil
			}
		}
		for _, e := range cl.entries {
			if *e.AccessEntryArn == want {
				return &e.Tags, nil
			}
		}
	}
	return nil, &Error{Status: 404, Code: "NotFoundException", Message: "Resource not found: " + want}
}

func (c *Cloud) tagResource(r request) (object, *Error) {
	tags, fault := c.tags(r)
	if fault != nil {
		return nil, fault
	}
	in, fault := decode[awseks.TagResourceInput](r)
	if fault != nil {
		return nil, fault
	}
	next := maps.Clone(*tags)
	if next == nil {
		next = map[string]string{}
	}
	maps.Copy(next, in.Tags)
	for key := range in.Tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, badRequest("Tag keys can't begin with aws:")
		}
	}
	if len(next) > maxTags {
		return nil, badRequest("A resource can have at most 50 tags")
	}
	*tags = next
	return object{}, nil
}

func (c *Cloud) untagResource(r request) (object, *Error) {
	tags, fault := c.tags(r)
	if fault != nil {
		return nil, fault
	}
	next := maps.Clone(*tags)
	for _, key := range r.query["tagKeys"] {
		delete(next, key)
	}
	*tags = next
	return object{}, nil
}

func (c *Cloud) listTags(r request) (object, *Error) {
	tags, fault := c.tags(r)
	if fault != nil {
		return nil, fault
	}
	return object{"tags": *tags}, nil
}

func badRequest(message string) *Error { return &Error{Code: "BadRequestException", Message: message} }

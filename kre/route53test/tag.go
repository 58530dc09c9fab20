package route53test

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// maxTags is how many tags a zone has at most; one request adds or removes ten.
// Source: Route 53 API reference, ChangeTagsForResource.
const (
	maxTags       = 50
	maxTagsAtOnce = 10
)

func (c *Cloud) changeTags(r request, in changeTagsRequest, _ time.Time) (*changeTagsResponse, *Error) {
	z, fault := c.zone(r.id)
	if fault != nil {
		return nil, fault
	}
	if n := max(len(in.AddTags), len(in.RemoveTagKeys)); n == 0 || n > maxTagsAtOnce {
		return nil, invalidInput("1 to 10 tags can be added and removed at once")
	}
	tags := maps.Clone(z.tags)
	for _, t := range in.AddTags {
		if t.Key == "" || len(t.Key) > 128 || len(t.Value) > 256 {
			return nil, invalidInput("The tag " + t.Key + " is not valid")
		}
		tags[t.Key] = t.Value
	}
	for _, k := range in.RemoveTagKeys {
		delete(tags, k)
	}
	if len(tags) > maxTags {
		return nil, &Error{Status: http.StatusBadRequest, Code: "LimitsExceeded", Message: "The number of tags exceeds 50"}
	}
	z.tags = tags
	return &changeTagsResponse{}, nil
}

func (z *hostedZone) tagSet() tagSet {
	set := tagSet{ResourceType: "hostedzone", ResourceID: z.id}
	for _, k := range slices.Sorted(maps.Keys(z.tags)) {
		set.Tags = append(set.Tags, tag{k, z.tags[k]})
	}
	return set
}

func (c *Cloud) listTags(r request, _ time.Time) (*listTagsResponse, *Error) {
	z, fault := c.zone(r.id)
	if fault != nil {
		return nil, fault
	}
	return &listTagsResponse{ResourceTagSet: z.tagSet()}, nil
}

func (c *Cloud) listTagsOfSeveral(_ request, in listTagsOfSeveralRequest, _ time.Time) (*listTagsOfSeveralResponse, *Error) {
	if n := len(in.ResourceIDs); n == 0 || n > maxTagsAtOnce {
		return nil, invalidInput("1 to 10 resources can be asked for at once")
	}
	out := &listTagsOfSeveralResponse{}
	for _, id := range in.ResourceIDs {
		z, fault := c.zone(id)
		if fault != nil {
			return nil, fault
		}
		out.ResourceTagSets = append(out.ResourceTagSets, z.tagSet())
	}
	return out, nil
}

// SetTag gives a zone a tag, as somebody else would.
func (c *Cloud) SetTag(zoneID, tagKey, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if z := c.zones[zoneID]; z != nil {
		z.tags[tagKey] = value
	}
}

// Tags returns the tags of a zone; nil where there is no such zone.
func (c *Cloud) Tags(zoneID string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if z := c.zones[zoneID]; z != nil {
		return maps.Clone(z.tags)
	}
	return nil
}

package ecrtest

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The kinds of tag mutability. An exclusion turns one kind into the other for
// the tags that it matches.
const (
	mutable                = "MUTABLE"
	immutable              = "IMMUTABLE"
	mutableWithExclusion   = "MUTABLE_WITH_EXCLUSION"
	immutableWithExclusion = "IMMUTABLE_WITH_EXCLUSION"
)

// exclusion is a filter of tags; * in it stands for any characters.
type exclusion struct {
	FilterType string `json:"filterType"`
	Filter     string `json:"filter"`
}

// fixed reports whether tag, once set, cannot be moved.
func (r *repository) fixed(tag string) bool {
	base := r.mutability == immutable || r.mutability == immutableWithExclusion
	excluded := slices.ContainsFunc(r.exclusions, func(e exclusion) bool {
		match, err := path.Match(e.Filter, tag) // a tag has no slash, and a filter no wildcard but *
		return match && err == nil
	})
	return base != excluded
}

var validFilter = regexp.MustCompile(`^[0-9a-zA-Z._*-]+$`)

// checkMutability holds the filters of a repository to their limits: five, of at
// most 128 characters with at most two wildcards.
// Source: Amazon ECR user guide, "Preventing image tags from being overwritten".
func checkMutability(kind string, exclusions []exclusion) *Error {
	const filters = "imageTagMutabilityExclusionFilters"
	switch kind {
	case mutable, immutable:
		if len(exclusions) > 0 {
			return invalid(filters, "ImageTagMutabilityExclusionFilters must be null when imageTagMutability is set as "+kind)
		}
		return nil
	case mutableWithExclusion, immutableWithExclusion:
		if len(exclusions) == 0 {
			return invalid(filters, "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as "+kind)
		}
	default:
		return invalid("imageTagMutability", "Member must satisfy enum value set: [IMMUTABLE, MUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]")
	}
	if fault := checkLength(filters, len(exclusions), 1, 5); fault != nil {
		return fault
	}
	for _, e := range exclusions {
		switch {
		case e.FilterType != "WILDCARD":
			return invalid(filters+".filterType", "Member must satisfy enum value set: [WILDCARD]")
		case len(e.Filter) > 128 || !validFilter.MatchString(e.Filter):
			return invalid(filters+".filter", `must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'`)
		case strings.Count(e.Filter, "*") > 2:
			return invalid(filters+".filter", "Filter can contain at most 2 wildcards")
		}
	}
	return nil
}

type mutabilityInput struct {
	RegistryID                         string `json:"registryId"`
	RepositoryName                     string
	ImageTagMutability                 string
	ImageTagMutabilityExclusionFilters []exclusion
}

func (c *Cloud) putImageTagMutability(in mutabilityInput) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault = cmp.Or(fault, checkMutability(in.ImageTagMutability, in.ImageTagMutabilityExclusionFilters)); fault != nil {
		return nil, fault
	}
	r.mutability, r.exclusions = in.ImageTagMutability, in.ImageTagMutabilityExclusionFilters
	out := c.wire(r)
	maps.DeleteFunc(out, func(key string, _ any) bool {
		return key != "registryId" && key != "repositoryName" && !strings.HasPrefix(key, "imageTagMutability")
	})
	return out, nil
}

type scanningInput struct {
	RegistryID                 string `json:"registryId"`
	RepositoryName             string
	ImageScanningConfiguration scanning
}

func (c *Cloud) putImageScanning(in scanningInput) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault != nil {
		return nil, fault
	}
	r.scanning = in.ImageScanningConfiguration
	return object{"registryId": Account, "repositoryName": r.name, "imageScanningConfiguration": r.scanning}, nil
}

// tag is a tag of a repository, as AWS resources have them.
type tag struct{ Key, Value string }

type tagsInput struct {
	ResourceArn string
	Tags        []tag
	TagKeys     []string
}

func (c *Cloud) resourceTags(op string, in tagsInput) (object, *Error) {
	name, ok := strings.CutPrefix(in.ResourceArn, arn(""))
	if !ok {
		return nil, invalid("resourceArn", "must be the ARN of a repository in this registry")
	}
	r, fault := c.repository("", name)
	if fault != nil {
		return nil, fault
	}
	switch op {
	case "TagResource":
		return object{}, r.tag(in.Tags)
	case "UntagResource":
		for _, key := range in.TagKeys {
			delete(r.labels, key)
		}
		return object{}, nil
	}
	tags := []tag{}
	for _, key := range slices.Sorted(maps.Keys(r.labels)) {
		tags = append(tags, tag{key, r.labels[key]})
	}
	return object{"tags": tags}, nil
}

// tag sets tags, within the limits of AWS: 50 of them, keys of 128 characters,
// values of 256, and no key that begins with "aws:".
func (r *repository) tag(tags []tag) *Error {
	wanted := maps.Clone(r.labels)
	for _, t := range tags {
		if len(t.Key) == 0 || len(t.Key) > 128 || len(t.Value) > 256 || strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return &Error{Code: "InvalidTagParameterException", Message: fmt.Sprintf("Invalid parameter at 'tags' failed to satisfy constraint: 'invalid tag %q'", t.Key)}
		}
		wanted[t.Key] = t.Value
	}
	if len(wanted) > 50 {
		return &Error{Code: "TooManyTagsException", Message: fmt.Sprintf("%d tags, and a repository has at most 50", len(wanted))}
	}
	r.labels = wanted
	return nil
}

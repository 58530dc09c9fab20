package ecrtest

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
)

// paging is what an operation that lists is told about its pages.
type paging struct {
	NextToken  string
	MaxResults int
}

// check refuses pages that cannot be, and pages of what was asked for by name.
func (p paging) check(named bool, parameter string) *Error {
	switch {
	case named && (p.MaxResults != 0 || p.NextToken != ""):
		return invalid("maxResults", "cannot be used when you specify "+parameter)
	case p.MaxResults < 0 || p.MaxResults > 1000:
		return invalid("maxResults", "Member must be between 1 and 1000")
	}
	if _, err := base64.RawURLEncoding.DecodeString(p.NextToken); err != nil {
		return invalid("nextToken", "Invalid token")
	}
	return nil
}

// page cuts one page out of keys, which are sorted unless they all fit. The
// default size is 100. Source: Amazon ECR API reference, "maxResults".
func (p paging) page(keys []string) (part []string, next nextToken) {
	size := cmp.Or(p.MaxResults, 100)
	if after, _ := base64.RawURLEncoding.DecodeString(p.NextToken); len(after) > 0 { // checked
		start, found := slices.BinarySearch(keys, string(after))
		if found {
			start++
		}
		keys = keys[start:]
	}
	if len(keys) <= size {
		return keys, ""
	}
	return keys[:size], nextToken(base64.RawURLEncoding.EncodeToString([]byte(keys[size-1])))
}

// nextToken names the last of a page; "" where it was the last page.
type nextToken string

func (n nextToken) add(out object) object {
	if n != "" {
		out["nextToken"] = n
	}
	return out
}

// imageKey sorts the images and tags of a page.
func imageKey(digest, tag string) string { return digest + " " + tag }

func cutKey(key string) (digest, tag string) {
	digest, tag, _ = strings.Cut(key, " ")
	return digest, tag
}

package s3test

import (
	"encoding/xml"
	"net/http"
	"strings"
)

// createBucket makes a bucket with its tags. A region is given by its name, but for
// us-east-1. Source: S3 API reference, CreateBucket, "LocationConstraint".
func (s *Store) createBucket(in call, name string) *Error {
	type tag struct{ Key, Value string }
	var asked struct {
		LocationConstraint string
		Tags               []tag `xml:"Tags>Tag"`
	}
	if len(in.body) > 0 {
		if err := xml.Unmarshal(in.body, &asked); err != nil {
			return malformed(err)
		}
	}
	switch at := asked.LocationConstraint; {
	case at == "us-east-1":
		return &Error{http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid"}
	case at == "" && s.opts.Region != "us-east-1", at != "" && at != s.opts.Region:
		if at == "" {
			at = "unspecified"
		}
		text := "The " + at + " location constraint is incompatible for the region specific endpoint this request was sent to."
		return &Error{http.StatusBadRequest, "IllegalLocationConstraintException", text}
	}
	if err := s.Create(name, false); err != nil {
		return err.(*Error) //nolint:errorlint,forcetypeassert // Create returns no other
	}
	if len(asked.Tags) > 0 {
		text, err := xml.Marshal(struct {
			XMLName xml.Name `xml:"Tagging"`
			Tags    []tag    `xml:"TagSet>Tag"`
		}{Tags: asked.Tags})
		if err != nil {
			return malformed(err)
		}
		s.mu.Lock()
		if b := s.buckets[name]; b != nil {
			b.settings["GetBucketTagging"] = text
		}
		s.mu.Unlock()
	}
	in.header.Set("Location", "/"+name)
	return nil
}

// setting keeps a setting of the bucket as it is given, or gives it back.
func (in call) setting() *Error {
	if setting, put := strings.CutPrefix(in.op, "Put"); put {
		in.bucket.settings["Get"+setting] = in.body
		return nil
	}
	text, ok := in.bucket.settings[in.op]
	if !ok {
		code := map[string]string{
			"GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration", "GetPublicAccessBlock": "NoSuchPublicAccessBlockConfiguration", "GetBucketTagging": "NoSuchTagSet",
		}[in.op]
		return &Error{http.StatusNotFound, code, "The bucket has none"}
	}
	in.header.Set("Content-Type", "application/xml")
	in.reply.status, in.reply.body = http.StatusOK, text
	return nil
}

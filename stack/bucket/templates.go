package bucket

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// MaxTemplateBytes is the largest template that CloudFormation reads from a bucket.
// Its quotas call it 1 MB; what is larger it refuses as "Template may not exceed
// 1000000 bytes in size."
const MaxTemplateBytes = 1_000_000

// TemplateAPI is what keeping templates needs of an [s3.Client].
type TemplateAPI interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Templates keeps templates in a bucket. An object is named by what is in it, so that
// the same template is stored once, and is never another one. Objects are not deleted
// here; a lifecycle rule of the bucket may do so, since CloudFormation reads one only
// while a change set is made.
type Templates struct {
	API    TemplateAPI // required; an [*s3.Client] has it
	Bucket string      // required; must exist
	Prefix string      // of the keys; default "templates"
	Region string      // required: that of the bucket, such as "eu-west-1", for its URL
	// Account is the id of the account to which the bucket must belong; empty checks nothing.
	Account string
	// Endpoint is the address of another S3 than that of AWS, such as
	// "http://127.0.0.1:5000". With it the URL has the bucket in its path.
	Endpoint string
}

// Upload stores body where it is not stored yet, and returns the URL by which
// CloudFormation reads it. It fails before any call where body is empty or larger
// than [MaxTemplateBytes].
func (t Templates) Upload(ctx context.Context, body []byte) (url string, err error) {
	sum := sha256.Sum256(body)
	key := prefixOf(t.Prefix) + "/" + hex.EncodeToString(sum[:]) + ".template"
	if err := t.check(body); err != nil {
		return "", fmt.Errorf("upload template: %w", err)
	}
	if url, err = t.url(ctx, key); err == nil {
		err = t.store(ctx, key, body, base64.StdEncoding.EncodeToString(sum[:]))
	}
	if err != nil {
		return "", fmt.Errorf("upload template to bucket %s: %w", t.Bucket, explain(err, t.Account))
	}
	return url, nil
}

// prefixOf is a prefix of keys as it was given, or the default.
func prefixOf(given string) string { return cmp.Or(strings.Trim(given, "/"), "templates") }

func (t Templates) check(body []byte) error {
	switch {
	case t.API == nil:
		return errors.New("Templates.API is nil")
	case t.Bucket == "":
		return errors.New("Templates.Bucket is empty")
	case t.Region == "":
		return errors.New("Templates.Region is empty")
	case len(body) == 0:
		return errors.New("the template is empty")
	case len(body) > MaxTemplateBytes:
		return fmt.Errorf("the template has %d bytes, and CloudFormation reads at most %d: split the stack", len(body), MaxTemplateBytes)
	}
	return nil
}

// store writes body under key, but where it is there already.
func (t Templates) store(ctx context.Context, key string, body []byte, sum string) error {
	var owner *string
	if t.Account != "" {
		owner = &t.Account
	}
	head, err := t.API.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &t.Bucket, Key: &key, ExpectedBucketOwner: owner, ChecksumMode: types.ChecksumModeEnabled,
	})
	switch {
	case err == nil && ptr.Value(head.ChecksumSHA256) == sum:
		return nil
	case err == nil, awserr.Is(err, "NotFound", "NoSuchKey"):
	case awserr.Is(err, "Forbidden", "AccessDenied"):
		// Without the permission to list, S3 says so of what is not there.
	default:
		return fmt.Errorf("look for %s: %w", key, err)
	}
	contentType := "text/yaml"
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		contentType = "application/json"
	}
	_, err = t.API.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &t.Bucket, Key: &key, ExpectedBucketOwner: owner,
		Body: bytes.NewReader(body), ContentType: &contentType, ChecksumSHA256: &sum,
	})
	switch {
	case isMissing(err):
		return fmt.Errorf("the bucket does not exist: %w", err)
	case err != nil:
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}

// url is the address of key. The SDK's own rules make it: the partition of the
// region, and the bucket as part of the host, but where its name has dots.
func (t Templates) url(ctx context.Context, key string) (string, error) {
	params := s3.EndpointParameters{Bucket: &t.Bucket, Region: &t.Region}
	if t.Endpoint != "" {
		pathStyle := true
		params.Endpoint, params.ForcePathStyle = &t.Endpoint, &pathStyle
	}
	endpoint, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, params)
	if err != nil {
		return "", fmt.Errorf("address of the bucket in region %s: %w", t.Region, err)
	}
	address := endpoint.URI
	return address.JoinPath(key).String(), nil
}

package iampolicy

import (
	"fmt"
	"go/types"
	"path"
	"slices"
	"strings"
)

// prefixes are the services whose actions begin with another word than the name of
// their SDK package.
var prefixes = map[string]string{
	"elasticloadbalancingv2": "elasticloadbalancing", "cloudwatchlogs": "logs", "resourcegroupstaggingapi": "tag",
}

// ofS3 are the actions of those operations of S3 that are not called as they are. Source: S3 user
// guide, "Required permissions for Amazon S3 API operations".
var ofS3 = map[string][]string{
	"HeadObject": {"s3:GetObject"}, "HeadBucket": {"s3:ListBucket"}, "ListBuckets": {"s3:ListAllMyBuckets"},
	"ListObjectVersions": {"s3:ListBucketVersions"}, "ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
	"CreateBucket":         {"s3:CreateBucket", "s3:PutBucketOwnershipControls", "s3:TagResource"}, // the latter for its owner and its tags
	"GetPublicAccessBlock": {"s3:GetBucketPublicAccessBlock"}, "PutPublicAccessBlock": {"s3:PutBucketPublicAccessBlock"},
	"GetBucketLifecycleConfiguration": {"s3:GetLifecycleConfiguration"}, "PutBucketLifecycleConfiguration": {"s3:PutLifecycleConfiguration"},
	"DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
}

// Operations are the actions that calling all methods of an interface takes, sorted.
// Its methods are those of SDK clients: the package of the input says which service
// it is. Only, where it is not empty, names the methods that count.
func Operations(of *types.Interface, only ...string) ([]string, error) {
	var actions []string
	var found []string
	for method := range of.Methods() {
		if len(only) > 0 && !slices.Contains(only, method.Name()) {
			continue
		}
		found = append(found, method.Name())
		service, err := serviceOf(method)
		if err != nil {
			return nil, err
		}
		switch mapped := ofS3[method.Name()]; {
		case service == "s3" && mapped != nil:
			actions = append(actions, mapped...)
		default:
			actions = append(actions, service+":"+method.Name())
		}
	}
	for _, name := range only {
		if !slices.Contains(found, name) {
			return nil, fmt.Errorf("the interface has no method %s", name)
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions), nil
}

// serviceOf is the prefix of the actions of the service whose input a method takes.
func serviceOf(method *types.Func) (string, error) {
	signature := method.Signature()
	if signature.Params().Len() < 2 {
		return "", fmt.Errorf("method %s takes no input of an SDK", method.Name())
	}
	pointer, ok := types.Unalias(signature.Params().At(1).Type()).(*types.Pointer)
	if !ok {
		return "", fmt.Errorf("method %s takes no input of an SDK", method.Name())
	}
	input, ok := types.Unalias(pointer.Elem()).(*types.Named)
	if !ok || input.Obj().Pkg() == nil || !strings.Contains(input.Obj().Pkg().Path(), "aws-sdk-go-v2/service/") {
		return "", fmt.Errorf("method %s takes no input of an SDK", method.Name())
	}
	service := path.Base(input.Obj().Pkg().Path())
	if prefix, ok := prefixes[service]; ok {
		return prefix, nil
	}
	return service, nil
}

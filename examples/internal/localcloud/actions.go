package localcloud

import (
	"net/http"
	"strings"
)

// actions are the IAM actions that an operation needs. They have its name, but for
// those of S3. Source: Service Authorization Reference, "Actions, resources, and
// condition keys for Amazon S3"; S3 user guide, "Required permissions for Amazon S3
// API operations".
func actions(service, action string, r *http.Request) []string {
	if service != "s3" {
		return []string{action}
	}
	version := func(name string) []string {
		if r.URL.Query().Has("versionId") {
			name += "Version"
		}
		return []string{"s3:" + name}
	}
	switch strings.TrimPrefix(action, "s3:") {
	case "GetObject", "HeadObject":
		return version("GetObject")
	case "DeleteObject":
		return version("DeleteObject")
	case "DeleteObjects":
		return []string{"s3:DeleteObject", "s3:DeleteObjectVersion"}
	case "HeadBucket", "ListObjectsV2", "ListObjects":
		return []string{"s3:ListBucket"}
	case "ListObjectVersions":
		return []string{"s3:ListBucketVersions"}
	case "ListMultipartUploads":
		return []string{"s3:ListBucketMultipartUploads"}
	case "CreateBucket":
		return created(r)
	case "GetPublicAccessBlock", "PutPublicAccessBlock":
		return []string{strings.Replace(action, "PublicAccessBlock", "BucketPublicAccessBlock", 1)}
	case "GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration":
		return []string{strings.Replace(action, "BucketLifecycle", "Lifecycle", 1)}
	case "ListBuckets":
		return []string{"s3:ListAllMyBuckets"}
	}
	return []string{action}
}

// created are those of making a bucket; the body has its tags.
func created(r *http.Request) []string {
	all := []string{"s3:CreateBucket"}
	if r.Header.Get("X-Amz-Object-Ownership") != "" {
		all = append(all, "s3:PutBucketOwnershipControls")
	}
	if r.ContentLength > 0 {
		all = append(all, "s3:TagResource")
	}
	return all
}

// pulled are the IAM actions as which ECR counts a request to its registry; none
// for one that only looks whether there is a registry. Source: Amazon ECR user guide,
// "Required IAM permissions for pushing an image".
func pulled(r *http.Request) []string {
	kind := ""
	for _, k := range []string{"/blobs/uploads/", "/blobs/", "/manifests/", "/tags/"} {
		if strings.Contains(r.URL.Path, k) {
			kind = strings.Trim(k, "/")
			break
		}
	}
	action := map[string]string{
		"HEAD blobs": "BatchCheckLayerAvailability", "GET blobs": "GetDownloadUrlForLayer",
		"POST blobs/uploads": "InitiateLayerUpload", "PATCH blobs/uploads": "UploadLayerPart", "PUT blobs/uploads": "CompleteLayerUpload",
		"GET manifests": "BatchGetImage", "HEAD manifests": "BatchGetImage", "PUT manifests": "PutImage", "DELETE manifests": "BatchDeleteImage",
		"GET tags": "ListImages",
	}[r.Method+" "+kind]
	if action == "" {
		return nil
	}
	return []string{"ecr:" + action}
}

package ecrtest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// stage is an ECR, whichever, with the repository "app" of two images: that of
// the tags v1 and latest, and that of v2. It knows the texts of their manifests.
type stage struct {
	*awsecr.Client
	one, two string
}

// conformance is what any ECR does: each entry is a call, or several, and what it
// tells. It holds the Cloud to the same behaviour as other implementations.
func conformance() map[string]struct {
	do   func(ctx context.Context, s stage) string
	want string
} {
	app := new("app")
	type entry = struct {
		do   func(ctx context.Context, s stage) string
		want string
	}
	return map[string]entry{
		"a repository has a URI and an ARN": {func(ctx context.Context, s stage) string {
			out, err := s.DescribeRepositories(ctx, &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"app"}})
			if err != nil {
				return told(err)
			}
			r := out.Repositories[0]
			return fmt.Sprint(*r.RepositoryArn, " ", *r.RepositoryUri, " ", r.ImageTagMutability, " ", r.EncryptionConfiguration.EncryptionType)
		}, "arn:aws:ecr:us-east-1:123456789012:repository/app 123456789012.dkr.ecr.us-east-1.amazonaws.com/app MUTABLE AES256"},
		"a repository is made once": {func(ctx context.Context, s stage) string {
			_, err := s.CreateRepository(ctx, &awsecr.CreateRepositoryInput{RepositoryName: app})
			return told(err)
		}, "RepositoryAlreadyExistsException: The repository with name 'app' already exists in the registry with id '123456789012'"},
		"a name in capitals is refused": {func(ctx context.Context, s stage) string {
			_, err := s.CreateRepository(ctx, &awsecr.CreateRepositoryInput{RepositoryName: new("App")})
			return strings.TrimRight(told(err), "'") // moto lacks the last one
		}, "InvalidParameterException: Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"},
		"a repository that is missing is named": {func(ctx context.Context, s stage) string {
			_, err := s.DescribeRepositories(ctx, &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"none"}})
			return told(err)
		}, "RepositoryNotFoundException: The repository with name 'none' does not exist in the registry with id '123456789012'"},
		"a full repository is not deleted": {func(ctx context.Context, s stage) string {
			_, err := s.DeleteRepository(ctx, &awsecr.DeleteRepositoryInput{RepositoryName: app})
			return told(err)
		}, "RepositoryNotEmptyException: The repository with name 'app' in registry with id '123456789012' cannot be deleted because it still contains images"},
		"images come with their failures": {func(ctx context.Context, s stage) string {
			out, err := s.BatchGetImage(ctx, &awsecr.BatchGetImageInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{tag("v2"), tag("v9"), tag("v1")}})
			if err != nil {
				return told(err)
			}
			same := len(out.Images) == 2 && *out.Images[0].ImageManifest == s.two && *out.Images[1].ImageManifest == s.one
			f := out.Failures[0]
			return fmt.Sprint(same, " ", *f.ImageId.ImageTag, " ", f.FailureCode, " ", *f.FailureReason)
		}, "true v9 ImageNotFound Requested image not found"},
		"a tag that is missing has no description": {func(ctx context.Context, s stage) string {
			_, err := s.DescribeImages(ctx, &awsecr.DescribeImagesInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{tag("v9")}})
			return told(err)
		}, "ImageNotFoundException: The image with imageId {imageDigest:'null', imageTag:'v9'} does not exist within the repository with name 'app' in the registry with id '123456789012'"},
		"an image has its tags": {func(ctx context.Context, s stage) string {
			out, err := s.DescribeImages(ctx, &awsecr.DescribeImagesInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{tag("v1")}})
			if err != nil {
				return told(err)
			}
			return tagsOf(out.ImageDetails)
		}, "latest v1"},
		"a tag moves": {func(ctx context.Context, s stage) string {
			if _, err := s.PutImage(ctx, &awsecr.PutImageInput{RepositoryName: app, ImageManifest: &s.two, ImageTag: new("latest")}); err != nil {
				return told(err)
			}
			return s.tags(ctx)
		}, "v1, latest v2"},
		"a tag is not put where it is": {func(ctx context.Context, s stage) string {
			_, err := s.PutImage(ctx, &awsecr.PutImageInput{RepositoryName: app, ImageManifest: &s.two, ImageTag: new("v2")})
			before, _, _ := strings.Cut(told(err), "sha256:")
			_, after, _ := strings.Cut(told(err), "' and ")
			return before + "..." + after
		}, "ImageAlreadyExistsException: Image with digest '...tag 'v2' already exists in the repository with name 'app' in registry with id '123456789012'"},
		"a fixed tag does not move": {func(ctx context.Context, s stage) string {
			if _, err := s.PutImageTagMutability(ctx, &awsecr.PutImageTagMutabilityInput{RepositoryName: app, ImageTagMutability: "IMMUTABLE"}); err != nil {
				return told(err)
			}
			_, err := s.PutImage(ctx, &awsecr.PutImageInput{RepositoryName: app, ImageManifest: &s.two, ImageTag: new("v1")})
			return fmt.Sprint(err != nil, " ", s.tags(ctx)) // the error is another in moto: that of a tag that is there
		}, "true latest v1, v2"},
		"an excluded one does": {func(ctx context.Context, s stage) string {
			if _, err := s.PutImageTagMutability(ctx, &awsecr.PutImageTagMutabilityInput{
				RepositoryName: app, ImageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
				ImageTagMutabilityExclusionFilters: []types.ImageTagMutabilityExclusionFilter{{Filter: new("latest"), FilterType: "WILDCARD"}},
			}); err != nil {
				return told(err)
			}
			out, err := s.DescribeRepositories(ctx, &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"app"}})
			return fmt.Sprint(*out.Repositories[0].ImageTagMutabilityExclusionFilters[0].Filter, " ", err)
		}, "latest <nil>"},
		"one tag of two is deleted": {func(ctx context.Context, s stage) string {
			return s.delete(ctx, tag("latest")) + s.tags(ctx)
		}, "1 gone; v1, v2"},
		"with its last tag an image is deleted": {func(ctx context.Context, s stage) string {
			return s.delete(ctx, tag("v2")) + s.tags(ctx)
		}, "1 gone; latest v1"},
		"what is missing is not deleted": {func(ctx context.Context, s stage) string {
			return s.delete(ctx, tag("v9"), tag("v2")) + s.tags(ctx)
		}, "1 gone; ImageNotFound v9; latest v1"},
		"tags of a repository": {func(ctx context.Context, s stage) string {
			arn := new("arn:aws:ecr:us-east-1:123456789012:repository/app")
			if _, err := s.TagResource(ctx, &awsecr.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: new("a"), Value: new("1")}, {Key: new("b"), Value: new("2")}}}); err != nil {
				return told(err)
			}
			if _, err := s.UntagResource(ctx, &awsecr.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
				return told(err)
			}
			out, err := s.ListTagsForResource(ctx, &awsecr.ListTagsForResourceInput{ResourceArn: arn})
			return fmt.Sprint(len(out.Tags), *out.Tags[0].Key, *out.Tags[0].Value, err)
		}, "1b2<nil>"},
		"no lifecycle policy": {func(ctx context.Context, s stage) string {
			_, err := s.GetLifecyclePolicy(ctx, &awsecr.GetLifecyclePolicyInput{RepositoryName: app})
			return told(err)
		}, "LifecyclePolicyNotFoundException: Lifecycle policy does not exist for the repository with name 'app' in the registry with id '123456789012'"},
		"a lifecycle policy is checked": {func(ctx context.Context, s stage) string {
			good, bad := `{"rules":[`+rule(1, untagged, expire)+`]}`, `{"rules":[`+rule(1, untagged, `"type": "burn"`)+`]}`
			_, taken := s.PutLifecyclePolicy(ctx, &awsecr.PutLifecyclePolicyInput{RepositoryName: app, LifecyclePolicyText: &good})
			_, refused := s.PutLifecyclePolicy(ctx, &awsecr.PutLifecyclePolicyInput{RepositoryName: app, LifecyclePolicyText: &bad})
			out, err := s.DeleteLifecyclePolicy(ctx, &awsecr.DeleteLifecyclePolicyInput{RepositoryName: app})
			if err != nil {
				return told(err)
			}
			code, _, _ := strings.Cut(told(refused), ":")
			return fmt.Sprint(taken, " ", code, " ", strings.Contains(*out.LifecyclePolicyText, "imageCountMoreThan"))
		}, "<nil> InvalidParameterException true"},
		"no repository policy": {func(ctx context.Context, s stage) string {
			_, err := s.DeleteRepositoryPolicy(ctx, &awsecr.DeleteRepositoryPolicyInput{RepositoryName: app})
			return told(err)
		}, "RepositoryPolicyNotFoundException: Repository policy does not exist for the repository with name 'app' in the registry with id '123456789012'"},
		"a repository policy is checked": {func(ctx context.Context, s stage) string {
			_, err := s.SetRepositoryPolicy(ctx, &awsecr.SetRepositoryPolicyInput{RepositoryName: app, PolicyText: new(`{"Version":"2012-10-17"}`)})
			return told(err)
		}, "InvalidParameterException: Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"},
		"scanning is switched on": {func(ctx context.Context, s stage) string {
			in := &awsecr.PutImageScanningConfigurationInput{RepositoryName: app, ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true}}
			if _, err := s.PutImageScanningConfiguration(ctx, in); err != nil {
				return told(err)
			}
			out, err := s.DescribeRepositories(ctx, &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"app"}})
			return fmt.Sprint(out.Repositories[0].ImageScanningConfiguration.ScanOnPush, err)
		}, "true <nil>"},
		"a token is for the user AWS": {func(ctx context.Context, s stage) string {
			out, err := s.GetAuthorizationToken(ctx, &awsecr.GetAuthorizationTokenInput{})
			if err != nil {
				return told(err)
			}
			data := out.AuthorizationData[0]
			return fmt.Sprint(strings.HasPrefix(*data.AuthorizationToken, "QVdTO"), " ", *data.ProxyEndpoint) // "AWS:"
		}, "true https://123456789012.dkr.ecr.us-east-1.amazonaws.com"},
	}
}

// tags are the tags of each image of app.
func (s stage) tags(ctx context.Context) string {
	out, err := s.DescribeImages(ctx, &awsecr.DescribeImagesInput{RepositoryName: new("app")})
	if err != nil {
		return told(err)
	}
	return tagsOf(out.ImageDetails)
}

// tagsOf lists the tags of each image, those with the tags v1 and v2 in this order.
func tagsOf(details []types.ImageDetail) string {
	var images []string
	for _, d := range details {
		slices.Sort(d.ImageTags)
		images = append(images, strings.Join(d.ImageTags, " "))
	}
	slices.SortFunc(images, func(a, b string) int { return strings.Compare(a[len(a)-1:], b[len(b)-1:]) })
	return strings.Join(images, ", ")
}

func (s stage) delete(ctx context.Context, ids ...types.ImageIdentifier) string {
	out, err := s.BatchDeleteImage(ctx, &awsecr.BatchDeleteImageInput{RepositoryName: new("app"), ImageIds: ids})
	if err != nil {
		return told(err)
	}
	text := fmt.Sprintf("%d gone; ", len(out.ImageIds))
	for _, f := range out.Failures {
		text += fmt.Sprintf("%s %s; ", f.FailureCode, *f.ImageId.ImageTag)
	}
	return text
}

func TestConformance(t *testing.T) {
	for name, tt := range conformance() {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ecrtest.Options{})
			b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1", "latest"}})
			b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v2"}})
			s := stage{b.client, b.manifest(tag("v1")), b.manifest(tag("v2"))}
			if got := tt.do(t.Context(), s); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

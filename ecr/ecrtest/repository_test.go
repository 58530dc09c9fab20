package ecrtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// noMarker leaves out what the SDK's types have for themselves.
var noMarker = cmpopts.IgnoreUnexported(
	types.Repository{}, types.ImageScanningConfiguration{}, types.EncryptionConfiguration{}, types.Tag{},
	types.ImageTagMutabilityExclusionFilter{}, types.ImageIdentifier{}, types.ImageFailure{}, types.ImageDetail{})

func TestARepositoryComesBackAsItWasMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecrtest.Options{Host: "127.0.0.1:5000"})
		filters := []types.ImageTagMutabilityExclusionFilter{{Filter: new("latest*"), FilterType: "WILDCARD"}}
		made, err := b.client.CreateRepository(t.Context(), &awsecr.CreateRepositoryInput{
			RepositoryName:                     new("automation/notifier"),
			ImageTagMutability:                 types.ImageTagMutabilityImmutableWithExclusion,
			ImageTagMutabilityExclusionFilters: filters,
			ImageScanningConfiguration:         &types.ImageScanningConfiguration{ScanOnPush: true},
			EncryptionConfiguration:            &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeKms},
			Tags:                               []types.Tag{{Key: new("team"), Value: new("voice")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []types.Repository{{
			CreatedAt:                          new(time.Now().UTC()),
			RegistryId:                         new(ecrtest.Account),
			RepositoryArn:                      new("arn:aws:ecr:us-east-1:123456789012:repository/automation/notifier"),
			RepositoryName:                     new("automation/notifier"),
			RepositoryUri:                      new("127.0.0.1:5000/automation/notifier"),
			ImageTagMutability:                 types.ImageTagMutabilityImmutableWithExclusion,
			ImageTagMutabilityExclusionFilters: filters,
			ImageScanningConfiguration:         &types.ImageScanningConfiguration{ScanOnPush: true},
			EncryptionConfiguration: &types.EncryptionConfiguration{
				EncryptionType: types.EncryptionTypeKms, KmsKey: new("arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"),
			},
		}}
		if d := cmp.Diff(want, []types.Repository{*made.Repository}, noMarker); d != "" {
			t.Errorf("made (-want +got):\n%s", d)
		}
		got, err := b.client.DescribeRepositories(t.Context(), &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"automation/notifier"}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got.Repositories, noMarker); d != "" {
			t.Errorf("described (-want +got):\n%s", d)
		}
		tags, err := b.client.ListTagsForResource(t.Context(), &awsecr.ListTagsForResourceInput{ResourceArn: made.Repository.RepositoryArn})
		if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "voice" {
			t.Errorf("tags %v, %v", tags, err)
		}
	})
}

func TestWhatARepositoryHasByDefault(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	got, err := b.client.DescribeRepositories(t.Context(), &awsecr.DescribeRepositoriesInput{RegistryId: new(ecrtest.Account)})
	if err != nil {
		t.Fatal(err)
	}
	r := got.Repositories[0]
	if *r.RepositoryUri != ecrtest.DefaultHost+"/app" || r.ImageTagMutability != "MUTABLE" || r.ImageScanningConfiguration.ScanOnPush ||
		r.EncryptionConfiguration.EncryptionType != "AES256" || r.ImageTagMutabilityExclusionFilters != nil {
		t.Errorf("%+v", r)
	}
}

func TestRepositoriesThatCannotBeMade(t *testing.T) {
	exclude := func(filters ...string) (out []types.ImageTagMutabilityExclusionFilter) {
		for _, f := range filters {
			out = append(out, types.ImageTagMutabilityExclusionFilter{Filter: &f, FilterType: "WILDCARD"})
		}
		return out
	}
	many := make([]types.Tag, 51)
	for i := range many {
		many[i] = types.Tag{Key: new(fmt.Sprint("k", i)), Value: new("")}
	}
	tests := map[string]struct {
		in   awsecr.CreateRepositoryInput
		want string
	}{
		"one that exists": {
			awsecr.CreateRepositoryInput{RepositoryName: new("app")},
			"RepositoryAlreadyExistsException: The repository with name 'app' already exists in the registry with id '123456789012'",
		},
		"a name of one letter": {
			awsecr.CreateRepositoryInput{RepositoryName: new("a")},
			"InvalidParameterException: Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must have length greater than or equal to 2'",
		},
		"a name that is too long": {
			awsecr.CreateRepositoryInput{RepositoryName: new(strings.Repeat("a", 257))},
			"InvalidParameterException: Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must have length less than or equal to 256'",
		},
		"a name in capitals": {
			awsecr.CreateRepositoryInput{RepositoryName: new("App")},
			"InvalidParameterException: Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''",
		},
		"an unknown mutability": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), ImageTagMutability: "FIXED"},
			"InvalidParameterException: Invalid parameter at 'imageTagMutability' failed to satisfy constraint: 'Member must satisfy enum value set: [IMMUTABLE, MUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]'",
		},
		"an exclusion that nothing asks for": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), ImageTagMutability: "IMMUTABLE", ImageTagMutabilityExclusionFilters: exclude("a")},
			"InvalidParameterException: Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'ImageTagMutabilityExclusionFilters must be null when imageTagMutability is set as IMMUTABLE'",
		},
		"no exclusion where there must be one": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), ImageTagMutability: "MUTABLE_WITH_EXCLUSION"},
			"InvalidParameterException: Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as MUTABLE_WITH_EXCLUSION'",
		},
		"six exclusions": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), ImageTagMutability: "IMMUTABLE_WITH_EXCLUSION", ImageTagMutabilityExclusionFilters: exclude("a", "b", "c", "d", "e", "f")},
			"InvalidParameterException: Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'must have length less than or equal to 5'",
		},
		"an exclusion with a question mark": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), ImageTagMutability: "IMMUTABLE_WITH_EXCLUSION", ImageTagMutabilityExclusionFilters: exclude("v?")},
			"InvalidParameterException: Invalid parameter at 'imageTagMutabilityExclusionFilters.filter' failed to satisfy constraint: 'must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$''",
		},
		"an exclusion with three wildcards": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), ImageTagMutability: "IMMUTABLE_WITH_EXCLUSION", ImageTagMutabilityExclusionFilters: exclude("*a*b*")},
			"InvalidParameterException: Invalid parameter at 'imageTagMutabilityExclusionFilters.filter' failed to satisfy constraint: 'Filter can contain at most 2 wildcards'",
		},
		"an exclusion of another type": {
			awsecr.CreateRepositoryInput{
				RepositoryName: new("new"), ImageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
				ImageTagMutabilityExclusionFilters: []types.ImageTagMutabilityExclusionFilter{{Filter: new("a"), FilterType: "REGEX"}},
			},
			"InvalidParameterException: Invalid parameter at 'imageTagMutabilityExclusionFilters.filterType' failed to satisfy constraint: 'Member must satisfy enum value set: [WILDCARD]'",
		},
		"an unknown encryption": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: "ROT13"}},
			"InvalidParameterException: Invalid parameter at 'encryptionConfiguration.encryptionType' failed to satisfy constraint: 'Member must satisfy enum value set: [AES256, KMS, KMS_DSSE]'",
		},
		"a key for AES256": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: "AES256", KmsKey: new("k")}},
			"InvalidParameterException: Invalid parameter at 'encryptionConfiguration' failed to satisfy constraint: 'KmsKey can not be specified with encryption type AES256'",
		},
		"a tag that only AWS may set": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), Tags: []types.Tag{{Key: new("aws:x"), Value: new("")}}},
			`InvalidTagParameterException: Invalid parameter at 'tags' failed to satisfy constraint: 'invalid tag "aws:x"'`,
		},
		"too many tags": {
			awsecr.CreateRepositoryInput{RepositoryName: new("new"), Tags: many},
			"TooManyTagsException: 51 tags, and a repository has at most 50",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ecrtest.Options{})
			_, err := b.client.CreateRepository(t.Context(), &tt.in)
			if told(err) != tt.want {
				t.Errorf("%v\nwant %s", told(err), tt.want)
			}
			if err := b.describe("new"); err == nil {
				t.Error("it was made all the same")
			}
		})
	}
}

func TestRepositoriesAreListedInPages(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	for i := range 204 {
		b.cloud.AddRepository(fmt.Sprintf("r%03d", i))
	}
	var sizes []int
	seen := make(map[string]bool)
	pages := awsecr.NewDescribeRepositoriesPaginator(b.client, &awsecr.DescribeRepositoriesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Repositories))
		for _, r := range page.Repositories {
			seen[*r.RepositoryName] = true
		}
		b.cloud.AddRepository("a-new-one") // before the page that follows: nothing is lost or seen twice
	}
	if d := cmp.Diff([]int{100, 100, 5}, sizes); d != "" || len(seen) != 205 {
		t.Errorf("%d repositories in pages of %v", len(seen), sizes)
	}
	tests := map[string]struct {
		in   awsecr.DescribeRepositoriesInput
		want string
	}{
		"names and a page size": {
			awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"app"}, MaxResults: new(int32(5))},
			"InvalidParameterException: Invalid parameter at 'maxResults' failed to satisfy constraint: 'cannot be used when you specify repositoryNames'",
		},
		"a page size of 1001": {
			awsecr.DescribeRepositoriesInput{MaxResults: new(int32(1001))},
			"InvalidParameterException: Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must be between 1 and 1000'",
		},
		"a token of somebody else": {
			awsecr.DescribeRepositoriesInput{NextToken: new("page 2")},
			"InvalidParameterException: Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'",
		},
		"101 names": {
			awsecr.DescribeRepositoriesInput{RepositoryNames: make([]string, 101)},
			"InvalidParameterException: Invalid parameter at 'repositoryNames' failed to satisfy constraint: 'must have length less than or equal to 100'",
		},
		"one name of several that is missing": {
			awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"app", "none"}},
			"RepositoryNotFoundException: The repository with name 'none' does not exist in the registry with id '123456789012'",
		},
		"another account": {
			awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"app"}, RegistryId: new("000000000000")},
			"RepositoryNotFoundException: The repository with name 'app' does not exist in the registry with id '000000000000'",
		},
	}
	for name, tt := range tests {
		if _, err := b.client.DescribeRepositories(t.Context(), &tt.in); told(err) != tt.want {
			t.Errorf("%s: %v\nwant %s", name, told(err), tt.want)
		}
	}
}

func TestDeletingARepository(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	b.cloud.AddImage("full", ecrtest.Image{Tags: []string{"v1"}})
	_, err := b.client.DeleteRepository(t.Context(), &awsecr.DeleteRepositoryInput{RepositoryName: new("full")})
	if want := "RepositoryNotEmptyException: The repository with name 'full' in registry with id '123456789012' cannot be deleted because it still contains images"; told(err) != want {
		t.Errorf("%v\nwant %s", told(err), want)
	}
	for _, in := range []awsecr.DeleteRepositoryInput{{RepositoryName: new("full"), Force: true}, {RepositoryName: new("app")}} {
		out, err := b.client.DeleteRepository(t.Context(), &in)
		if err != nil || *out.Repository.RepositoryName != *in.RepositoryName {
			t.Errorf("%v", err)
		}
		if err := b.describe(*in.RepositoryName); !strings.HasPrefix(told(err), "RepositoryNotFoundException") {
			t.Errorf("%s is still there: %v", *in.RepositoryName, err)
		}
	}
}

func TestTheSettingsOfARepositoryChange(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	ctx, app := t.Context(), new("app")
	mutability, err := b.client.PutImageTagMutability(ctx, &awsecr.PutImageTagMutabilityInput{
		RepositoryName: app, ImageTagMutability: "MUTABLE_WITH_EXCLUSION",
		ImageTagMutabilityExclusionFilters: []types.ImageTagMutabilityExclusionFilter{{Filter: new("v*"), FilterType: "WILDCARD"}},
	})
	if err != nil || *mutability.RepositoryName != "app" || len(mutability.ImageTagMutabilityExclusionFilters) != 1 {
		t.Errorf("%+v, %v", mutability, err)
	}
	scanning, err := b.client.PutImageScanningConfiguration(ctx, &awsecr.PutImageScanningConfigurationInput{
		RepositoryName: app, ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true},
	})
	if err != nil || !scanning.ImageScanningConfiguration.ScanOnPush {
		t.Errorf("%+v, %v", scanning, err)
	}
	got, err := b.client.DescribeRepositories(ctx, &awsecr.DescribeRepositoriesInput{})
	if r := got.Repositories[0]; err != nil || r.ImageTagMutability != "MUTABLE_WITH_EXCLUSION" || !r.ImageScanningConfiguration.ScanOnPush {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := b.client.PutImageTagMutability(ctx, &awsecr.PutImageTagMutabilityInput{RepositoryName: app, ImageTagMutability: "FIXED"}); err == nil {
		t.Error("an unknown mutability is taken")
	}
	if _, err := b.client.PutImageTagMutability(ctx, &awsecr.PutImageTagMutabilityInput{RepositoryName: new("none"), ImageTagMutability: "MUTABLE"}); !strings.HasPrefix(told(err), "RepositoryNotFoundException") {
		t.Errorf("a repository that is missing: %v", err)
	}
}

func TestTheTagsOfARepositoryChange(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	ctx, arn := t.Context(), new("arn:aws:ecr:us-east-1:123456789012:repository/app")
	pair := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	if _, err := b.client.TagResource(ctx, &awsecr.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{pair("b", "1"), pair("a", "2"), pair("c", "3")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.TagResource(ctx, &awsecr.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{pair("b", "4")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.UntagResource(ctx, &awsecr.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"c", "unknown"}}); err != nil {
		t.Fatal(err)
	}
	got, err := b.client.ListTagsForResource(ctx, &awsecr.ListTagsForResourceInput{ResourceArn: arn})
	if d := cmp.Diff([]types.Tag{pair("a", "2"), pair("b", "4")}, got.Tags, noMarker); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for arn, want := range map[string]string{
		"arn:aws:ecr:us-east-1:123456789012:repository/none": "RepositoryNotFoundException",
		"arn:aws:s3:::bucket":                                "InvalidParameterException",
	} {
		if _, err := b.client.ListTagsForResource(ctx, &awsecr.ListTagsForResourceInput{ResourceArn: &arn}); !strings.HasPrefix(told(err), want) {
			t.Errorf("%s: %v, want %s", arn, err, want)
		}
	}
}

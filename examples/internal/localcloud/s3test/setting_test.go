package s3test_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mettel-automation/delivery/examples/internal/localcloud/s3test"
	"github.com/mettel-automation/delivery/stack/bucket"
)

// TestTheModulesOwnHomeMakesABucket holds the Store to what package bucket does to S3.
func TestTheModulesOwnHomeMakesABucket(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		home := bucket.Home{API: api, Bucket: "templates", Region: "eu-west-1", Account: "123456789012", Tags: map[string]string{"Environment": "a", "Project": "b"}}
		plan, err := home.Plan(t.Context())
		if err != nil || plan.Action != bucket.Create || len(store.Buckets()) > 0 {
			t.Fatalf("%v, buckets %v\n%s", err, store.Buckets(), plan)
		}
		if err := home.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if again, err := home.Plan(t.Context()); err != nil || !again.Empty() {
			t.Errorf("a second plan: %v\n%s", err, again)
		}
		tags, err := api.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: new("templates")})
		if err != nil || len(tags.TagSet) != 2 || *tags.TagSet[0].Key != "Environment" || *tags.TagSet[0].Value != "a" {
			t.Errorf("tags: %v, %+v", err, tags)
		}
		life, err := api.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: new("templates")})
		if err != nil || len(life.Rules) != 1 || *life.Rules[0].Expiration.Days != 30 {
			t.Errorf("lifecycle: %v, %+v", err, life)
		}
	})
}

func TestABucketIsMadeWhereItIsAskedFor(t *testing.T) {
	tests := map[string]struct {
		constraint types.BucketLocationConstraint
		want       string
	}{
		"the region":                         {"eu-west-1", "<nil>"},
		"none is us-east-1":                  {"", "IllegalLocationConstraintException"},
		"another region":                     {"eu-west-2", "IllegalLocationConstraintException"},
		"us-east-1 is never given by a name": {"us-east-1", "InvalidLocationConstraint"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
				_, err := api.CreateBucket(t.Context(), &s3.CreateBucketInput{
					Bucket: new("b"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: tt.constraint},
				})
				if got := code(err); got != tt.want || (len(store.Buckets()) == 1) != (tt.want == "<nil>") {
					t.Errorf("%v, buckets %v", err, store.Buckets())
				}
			})
		})
	}
}

func TestABucketWithoutSettingsSaysSo(t *testing.T) {
	ways(t, func(t *testing.T, store *s3test.Store, api *s3.Client) {
		store.AddBucket("b")
		ctx, b := t.Context(), new("b")
		for want, err := range map[string]error{
			"NoSuchTagSet":                         second(api.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b})),
			"NoSuchLifecycleConfiguration":         second(api.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: b})),
			"NoSuchPublicAccessBlockConfiguration": second(api.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})),
		} {
			if got := code(err); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

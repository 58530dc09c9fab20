//go:build integration

package bucket_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/stack/bucket"
)

// motoBucket makes a bucket with versions in moto, whose account is 123456789012.
func motoBucket(t *testing.T) (client *s3.Client, url, name string) {
	t.Helper()
	url = os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	client = s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &url, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	name = "delivery-" + strings.ToLower(rand.Text())
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatal(err)
	}
	return client, url, name
}

func TestEmptyAgainstMoto(t *testing.T) {
	client, _, name := motoBucket(t)
	ctx := t.Context()
	var group errgroup.Group
	group.SetLimit(8)
	for i := range 2400 { // versions of 800 objects
		key := fmt.Sprintf("blocks/%03d/index", i/3)
		group.Go(func() error {
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader("x")})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range 100 { // and delete markers
		if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: new(fmt.Sprintf("blocks/%03d/index", i))}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"a", "b"} {
		if _, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &name, Key: &key}); err != nil {
			t.Fatal(err)
		}
	}

	deleted, err := bucket.New(client, bucket.Options{}).Empty(ctx, name, account)
	if deleted != 2500 || err != nil {
		t.Errorf("deleted %d, error %v; want 2500", deleted, err)
	}
	if _, err := client.DeleteBucket(context.WithoutCancel(ctx), &s3.DeleteBucketInput{Bucket: &name}); err != nil {
		t.Errorf("the bucket is not empty: %v", err)
	}
	if deleted, err := bucket.New(client, bucket.Options{}).Empty(ctx, name, account); deleted != 0 || err != nil {
		t.Errorf("of a bucket that is gone: deleted %d, error %v", deleted, err)
	}
}

func TestUploadAgainstMoto(t *testing.T) {
	client, url, name := motoBucket(t)
	body := "Resources: {Logs: {Type: AWS::Logs::LogGroup}}"
	templates := bucket.Templates{API: client, Bucket: name, Region: "us-east-1", Endpoint: url, Account: account}
	address, err := templates.Upload(t.Context(), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	key, ok := strings.CutPrefix(address, url+"/"+name+"/")
	if !ok {
		t.Fatalf("the address is %s", address)
	}
	object, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	stored, err := io.ReadAll(object.Body)
	if string(stored) != body || err != nil {
		t.Errorf("at %s is %q, error %v", address, stored, err)
	}
	if again, err := templates.Upload(t.Context(), []byte(body)); again != address || err != nil {
		t.Errorf("a second time: %s, error %v", again, err)
	}
}

func TestHomeAgainstMoto(t *testing.T) {
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		t.Run(region, func(t *testing.T) {
			_, url, name := motoBucket(t)
			name += "-home"
			client := s3.New(s3.Options{
				Region: region, BaseEndpoint: &url, UsePathStyle: true,
				Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			})
			home := bucket.Home{API: client, Bucket: name, Region: region, Account: account, Tags: ours}
			plan, err := home.Plan(t.Context())
			if err != nil || plan.Action != bucket.Create {
				t.Fatalf("%v\n%s", err, plan)
			}
			if err := home.Apply(t.Context(), plan); err != nil {
				t.Fatal(err)
			}
			life, err := client.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: &name})
			if err != nil || len(life.Rules) != 1 || *life.Rules[0].Expiration.Days != 30 || *life.Rules[0].Filter.Prefix != "templates/" {
				t.Errorf("lifecycle: %v, %+v", err, life)
			}
			block, err := client.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: &name})
			if err != nil || !*block.PublicAccessBlockConfiguration.BlockPublicAcls || !*block.PublicAccessBlockConfiguration.RestrictPublicBuckets {
				t.Errorf("public access: %v, %+v", err, block)
			}
			again, err := home.Plan(t.Context())
			if err != nil || !again.Empty() {
				t.Errorf("a second plan: %v\n%s", err, again)
			}
			templates := bucket.Templates{API: client, Bucket: name, Region: region, Endpoint: url, Account: account}
			if _, err := templates.Upload(t.Context(), []byte("Resources: {}")); err != nil {
				t.Error(err)
			}
		})
	}
}

//go:build integration

package keys_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/mettel-automation/delivery/eks/keys"
)

// moto has a bucket with versions, a private key and a user of this test's own.
func moto(t *testing.T) (keys.API, *iam.Client, *s3.Client, keys.Spec) {
	t.Helper()
	url := os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	params, users := ssm.NewFromConfig(cfg), iam.NewFromConfig(cfg)
	random := make([]byte, 8)
	_, _ = rand.Read(random)
	id := hex.EncodeToString(random)
	s := keys.Spec{
		Bucket: "delivery-keys-" + id, Account: account, Prefix: "dev/", KeyPairID: "key-" + id, SMTPUser: "smtp-" + id, Region: "us-east-1",
		Facts: map[string]string{"cluster": "demo"},
	}
	ctx := t.Context()
	_, errBucket := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &s.Bucket})
	_, errVersions := objects.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &s.Bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	})
	_, errUser := users.CreateUser(ctx, &iam.CreateUserInput{UserName: &s.SMTPUser})
	name := "/ec2/keypair/" + s.KeyPairID
	_, errKey := params.PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Type: ssmtypes.ParameterTypeSecureString, Value: new(newMemory(t).params["/ec2/keypair/"+keyPair])})
	if err := errors.Join(errBucket, errVersions, errUser, errKey); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(ctx)
		if _, err := params.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &name}); err != nil {
			t.Error(err)
		}
		list, err := users.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &s.SMTPUser})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range list.AccessKeyMetadata {
			if _, err := users.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &s.SMTPUser, AccessKeyId: k.AccessKeyId}); err != nil {
				t.Error(err)
			}
		}
		if _, err := users.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &s.SMTPUser}); err != nil {
			t.Error(err)
		}
	})
	return keys.API{Objects: objects, Parameters: params, AccessKeys: users}, users, objects, s
}

// TestDeliverToMoto delivers by the real clients, twice, rotates twice, and lets two runs
// meet, of which the second must find the condition of its write not to hold.
func TestDeliverToMoto(t *testing.T) {
	api, users, objects, s := moto(t)
	ctx := t.Context()
	d := keys.New(api, keys.Options{})
	apply := func() keys.Result {
		t.Helper()
		plan, err := d.Plan(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		result, err := d.Apply(ctx, plan)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	late, err := d.Plan(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if done := apply().Done; len(done) != 3 {
		t.Errorf("done %v", done)
	}
	if done := apply().Done; len(done) != 0 {
		t.Errorf("a second time, done %v", done)
	}
	first, err := d.SMTP(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := d.Apply(ctx, late); !errors.Is(err, keys.ErrStale) || len(result.Done) != 2 {
		t.Errorf("who comes late: done %v, error %v", result.Done, err)
	}
	s.Rotate = true
	apply()
	apply()
	last, err := d.SMTP(ctx, s)
	if err != nil || last.Username == first.Username || last.Password.Equal(first.Password) {
		t.Errorf("rotated from %v to %v, error %v", first, last, err)
	}
	list, err := users.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &s.SMTPUser})
	if err != nil || len(list.AccessKeyMetadata) != 2 {
		t.Fatalf("access keys %v, error %v", list, err)
	}
	for _, k := range list.AccessKeyMetadata {
		if active := k.Status == iamtypes.StatusTypeActive; active != (*k.AccessKeyId == last.Username) {
			t.Errorf("access key %s is %s", *k.AccessKeyId, k.Status)
		}
	}
	if key, err := d.SSHKey(ctx, s); err != nil || !strings.HasPrefix(key.Reveal(), "-----BEGIN PRIVATE KEY-----") {
		t.Errorf("the SSH key is wrong, error %v", err)
	}
	head, err := objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.Bucket, Key: new("dev/smtp.json")})
	if err != nil || head.ServerSideEncryption != s3types.ServerSideEncryptionAes256 || *head.ContentType != "application/json" {
		t.Errorf("error %v, encryption %q", err, head.ServerSideEncryption)
	}
}

func TestFaultsAgainstMoto(t *testing.T) {
	api, _, _, s := moto(t)
	tests := map[string]struct {
		change func(*keys.Spec)
		want   error
	}{
		"no bucket":   {func(s *keys.Spec) { s.Bucket += "-other" }, keys.ErrNoBucket},
		"no key pair": {func(s *keys.Spec) { s.KeyPairID = "key-00000000000000000" }, keys.ErrNoKey},
		"no user":     {func(s *keys.Spec) { s.SMTPUser += "-other" }, keys.ErrNoUser},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := s
			tt.change(&s)
			if _, err := keys.New(api, keys.Options{}).Plan(t.Context(), s); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

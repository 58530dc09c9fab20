package keystore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/examples/internal/kresystem/keystore"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

const template = `Resources:
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: demo-keys}}
  K: {Type: AWS::EC2::KeyPair, Properties: {KeyName: demo}}
  SmtpUser: {Type: AWS::IAM::User, Properties: {UserName: demo-smtp}}
Outputs:
  KeyPair: {Value: !GetAtt K.KeyPairId}
`

// made is a stack in memory, and what it has.
func made(t *testing.T) (*stacktest.Cloud, *keystore.Store, string) {
	t.Helper()
	cloud := stacktest.New(stacktest.Options{Speed: 1e9, Timing: stacktest.Faster(1e9)})
	body := template
	if _, err := cloud.Client().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("demo"), TemplateBody: &body, Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}}); err != nil {
		t.Fatal(err)
	}
	for {
		if s, _ := cloud.Stack("demo"); s.Status == "CREATE_COMPLETE" {
			return cloud, keystore.New(cloud, "demo"), s.Outputs["KeyPair"]
		}
	}
}

func deliver(ctx context.Context, store *keystore.Store, keyPair string) error {
	d := keys.New(keys.API{Objects: store, Parameters: store, AccessKeys: store}, keys.Options{})
	plan, err := d.Plan(ctx, keys.Spec{Bucket: "demo-keys", Account: stacktest.Account, KeyPairID: keyPair, SMTPUser: "demo-smtp", Region: "us-east-1"})
	if err == nil {
		_, err = d.Apply(ctx, plan)
	}
	return err
}

func TestStore(t *testing.T) {
	cloud, store, pair := made(t)
	if err := deliver(t.Context(), store, pair); err != nil {
		t.Fatal(err)
	}
	if objects, keys, n := store.Counts(); objects != 2 || keys != 1 || n == 0 || cloud.Objects("demo-keys") != 2 {
		t.Errorf("%d objects, %d keys, and %d in the bucket", objects, keys, cloud.Objects("demo-keys"))
	}
	if n, err := store.Empty(t.Context(), "demo-keys", stacktest.Account); err != nil || n != 2 {
		t.Errorf("emptied: %d, %v", n, err)
	}
}

func TestWhatTheStackHasNot(t *testing.T) {
	_, store, pair := made(t)
	if err := deliver(t.Context(), store, "key-0123456789abcdef0"); !errors.Is(err, keys.ErrNoKey) {
		t.Errorf("another key pair: %v", err)
	}
	_, err := keys.New(keys.API{Objects: store, Parameters: store, AccessKeys: store}, keys.Options{}).
		Plan(t.Context(), keys.Spec{Bucket: "others", Account: stacktest.Account, KeyPairID: pair})
	if !errors.Is(err, keys.ErrNoBucket) {
		t.Errorf("another bucket: %v", err)
	}
	store.Deny("iam:CreateAccessKey")
	if err := deliver(t.Context(), store, pair); err == nil {
		t.Error("what is denied is done")
	}
}

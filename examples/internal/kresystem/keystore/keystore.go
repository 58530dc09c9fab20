// Package keystore holds, in memory, the S3, the Parameter Store and the IAM that package
// eks/keys needs: the bucket, the key pair and the user that a stack in memory has made.
//
//	store := keystore.New(cloud, "mettel-automation-kre-dev")
//	deliverer := keys.New(keys.API{Objects: store, Parameters: store, AccessKeys: store}, keys.Options{})
//
// It knows no versions of objects, and no other buckets and users.
package keystore

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

// Store is what a stack has made, with what was put into it. It is safe for concurrent
// use.
type Store struct {
	cloud *stacktest.Cloud
	stack string

	mu      sync.Mutex
	objects map[string]object
	keys    []iamtypes.AccessKey // of the user
	pem     map[string]string    // private keys, by parameter
	made    int
	denied  string // an operation that is not allowed
}

// New returns the Store of a stack.
func New(cloud *stacktest.Cloud, stack string) *Store {
	return &Store{cloud: cloud, stack: stack, objects: make(map[string]object), pem: make(map[string]string)}
}

// Deny refuses an operation, such as "iam:CreateAccessKey", from now on.
func (s *Store) Deny(op string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = op
}

// Counts are how many objects and access keys there are, and how many were ever made.
func (s *Store) Counts() (objects, keys, made int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.objects), len(s.keys), s.made
}

type object struct {
	body, etag string
	modified   time.Time
}

// Find returns the resource of a type that a stack has now, and whether it has one.
func Find(cloud *stacktest.Cloud, stack, kind string) (stacktest.Resource, bool) {
	absent := []string{"", "CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"}
	for _, r := range cloud.Resources(stack) {
		if r.Type == kind && !slices.Contains(absent, r.Status) {
			return r, true
		}
	}
	return stacktest.Resource{}, false
}

func fault(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }

// enter takes the lock, and refuses what is denied.
func (s *Store) enter(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.denied == op {
		s.mu.Unlock()
		return fault("AccessDenied", "User: arn:aws:iam::"+stacktest.Account+":user/deploy is not authorized to perform: "+op)
	}
	return nil
}

func (s *Store) bucket(name, owner *string) error {
	b, ok := Find(s.cloud, s.stack, "AWS::S3::Bucket")
	switch {
	case !ok || b.PhysicalID != *name:
		return fault("NoSuchBucket", "The specified bucket does not exist")
	case owner != nil && *owner != stacktest.Account:
		return fault("AccessDenied", "Access Denied")
	}
	return nil
}

// GetObject implements eks/keys.Objects.
func (s *Store) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if err := s.enter(ctx, "s3:GetObject"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	o, ok := s.objects[*in.Key]
	if !ok {
		return nil, fault("NoSuchKey", "The specified key does not exist.")
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(strings.NewReader(o.body)), ETag: &o.etag, LastModified: &o.modified}, nil
}

// PutObject implements eks/keys.Objects.
func (s *Store) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if err := s.enter(ctx, "s3:PutObject"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	if o, ok := s.objects[*in.Key]; in.IfNoneMatch != nil && ok || in.IfMatch != nil && o.etag != *in.IfMatch {
		return nil, fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	s.made++
	s.objects[*in.Key] = object{body: string(body), etag: fmt.Sprintf(`"%d"`, s.made), modified: time.Now()}
	s.cloud.SetObjects(*in.Bucket, len(s.objects))
	return &s3.PutObjectOutput{}, nil
}

// Empty makes a Store what empties the buckets of package stack.
func (s *Store) Empty(ctx context.Context, bucket, account string) (int, error) {
	if err := s.enter(ctx, "s3:DeleteObject"); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	s.objects = make(map[string]object)
	return s.cloud.Empty(ctx, bucket, account)
}

// GetParameter implements eks/keys.Parameters.
func (s *Store) GetParameter(ctx context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	if err := s.enter(ctx, "ssm:GetParameter"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	made, _ := s.cloud.Stack(s.stack)
	if id := made.Outputs["KeyPair"]; id == "" || *in.Name != "/ec2/keypair/"+id {
		return nil, fault("ParameterNotFound", "")
	}
	if s.pem[*in.Name] == "" {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		raw, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, err
		}
		s.pem[*in.Name] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	}
	text := s.pem[*in.Name]
	return &ssm.GetParameterOutput{Parameter: &ssmtypes.Parameter{Value: &text}}, nil
}

// user refuses calls about others than the stack's.
func (s *Store) user(name *string) error {
	u, ok := Find(s.cloud, s.stack, "AWS::IAM::User")
	if !ok || u.PhysicalID != *name {
		return &iamtypes.NoSuchEntityException{Message: new("The user with name " + *name + " cannot be found.")}
	}
	return nil
}

// held lets CloudFormation fail to delete a user that has keys.
func (s *Store) held() {
	const why = `Resource handler returned message: "Cannot delete entity, must delete access keys first. (Service: Iam, Status Code: 409)" (HandlerErrorCode: GeneralServiceException)`
	s.cloud.Heal(s.stack + "/SmtpUser")
	if len(s.keys) > 0 {
		s.cloud.Inject(s.stack+"/SmtpUser", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, Reason: why})
	}
}

// ListAccessKeys implements eks/keys.AccessKeys.
func (s *Store) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput, _ ...func(*iam.Options)) (*iam.ListAccessKeysOutput, error) {
	if err := s.enter(ctx, "iam:ListAccessKeys"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := &iam.ListAccessKeysOutput{}
	for _, k := range s.keys {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, iamtypes.AccessKeyMetadata{AccessKeyId: k.AccessKeyId, Status: k.Status, CreateDate: k.CreateDate})
	}
	return out, s.user(in.UserName)
}

// GetAccessKeyLastUsed implements eks/keys.AccessKeys.
func (s *Store) GetAccessKeyLastUsed(ctx context.Context, _ *iam.GetAccessKeyLastUsedInput, _ ...func(*iam.Options)) (*iam.GetAccessKeyLastUsedOutput, error) {
	if err := s.enter(ctx, "iam:GetAccessKeyLastUsed"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return &iam.GetAccessKeyLastUsedOutput{AccessKeyLastUsed: &iamtypes.AccessKeyLastUsed{}}, nil
}

// CreateAccessKey implements eks/keys.AccessKeys.
func (s *Store) CreateAccessKey(ctx context.Context, in *iam.CreateAccessKeyInput, _ ...func(*iam.Options)) (*iam.CreateAccessKeyOutput, error) {
	if err := s.enter(ctx, "iam:CreateAccessKey"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if err := s.user(in.UserName); err != nil {
		return nil, err
	}
	if len(s.keys) == 2 {
		return nil, &iamtypes.LimitExceededException{Message: new("Cannot exceed quota for AccessKeysPerUser: 2")}
	}
	s.made++
	k := iamtypes.AccessKey{
		UserName: in.UserName, AccessKeyId: new(fmt.Sprintf("AKIA%016d", s.made)), SecretAccessKey: new(rand.Text()),
		Status: iamtypes.StatusTypeActive, CreateDate: new(time.Now()),
	}
	s.keys = append(s.keys, k)
	s.held()
	return &iam.CreateAccessKeyOutput{AccessKey: &k}, nil
}

// UpdateAccessKey implements eks/keys.AccessKeys.
func (s *Store) UpdateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyInput, _ ...func(*iam.Options)) (*iam.UpdateAccessKeyOutput, error) {
	if err := s.enter(ctx, "iam:UpdateAccessKey"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	i := s.index(*in.AccessKeyId)
	if i < 0 {
		return nil, noKey(*in.AccessKeyId)
	}
	s.keys[i].Status = in.Status
	return &iam.UpdateAccessKeyOutput{}, nil
}

// DeleteAccessKey implements eks/keys.AccessKeys.
func (s *Store) DeleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput, _ ...func(*iam.Options)) (*iam.DeleteAccessKeyOutput, error) {
	if err := s.enter(ctx, "iam:DeleteAccessKey"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	i := s.index(*in.AccessKeyId)
	if i < 0 {
		return nil, noKey(*in.AccessKeyId)
	}
	s.keys = slices.Delete(s.keys, i, i+1)
	s.held()
	return &iam.DeleteAccessKeyOutput{}, nil
}

func (s *Store) index(id string) int {
	return slices.IndexFunc(s.keys, func(k iamtypes.AccessKey) bool { return *k.AccessKeyId == id })
}

func noKey(id string) error {
	return &iamtypes.NoSuchEntityException{Message: new("The Access Key with id " + id + " cannot be found.")}
}

package keys_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/progress"
)

const (
	bucket  = "mettel-automation-kre-dev"
	account = "123456789012"
	keyPair = "key-0123456789abcdef0"
	user    = "kre-dev-smtp"
)

// memory is an AWS with one bucket, one parameter and one user, as far as they are used.
type memory struct {
	mu      sync.Mutex
	objects map[string]stored
	params  map[string]string
	keys    []iamtypes.AccessKey // of the user, secrets included
	made    int
	calls   []string
	// before is asked before each call; its error is the answer, and nothing happens.
	before func(op string, n int) error
	// after is asked after each call that has taken effect; its error is the answer.
	after func(op string, n int) error
}

type stored struct {
	body, etag string
	in         s3.PutObjectInput
	modified   time.Time
}

func newMemory(t testing.TB) *memory {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	return &memory{objects: map[string]stored{}, params: map[string]string{"/ec2/keypair/" + keyPair: text}}
}

func (m *memory) api() keys.API { return keys.API{Objects: m, Parameters: m, AccessKeys: m} }

// enter counts a call, and says whether it is served. Leave it by the function.
func (m *memory) enter(ctx context.Context, op string) (leave func(error) error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.calls = append(m.calls, op)
	n := len(m.calls)
	if m.before != nil {
		if err := m.before(op, n); err != nil {
			m.mu.Unlock()
			return nil, err
		}
	}
	return func(err error) error {
		defer m.mu.Unlock()
		if err == nil && m.after != nil {
			err = m.after(op, n)
		}
		return err
	}, nil
}

func fault(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }

func (m *memory) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	leave, err := m.enter(ctx, "GetObject")
	if err != nil {
		return nil, err
	}
	o, ok := m.objects[*in.Key]
	switch {
	case *in.Bucket != bucket:
		err = fault("NoSuchBucket", "The specified bucket does not exist")
	case *in.ExpectedBucketOwner != account:
		err = fault("AccessDenied", "Access Denied")
	case !ok:
		err = fault("NoSuchKey", "The specified key does not exist.")
	}
	if err := leave(err); err != nil {
		return nil, err
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(strings.NewReader(o.body)), ETag: &o.etag, LastModified: &o.modified}, nil
}

func (m *memory) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	leave, err := m.enter(ctx, "PutObject")
	if err != nil {
		return nil, err
	}
	o, ok := m.objects[*in.Key]
	switch {
	case *in.ExpectedBucketOwner != account:
		err = fault("AccessDenied", "Access Denied")
	case in.IfNoneMatch == nil && in.IfMatch == nil:
		err = fault("Careless", "this would overwrite whatever is there")
	case in.IfMatch != nil && !ok:
		err = fault("NoSuchKey", "The specified key does not exist.")
	case in.IfNoneMatch != nil && ok, in.IfMatch != nil && o.etag != *in.IfMatch:
		err = fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	default:
		body, _ := io.ReadAll(in.Body)
		m.made++
		m.objects[*in.Key] = stored{body: string(body), etag: fmt.Sprintf(`"%d"`, m.made), in: *in, modified: time.Now()}
	}
	return &s3.PutObjectOutput{}, leave(err)
}

func (m *memory) GetParameter(ctx context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	leave, err := m.enter(ctx, "GetParameter")
	if err != nil {
		return nil, err
	}
	text, ok := m.params[*in.Name]
	if !ok || !*in.WithDecryption {
		err = fault("ParameterNotFound", "")
	}
	if err := leave(err); err != nil {
		return nil, err
	}
	return &ssm.GetParameterOutput{Parameter: &ssmtypes.Parameter{Value: &text}}, nil
}

func (m *memory) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput, _ ...func(*iam.Options)) (*iam.ListAccessKeysOutput, error) {
	leave, err := m.enter(ctx, "ListAccessKeys")
	if err != nil {
		return nil, err
	}
	if *in.UserName != user {
		err = fault("NoSuchEntity", "The user with name "+*in.UserName+" cannot be found.")
	}
	out := &iam.ListAccessKeysOutput{}
	for _, k := range m.keys {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, iamtypes.AccessKeyMetadata{AccessKeyId: k.AccessKeyId, Status: k.Status, CreateDate: k.CreateDate})
	}
	return out, leave(err)
}

func (m *memory) GetAccessKeyLastUsed(ctx context.Context, in *iam.GetAccessKeyLastUsedInput, _ ...func(*iam.Options)) (*iam.GetAccessKeyLastUsedOutput, error) {
	leave, err := m.enter(ctx, "GetAccessKeyLastUsed")
	if err != nil {
		return nil, err
	}
	used := &iamtypes.AccessKeyLastUsed{}
	if strings.HasSuffix(*in.AccessKeyId, "1") {
		used.LastUsedDate = new(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC))
	}
	return &iam.GetAccessKeyLastUsedOutput{AccessKeyLastUsed: used}, leave(nil)
}

func (m *memory) CreateAccessKey(ctx context.Context, _ *iam.CreateAccessKeyInput, _ ...func(*iam.Options)) (*iam.CreateAccessKeyOutput, error) {
	leave, err := m.enter(ctx, "CreateAccessKey")
	if err != nil {
		return nil, err
	}
	if len(m.keys) == 2 {
		return nil, leave(fault("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"))
	}
	k := m.addKey()
	if err := leave(nil); err != nil {
		return nil, err
	}
	return &iam.CreateAccessKeyOutput{AccessKey: &k}, nil
}

// addKey makes an access key, as somebody might by hand.
func (m *memory) addKey() iamtypes.AccessKey {
	m.made++
	k := iamtypes.AccessKey{
		UserName: new(user), AccessKeyId: new(fmt.Sprintf("AKIA%016d", m.made)), SecretAccessKey: new("SECRET" + rand.Text()),
		Status: iamtypes.StatusTypeActive, CreateDate: new(time.Now()),
	}
	m.keys = append(m.keys, k)
	return k
}

func (m *memory) UpdateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyInput, _ ...func(*iam.Options)) (*iam.UpdateAccessKeyOutput, error) {
	leave, err := m.enter(ctx, "UpdateAccessKey")
	if err != nil {
		return nil, err
	}
	err = fault("NoSuchEntity", "The Access Key with id "+*in.AccessKeyId+" cannot be found.")
	for i, k := range m.keys {
		if *k.AccessKeyId == *in.AccessKeyId {
			m.keys[i].Status, err = in.Status, nil
		}
	}
	return &iam.UpdateAccessKeyOutput{}, leave(err)
}

func (m *memory) DeleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput, _ ...func(*iam.Options)) (*iam.DeleteAccessKeyOutput, error) {
	leave, err := m.enter(ctx, "DeleteAccessKey")
	if err != nil {
		return nil, err
	}
	before := len(m.keys)
	m.keys = slices.DeleteFunc(m.keys, func(k iamtypes.AccessKey) bool { return *k.AccessKeyId == *in.AccessKeyId })
	if len(m.keys) == before {
		err = fault("NoSuchEntity", "The Access Key with id "+*in.AccessKeyId+" cannot be found.")
	}
	return &iam.DeleteAccessKeyOutput{}, leave(err)
}

// count is how often an operation was called.
func (m *memory) count(op string) (n int) {
	for _, c := range m.calls {
		if strings.HasPrefix(c, op) {
			n++
		}
	}
	return n
}

// writes is how many calls changed something, or tried to.
func (m *memory) writes() int { return len(m.calls) - m.count("Get") - m.count("List") }

// sound checks that what is in the bucket works: the access key exists, is active, and the
// password is that of its secret.
func (m *memory) sound() error {
	var file struct{ Username, Password, Host string }
	if err := json.Unmarshal([]byte(m.objects["dev/smtp.json"].body), &file); err != nil {
		return fmt.Errorf("smtp.json: %w", err)
	}
	for _, k := range m.keys {
		if *k.AccessKeyId == file.Username {
			want := keys.Password(keys.Hide(*k.SecretAccessKey), "us-east-1").Reveal()
			if k.Status != iamtypes.StatusTypeActive || file.Password != want || file.Host != "email-smtp.us-east-1.amazonaws.com" {
				return fmt.Errorf("key %s is %s, host %s, and the password is right: %t", file.Username, k.Status, file.Host, file.Password == want)
			}
			return nil
		}
	}
	return fmt.Errorf("key %s does not exist", file.Username)
}

// secrets are all texts that nobody may see.
func (m *memory) secrets() []string {
	var all []string
	if lines := strings.Split(m.params["/ec2/keypair/"+keyPair], "\n"); len(lines) > 1 {
		all = append(all, lines[1])
	}
	for _, k := range m.keys {
		secret := keys.Hide(*k.SecretAccessKey)
		all = append(all, *k.SecretAccessKey, keys.Password(secret, "us-east-1").Reveal())
	}
	return all
}

// witness runs deliveries, and looks for secrets in all that they say.
type witness struct {
	t      testing.TB
	m      *memory
	events progress.Recorder
	said   bytes.Buffer
}

func (w *witness) deliver(ctx context.Context, s keys.Spec) (keys.Plan, keys.Result, error) {
	d := keys.New(w.m.api(), keys.Options{Progress: w.events.Record})
	plan, err := d.Plan(ctx, s)
	var result keys.Result
	if err == nil {
		result, err = d.Apply(ctx, plan)
	}
	text, jsonErr := json.Marshal([]any{plan, result})
	if jsonErr != nil {
		w.t.Error(jsonErr)
	}
	fmt.Fprintf(&w.said, "%s\n%s\n%+v %#v %+v %#v\n%v\n", plan, text, plan, plan, result, result, err)
	return plan, result, err
}

// check fails the test for a secret that was said.
func (w *witness) check() {
	w.t.Helper()
	said := w.said.String() + fmt.Sprintf("%+v", w.events.Events())
	for _, secret := range w.m.secrets() {
		if i := strings.Index(said, secret); i >= 0 {
			w.t.Errorf("a secret is said: ...%s", said[max(0, i-100):i])
		}
	}
}

func spec() keys.Spec {
	return keys.Spec{
		Bucket: bucket, Account: account, Prefix: "dev/", KeyPairID: keyPair, SMTPUser: user, Region: "us-east-1",
		Facts: map[string]any{"cluster": "demo", "endpoint": "https://kube.example.com?a=1&b=2"},
	}
}

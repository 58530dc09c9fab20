package keys_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mettel-automation/delivery/eks/keys"
)

func TestDeliver(t *testing.T) {
	m := newMemory(t)
	w := &witness{t: t, m: m}
	defer w.check()
	plan, result, err := w.deliver(t.Context(), spec())
	if err != nil || plan.Empty() || len(result.Done) != 3 {
		t.Fatalf("done %v, error %v", result.Done, err)
	}
	const want = `create nodes.pem: the private key of key-0123456789abcdef0
create smtp.json: a new access key of user kre-dev-smtp, since there is none
create cluster.json
`
	if plan.String() != want {
		t.Errorf("the plan was\n%s", plan)
	}
	if err := m.sound(); err != nil {
		t.Error(err)
	}
	if m.objects["dev/nodes.pem"].body != m.params["/ec2/keypair/"+keyPair] {
		t.Error("the private key is another")
	}
	if facts := m.objects["dev/cluster.json"].body; facts != "{\n  \"cluster\": \"demo\",\n  \"endpoint\": \"https://kube.example.com?a=1&b=2\"\n}\n" {
		t.Errorf("the facts are %s", facts)
	}
	for name, o := range m.objects {
		if o.in.ServerSideEncryption != s3types.ServerSideEncryptionAes256 || *o.in.ExpectedBucketOwner != account {
			t.Errorf("%s: encryption %q, owner %q", name, o.in.ServerSideEncryption, *o.in.ExpectedBucketOwner)
		}
	}
	writes := m.writes()
	if plan, _, err := w.deliver(t.Context(), spec()); err != nil || !plan.Empty() || plan.String() != "" || m.writes() != writes {
		t.Errorf("a second time: error %v, %d writes, plan\n%s", err, m.writes()-writes, plan)
	}
	d := keys.New(m.api(), keys.Options{})
	smtp, err := d.SMTP(t.Context(), spec())
	if err != nil || smtp.Username != *m.keys[0].AccessKeyId || smtp.Port != 587 || !smtp.Password.Equal(keys.Password(keys.Hide(*m.keys[0].SecretAccessKey), "us-east-1")) {
		t.Errorf("read back %v, error %v", smtp, err)
	}
	if key, err := d.SSHKey(t.Context(), spec()); err != nil || key.Reveal() != m.objects["dev/nodes.pem"].body {
		t.Errorf("error %v", err)
	}
	fmt.Fprint(&w.said, smtp, fmt.Sprintf("%+v %#v", smtp, smtp))
}

func TestDeliverWhatHasChanged(t *testing.T) {
	tests := map[string]struct {
		change func(*memory, *keys.Spec)
		plan   string // but for the ids of access keys
		keys   string // their states afterwards
		err    error  // of the plan
		text   string
	}{
		"the key pair is another": {
			change: func(m *memory, _ *keys.Spec) {
				m.params["/ec2/keypair/"+keyPair] = newMemory(t).params["/ec2/keypair/"+keyPair]
			},
			plan: "update nodes.pem: the private key of key-0123456789abcdef0\n", keys: "Active",
		},
		"the facts are others": {
			change: func(_ *memory, s *keys.Spec) { s.Facts = map[string]int{"nodes": 3} },
			plan:   "update cluster.json\n", keys: "Active",
		},
		"the facts are written otherwise": {
			change: func(m *memory, _ *keys.Spec) {
				o := m.objects["dev/cluster.json"]
				o.body = strings.Join(strings.Fields(o.body), "")
				m.objects["dev/cluster.json"] = o
			},
			keys: "Active",
		},
		"the access key is deleted": {
			change: func(m *memory, _ *keys.Spec) { m.keys = nil; time.Sleep(time.Hour) },
			plan:   "update smtp.json: a new access key of user kre-dev-smtp, since access key AKIA* does not exist any more\n", keys: "Active",
		},
		"IAM does not list it yet": {
			change: func(m *memory, _ *keys.Spec) { m.keys = nil; time.Sleep(59 * time.Second) },
		},
		"the access key is inactive": {
			change: func(m *memory, _ *keys.Spec) { m.keys[0].Status = iamtypes.StatusTypeInactive },
			plan:   "update smtp.json: a new access key of user kre-dev-smtp, since access key AKIA* is inactive\n", keys: "Inactive Active",
		},
		"the region is another": {
			change: func(_ *memory, s *keys.Spec) { s.Region = "eu-west-1" },
			plan:   "update smtp.json: a new access key of user kre-dev-smtp, since that in the bucket is for region us-east-1\ndeactivate access key AKIA*: replaced\n", keys: "Inactive Active",
		},
		"a rotation": {
			change: func(_ *memory, s *keys.Spec) { s.Rotate = true },
			plan:   "update smtp.json: a new access key of user kre-dev-smtp, since a rotation is asked for\ndeactivate access key AKIA*: replaced\n", keys: "Inactive Active",
		},
		"a rotation that deletes": {
			change: func(_ *memory, s *keys.Spec) { s.Rotate, s.DeleteReplaced = true, true },
			plan:   "update smtp.json: a new access key of user kre-dev-smtp, since a rotation is asked for\ndelete access key AKIA*: replaced\n", keys: "Active",
		},
		"a key that somebody has made": {
			change: func(m *memory, _ *keys.Spec) { m.addKey() },
			plan:   "orphan access key AKIA*: in no object, active, made 2000-01-01, never used; RemoveOrphans deletes it\n", keys: "Active Active",
		},
		"that is to go": {
			change: func(m *memory, s *keys.Spec) { m.addKey(); s.RemoveOrphans = true; time.Sleep(time.Hour) },
			plan:   "delete access key AKIA*: in no object, active, made 2000-01-01, never used\n", keys: "Active",
		},
		"that may be of another run": {
			change: func(m *memory, s *keys.Spec) { m.addKey(); s.RemoveOrphans = true },
			plan:   "orphan access key AKIA*: in no object, active, made 2000-01-01, never used; it stays while another run may be about to deliver it, for 5m0s\n", keys: "Active Active",
		},
		"a rotation without room": {
			change: func(m *memory, s *keys.Spec) { m.addKey(); s.Rotate = true },
			err:    keys.ErrNoRoom, text: "of user kre-dev-smtp: an IAM user has at most two access keys, and neither of these may go", keys: "Active Active",
		},
		"a rotation that makes room": {
			change: func(m *memory, s *keys.Spec) {
				m.addKey()
				s.Rotate, s.RemoveOrphans = true, true
				time.Sleep(time.Hour)
			},
			plan: "delete access key AKIA*: in no object, active, made 2000-01-01, never used; makes room, since an IAM user has at most two\n" +
				"update smtp.json: a new access key of user kre-dev-smtp, since a rotation is asked for\ndeactivate access key AKIA*: replaced\n", keys: "Inactive Active",
		},
		"the object is somebody else's": {
			change: func(m *memory, _ *keys.Spec) { m.objects["dev/smtp.json"] = stored{body: `{"password":"hunter2"}`} },
			err:    keys.ErrForeign, text: "read dev/smtp.json: it is not what this package writes", keys: "Active",
		},
		"the parameter is no key": {
			change: func(m *memory, _ *keys.Spec) { m.params["/ec2/keypair/"+keyPair] = "hunter2" },
			text:   "read the private key of key-0123456789abcdef0: what Parameter Store has is none", keys: "Active",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, s := newMemory(t), spec()
				w := &witness{t: t, m: m}
				defer w.check()
				if _, _, err := w.deliver(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				tt.change(m, &s)
				plan, _, err := w.deliver(t.Context(), s)
				if tt.text != "" {
					if err == nil || tt.err != nil && !errors.Is(err, tt.err) || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "hunter2") {
						t.Errorf("error %v, want %q in it", err, tt.text)
					}
				} else if got := anonymous(plan.String()); err != nil || got != tt.plan {
					t.Errorf("error %v, plan\n%s\nwant\n%s", err, got, tt.plan)
				}
				var states []string
				for _, k := range m.keys {
					states = append(states, string(k.Status))
				}
				if got := strings.Join(states, " "); got != tt.keys {
					t.Errorf("access keys %q, want %q", got, tt.keys)
				}
				if tt.text == "" && s.Region == "us-east-1" && tt.keys != "" {
					if err := m.sound(); err != nil {
						t.Error(err)
					}
				}
				s.Rotate = false
				if plan, _, err := w.deliver(t.Context(), s); tt.text == "" && (err != nil || !plan.Empty()) {
					t.Errorf("and again: error %v, plan\n%s", err, plan)
				}
			})
		})
	}
}

// anonymous replaces the ids of access keys.
func anonymous(text string) string {
	for {
		i := strings.Index(text, "AKIA0")
		if i < 0 {
			return text
		}
		text = text[:i] + "AKIA*" + text[i+20:]
	}
}

// TestRotateForYears rotates again and again: there is always room, and what was replaced
// is deleted when its place is needed.
func TestRotateForYears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, s := newMemory(t), spec()
		w := &witness{t: t, m: m}
		defer w.check()
		for range 5 {
			if _, _, err := w.deliver(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if err := m.sound(); err != nil {
				t.Fatal(err)
			}
			s.Rotate = true
			time.Sleep(90 * 24 * time.Hour)
		}
		if m.count("CreateAccessKey") != 5 || len(m.keys) != 2 {
			t.Errorf("%d keys made, %d left", m.count("CreateAccessKey"), len(m.keys))
		}
	})
}

func TestSpecFaults(t *testing.T) {
	m := newMemory(t)
	tests := map[string]struct {
		change func(*keys.Spec)
		want   []string
	}{
		"nothing at all":            {func(s *keys.Spec) { *s = keys.Spec{} }, []string{"Bucket is empty", `Account "" is no account id of 12 digits`}},
		"a prefix from the root":    {func(s *keys.Spec) { s.Prefix = "/dev" }, []string{`Prefix "/dev" begins with a slash`}},
		"a name for a key pair":     {func(s *keys.Spec) { s.KeyPairID = "nodes" }, []string{`KeyPairID "nodes" is no id of a key pair`}},
		"an ARN for a user":         {func(s *keys.Spec) { s.SMTPUser = "arn:aws:iam::1:user/x" }, []string{"is no name of an IAM user"}},
		"no region":                 {func(s *keys.Spec) { s.Region = "" }, []string{`Region "" is no region`}},
		"a rotation of nobody":      {func(s *keys.Spec) { s.SMTPUser, s.Rotate = "", true }, []string{"there is no SMTPUser"}},
		"facts that are no JSON":    {func(s *keys.Spec) { s.Facts = func() {} }, []string{"encode Facts: json: unsupported type"}},
		"a bucket that is not":      {func(s *keys.Spec) { s.Bucket = "other" }, []string{"there is no such bucket: apply the stack that makes it first"}},
		"a bucket of somebody else": {func(s *keys.Spec) { s.Account = "999999999999" }, []string{"or the bucket belongs to another account than 999999999999"}},
		"a key pair that is not":    {func(s *keys.Spec) { s.KeyPairID = "key-00000000" }, []string{"read the private key of key-00000000: there is no private key of it in Parameter Store"}},
		"a user that is not":        {func(s *keys.Spec) { s.SMTPUser = "joe" }, []string{"list access keys of user joe: there is no such IAM user"}},
		"two of them":               {func(s *keys.Spec) { s.SMTPUser, s.KeyPairID = "joe", "key-00000000" }, []string{"joe", "key-00000000"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := spec()
			tt.change(&s)
			plan, err := keys.New(m.api(), keys.Options{}).Plan(t.Context(), s)
			if err == nil || !strings.HasPrefix(err.Error(), "plan keys in bucket "+s.Bucket+": ") {
				t.Fatalf("error %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
			}
			if _, err := keys.New(m.api(), keys.Options{}).Apply(t.Context(), plan); !errors.Is(err, keys.ErrNotPlanned) {
				t.Errorf("applied: %v", err)
			}
		})
	}
	if m.writes() > 0 {
		t.Errorf("%d writes", m.writes())
	}
}

func TestPartsOfASpec(t *testing.T) {
	m := newMemory(t)
	d := keys.New(keys.API{Objects: m}, keys.Options{KMSKeyID: "alias/kre"}) // neither of the others is needed
	plan, err := d.Plan(t.Context(), keys.Spec{Bucket: bucket, Account: account, Facts: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	if o := m.objects["cluster.json"]; o.body != "1\n" || o.in.ServerSideEncryption != s3types.ServerSideEncryptionAwsKms || *o.in.SSEKMSKeyId != "alias/kre" {
		t.Errorf("written %q with %v", o.body, o.in.ServerSideEncryption)
	}
	if _, err := d.SMTP(t.Context(), spec()); !errors.Is(err, keys.ErrNotDelivered) {
		t.Errorf("error %v", err)
	}
	if _, err := d.SSHKey(t.Context(), keys.Spec{}); err == nil || !strings.Contains(err.Error(), "Bucket is empty") {
		t.Errorf("error %v", err)
	}
}

// TestTwoAtOnce: whoever comes second is told, and leaves no access key behind.
func TestTwoAtOnce(t *testing.T) {
	m := newMemory(t)
	w := &witness{t: t, m: m}
	defer w.check()
	var group sync.WaitGroup
	outcome := make([]error, 2)
	start := make(chan struct{})
	for i := range outcome {
		d := keys.New(m.api(), keys.Options{})
		plan, err := d.Plan(t.Context(), spec())
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			<-start
			_, outcome[i] = d.Apply(t.Context(), plan)
		})
	}
	close(start)
	group.Wait()
	if err := m.sound(); err != nil || len(m.keys) != 1 {
		t.Errorf("error %v, %d access keys", err, len(m.keys))
	}
	var lost int
	for _, err := range outcome {
		if err != nil {
			lost++
			if !errors.Is(err, keys.ErrStale) {
				t.Errorf("error %v", err)
			}
		}
	}
	if lost != 1 {
		t.Errorf("%d of two were told: %v", lost, outcome)
	}
	text, err := json.Marshal(m.objects["dev/smtp.json"].body)
	if err != nil || strings.Contains(string(text), "replaced") {
		t.Errorf("error %v, %s", err, text)
	}
}

func TestApplyEndsWithItsContext(t *testing.T) {
	m := newMemory(t)
	d := keys.New(m.api(), keys.Options{})
	plan, err := d.Plan(t.Context(), spec())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	m.before = func(op string, _ int) error {
		if op == "PutObject" && m.count("CreateAccessKey") == 1 {
			cancel() // while the credentials are put into the bucket
			return ctx.Err()
		}
		return nil
	}
	result, err := d.Apply(ctx, plan)
	if !errors.Is(err, context.Canceled) || len(m.keys) != 0 || len(result.Done) != 1 {
		t.Errorf("error %v, %d access keys are left, done %v", err, len(m.keys), result.Done)
	}
}

package keys_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mettel-automation/delivery/eks/keys"
)

// TestStalePlans: between plan and apply somebody changes what the plan has seen. What is
// in the bucket afterwards works, and who applies is told.
func TestStalePlans(t *testing.T) {
	tests := map[string]struct {
		spec    func(*keys.Spec)
		change  func(m *memory, first stored)
		broken  bool // nothing is in the bucket
		nothing bool // there was nothing to write
	}{
		"the credentials before are restored, whose key is to be deleted": {
			spec:   func(s *keys.Spec) { s.DeleteReplaced = true },
			change: restore,
		},
		"or is to be deleted with its user": {
			spec:   func(s *keys.Spec) { s.RemoveOrphans = true },
			change: restore,
		},
		"the credentials are deleted, which a rotation replaces": {
			spec:   func(s *keys.Spec) { s.Rotate = true },
			change: func(m *memory, _ stored) { delete(m.objects, "dev/smtp.json") },
			broken: true,
		},
		"nothing happens, so that the key goes": {
			spec:    func(s *keys.Spec) { s.DeleteReplaced = true },
			change:  func(*memory, stored) {},
			nothing: true,
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
				first := m.objects["dev/smtp.json"]
				rotate(t, m, s)
				tt.spec(&s)
				d := keys.New(m.api(), keys.Options{})
				plan, err := d.Plan(t.Context(), s)
				if s.RemoveOrphans {
					plan, err = d.PlanDelete(t.Context(), s)
				}
				if err != nil || plan.Empty() {
					t.Fatalf("error %v, plan\n%s", err, plan)
				}
				tt.change(m, first)
				_, err = d.Apply(t.Context(), plan)
				if errors.Is(err, keys.ErrStale) == tt.nothing {
					t.Errorf("error %v", err)
				}
				if err := m.sound(); (err != nil) != tt.broken {
					t.Errorf("in the bucket: %v", err)
				}
			})
		})
	}
}

// restore is what somebody does whose mail has stopped.
func restore(m *memory, first stored) {
	m.made++
	first.etag = "restored"
	m.objects["dev/smtp.json"] = first
	m.keys[0].Status = iamtypes.StatusTypeActive
}

func TestPlanDelete(t *testing.T) {
	const inFile, replaced = "delete access key AKIA*: in smtp.json\n", "delete access key AKIA*: replaced\n"
	tests := map[string]struct {
		change func(*memory, *keys.Spec)
		plan   string
		keys   int // afterwards
		err    error
	}{
		"one that is in use":          {change: func(*memory, *keys.Spec) {}, plan: inFile},
		"nobody":                      {change: func(_ *memory, s *keys.Spec) { s.SMTPUser = "" }, keys: 1},
		"a user who is gone":          {change: func(_ *memory, s *keys.Spec) { s.SMTPUser = "joe" }, keys: 1},
		"one that is gone, too":       {change: func(m *memory, _ *keys.Spec) { m.keys = nil }},
		"without what it needs not":   {change: func(_ *memory, s *keys.Spec) { s.KeyPairID, s.Facts = "key-00000000", func() {} }, plan: inFile},
		"an object of somebody else":  {change: func(m *memory, _ *keys.Spec) { m.objects["dev/smtp.json"] = stored{body: "{}"} }, keys: 1, err: keys.ErrForeign},
		"one that was replaced":       {change: func(m *memory, s *keys.Spec) { rotate(t, m, *s) }, plan: replaced + inFile},
		"one that somebody has made":  {change: func(m *memory, _ *keys.Spec) { m.addKey() }, keys: 1, plan: inFile + "orphan access key AKIA*: in no object, active, made 2000-01-01, never used; RemoveOrphans deletes it, and without that the user cannot be deleted\n"},
		"which is to go":              {change: func(m *memory, s *keys.Spec) { m.addKey(); s.RemoveOrphans = true }, plan: inFile + "delete access key AKIA*: in no object, active, made 2000-01-01, never used\n"},
		"a bucket that is gone":       {change: func(_ *memory, s *keys.Spec) { s.Bucket, s.RemoveOrphans = "other", true }, plan: "delete access key AKIA*: in no object, active, made 2000-01-01, never used\n"},
		"a bucket that is gone, kept": {change: func(_ *memory, s *keys.Spec) { s.Bucket = "other" }, keys: 1, plan: "orphan access key AKIA*: in no object, active, made 2000-01-01, never used; RemoveOrphans deletes it, and without that the user cannot be deleted\n"},
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
				api := m.api()
				api.Parameters = nil
				d := keys.New(api, keys.Options{})
				for range 2 { // and then there is nothing to do
					plan, err := d.PlanDelete(t.Context(), s)
					if got := anonymous(plan.String()); !errors.Is(err, tt.err) || tt.err == nil && err != nil || got != tt.plan {
						t.Fatalf("error %v, plan\n%s", err, got)
					}
					if tt.err != nil {
						break
					}
					if _, err := d.Apply(t.Context(), plan); err != nil {
						t.Error(err)
					}
					if tt.plan = ""; tt.keys > 0 {
						break
					}
				}
				if len(m.keys) != tt.keys {
					t.Errorf("%d access keys are left, want %d", len(m.keys), tt.keys)
				}
			})
		})
	}
}

func rotate(t *testing.T, m *memory, s keys.Spec) {
	t.Helper()
	s.Rotate = true
	if _, _, err := (&witness{t: t, m: m}).deliver(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestPlanWithoutClients(t *testing.T) {
	d := keys.New(keys.API{}, keys.Options{})
	for _, plan := range []func(context.Context, keys.Spec) (keys.Plan, error){d.Plan, d.PlanDelete} {
		_, err := plan(t.Context(), spec())
		if err == nil || !strings.Contains(err.Error(), "API.Objects is nil") || !strings.Contains(err.Error(), "API.AccessKeys is nil") {
			t.Errorf("error %v", err)
		}
	}
	if _, err := d.SMTP(t.Context(), spec()); err == nil {
		t.Error("credentials from nowhere")
	}
}

// TestPlanEndsWithItsContext: also where the last call is one whose failure is no error.
func TestPlanEndsWithItsContext(t *testing.T) {
	m, s := newMemory(t), spec()
	m.addKey()
	s.Facts = nil
	ctx, cancel := context.WithCancel(t.Context())
	m.before = func(op string, _ int) error {
		if op == "GetAccessKeyLastUsed" {
			cancel()
		}
		return ctx.Err()
	}
	if _, err := keys.New(m.api(), keys.Options{}).Plan(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestPlanShowsNoControls: what is in the bucket cannot steer a terminal.
func TestPlanShowsNoControls(t *testing.T) {
	m := newMemory(t)
	m.objects["dev/smtp.json"] = stored{body: `{"username":"A","password":"p","user":"x\u001b[2Jy","region":"us-east-1"}`}
	plan, err := keys.New(m.api(), keys.Options{}).Plan(t.Context(), spec())
	if err != nil || strings.Contains(plan.String(), "\x1b") || !strings.Contains(plan.String(), `is of user x\x1b[2Jy`) {
		t.Errorf("error %v, plan %q", err, plan)
	}
}

package main

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// served is a CloudFormation that outlives the process, as AWS does, and is found
// by the environment.
func served(t *testing.T, opts stacktest.Options) *stacktest.Cloud {
	t.Helper()
	cloud := stacktest.New(opts)
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return cloud
}

// described is the environment that arguments describe.
func described(t *testing.T, args ...string) (options, *site) {
	t.Helper()
	o, err := parse(local(args), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s, err := o.site()
	if err != nil {
		t.Fatal(err)
	}
	return o, s
}

// TestOverASocket talks to a CloudFormation that outlives the process, as to AWS.
func TestOverASocket(t *testing.T) {
	cloud := served(t, stacktest.Options{Speed: 1e6})
	_, s := described(t, "outputs", "-branch", branch, "-only", "roles", onAWS)
	want, err := s.stack(roles, nowhere())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := create(t.Context(), cloud, want); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		code int
		want string // in stdout or stderr
	}{
		"what is there is read":         {[]string{"-only", "roles"}, 0, "  TaskRole       arn:aws:iam::123456789012:role/automation-8527fec8-task\n"},
		"what is not there is an error": {nil, 1, "automation-8527fec8-network: there is no such stack"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			args := append([]string{"outputs", "-branch", branch}, tt.args...)
			code := cli.Run(t.Context(), "infra", run, args, &stdout, &stderr)
			if got := stdout.String() + stderr.String(); code != tt.code || !strings.Contains(got, tt.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, tt.code, tt.want, got)
			}
		})
	}
}

// TestNothingIsBuiltBeforeAllIsSound applies what is wrong with the last stack: AWS
// is not asked anything, though the first two are in order.
func TestNothingIsBuiltBeforeAllIsSound(t *testing.T) {
	var calls atomic.Int32
	served(t, stacktest.Options{Before: func(string, int) *stacktest.Error {
		calls.Add(1)
		return nil
	}})
	tests := map[string]struct {
		args []string
		want string
	}{
		"a template that is none":          {[]string{"-template", file(t, "Resources: [")}, "template: "},
		"an empty template":                {[]string{"-template", file(t, "")}, "template: "},
		"a template without resources":     {[]string{"-template", file(t, "Description: nothing\n")}, "it has no resources"},
		"a reference to nothing":           {[]string{"-template", file(t, "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Nope}}}")}, "Nope"},
		"an unknown parameter":             {[]string{"-parameter", "Nope=1"}, "parameter Nope: the template has no such parameter"},
		"a parameter that is out of range": {[]string{"-parameter", "LogDays=8"}, `LogDays: "8" is not among`},
		"a template too large for requests": {
			[]string{"-template", file(t, bucketOnly+strings.Repeat("# padding\n", 6000))}, "Options.Templates is not set",
		},
	}
	for name, tt := range tests {
		for _, verb := range []string{"plan", "apply"} {
			t.Run(verb+" "+name, func(t *testing.T) {
				calls.Store(0)
				var stdout, stderr strings.Builder
				code := cli.Run(t.Context(), "infra", run, append([]string{verb, "-branch", branch}, tt.args...), &stdout, &stderr)
				if code != 2 || calls.Load() != 0 || !strings.Contains(stderr.String(), "infra: plan stack automation-8527fec8: ") || !strings.Contains(stderr.String(), tt.want) {
					t.Errorf("exit code %d, %d calls, want 2, 0 and %q:\n%s%s", code, calls.Load(), tt.want, &stdout, &stderr)
				}
			})
		}
	}
}

// inBubble calls then with the work of a run in a cloud that has an older version of
// the environment.
func inBubble(t *testing.T, args []string, then func(*testing.T, *work, *stacktest.Cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o, s := described(t, append(args, "-branch", branch, "-existing")...)
		cloud := newCloud(1, stacktest.Faster(1e6))
		if _, err := o.memory.before(t.Context(), s, cloud); err != nil {
			t.Fatal(err)
		}
		manager := stack.New(cloud.Client(), inMemory(cloud, 1))
		then(t, &work{site: s, manager: manager, silent: manager, out: &output{}}, cloud)
	})
}

func TestNoChangeSetIsLeft(t *testing.T) {
	tests := map[string]struct {
		args []string
		err  error
	}{
		"of a plan":                      {[]string{"plan"}, nil},
		"of a plan that is refused":      {[]string{"plan", "-parameter", "RedisAtRest=false"}, stack.ErrConsent},
		"of what is applied":             {[]string{"apply"}, nil},
		"of what is refused":             {[]string{"apply", "-parameter", "RedisAtRest=false"}, stack.ErrConsent},
		"of a look for what consents to": {[]string{"apply", "-consent", "Nope"}, errInput},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, tt.args, func(t *testing.T, w *work, cloud *stacktest.Cloud) {
				if err := w.do(t.Context(), w.options); !errors.Is(err, tt.err) {
					t.Fatalf("error %v, want %v", err, tt.err)
				}
				names, err := w.names()
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range names {
					if left, _ := cloud.Stack(name); left.ChangeSets != 0 {
						t.Errorf("%s has %d change sets", name, left.ChangeSets)
					}
				}
			})
		})
	}
}

// TestConsentToWhatTheTemplateHasNoMore takes a cache away, of which only the stack
// still knows.
func TestConsentToWhatTheTemplateHasNoMore(t *testing.T) {
	inBubble(t, []string{"apply"}, func(t *testing.T, w *work, _ *stacktest.Cloud) {
		w.settings.Caches = infra.DefaultCaches()[1:]
		if err := w.try(); err != nil {
			t.Fatal(err)
		}
		refused, ok := errors.AsType[*stack.PolicyError](w.apply(t.Context()))
		if !ok {
			t.Fatal("nothing is refused")
		}
		for _, r := range refused.Refused {
			w.options.consent = append(w.options.consent, r.LogicalID)
		}
		if err := w.try(); err != nil || len(w.strays()) == 0 {
			t.Fatalf("error %v, strays %q of %v", err, w.strays(), refused)
		}
		w.out = &output{}
		if err := w.apply(t.Context()); err != nil {
			t.Errorf("with consent: %v", err)
		}
		for _, p := range w.out.Plans {
			if len(p.Unneeded) > 0 {
				t.Errorf("%s does not need %q", p.Stack, p.Unneeded)
			}
		}
	})
}

package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/lifecycle"
	"github.com/mettel-automation/delivery/internal/depcheck"
	"github.com/mettel-automation/delivery/progress"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/service/ecr",
		"github.com/aws/smithy-go",
		"golang.org/x/sync",
	)
}

const (
	pull  = `{"Version":"2012-10-17","Statement":[{"Sid":"pull","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]}]}`
	other = `{"Version":"2012-10-17","Statement":[{"Sid":"pull","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]}]}`
)

var safe = byDefault(500, "latest-*")

// byDefault is the default policy, which is in order.
func byDefault(newest int, keep ...string) lifecycle.Policy {
	policy, err := lifecycle.Default(keep, newest)
	if err != nil {
		panic(err)
	}
	return policy
}

// full is a repository that speaks of everything.
func full(name string) Repository {
	return Repository{
		Name: name, Mutability: ImmutableWithExclusion, Exclusions: []string{"latest*", "cache*"}, Scanning: ScanOnPush, Tags: map[string]string{"Project": "automation", "Owner": "platform"},
		Lifecycle: &safe, Running: []string{}, Policy: new(pull),
	}
}

func TestRepositoriesAreMadeAndThenKept(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	var events progress.Recorder
	m := New(cloud.Client(), Options{Progress: events.Record})
	desired := []Repository{full("automation/notifier"), {Name: "automation/bridge", Mutability: Mutable, Scanning: ScanManual, Encryption: Encryption{Type: "KMS"}}}
	plan := apply(t, m, desired)
	want := `+ repository automation/bridge
  tags: mutable
  scanning: manual
  encryption: KMS
+ repository automation/notifier
  tags: immutable but cache*, latest*
  scanning: on push
  encryption: AES256
  policy: none -> 1 statements
  lifecycle policy: none -> expire tagged latest-* beyond 100000; expire tagged inputs-* beyond 500; expire untagged beyond 500
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	if got := cloud.Calls("CreateRepository"); got != 2 {
		t.Errorf("%d repositories were made", got)
	}
	again := apply(t, m, desired)
	if !again.Empty() || again.String() != "" {
		t.Errorf("a second plan is not empty:\n%s", again)
	}
	for _, write := range []string{"PutImageTagMutability", "PutImageScanningConfiguration", "TagResource"} {
		if n := cloud.Calls(write); n > 0 {
			t.Errorf("%d calls of %s, none was needed", n, write)
		}
	}
	if n := cloud.Calls("PutLifecyclePolicy"); n != 1 {
		t.Errorf("%d lifecycle policies were written, want 1", n)
	}
	if last := events.Events()[len(events.Events())-1]; last.State != progress.Unchanged || last.Op != "ecr.repository" {
		t.Errorf("the last event is %+v", last)
	}
}

func apply(t *testing.T, m *Manager, desired []Repository) Plan {
	t.Helper()
	plan, err := m.Plan(t.Context(), desired)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestDriftIsMended(t *testing.T) {
	tests := map[string]struct {
		drift func(*awsecr.Client) error
		want  string
	}{
		"mutability": {
			drift: func(c *awsecr.Client) error {
				_, err := c.PutImageTagMutability(t.Context(), &awsecr.PutImageTagMutabilityInput{RepositoryName: new("a/b"), ImageTagMutability: "MUTABLE"})
				return err
			},
			want: "  tags: mutable -> immutable but cache*, latest*\n",
		},
		"scanning": {
			drift: func(c *awsecr.Client) error {
				in := &awsecr.PutImageScanningConfigurationInput{RepositoryName: new("a/b")}
				in.ImageScanningConfiguration = Repository{Scanning: ScanManual}.scanning()
				_, err := c.PutImageScanningConfiguration(t.Context(), in)
				return err
			},
			want: "  scanning: manual -> on push\n",
		},
		"tags, and others stay": {
			drift: func(c *awsecr.Client) error {
				_, err := c.TagResource(t.Context(), &awsecr.TagResourceInput{
					ResourceArn: new("arn:aws:ecr:us-east-1:123456789012:repository/a/b"),
					Tags:        Repository{Tags: map[string]string{"Owner": "me", "Cost": "1"}}.tags(),
				})
				return err
			},
			want: "  tag Owner: \"me\" -> \"platform\"\n",
		},
		"policy": {
			drift: func(c *awsecr.Client) error {
				_, err := c.SetRepositoryPolicy(t.Context(), &awsecr.SetRepositoryPolicyInput{RepositoryName: new("a/b"), PolicyText: new(other)})
				return err
			},
			want: "  policy: 1 statements -> 1 statements\n",
		},
		"a policy that is gone": {
			drift: func(c *awsecr.Client) error {
				_, err := c.DeleteRepositoryPolicy(t.Context(), &awsecr.DeleteRepositoryPolicyInput{RepositoryName: new("a/b")})
				return err
			},
			want: "  policy: none -> 1 statements\n",
		},
		"lifecycle": {
			drift: func(c *awsecr.Client) error {
				text := byDefault(77).Text()
				_, err := c.PutLifecyclePolicy(t.Context(), &awsecr.PutLifecyclePolicyInput{RepositoryName: new("a/b"), LifecyclePolicyText: &text})
				return err
			},
			want: "  lifecycle policy: expire tagged inputs-* beyond 77; expire untagged beyond 77 -> expire tagged latest-* beyond 100000; expire tagged inputs-* beyond 500; expire untagged beyond 500\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := ecrtest.New(ecrtest.Options{})
			m := New(cloud.Client(), Options{})
			desired := []Repository{full("a/b")}
			apply(t, m, desired)
			if err := tt.drift(cloud.Client()); err != nil {
				t.Fatal(err)
			}
			plan := apply(t, m, desired)
			if d := cmp.Diff("~ repository a/b\n"+tt.want, plan.String()); d != "" {
				t.Errorf("plan (-want +got):\n%s", d)
			}
			if again := apply(t, m, desired); !again.Empty() {
				t.Errorf("still not as desired:\n%s", again)
			}
		})
	}
}

func TestPoliciesAreTakenAwayOnlyOnRequest(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	m := New(cloud.Client(), Options{})
	apply(t, m, []Repository{full("a/b")})
	if plan := apply(t, m, []Repository{{Name: "a/b"}}); !plan.Empty() {
		t.Errorf("a repository that does not speak of policies changes them:\n%s", plan)
	}
	apply(t, m, []Repository{{Name: "a/b", Policy: new(""), Lifecycle: &lifecycle.Policy{}}})
	if cloud.Calls("DeleteRepositoryPolicy") != 1 || cloud.Calls("DeleteLifecyclePolicy") != 1 {
		t.Error("the policies are still there")
	}
	if plan := apply(t, m, []Repository{{Name: "a/b", Policy: new(""), Lifecycle: &lifecycle.Policy{}}}); !plan.Empty() {
		t.Errorf("what is gone is to go again:\n%s", plan)
	}
}

func TestEncryptionIsReported(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	m := New(cloud.Client(), Options{})
	apply(t, m, []Repository{{Name: "a/b"}})
	plan := apply(t, m, []Repository{{Name: "a/b", Encryption: Encryption{Type: "KMS", Key: "alias/own"}}})
	if !plan.Empty() || !strings.Contains(plan.String(), "warning: encryption is AES256 and not KMS with key alias/own") {
		t.Errorf("plan: %q", plan)
	}
	if cloud.Calls("DeleteRepository") > 0 || cloud.Calls("CreateRepository") != 1 {
		t.Error("a repository was made anew")
	}
	for _, key := range []string{"", "00000000-0000-4000-8000-000000000000"} {
		apply(t, m, []Repository{{Name: "c/d", Encryption: Encryption{Type: "KMS"}}})
		if plan := apply(t, m, []Repository{{Name: "c/d", Encryption: Encryption{Type: "KMS", Key: key}}}); plan.String() != "" {
			t.Errorf("the same key by its id: %s", plan)
		}
	}
}

func TestAPolicyThatEndangersWhatRunsIsRefused(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	old := cloud.AddImage("a/b", ecrtest.Image{Tags: []string{"inputs-1", "latest-master"}, Pushed: time.Now().AddDate(0, 0, -200)})
	for i := range 60 {
		cloud.AddImage("a/b", ecrtest.Image{Tags: []string{fmt.Sprintf("inputs-2%d", i)}, Pushed: time.Now().AddDate(0, 0, -100+i)})
	}
	m := New(cloud.Client(), Options{})
	tight := byDefault(100)
	desired := Repository{Name: "a/b", Lifecycle: &tight, Running: []string{old}}
	writes := func() int { return cloud.Calls("PutLifecyclePolicy") + cloud.Calls("PutImageTagMutability") }

	_, err := m.Plan(t.Context(), []Repository{desired})
	refused, ok := errors.AsType[*LifecycleError](err)
	if !ok || !errors.Is(err, ErrExpiresRunning) || len(refused.Risks) != 1 || !strings.Contains(err.Error(), "after 40 more images") {
		t.Fatalf("plan: %v", err)
	}
	if writes() > 0 {
		t.Error("something was written")
	}
	desired.Running = []string{}
	apply(t, m, []Repository{desired}) // as if nothing ran: now it is there
	desired.Running = []string{old}
	plan, err := m.Plan(t.Context(), []Repository{desired})
	if err != nil || !plan.Empty() || !strings.Contains(plan.String(), "after 40 more images") {
		t.Errorf("a policy that is there already: %v, %q, want a warning", err, plan)
	}
	desired.Lifecycle = &safe
	apply(t, m, []Repository{desired})
	if writes() != 2 {
		t.Errorf("%d writes, want two policies", writes())
	}
	roomy := New(cloud.Client(), Options{Headroom: 10})
	desired.Lifecycle = &tight
	if _, err := roomy.Plan(t.Context(), []Repository{desired}); err != nil {
		t.Errorf("40 pushes are room enough for 10: %v", err)
	}
}

func TestBadInputIsFoundBeforeAnyCall(t *testing.T) {
	long := strings.Repeat("x", 257)
	tests := map[string]struct {
		bad  Repository
		want string
	}{
		"no name":                        {Repository{}, "its name must have 2 to 256 characters, not 0"},
		"a long name":                    {Repository{Name: long}, "characters, not 257"},
		"upper case":                     {Repository{Name: "Notifier"}, "lower-case letters"},
		"a leading slash":                {Repository{Name: "/a/b"}, "lower-case letters"},
		"an unknown mutability":          {Repository{Name: "a/b", Mutability: "SOMETIMES"}, `mutability is "SOMETIMES"`},
		"exclusions of nothing":          {Repository{Name: "a/b", Mutability: Immutable, Exclusions: []string{"x"}}, "takes no exclusions"},
		"no exclusions where some must":  {Repository{Name: "a/b", Mutability: ImmutableWithExclusion}, "takes 1 to 5 exclusions"},
		"an exclusion that is no tag":    {Repository{Name: "a/b", Mutability: MutableWithExclusion, Exclusions: []string{"a b"}}, `exclusion "a b"`},
		"too many wildcards":             {Repository{Name: "a/b", Mutability: MutableWithExclusion, Exclusions: []string{"a*b*c*"}}, "up to 2 *"},
		"an unknown time of scanning":    {Repository{Name: "a/b", Scanning: "never"}, `scanning is "never"`},
		"a key for AES256":               {Repository{Name: "a/b", Encryption: Encryption{Key: "k"}}, "AES256 without a key"},
		"a policy that is no JSON":       {Repository{Name: "a/b", Policy: new("{")}, "no JSON object"},
		"a policy without statements":    {Repository{Name: "a/b", Policy: new("{}")}, "no Statement"},
		"a lifecycle without Running":    {Repository{Name: "a/b", Lifecycle: &safe}, "say which digests run"},
		"a lifecycle that is none":       {Repository{Name: "a/b", Running: []string{}, Lifecycle: &lifecycle.Policy{Rules: []lifecycle.Rule{{}}}}, "rulePriority"},
		"a digest that is none":          {Repository{Name: "a/b", Running: []string{"sha256:12"}, Lifecycle: &safe}, `running image "sha256:12": its digest must be`},
		"a tag of AWS":                   {Repository{Name: "a/b", Tags: map[string]string{"AWS:x": "y"}}, `tag "AWS:x"`},
		"a name that there already is 1": {Repository{Name: "ok/ok"}, "given twice"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := ecrtest.New(ecrtest.Options{})
			_, err := New(cloud.Client(), Options{}).Plan(t.Context(), []Repository{{Name: "ok/ok"}, tt.bad})
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("plan: %v, want %q", err, tt.want)
			}
			if n := cloud.Calls("DescribeRepositories"); n > 0 {
				t.Errorf("%d calls were made", n)
			}
		})
	}
}

func TestSomebodyElseMakesItMeanwhile(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	m := New(cloud.Client(), Options{})
	plan, err := m.Plan(t.Context(), []Repository{full("a/b")})
	if err != nil {
		t.Fatal(err)
	}
	cloud.AddRepository("a/b")
	if _, err := m.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	if again := apply(t, m, []Repository{full("a/b")}); !again.Empty() {
		t.Errorf("not as desired:\n%s", again)
	}
}

func TestAFailureStopsNeitherTheOthersNorHides(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{Before: func(op string, _ int) *ecrtest.Error {
		if op == "SetRepositoryPolicy" {
			return &ecrtest.Error{Code: "AccessDeniedException", Message: "not authorized"}
		}
		return nil
	}})
	m := New(cloud.Client(), Options{})
	desired := []Repository{full("a/a"), full("a/b"), {Name: "a/c"}}
	plan, err := m.Plan(t.Context(), desired)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Apply(t.Context(), plan)
	failed, ok := errors.AsType[*WriteError](err)
	if !ok || failed.Step != "policy" || strings.Count(err.Error(), "not authorized") != 2 {
		t.Errorf("apply: %v, want the failure of two policies", err)
	}
	if n := cloud.Calls("CreateRepository"); n != 3 {
		t.Errorf("%d repositories were made, want 3", n)
	}
	if n := cloud.Calls("PutLifecyclePolicy"); n > 0 {
		t.Errorf("%d lifecycle policies were written after a failure", n)
	}
}

func TestCancelledBeforeItBegins(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	m := New(cloud.Client(), Options{})
	plan, err := m.Plan(t.Context(), []Repository{full("a/a")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Apply(ctx, plan); !errors.Is(err, context.Canceled) {
		t.Errorf("apply: %v", err)
	}
	if n := cloud.Calls("CreateRepository"); n > 0 {
		t.Error("a repository was made")
	}
}

func TestManyRepositoriesAreListedOnce(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	var desired []Repository
	for i := range 1200 {
		desired = append(desired, Repository{Name: fmt.Sprintf("automation/m%04d", i)})
	}
	m := New(cloud.Client(), Options{})
	apply(t, m, desired)
	before := cloud.Calls("DescribeRepositories")
	if plan := apply(t, m, desired); !plan.Empty() {
		t.Errorf("not kept:\n%s", plan)
	}
	if n := cloud.Calls("DescribeRepositories") - before; n != 2 {
		t.Errorf("%d calls for 1,200 repositories, want 2 pages", n)
	}
}

func TestPlansAsJSON(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	plan, err := New(cloud.Client(), Options{}).Plan(t.Context(), []Repository{{Name: "a/b"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"changes":[{"repository":"a/b","action":"create","detail":["tags: immutable but cache*, latest*","scanning: on push","encryption: AES256"]}]}`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
}

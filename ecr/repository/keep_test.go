package repository

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

func TestWhatIsNotSaidStays(t *testing.T) {
	tests := map[string]struct{ made, desired Repository }{
		"a mutable repository without scanning": {
			Repository{Mutability: Mutable, Scanning: ScanManual}, Repository{},
		},
		"an immutable one with an exclusion of its own": {
			Repository{Mutability: ImmutableWithExclusion, Exclusions: []string{"dev-*"}}, Repository{Tags: map[string]string{"Owner": "platform"}},
		},
		"one with a key": {
			Repository{Encryption: Encryption{Type: "KMS"}}, Repository{Scanning: ScanOnPush},
		},
		"exclusions alone stand for immutable but those": {
			Repository{Mutability: ImmutableWithExclusion, Exclusions: []string{"dev-*", "b"}}, Repository{Exclusions: []string{"b", "dev-*"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.made.Name, tt.desired.Name = "a/b", "a/b"
			tt.made.Tags = tt.desired.Tags
			m := New(ecrtest.New(ecrtest.Options{}).Client(), Options{})
			apply(t, m, []Repository{tt.made})
			if plan := apply(t, m, []Repository{tt.desired}); plan.String() != "" {
				t.Errorf("plan:\n%s", plan)
			}
			if plan := apply(t, m, []Repository{tt.made}); plan.String() != "" {
				t.Errorf("something has changed:\n%s", plan)
			}
		})
	}
}

func TestWhatIsSaidIsMended(t *testing.T) {
	m := New(ecrtest.New(ecrtest.Options{}).Client(), Options{})
	apply(t, m, []Repository{{Name: "a/b", Mutability: Mutable, Scanning: ScanManual}})
	plan := apply(t, m, []Repository{{Name: "a/b", Exclusions: []string{"dev-*"}, Scanning: ScanOnPush, Encryption: Encryption{Type: "KMS_DSSE"}}})
	want := `~ repository a/b
  tags: mutable -> immutable but dev-*
  scanning: manual -> on push
  warning: encryption is AES256 and not KMS_DSSE: ECR cannot change it; a new repository would have it
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
}

// What the plan of a new repository promises holds, also where somebody else was
// faster and made it another way.
func TestThePlanOfANewRepositoryHolds(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	m := New(cloud.Client(), Options{})
	plan, err := m.Plan(t.Context(), []Repository{{Name: "a/b"}})
	if err != nil {
		t.Fatal(err)
	}
	cloud.AddRepository("a/b") // mutable, and not scanned
	if _, err := m.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	asPromised := []Repository{{Name: "a/b", Mutability: ImmutableWithExclusion, Exclusions: []string{"latest*", "cache*"}, Scanning: ScanOnPush}}
	if again := apply(t, m, asPromised); !again.Empty() {
		t.Errorf("not as promised:\n%s", again)
	}
}

func TestRunningImagesAreFoundByAnyName(t *testing.T) {
	const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
	cloud := ecrtest.New(ecrtest.Options{})
	old := cloud.AddImage("a/b", ecrtest.Image{Tags: []string{"inputs-1", "latest-master"}, Pushed: time.Now().AddDate(0, 0, -9)})
	for range 60 {
		cloud.AddImage("a/b", ecrtest.Image{})
	}
	tight := byDefault(61, "latest-*") // 60 images without a tag are newer
	for name, running := range map[string]string{
		"a digest": old, "a URI": host + "a/b@" + old, "a tag": host + "a/b:latest-master", "without a host": "a/b:inputs-1",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(cloud.Client(), Options{}).Plan(t.Context(), []Repository{{Name: "a/b", Lifecycle: &tight, Running: []string{running}}})
			if !errors.Is(err, ErrExpiresRunning) || !strings.Contains(err.Error(), "once inputs-1, latest-master are no longer its tags") {
				t.Errorf("plan: %v, want a refusal", err)
			}
		})
	}
}

func TestWhatRunsAndIsNotThereIsAWarning(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	there := cloud.AddImage("a/b", ecrtest.Image{Tags: []string{"inputs-1"}})
	gone := "sha256:" + strings.Repeat("0", 64)
	const ask = " runs, and the repository does not have it: is the list of what runs the right one?"
	running := []string{there, gone, "a/b:v9", "host.example/other:v1", "other@" + gone}
	plan, err := New(cloud.Client(), Options{}).Plan(t.Context(), []Repository{
		{Name: "a/b", Lifecycle: &safe, Running: running},
		{Name: "a/new", Lifecycle: &safe, Running: []string{"a/new:v1", "a/b@" + there}},
		{Name: "a/none", Running: []string{gone}}, // no policy, no matter
	})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]string)
	for _, c := range plan.Changes {
		got[c.Repository] = c.Warnings
	}
	want := map[string][]string{"a/b": {gone + ask, "tag v9" + ask}, "a/new": {"tag v1" + ask}, "a/none": nil}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

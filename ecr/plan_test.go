package ecr

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	oldDigest   = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	otherDigest = "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
)

func TestDecide(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	const day = 24 * time.Hour
	immutableBut := func(pattern string) types.Repository {
		return types.Repository{
			ImageTagMutability:                 types.ImageTagMutabilityImmutableWithExclusion,
			ImageTagMutabilityExclusionFilters: []types.ImageTagMutabilityExclusionFilter{{Filter: &pattern}},
		}
	}
	tests := map[string]struct {
		opts       Options
		tags       []string
		has        map[string]string // digests by tag; inputs-1 is that of the image
		pushed     *time.Time
		repository types.Repository
		want       PlannedImage
		err        error
	}{
		"an image that is not there is built": {
			tags: []string{"a", "b"},
			has:  map[string]string{"b": otherDigest},
			want: PlannedImage{Action: ActionBuild, Reason: "no image has these inputs", Moves: []Move{{"a", ""}, {"b", otherDigest}}},
		},
		"one that is there with all its tags is skipped": {
			tags: []string{"a"},
			has:  map[string]string{"inputs-1": oldDigest, "a": oldDigest},
			want: PlannedImage{Action: ActionSkip, Reason: "same inputs as sha256:0123456789ab", Digest: oldDigest},
		},
		"without any tags as well": {
			has:  map[string]string{"inputs-1": oldDigest},
			want: PlannedImage{Action: ActionSkip, Reason: "same inputs as sha256:0123456789ab", Digest: oldDigest},
		},
		"a tag that is missing or elsewhere is moved": {
			tags: []string{"c", "b", "a"},
			has:  map[string]string{"inputs-1": oldDigest, "a": oldDigest, "b": otherDigest},
			want: PlannedImage{Action: ActionRetag, Reason: "same inputs as sha256:0123456789ab", Digest: oldDigest, Moves: []Move{{"b", otherDigest}, {"c", ""}}},
		},
		"force builds what is there, and moves all its tags": {
			opts: Options{Force: true}, tags: []string{"a"},
			has:  map[string]string{"inputs-1": oldDigest, "a": oldDigest},
			want: PlannedImage{Action: ActionBuild, Reason: "forced", Digest: oldDigest, Moves: []Move{{"a", oldDigest}}},
		},
		"force does not change the reason of what is not there": {
			opts: Options{Force: true},
			want: PlannedImage{Action: ActionBuild, Reason: "no image has these inputs"},
		},
		"an old image is built again": {
			opts: Options{MaxAge: 30 * day}, pushed: ago(31 * day),
			has:  map[string]string{"inputs-1": oldDigest},
			want: PlannedImage{Action: ActionBuild, Reason: "pushed 31 days ago, more than 30 days", Digest: oldDigest, PushedAt: ago(31 * day)},
		},
		"one of just that age is not": {
			opts: Options{MaxAge: 30 * day}, pushed: ago(30 * day),
			has:  map[string]string{"inputs-1": oldDigest},
			want: PlannedImage{Action: ActionSkip, Reason: "same inputs as sha256:0123456789ab", Digest: oldDigest, PushedAt: ago(30 * day)},
		},
		"nor is one of unknown age": {
			opts: Options{MaxAge: 30 * day},
			has:  map[string]string{"inputs-1": oldDigest},
			want: PlannedImage{Action: ActionSkip, Reason: "same inputs as sha256:0123456789ab", Digest: oldDigest},
		},
		"an immutable tag of another image is refused": {
			tags: []string{"a"}, repository: types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable},
			has: map[string]string{"inputs-1": oldDigest, "a": otherDigest},
			err: ErrImmutable,
		},
		"also before a build": {
			tags: []string{"a"}, repository: types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable},
			has: map[string]string{"a": otherDigest},
			err: ErrImmutable,
		},
		"a new immutable tag is not": {
			tags: []string{"a"}, repository: types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable},
			has:  map[string]string{"inputs-1": oldDigest},
			want: PlannedImage{Action: ActionRetag, Reason: "same inputs as sha256:0123456789ab", Digest: oldDigest, Moves: []Move{{"a", ""}}},
		},
		"force needs a tag of inputs that may move": {
			opts: Options{Force: true}, repository: types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable},
			has: map[string]string{"inputs-1": oldDigest},
			err: ErrImmutable,
		},
		"unless there is none yet": {
			opts: Options{Force: true}, repository: types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable},
			want: PlannedImage{Action: ActionBuild, Reason: "no image has these inputs"},
		},
		"so does a greatest age that is reached": {
			opts: Options{MaxAge: 30 * day}, pushed: ago(31 * day), repository: types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable},
			has: map[string]string{"inputs-1": oldDigest},
			err: ErrImmutable,
		},
		"but not one that is not": {
			opts: Options{MaxAge: 30 * day}, pushed: ago(day), repository: types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable},
			has:  map[string]string{"inputs-1": oldDigest},
			want: PlannedImage{Action: ActionSkip, Reason: "same inputs as sha256:0123456789ab", Digest: oldDigest, PushedAt: ago(day)},
		},
		"and has one where that is excluded": {
			opts: Options{MaxAge: 30 * day}, pushed: ago(31 * day), repository: immutableBut("inputs-*"),
			has:  map[string]string{"inputs-1": oldDigest},
			want: PlannedImage{Action: ActionBuild, Reason: "pushed 31 days ago, more than 30 days", Digest: oldDigest, PushedAt: ago(31 * day)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := PlannedImage{Module: "web", Repository: "shop/web", Tag: "inputs-1", image: Image{Tags: tt.tags}}
			has := holding{repository: tt.repository, uri: "host/shop/web", digests: tt.has}
			if tt.pushed != nil {
				has.pushed = map[string]time.Time{oldDigest: *tt.pushed}
			}
			err := New(nil, tt.opts).decide(&got, has, now)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.err != nil {
				return
			}
			tt.want.Module, tt.want.Repository, tt.want.Tag = "web", "shop/web", "inputs-1"
			if d := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(PlannedImage{})); d != "" {
				t.Errorf("plan (-want +got):\n%s", d)
			}
		})
	}
}

func TestImmutableTagsAreRefusedInWords(t *testing.T) {
	i := PlannedImage{Module: "web", Repository: "shop/web", Tag: "inputs-1", image: Image{Tags: []string{"a"}}}
	has := holding{
		repository: types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable},
		digests:    map[string]string{"inputs-1": oldDigest, "a": otherDigest},
	}
	err := New(nil, Options{Force: true}).decide(&i, has, time.Now())
	want := "image web: tag inputs-1 of shop/web may not move: the repository's tags are immutable: " +
		"to build the same inputs again, add \"inputs-*\" to the exclusions of the repository, or change Image.Epoch\n" +
		"image web: tag a of shop/web may not move: the repository's tags are immutable: " +
		"it points to sha256:fedcba987654; choose a new tag, or exclude it from immutability"
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}

func TestPlanString(t *testing.T) {
	plan := Plan{Images: []PlannedImage{
		{Module: "api", Action: ActionSkip, Reason: "same inputs as sha256:0123456789ab"},
		{Module: "notifier", Action: ActionBuild, Reason: "no image has these inputs", Moves: []Move{{Tag: "a"}, {Tag: "b"}}},
		{Module: "web\x1b[2J", Action: ActionRetag, Reason: "same inputs as sha256:0123456789ab", Moves: []Move{{Tag: "b"}}},
	}}
	want := `images: 1 to build, 1 to tag, 1 unchanged
  = api         same inputs as sha256:0123456789ab
  + notifier    no image has these inputs; tag a, b
  ~ web\x1b[2J  same inputs as sha256:0123456789ab; tag b
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	if plan.Empty() || !(Plan{}).Empty() {
		t.Error("Empty is wrong")
	}
}

func TestAge(t *testing.T) {
	tests := map[time.Duration]string{
		90 * time.Second: "1m30s", 2 * time.Minute: "2 minutes", 119 * time.Minute: "119 minutes", 2 * time.Hour: "2 hours",
		47 * time.Hour: "47 hours", 48 * time.Hour: "2 days", 31 * 24 * time.Hour: "31 days",
	}
	for d, want := range tests {
		if got := age(d); got != want {
			t.Errorf("age(%v) = %q, want %q", d, got, want)
		}
	}
}

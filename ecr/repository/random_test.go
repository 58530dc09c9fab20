package repository

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

// draw returns a repository that speaks of some settings, and of others not.
func draw(rng *rand.Rand, name string) Repository {
	r := Repository{Name: name}
	switch rng.IntN(5) {
	case 0:
		r.Mutability = Mutable
	case 1:
		r.Mutability = Immutable
	case 2:
		r.Mutability, r.Exclusions = MutableWithExclusion, []string{"v*"}
	case 3:
		r.Exclusions = []string{"latest*", fmt.Sprintf("dev%d-*", rng.IntN(2))}
	}
	r.Scanning = []Scanning{"", ScanOnPush, ScanManual}[rng.IntN(3)]
	r.Encryption.Type = []string{"", "AES256", "KMS"}[rng.IntN(3)]
	if rng.IntN(2) == 0 {
		r.Tags = map[string]string{fmt.Sprint("key", rng.IntN(3)): fmt.Sprint(rng.IntN(2))}
	}
	r.Policy = []*string{nil, new(""), new(pull), new(other)}[rng.IntN(4)]
	r.Lifecycle = []*lifecycle.Policy{nil, {}, &safe, new(byDefault(77))}[rng.IntN(4)]
	r.Running = []string{}
	return r
}

// TestApplyingConverges applies one drawn description after another: what is said
// holds afterwards, and what is not said is as it was.
func TestApplyingConverges(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	cloud := ecrtest.New(ecrtest.Options{})
	m := New(cloud.Client(), Options{})
	look := func(name string) state {
		found, err := m.list(t.Context())
		if err != nil || found[name] == nil {
			t.Fatalf("seed %d: list: %v", seed, err)
		}
		all := Repository{Name: name, Tags: map[string]string{"any": ""}, Policy: new(""), Lifecycle: &lifecycle.Policy{}}
		if err := m.read(t.Context(), all, found[name]); err != nil {
			t.Fatal(err)
		}
		return *found[name]
	}
	updates := 0
	for round := range 150 {
		name := fmt.Sprint("a/", rng.IntN(20))
		desired := draw(rng, name)
		existed := len(cloud.Images(name)) > 0
		var before state
		if existed {
			before = look(name)
		}
		plan := apply(t, m, []Repository{desired})
		if again, err := m.Plan(t.Context(), []Repository{desired}); err != nil || !again.Empty() {
			t.Fatalf("seed %d round %d: %+v is not so after\n%s%v\n%s", seed, round, desired, plan, err, again)
		}
		if !existed {
			cloud.AddImage(name, ecrtest.Image{Tags: []string{"v1"}})
			continue
		}
		updates++
		after := look(name)
		for what, kept := range map[string]bool{
			"mutability": desired.Mutability != "" || desired.Exclusions != nil || mutability(after.mutability, after.exclusions) == mutability(before.mutability, before.exclusions),
			"scanning":   desired.Scanning != "" || after.scanning == before.scanning,
			"policy":     desired.Policy != nil || after.policy == before.policy,
			"lifecycle":  desired.Lifecycle != nil || after.lifecycle == before.lifecycle,
			"encryption": after.encryption == before.encryption,
		} {
			if !kept {
				t.Errorf("seed %d round %d: %s of %s has changed by %+v", seed, round, what, name, desired)
			}
		}
		for key, value := range before.tags {
			if _, said := desired.Tags[key]; !said && after.tags[key] != value {
				t.Errorf("seed %d round %d: tag %s of %s has changed", seed, round, key, name)
			}
		}
	}
	if updates < 50 {
		t.Errorf("seed %d: only %d updates: the test has lost its point", seed, updates)
	}
}

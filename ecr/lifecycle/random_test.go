package lifecycle_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

// world draws policies and repositories.
type world struct {
	*rand.Rand
	serial int
}

func newWorld(t *testing.T) *world {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return &world{Rand: rand.New(rand.NewPCG(seed, 0))}
}

func pick[T any](w *world, from ...T) T { return from[w.IntN(len(from))] }

// policy draws rules about inputs-*, latest-*, env-* and the rest.
func (w *world) policy(most int) lifecycle.Policy {
	var p lifecycle.Policy
	priorities := w.Perm(20)
	n := 1 + w.IntN(5)
	for i := range n {
		s := lifecycle.Selection{CountNumber: 1 + w.IntN(most), CountType: lifecycle.ImageCountMoreThan}
		switch w.IntN(6) {
		case 0:
			s.TagStatus = lifecycle.Untagged
		case 1:
			s.TagStatus = lifecycle.Any
		case 2:
			s.TagStatus, s.TagPrefixes = lifecycle.Tagged, []string{pick(w, "inputs-", "latest-", "env-", "e"), pick(w, "l", "latest-a", "inputs-1")}
		case 3:
			s.TagStatus, s.TagPatterns = lifecycle.Tagged, []string{pick(w, "*", "latest-*", "*-a", "i*-*1*", "*-1")}
		default:
			s.TagStatus, s.TagPrefixes = lifecycle.Tagged, []string{pick(w, "inputs-", "latest-", "env-", "latest-a")}
		}
		if w.IntN(3) == 0 {
			s.CountType, s.CountUnit = lifecycle.SinceImagePushed, "days"
		}
		p.Rules = append(p.Rules, lifecycle.Rule{Priority: 1 + priorities[i], Selection: s, Action: lifecycle.Action{Type: lifecycle.Expire}})
	}
	return p
}

// images draws a repository in which each tag is on one image.
func (w *world) images(n int) []lifecycle.Image {
	images := make([]lifecycle.Image, n)
	for i := range images {
		w.serial++
		images[i] = lifecycle.Image{Digest: fmt.Sprintf("d%d", w.serial), Pushed: daysAgo(w.IntN(60)).Add(-time.Duration(w.serial) * time.Second)}
		if w.IntN(4) > 0 {
			images[i].Tags = append(images[i].Tags, fmt.Sprintf("inputs-%d", w.serial))
		}
		if w.IntN(3) == 0 {
			images[i].Tags = append(images[i].Tags, fmt.Sprintf("env-%d", w.serial))
		}
	}
	for _, name := range []string{"latest-a", "latest-b", "latest-c"} {
		i := w.IntN(n)
		images[i].Tags = append(images[i].Tags, name)
	}
	return images
}

// naive says which rule takes which image, one question at a time: for each
// image the first rule that speaks of it, and whether that has its due.
func naive(p lifecycle.Policy, images []lifecycle.Image) map[string]int {
	speaks := func(r lifecycle.Rule, image lifecycle.Image) bool {
		s := r.Selection
		if s.TagStatus != lifecycle.Tagged {
			return s.TagStatus == lifecycle.Any || len(image.Tags) == 0
		}
		patterns := slices.Clone(s.TagPatterns)
		for _, prefix := range s.TagPrefixes {
			patterns = append(patterns, prefix+"*")
		}
		for _, pattern := range patterns {
			found := false
			for _, tag := range image.Tags {
				ok, _ := path.Match(pattern, tag)
				found = found || ok
			}
			if !found {
				return false
			}
		}
		return true
	}
	taken := make(map[string]int)
	for _, image := range images {
		first := lifecycle.Rule{Priority: 1 << 30}
		for _, r := range p.Rules {
			if r.Priority < first.Priority && speaks(r, image) {
				first = r
			}
		}
		if first.Priority == 1<<30 {
			continue
		}
		due := now.Sub(image.Pushed) > time.Duration(first.Selection.CountNumber)*24*time.Hour
		if first.Selection.CountType == lifecycle.ImageCountMoreThan {
			newer := 0
			for _, other := range images {
				if speaks(first, other) && other.Pushed.After(image.Pushed) {
					newer++
				}
			}
			due = newer >= first.Selection.CountNumber
		}
		if due {
			taken[image.Digest] = first.Priority
		}
	}
	return taken
}

func TestEvaluateAgreesWithANaiveModel(t *testing.T) {
	w := newWorld(t)
	marked := 0
	for round := range 3000 {
		p, images := w.policy(12), w.images(1+w.IntN(25))
		got := make(map[string]int)
		for _, m := range p.Evaluate(images, now) {
			if _, twice := got[m.Digest]; twice {
				t.Fatalf("round %d: %s is marked twice", round, m.Digest)
			}
			got[m.Digest] = m.Rule
		}
		marked += len(got)
		if d := cmp.Diff(naive(p, images), got); d != "" {
			t.Fatalf("round %d: %s on %v (-naive +got):\n%s", round, p.Text(), images, d)
		}
	}
	if marked < 3000 {
		t.Errorf("only %d images were marked: the test has lost its point", marked)
	}
}

// A step is a push with a tag of its own, or one tag that moves or goes. The image
// that runs gets none.
func (w *world) step(images []lifecycle.Image, running string, at time.Time) []lifecycle.Image {
	take := func(name string) {
		for i := range images {
			images[i].Tags = slices.DeleteFunc(slices.Clone(images[i].Tags), func(tag string) bool { return tag == name })
		}
	}
	w.serial++
	switch w.IntN(4) {
	case 0:
		name := pick(w, "latest-a", "latest-b", "latest-c")
		take(name)
		i := w.IntN(len(images))
		if images[i].Digest == running {
			break
		}
		images[i].Tags = append(images[i].Tags, name)
	case 1:
		i := w.IntN(len(images))
		if tags := images[i].Tags; len(tags) > 0 {
			take(tags[w.IntN(len(tags))])
		}
	default:
		name := fmt.Sprintf(pick(w, "inputs-%d", "env-%d"), w.serial)
		images = append(images, lifecycle.Image{Digest: fmt.Sprintf("d%d", w.serial), Pushed: at, Tags: []string{name}})
	}
	return images
}

// TestWhatRisksPassesKeepsRunning holds Risks to its promise: whatever is pushed,
// and whichever tags move or go, an image without a risk outlives as many steps as
// there is headroom. ECR takes what it may after every step.
func TestWhatRisksPassesKeepsRunning(t *testing.T) {
	w := newWorld(t)
	const headroom = 8
	passed := 0
	for round := range 4000 {
		p, images := w.policy(40), w.images(1+w.IntN(15))
		running := images[w.IntN(len(images))].Digest
		if len(p.Risks(images, []string{running}, lifecycle.RiskOptions{Headroom: headroom, Now: now})) > 0 {
			continue
		}
		passed++
		story, at := []string{fmt.Sprint(images)}, now
		for range headroom {
			at = at.Add(time.Duration(w.IntN(100*24)) * time.Hour)
			images = w.step(images, running, at)
			gone := make(map[string]bool)
			for _, m := range p.Evaluate(images, at) {
				gone[m.Digest] = true
			}
			story = append(story, fmt.Sprintf("%v, gone: %v", images, slices.Sorted(maps.Keys(gone))))
			if gone[running] {
				t.Fatalf("round %d: %s is taken by %s:\n%s", round, running, p.Text(), strings.Join(story, "\n"))
			}
			images = slices.DeleteFunc(images, func(i lifecycle.Image) bool { return gone[i.Digest] })
		}
	}
	if passed < 300 {
		t.Errorf("only %d policies passed: the test has lost its point", passed)
	}
}

// TestWhatGoesNowIsARisk also counts images without any risk: Risks must not refuse
// everything.
func TestWhatGoesNowIsARisk(t *testing.T) {
	w := newWorld(t)
	taken, harmless := 0, 0
	for round := range 3000 {
		p, images := w.policy(40), w.images(1+w.IntN(25))
		at := make(map[string]bool)
		for _, image := range images {
			risks := p.Risks(images, []string{image.Digest}, lifecycle.RiskOptions{Headroom: 1, Now: now})
			at[image.Digest] = len(risks) > 0
			if len(risks) == 0 {
				harmless++
			}
		}
		for _, m := range p.Evaluate(images, now) {
			taken++
			if !at[m.Digest] {
				t.Fatalf("round %d: %s takes %s of %v, and it is no risk", round, p.Text(), m.Digest, images)
			}
		}
	}
	if taken < 1000 || harmless < 1000 {
		t.Errorf("%d images were taken and %d were safe: the test has lost its point", taken, harmless)
	}
}

package cleanup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	noon    = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	monthly = noon.Add(-30 * 24 * time.Hour)
)

func testUsage(live ...string) usage {
	use := newUsage()
	for _, id := range live {
		use.live[id] = true
	}
	return use
}

// testRepository holds images, with the environments aaaaaaaa and master alive.
func testRepository(images ...stored) *repository {
	for i := range images {
		if images[i].used.IsZero() {
			images[i].used = noon
		}
	}
	return &repository{
		name: "shop", images: images, environmentOf: EnvironmentOf, oldest: monthly, newest: noon,
		use: testUsage("aaaaaaaa", "master"),
	}
}

func TestDecide(t *testing.T) {
	old := monthly.Add(-time.Second)
	tests := map[string]struct {
		images  []stored
		running []string // digests, or repository:tag
		goes    []string // digests that go altogether
		untags  []string // digest: tags that go
		spared  []string // digest: reason
	}{
		"an image of an environment that is gone goes": {
			images: []stored{{digest: "d1", tags: []string{"c721e158-1", "latest-c721e158"}}},
			goes:   []string{"d1"},
		},
		"one of an environment that exists stays": {
			images: []stored{{digest: "d1", tags: []string{"aaaaaaaa-1", "latest-aaaaaaaa"}}},
		},
		"an image of both loses the tags of the former": {
			images: []stored{{digest: "d1", tags: []string{"aaaaaaaa-1", "c721e158-7"}}},
			untags: []string{"d1: c721e158-7"},
		},
		"one that production has as well loses nothing else": {
			images: []stored{{digest: "d1", tags: []string{"c721e158-7", "latest-master", "master-12"}}},
			untags: []string{"d1: c721e158-7"},
		},
		"a tag of no known form protects the image": {
			images: []stored{{digest: "d1", tags: []string{"c721e158-7", "v1.2.3"}}, {digest: "d2", tags: []string{"v1"}}},
			untags: []string{"d1: c721e158-7"},
		},
		"an id is compared as a whole": {
			images: []stored{
				{digest: "d1", tags: []string{"aaaaaaaa1-1"}},  // nine digits
				{digest: "d2", tags: []string{"aaaaaaaa-1-2"}}, // and a suffix
				{digest: "d3", tags: []string{"latest-aaaaaaaab"}},
				{digest: "d4", tags: []string{"aaaaaaab-1"}}, // a neighbour that is gone
				{digest: "d5", tags: []string{"AAAAAAAB-1"}},
				{digest: "d6", tags: []string{"xaaaaaaab-1"}},
			},
			goes: []string{"d4"},
		},
		"an image without tags is left to the lifecycle policy": {
			images: []stored{{digest: "d1", used: old}},
		},
		"the tag of inputs that were used lately keeps the image": {
			images: []stored{{digest: "d1", tags: []string{"c721e158-7", "inputs-1"}}},
			untags: []string{"d1: c721e158-7"},
		},
		"the tag of inputs that nobody used for long goes with the image": {
			images: []stored{{digest: "d1", tags: []string{"c721e158-7", "inputs-1"}, used: old}},
			goes:   []string{"d1"},
		},
		"also where it is the only one": {
			images: []stored{{digest: "d1", tags: []string{"inputs-1"}, used: old}, {digest: "d2", tags: []string{"inputs-2"}, used: monthly}},
			goes:   []string{"d1"},
		},
		"but never while something else keeps the image": {
			images: []stored{{digest: "d1", tags: []string{"aaaaaaaa-1", "inputs-1"}, used: old}},
		},
		"what runs keeps all its tags": {
			images: []stored{
				{digest: "d1", tags: []string{"c721e158-7"}},
				{digest: "d2", tags: []string{"c721e158-8", "latest-c721e158"}},
				{digest: "d3", tags: []string{"inputs-1"}, used: old},
			},
			running: []string{"d1", "shop:latest-c721e158", "d3"},
			spared:  []string{"d1: it runs", "d2: it runs", "d3: it runs"},
		},
		"a tag that runs in another repository is another image": {
			images:  []stored{{digest: "d1", tags: []string{"c721e158-7"}}},
			running: []string{"shop2:c721e158-7"},
			goes:    []string{"d1"},
		},
		"an index goes with the images that it refers to": {
			images: []stored{
				{digest: "i1", tags: []string{"c721e158-7"}, parts: []string{"d1", "d2"}},
				{digest: "d1", tags: []string{"c721e158-8"}},
				{digest: "d2"},
			},
			goes: []string{"d1", "i1"},
		},
		"an index that stays keeps them": {
			images: []stored{
				{digest: "i1", tags: []string{"aaaaaaaa-7"}, parts: []string{"d1", "d2"}},
				{digest: "d1", tags: []string{"c721e158-8"}},
				{digest: "d2", tags: []string{"c721e158-9"}},
			},
			spared: []string{"d1: the index i1 refers to it", "d2: the index i1 refers to it"},
		},
		"so does one without a tag": {
			images: []stored{{digest: "i1", parts: []string{"d1"}}, {digest: "d1", tags: []string{"c721e158-8"}}},
			spared: []string{"d1: the index i1 refers to it"},
		},
		"an index of indexes keeps what those refer to": {
			images: []stored{
				{digest: "d1", tags: []string{"c721e158-8"}},
				{digest: "i2", tags: []string{"c721e158-9"}, parts: []string{"d1"}},
				{digest: "i1", tags: []string{"v1"}, parts: []string{"i2"}},
			},
			spared: []string{"d1: the index i2 refers to it", "i2: the index i1 refers to it"},
		},
		"an index whose image runs stays, with all its images": {
			images: []stored{
				{digest: "i1", tags: []string{"c721e158-7"}, parts: []string{"d1", "d2"}},
				{digest: "d1"},
				{digest: "d2", tags: []string{"c721e158-8"}},
			},
			running: []string{"d1"},
			spared:  []string{"d2: the index i1 refers to it", "i1: an image that it refers to runs"},
		},
		"an index that shares an image with one that stays goes": {
			images: []stored{
				{digest: "i1", tags: []string{"aaaaaaaa-7"}, parts: []string{"d1"}},
				{digest: "i2", tags: []string{"c721e158-7"}, parts: []string{"d1"}},
				{digest: "d1"},
			},
			goes: []string{"i2"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := testRepository(tt.images...)
			for _, running := range tt.running {
				r.use.digests[running], r.use.tags[running] = true, true
			}
			got := r.decide()
			var goes, untags, spared []string
			for _, i := range got.Images {
				if i.Goes() {
					goes = append(goes, i.Digest)
				} else {
					untags = append(untags, i.Digest+": "+strings.Join(i.Remove, " "))
				}
			}
			for _, s := range got.Spared {
				spared = append(spared, s.Digest+": "+s.Reason)
			}
			if d := cmp.Diff([][]string{tt.goes, tt.untags, tt.spared}, [][]string{goes, untags, spared}); d != "" {
				t.Errorf("goes, untags, spared (-want +got):\n%s", d)
			}
			if want := len(tt.images) - len(tt.goes); got.Kept != want {
				t.Errorf("kept %d, want %d", got.Kept, want)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	old := time.Date(2026, 1, 15, 23, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		tags []string
		want string
	}{
		"one environment":           {[]string{"c721e158-1", "latest-c721e158"}, "environment c721e158 is gone"},
		"several":                   {[]string{"dddddddd-1", "c721e158-1"}, "environments c721e158, dddddddd are gone"},
		"inputs alone":              {[]string{"inputs-1"}, "its inputs are unused since 2026-01-15"},
		"an environment and inputs": {[]string{"inputs-1", "c721e158-1"}, "environment c721e158 is gone, its inputs are unused since 2026-01-15"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, got := testRepository().sort(stored{tags: tt.tags, used: old})
			if got != tt.want {
				t.Errorf("reason %q, want %q", got, tt.want)
			}
		})
	}
}

func TestInputsOfUnknownAgeStay(t *testing.T) {
	r := testRepository()
	gone, rest, _ := r.sort(stored{tags: []string{"inputs-1"}})
	if len(gone) > 0 || len(rest) != 1 {
		t.Errorf("gone %v, rest %v; want it to stay", gone, rest)
	}
}

// TestWhatIsProtectedStays draws repositories at random and holds each decision
// to the promises of the package comment.
func TestWhatIsProtectedStays(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	tags := []string{"aaaaaaaa-1", "latest-aaaaaaaa", "c721e158-1", "c721e158-2", "latest-c721e158", "dddddddd-1", "master-1", "v1", "inputs-1", "inputs-2"}
	removed := 0
	for round := range 2000 {
		images := make([]stored, 1+rng.IntN(8))
		for i := range images {
			images[i] = stored{digest: fmt.Sprint("d", i), used: noon.Add(-time.Duration(rng.IntN(60)) * 24 * time.Hour)}
			if rng.IntN(3) == 0 {
				images[i].parts = []string{fmt.Sprint("d", rng.IntN(len(images))), fmt.Sprint("d", rng.IntN(len(images)))}
			}
		}
		for _, tag := range tags { // a tag is on one image at most
			if n := rng.IntN(len(images) + 1); n < len(images) {
				images[n].tags = append(images[n].tags, tag)
			}
		}
		r := testRepository(images...)
		r.use.digests[fmt.Sprint("d", rng.IntN(len(images)))] = true
		r.newest = noon.Add(-time.Duration(rng.IntN(20)) * 24 * time.Hour)
		r.young = map[string]bool{}
		if rng.IntN(3) == 0 {
			r.young["dddddddd"] = true
		}
		plan := r.decide()
		gone := make(map[string]bool)
		for _, i := range plan.Images {
			gone[i.Digest] = i.Goes()
			removed += len(i.Remove)
			if i.Goes() && slices.ContainsFunc(images, func(s stored) bool { return s.digest == i.Digest && s.used.After(r.newest) }) {
				t.Errorf("seed %d round %d: %s goes, and was used after %v", seed, round, i.Digest, r.newest)
			}
			if r.young["dddddddd"] && slices.Contains(i.Remove, "dddddddd-1") {
				t.Errorf("seed %d round %d: an environment in the making loses a tag", seed, round)
			}
			for _, tag := range i.Remove {
				id, ours := EnvironmentOf(tag)
				if inputs := strings.HasPrefix(tag, "inputs-"); !inputs && (!ours || r.use.live[id]) || inputs && !i.Goes() {
					t.Errorf("seed %d round %d: removes %s of %v", seed, round, tag, images)
				}
			}
			if r.use.digests[i.Digest] {
				t.Errorf("seed %d round %d: %s runs and loses %v", seed, round, i.Digest, i.Remove)
			}
		}
		for _, image := range images {
			for _, part := range image.parts {
				if gone[part] && !gone[image.digest] {
					t.Errorf("seed %d round %d: %s goes, and %s, which refers to it, stays", seed, round, part, image.digest)
				}
				if r.use.digests[part] && gone[image.digest] {
					t.Errorf("seed %d round %d: %s goes, and %s, which it refers to, runs", seed, round, image.digest, part)
				}
			}
		}
		if !slices.IsSortedFunc(plan.Images, func(a, b Image) int { return strings.Compare(a.Digest, b.Digest) }) {
			t.Errorf("seed %d round %d: images are not sorted: %v", seed, round, plan.Images)
		}
	}
	if removed < 1000 {
		t.Errorf("seed %d: only %d tags removed: the test has lost its point", seed, removed)
	}
}

func TestEnvironmentOf(t *testing.T) {
	tests := map[string]string{ // id by tag
		"c721e158-1": "c721e158", "c721e158-00131": "c721e158", "latest-c721e158": "c721e158", "00000000-0": "00000000",
		"c721e1589-1": "", "c721e15-1": "", "c721e158": "", "c721e158-": "", "c721e158-1a": "", "c721e158-1-2": "",
		"C721E158-1": "", "c721e15g-1": "", "latest-c721e1589": "", "latest-": "", "latest": "", "latest-c721e158-1": "",
		"xlatest-c721e158": "", "master-12": "", "latest-master": "", "inputs-c721e158": "", "": "", "c721e158-1\n": "",
	}
	for tag, want := range tests {
		if id, ok := EnvironmentOf(tag); id != want || ok != (want != "") {
			t.Errorf("EnvironmentOf(%q) = %q, %t; want %q", tag, id, ok, want)
		}
	}
}

package cleanup

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
)

// stored is one image of a repository as ECR describes it.
type stored struct {
	digest string
	tags   []string
	bytes  int64
	pushed time.Time // zero where unknown
	used   time.Time // last push or pull; zero where unknown
	parts  []string  // digests of the images that this one, an index, refers to
}

// repository is one repository while it is decided what goes.
type repository struct {
	name          string
	images        []stored
	use           usage
	environmentOf func(string) (string, bool)
	oldest        time.Time // inputs that were used after it stay
}

// decide is the whole decision for one repository: what is there against what is
// in use.
func (r *repository) decide() Repository {
	result := Repository{Name: r.name, Images: []Image{}, Spared: []Spared{}}
	spared := r.spared()
	for _, image := range r.images {
		gone, rest, reason := r.sort(image)
		switch why := spared[image.digest]; {
		case len(gone) == 0:
			result.Kept++
		case why != "":
			result.Kept++
			result.Spared = append(result.Spared, Spared{Digest: image.digest, Tags: gone, Reason: why})
		default:
			if len(rest) > 0 {
				result.Kept++
			}
			change := Image{Digest: image.digest, Remove: gone, Keep: rest, Reason: reason, Bytes: image.bytes}
			if !image.pushed.IsZero() {
				change.PushedAt = &image.pushed
			}
			result.Images = append(result.Images, change)
		}
	}
	slices.SortFunc(result.Images, func(a, b Image) int { return cmp.Compare(a.Digest, b.Digest) })
	slices.SortFunc(result.Spared, func(a, b Spared) int { return cmp.Compare(a.Digest, b.Digest) })
	return result
}

// sort parts the tags of image into those that go and those that stay, and says
// why the former go. The tag of its inputs goes only with the whole image.
func (r *repository) sort(image stored) (gone, rest []string, reason string) {
	rest = []string{}
	var inputs []string
	environments := make(map[string]bool)
	for _, tag := range image.tags {
		id, ours := r.environmentOf(tag)
		switch {
		case strings.HasPrefix(tag, inputsPrefix):
			inputs = append(inputs, tag)
		case ours && !r.use.live[id]:
			gone = append(gone, tag)
			environments[id] = true
		default:
			rest = append(rest, tag)
		}
	}
	if len(environments) > 0 {
		reason = goneText(slices.Sorted(maps.Keys(environments)))
	}
	if len(inputs) > 0 {
		unused := !image.used.IsZero() && image.used.Before(r.oldest)
		if len(rest) > 0 || !unused {
			rest = append(rest, inputs...)
		} else {
			gone = append(gone, inputs...)
			reason = strings.TrimPrefix(reason+", ", ", ") + "its inputs are unused since " + image.used.UTC().Format(time.DateOnly)
		}
	}
	slices.Sort(gone)
	slices.Sort(rest)
	return gone, rest, reason
}

func goneText(ids []string) string {
	if len(ids) == 1 {
		return fmt.Sprintf("environment %s is gone", ids[0])
	}
	return fmt.Sprintf("environments %s are gone", strings.Join(ids, ", "))
}

// spared are the images that keep all their tags, with the reason: those that
// run, the indexes that refer to those, and what an index that stays refers to.
func (r *repository) spared() map[string]string {
	spared := make(map[string]string)
	for _, image := range r.images {
		tagRuns := func(tag string) bool { return r.use.tags[r.name+":"+tag] }
		if r.use.digests[image.digest] || slices.ContainsFunc(image.tags, tagRuns) {
			spared[image.digest] = "it runs"
		}
	}
	// A task may be known by the image of its platform, and its task definition
	// by the index.
	for grown := true; grown; {
		grown = false
		for _, image := range r.images {
			runs := func(part string) bool { return spared[part] != "" }
			if spared[image.digest] == "" && slices.ContainsFunc(image.parts, runs) {
				spared[image.digest], grown = "an image that it refers to runs", true
			}
		}
	}
	for grown := true; grown; {
		grown = false
		for _, image := range r.images {
			if spared[image.digest] == "" && r.goes(image) {
				continue
			}
			for _, part := range image.parts {
				if spared[part] == "" {
					spared[part], grown = "the index "+lookup.Short(image.digest)+" refers to it", true
				}
			}
		}
	}
	return spared
}

// goes reports whether image loses its last tag.
func (r *repository) goes(image stored) bool {
	gone, rest, _ := r.sort(image)
	return len(gone) > 0 && len(rest) == 0
}

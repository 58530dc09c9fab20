package cleanup

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
	"github.com/mettel-automation/delivery/ecr/internal/names"
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
	oldest        time.Time       // inputs that were used after it stay
	newest        time.Time       // images that were used after it stay
	young         map[string]bool // ids of environments with an image pushed after newest
}

// ids are the environments that the tags of images belong to, whether they exist
// or not.
func (r *repository) ids(images ...stored) map[string]bool {
	ids := make(map[string]bool)
	for _, image := range images {
		for _, tag := range image.tags {
			if id, ok := r.environmentOf(tag); ok && !strings.HasPrefix(tag, names.InputsPrefix) {
				ids[id] = true
			}
		}
	}
	return ids
}

// young are the environments of which any image of any repository was pushed
// after newest: they may be in the making.
func young(repositories []repository, newest time.Time) map[string]bool {
	ids := make(map[string]bool)
	for _, r := range repositories {
		for _, image := range r.images {
			if image.pushed.After(newest) {
				maps.Copy(ids, r.ids(image))
			}
		}
	}
	return ids
}

// decide is the whole decision for one repository: what is there against what is
// in use.
func (r *repository) decide() Repository {
	result := Repository{Name: r.name, Images: []Image{}, Spared: []Spared{}, Warnings: r.warnings()}
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
		case strings.HasPrefix(tag, names.InputsPrefix):
			inputs = append(inputs, tag)
		case ours && !r.use.live[id] && !r.use.mayBeDate(id):
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
// run, the indexes that refer to those, what is new, and what an index that stays
// refers to.
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
	for _, image := range r.images {
		if why := r.fresh(image); spared[image.digest] == "" && why != "" {
			spared[image.digest] = why
		}
	}
	for r.spareParts(spared) {
	}
	return spared
}

// spareParts adds to spared what the indexes that stay refer to, and reports
// whether that was anything.
func (r *repository) spareParts(spared map[string]string) (grown bool) {
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
	return grown
}

// goes reports whether image loses its last tag.
func (r *repository) goes(image stored) bool {
	gone, rest, _ := r.sort(image)
	return len(gone) > 0 && len(rest) == 0
}

// fresh says why image is too new to lose a tag, or "".
func (r *repository) fresh(image stored) string {
	gone, _, _ := r.sort(image)
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(r.ids(stored{tags: gone}))), func(id string) bool { return !r.young[id] })
	switch {
	case len(ids) > 0:
		return fmt.Sprintf("environment %s has a new image, and may be in the making", ids[0])
	case r.goes(image) && image.pushed.After(r.newest):
		return "it is new"
	case r.goes(image) && image.used.After(r.newest):
		return "it was pulled lately"
	}
	return ""
}

// warnings are what makes the request look wrong.
func (r *repository) warnings() []string {
	warnings := []string{}
	for _, id := range slices.Sorted(maps.Keys(r.ids(r.images...))) {
		if r.use.mayBeDate(id) && !r.use.live[id] {
			warnings = append(warnings, fmt.Sprintf("the tags of %s stay: it may be a date; where it is an environment that is gone, list it as gone", id))
		}
	}
	for _, running := range r.use.named[r.name] {
		there := slices.ContainsFunc(r.images, func(i stored) bool {
			return running.Digest != "" && i.digest == running.Digest || running.Tag != "" && slices.Contains(i.tags, running.Tag)
		})
		if !there {
			warnings = append(warnings, cmp.Or(running.Digest, running.Tag)+" runs, and is not there")
		}
	}
	return warnings
}

package fetch

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/internal/nearest"
)

// version is an entry of a repository's index. Source: helm.sh, "The Chart
// Repository Guide".
type version struct {
	Version string   `json:"version"`
	URLs    []string `json:"urls"`
	Digest  string   `json:"digest"`
}

// pick returns the newest version of a chart that wanted allows.
func pick(index []byte, name, wanted string) (version, error) {
	var file struct {
		Entries map[string][]*version `json:"entries"`
	}
	if err := yaml.Unmarshal(index, &file); err != nil {
		return version{}, fmt.Errorf("read the index: %w", err)
	}
	if file.Entries == nil {
		return version{}, fmt.Errorf("read the index: it has no entries: is it the address of a chart repository?")
	}
	entries := slices.DeleteFunc(file.Entries[name], func(v *version) bool { return v == nil || len(v.URLs) == 0 || v.URLs[0] == "" })
	if len(entries) == 0 {
		return version{}, fmt.Errorf("%w: %q%s", ErrChart, name, meant(nearest.Of(name, slices.Collect(maps.Keys(file.Entries)))))
	}
	names := make([]string, len(entries))
	for i, v := range entries {
		names[i] = v.Version
	}
	best, err := newest(names, wanted)
	if err != nil {
		return version{}, err
	}
	return *entries[slices.Index(names, best)], nil
}

// newest returns the newest of versions that wanted, a version or a constraint, allows.
func newest(versions []string, wanted string) (string, error) {
	for _, v := range versions {
		if v == wanted || strings.TrimPrefix(v, "v") == strings.TrimPrefix(wanted, "v") {
			return v, nil
		}
	}
	constraint, err := semver.NewConstraint(wanted)
	if err != nil {
		return "", fmt.Errorf("%w: %q is neither a version that there is nor a constraint; there is %s", ErrVersion, wanted, some(versions))
	}
	var best *semver.Version
	for _, text := range versions {
		v, err := semver.NewVersion(text)
		if err == nil && constraint.Check(v) && (best == nil || v.GreaterThan(best)) {
			best = v
		}
	}
	if best == nil {
		return "", fmt.Errorf("%w: %s; there is %s", ErrVersion, wanted, some(versions))
	}
	return best.Original(), nil
}

// some names the newest few of versions.
func some(versions []string) string {
	var known []*semver.Version
	for _, text := range versions {
		if v, err := semver.NewVersion(text); err == nil {
			known = append(known, v)
		}
	}
	slices.SortFunc(known, func(a, b *semver.Version) int { return b.Compare(a) })
	const shown = 5
	var names []string
	for _, v := range known[:min(shown, len(known))] {
		names = append(names, v.Original())
	}
	switch {
	case len(names) == 0:
		return "none"
	case len(known) > shown:
		names = append(names, fmt.Sprintf("and %d older", len(known)-shown))
	}
	return strings.Join(names, ", ")
}

func meant(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", name)
}

package ecr

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/internal/names"
)

func TestRepositoryNames(t *testing.T) {
	for _, name := range []string{"ab", "automation/notifier", "a1/b-c/d_e.f", strings.Repeat("a", 256)} {
		if err := checkRepository(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "a", "A/b", "a//b", "/ab", "ab/", "a--b", "a_-b", "-ab", "ab-", "a b", "ab:1", "host.example:5000/ab", "ab\n", "äb", strings.Repeat("a", 257)} {
		if err := checkRepository(name); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}

func TestTagNames(t *testing.T) {
	for _, tag := range []string{"a", "_", "8527fec8-131", "latest-8527fec8", "V1.2_x-y", strings.Repeat("a", 128), "input", "Inputs-1"} {
		if err := checkTag(tag); err != nil {
			t.Errorf("%q: %v", tag, err)
		}
	}
	for _, tag := range []string{"", ".a", "-a", "a/b", "a:b", "a b", "a\n", "ä", strings.Repeat("a", 129), "inputs-", "inputs-1"} {
		if err := checkTag(tag); err == nil {
			t.Errorf("%q: no error", tag)
		}
	}
}

func TestInputsTag(t *testing.T) {
	hash := strings.Repeat("0123456789abcdef", 4)
	tag := InputsTag(hash)
	if want := "inputs-0123456789abcdef0123456789abcdef01234567"; tag != want {
		t.Errorf("InputsTag = %q, want %q", tag, want)
	}
	if names.CheckTag(tag) != nil {
		t.Errorf("%q is no tag", tag)
	}
}

func TestImmutable(t *testing.T) {
	filters := func(patterns ...string) (fs []types.ImageTagMutabilityExclusionFilter) {
		for _, p := range patterns {
			fs = append(fs, types.ImageTagMutabilityExclusionFilter{Filter: &p, FilterType: types.ImageTagMutabilityExclusionFilterTypeWildcard})
		}
		return fs
	}
	tests := map[string]struct {
		repository types.Repository
		tag        string
		want       bool
	}{
		"mutable tags move":                   {types.Repository{ImageTagMutability: types.ImageTagMutabilityMutable}, "v1", false},
		"immutable ones do not":               {types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutable}, "v1", true},
		"unless they are excluded":            {types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutableWithExclusion, ImageTagMutabilityExclusionFilters: filters("x", "latest*")}, "latest-1", false},
		"but the others are not":              {types.Repository{ImageTagMutability: types.ImageTagMutabilityImmutableWithExclusion, ImageTagMutabilityExclusionFilters: filters("latest*")}, "v1", true},
		"mutable ones that are excluded stay": {types.Repository{ImageTagMutability: types.ImageTagMutabilityMutableWithExclusion, ImageTagMutabilityExclusionFilters: filters("v*")}, "v1", true},
		"and the others move":                 {types.Repository{ImageTagMutability: types.ImageTagMutabilityMutableWithExclusion, ImageTagMutabilityExclusionFilters: filters("v*")}, "x", false},
		"what ECR does not say moves":         {types.Repository{}, "v1", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := immutable(tt.repository, tt.tag); got != tt.want {
				t.Errorf("immutable = %t, want %t", got, tt.want)
			}
		})
	}
}

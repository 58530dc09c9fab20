package ecr

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalise(t *testing.T) {
	got, err := normalise([]Image{
		{Repository: "shop/web", Context: "web", Tags: []string{"b", "a"}},
		{Module: "api", Repository: "shop/web", Context: "api", Dockerfile: "x", Platform: "linux/arm64"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Image{
		{Module: "api", Repository: "shop/web", Context: "api", Dockerfile: "x", Platform: "linux/arm64"},
		{Module: "shop/web", Repository: "shop/web", Context: "web", Dockerfile: "Dockerfile", Platform: "linux/amd64", Tags: []string{"a", "b"}},
	}
	if d := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Tags" }, cmp.Transformer("len", func(s []string) string { return strings.Join(s, " ") }))); d != "" {
		t.Errorf("images (-want +got):\n%s", d)
	}
}

func TestFaultsOfImages(t *testing.T) {
	secret := func(context.Context) ([]byte, error) { return nil, nil }
	tests := map[string]struct {
		images []Image
		want   string // the message without what all begin with
	}{
		"no repository": {
			[]Image{{Context: "."}}, "1: no repository",
		},
		"no context": {
			[]Image{{Repository: "web"}}, "web: no context directory",
		},
		"a repository with its host": {
			[]Image{{Module: "web", Repository: "1.dkr.ecr.us-east-1.amazonaws.com/Web", Context: "."}},
			`web: repository "1.dkr.ecr.us-east-1.amazonaws.com/Web": must be lower-case letters and digits, with single . _ - or / between them`,
		},
		"a platform without an architecture": {
			[]Image{{Repository: "web", Context: ".", Platform: "linux"}}, `web: platform "linux": must be like linux/amd64 or linux/arm64/v8`,
		},
		"a tag of no valid form": {
			[]Image{{Repository: "web", Context: ".", Tags: []string{"a b"}}}, `web: tag "a b": must be 1 to 128 letters, digits, _ . or -, and not begin with . or -`,
		},
		"a tag of ours": {
			[]Image{{Repository: "web", Context: ".", Tags: []string{"inputs-1"}}}, `web: tag "inputs-1": inputs- is for the tags of inputs`,
		},
		"a tag twice": {
			[]Image{{Repository: "web", Context: ".", Tags: []string{"a", "b", "a"}}}, `web: tag "a" is given twice`,
		},
		"a digest that is none": {
			[]Image{{Repository: "web", Context: ".", Bases: map[string]string{"alpine": "3.20"}}}, `web: base alpine: digest "3.20" must be sha256: and 64 hex digits`,
		},
		"an argument without a name": {
			[]Image{{Repository: "web", Context: ".", Args: map[string]string{"": "x"}}}, `web: build argument "": its name must be of one word without =`,
		},
		"an argument of two words": {
			[]Image{{Repository: "web", Context: ".", Args: map[string]string{"A B": "x"}}}, `web: build argument "A B": its name must be of one word without =`,
		},
		"a label without a name": {
			[]Image{{Repository: "web", Context: ".", Labels: map[string]string{"": "x"}}}, `web: label "": its name must be of one word without =`,
		},
		"a network that cannot be": {
			[]Image{{Repository: "web", Context: ".", Network: "bad net"}}, `web: network "bad net": must be default, none, host, or the name of one of the engine's`,
		},
		"one fault of several images": {
			[]Image{{Repository: "web", Context: ".", Tags: []string{"-1"}}, {Repository: "api", Context: ".", Tags: []string{"-1"}}},
			`web, api: tag "-1": must be 1 to 128 letters, digits, _ . or -, and not begin with . or -`,
		},
		"one fault of many": {
			[]Image{{Repository: "aa"}, {Repository: "bb"}, {Repository: "cc"}, {Repository: "dd"}}, `aa, bb and 2 more: no context directory`,
		},
		"a label of ours": {
			[]Image{{Repository: "web", Context: ".", Labels: map[string]string{LabelInputs: "1"}}}, "web: label " + LabelInputs + " is for the hash of the inputs",
		},
		"a secret without an id": {
			[]Image{{Repository: "web", Context: ".", Secrets: []Secret{{File: "x"}}}}, "web: a secret has no id",
		},
		"a secret without a value": {
			[]Image{{Repository: "web", Context: ".", Secrets: []Secret{{ID: "npm"}}}}, `web: secret "npm" needs either a file or a value`,
		},
		"a secret with two": {
			[]Image{{Repository: "web", Context: ".", Secrets: []Secret{{ID: "npm", File: "x", Value: secret}}}}, `web: secret "npm" needs either a file or a value`,
		},
		"two secrets of one id": {
			[]Image{{Repository: "web", Context: ".", Secrets: []Secret{{ID: "npm", File: "x"}, {ID: "npm", File: "y"}}}}, `web: secret "npm" is given twice`,
		},
		"two images of one module": {
			[]Image{{Module: "m", Repository: "web", Context: "."}, {Module: "m", Repository: "api", Context: "."}}, "m: there is another image of this name",
		},
		"two modules in one repository": {
			[]Image{{Repository: "web", Context: "a"}, {Repository: "web", Context: "b"}}, "web: there is another image of this name: give each image a Module",
		},
		"one tag for two images of a repository": {
			[]Image{{Module: "a", Repository: "web", Context: "a", Tags: []string{"t"}}, {Module: "b", Repository: "web", Context: "b", Tags: []string{"t"}}},
			`b: tag "t" of repository web is also that of image a`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := normalise(tt.images)
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("error %v, want %v", err, ErrInvalid)
			}
			if d := cmp.Diff("invalid image "+tt.want, err.Error()); d != "" {
				t.Errorf("error (-want +got):\n%s", d)
			}
		})
	}
	t.Run("all are told at once", func(t *testing.T) {
		_, err := normalise([]Image{{}, {Repository: "a", Context: ".", Tags: []string{"", "-"}}})
		if n := strings.Count(err.Error(), "\n"); n != 4 {
			t.Errorf("%d lines, want 5:\n%v", n+1, err)
		}
	})
	t.Run("names that can be", func(t *testing.T) {
		for _, network := range []string{"", "default", "none", "host", "build_net.1-a", "container:0a1b"} {
			image := Image{
				Repository: "web", Context: ".", Network: network,
				Args: map[string]string{"HTTP_PROXY": "", "a-b.c": "d e"}, Labels: map[string]string{"org.example/a_b-c": "d e"},
			}
			if _, err := normalise([]Image{image}); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("one tag in two repositories is no fault", func(t *testing.T) {
		_, err := normalise([]Image{{Repository: "web", Context: ".", Tags: []string{"t"}}, {Repository: "api", Context: ".", Tags: []string{"t"}}})
		if err != nil {
			t.Error(err)
		}
	})
}

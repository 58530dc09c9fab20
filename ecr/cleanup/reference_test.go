package cleanup

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		request Request
		is      error
		want    string // part of the message
	}{
		"an empty list of environments needs consent": {Request{Repositories: []string{"a"}}, ErrNoLive, "set Request.NoneLive"},
		"consent to what is not so":                   {Request{Repositories: []string{"a"}, Live: []string{"c721e158"}, NoneLive: true}, ErrInvalid, "NoneLive"},
		"no repositories":                             {Request{NoneLive: true}, ErrInvalid, "no repositories"},
		"the name of an environment for its id":       {Request{Repositories: []string{"a"}, Live: []string{"automation-c721e158"}}, ErrInvalid, `"automation-c721e158"`},
		"an empty id":                                 {Request{Repositories: []string{"a"}, Live: []string{""}}, ErrInvalid, `""`},
		"an empty running image":                      {Request{Repositories: []string{"a"}, NoneLive: true, Running: []string{""}}, ErrInvalid, "no name of an image"},
		"a running image with half a digest":          {Request{Repositories: []string{"a"}, NoneLive: true, Running: []string{"a@sha256:12"}}, ErrInvalid, "64 hex digits"},
		"a running image with an empty tag":           {Request{Repositories: []string{"a"}, NoneLive: true, Running: []string{"h.example/a:"}}, ErrInvalid, "no name of an image"},
		"half a digest alone":                         {Request{Repositories: []string{"a"}, NoneLive: true, Running: []string{"sha256:12"}}, ErrInvalid, "no name of an image"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(nil, Options{}).check(tt.request)
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %v that says %q", err, tt.is, tt.want)
			}
		})
	}
	t.Run("all faults at once", func(t *testing.T) {
		_, err := New(nil, Options{}).check(Request{Running: []string{""}})
		if got := strings.Count(err.Error(), "\n"); got != 2 {
			t.Errorf("%d lines, want 3: %v", got+1, err)
		}
	})
	t.Run("production needs no tags of the form", func(t *testing.T) {
		use, err := New(nil, Options{}).check(Request{Repositories: []string{"a"}, Live: []string{"master", "c721e158"}})
		if err != nil || !use.live["production"] || !use.live["c721e158"] {
			t.Errorf("live %v, %v", use.live, err)
		}
	})
}

func TestRunningImages(t *testing.T) {
	tests := map[string]struct {
		image   string
		digests map[string]bool
		tags    map[string]bool
	}{
		"a digest alone":          {image: digest, digests: map[string]bool{digest: true}},
		"a URI with a digest":     {image: "1.dkr.ecr.us-east-1.amazonaws.com/shop/web@" + digest, digests: map[string]bool{digest: true}},
		"a tag and a digest":      {image: "1.dkr.ecr.us-east-1.amazonaws.com/shop/web:v1@" + digest, digests: map[string]bool{digest: true}},
		"a tag":                   {image: "1.dkr.ecr.us-east-1.amazonaws.com/shop/web:v1", tags: map[string]bool{"shop/web:v1": true}},
		"no tag means latest":     {image: "1.dkr.ecr.us-east-1.amazonaws.com/shop/web", tags: map[string]bool{"shop/web:latest": true}},
		"a host with a port":      {image: "127.0.0.1:5000/web", tags: map[string]bool{"web:latest": true}},
		"localhost":               {image: "localhost/web:v1", tags: map[string]bool{"web:v1": true}},
		"no host":                 {image: "shop/web:v1", tags: map[string]bool{"shop/web:v1": true}},
		"a name of another place": {image: "nginx", tags: map[string]bool{"nginx:latest": true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			use := usage{digests: map[string]bool{}, tags: map[string]bool{}}
			if err := use.run(tt.image); err != nil {
				t.Fatal(err)
			}
			want := usage{digests: tt.digests, tags: tt.tags}
			if want.digests == nil {
				want.digests = map[string]bool{}
			}
			if want.tags == nil {
				want.tags = map[string]bool{}
			}
			if d := cmp.Diff(want, use, cmp.AllowUnexported(usage{})); d != "" {
				t.Errorf("usage (-want +got):\n%s", d)
			}
		})
	}
}

func FuzzRunningImages(f *testing.F) {
	for _, seed := range []string{digest, "a@" + digest, "a:1@" + digest, "h:1/a:b", "@", ":", "/", "a@b@c", "sha256:" + digest} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, image string) {
		use := usage{digests: map[string]bool{}, tags: map[string]bool{}}
		err := use.run(image)
		if noted := len(use.digests) + len(use.tags); (err == nil) != (noted == 1) {
			t.Errorf("run(%q): %d noted, error %v", image, noted, err)
		}
	})
}

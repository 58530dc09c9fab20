package cleanup

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestCheck(t *testing.T) {
	shop := func(change func(*Request)) Request {
		r := Request{Repositories: []string{"shop"}, Live: []string{"c721e158"}, Running: []string{}}
		change(&r)
		return r
	}
	runs := func(image string) Request { return shop(func(r *Request) { r.Running = []string{image} }) }
	tests := map[string]struct {
		request Request
		is      error
		want    string // part of the message
	}{
		"an empty list of environments needs consent": {shop(func(r *Request) { r.Live = nil }), ErrNoLive, "set Request.NoneLive"},
		"consent to what is not so":                   {shop(func(r *Request) { r.NoneLive = true }), ErrInvalid, "NoneLive"},
		"nothing is said about what runs":             {shop(func(r *Request) { r.Running = nil }), ErrNoRunning, "[]string{} says that nothing runs"},
		"no repositories":                             {shop(func(r *Request) { r.Repositories = nil }), ErrInvalid, "no repositories"},
		"a repository that is none":                   {shop(func(r *Request) { r.Repositories = []string{"Shop"} }), ErrInvalid, `repository "Shop": must be lower-case`},
		"the name of an environment for its id":       {shop(func(r *Request) { r.Live = []string{"automation-c721e158"} }), ErrInvalid, `"automation-c721e158"`},
		"an empty id":                                 {shop(func(r *Request) { r.Live = []string{""} }), ErrInvalid, `""`},
		"one that is gone and exists":                 {shop(func(r *Request) { r.Gone = []string{"c721e158"} }), ErrInvalid, `environment "c721e158" is in Gone, and exists`},
		"production is gone":                          {shop(func(r *Request) { r.Gone = []string{"master"} }), ErrInvalid, `environment "master" is in Gone, and exists`},
		"one that is gone and cannot be":              {shop(func(r *Request) { r.Gone = []string{"2026-07-04"} }), ErrInvalid, `"2026-07-04", which is in Gone`},
		"an empty running image":                      {runs(""), ErrInvalid, `running image "": its repository`},
		"a running image with half a digest":          {runs("a@sha256:12"), ErrInvalid, "64 hex digits"},
		"a running image with an empty tag":           {runs("h.example/a:"), ErrInvalid, "its tag must be"},
		"half a digest alone":                         {runs("sha256:12"), ErrInvalid, "64 hex digits"},
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
		use, err := New(nil, Options{}).check(Request{Repositories: []string{"shop"}, Live: []string{"master", "c721e158"}, Running: []string{}})
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
			use := newUsage()
			if err := use.run(tt.image); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]map[string]bool{tt.digests, tt.tags}, []map[string]bool{use.digests, use.tags}, cmpopts.EquateEmpty()); d != "" {
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
		use := newUsage()
		err := use.run(image)
		if noted := len(use.digests) + len(use.tags); (err == nil) != (noted == 1) {
			t.Errorf("run(%q): %d noted, error %v", image, noted, err)
		}
	})
}

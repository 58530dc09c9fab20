package buildcontext_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestBases(t *testing.T) {
	const file = `ARG VERSION=3.20
FROM alpine:$VERSION@` + digest + ` AS build
FROM base-$TARGETOS-$TARGETARCH$TARGETVARIANT
COPY --from=build /a /a
COPY --from=nginx:1 /b /b
FROM other AS test
`
	c := open(t, tree(t, map[string]string{"Dockerfile": file}), buildcontext.Options{})
	got, err := c.Bases(buildcontext.Inputs{Target: "1", Platform: "linux/arm/v7", Args: map[string]string{"VERSION": "3.21"}})
	must(t, err)
	want := []buildcontext.Base{
		{Image: "alpine:3.21@" + digest, Line: 2, Text: "alpine:$VERSION@" + digest, Fixed: true},
		{Image: "base-linux-armv7", Line: 3, Text: "base-$TARGETOS-$TARGETARCH$TARGETVARIANT"},
		{Image: "nginx:1", Line: 5, Text: "nginx:1"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("bases (-want +got):\n%s", d)
	}
	if !got[0].Pinned() || got[1].Pinned() {
		t.Error("the first one is pinned, and the others are not")
	}
}

func TestBasesFaults(t *testing.T) {
	tests := map[string]struct {
		file string
		in   buildcontext.Inputs
		want string
		is   error
	}{
		"no such stage": {
			file: "FROM a AS one\n",
			in:   buildcontext.Inputs{Target: "two"},
			want: `read Dockerfile: no such stage: "two"; there are one`,
			is:   buildcontext.ErrNoStage,
		},
		"no platform": {
			file: "FROM a:$TARGETARCH\n",
			want: "read Dockerfile: malformed Dockerfile: line 1: FROM a:$TARGETARCH: TARGETARCH is not known: say for which platform to build, or give it as a build argument",
			is:   buildcontext.ErrDockerfile,
		},
		"what would steer a terminal": {
			file: "FROM a \x1b[31m b\n",
			want: `read Dockerfile: malformed Dockerfile: line 1: FROM a is followed by "\x1b[31m", which is not AS`,
			is:   buildcontext.ErrDockerfile,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, tree(t, map[string]string{"Dockerfile": tt.file}), buildcontext.Options{}).Bases(tt.in)
			if err == nil || err.Error() != tt.want || !errors.Is(err, tt.is) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestPin(t *testing.T) {
	const file = "ARG V\nFROM alpine:$V AS a\nFROM other\nCOPY --from=a . .\n"
	const pinned = "ARG V\nFROM alpine:3@" + digest + " AS a\nFROM other\nCOPY --from=a . .\n"
	tests := map[string]struct {
		files map[string]string
		want  []string // of the archive
	}{
		"the copies of the steps stay those of the directory": {
			files: map[string]string{"Dockerfile": file},
			want:  []string{fmt.Sprintf("0 0644 Dockerfile %q", file), fmt.Sprintf("0 0644 NAME %q", pinned), `0 0644 .dockerignore ".dockerignore\nNAME\n"`},
		},
		"also beside an ignore file": {
			files: map[string]string{"Dockerfile": file, ".dockerignore": "x"},
			want:  []string{fmt.Sprintf("0 0644 Dockerfile %q", file), fmt.Sprintf("0 0644 NAME %q", pinned), `0 0644 .dockerignore "x\n!.dockerignore\nNAME\n"`},
		},
		"and of one that is left out, which the builder takes away": {
			files: map[string]string{"Dockerfile": file, ".dockerignore": "Dockerfile"},
			want:  []string{`0 0644 .dockerignore "Dockerfile"`, fmt.Sprintf("0 0644 Dockerfile %q", pinned)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, tree(t, tt.files), buildcontext.Options{})
			in := buildcontext.Inputs{Args: map[string]string{"V": "3"}, Bases: map[string]string{"alpine:3": digest, "unused": digest}}
			p, err := c.Pin(in)
			must(t, err)
			if got := string(p.Dockerfile().Content); got != pinned {
				t.Errorf("Dockerfile is %q", got)
			}
			if got := string(c.Dockerfile().Content); got != file {
				t.Errorf("that of the context it came from is %q", got)
			}
			if hash(t, p, in) != hash(t, c, in) {
				t.Error("it has another hash")
			}
			got := archived(t, p)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], p.ArchivedDockerfile(), "NAME")
			}
			for i := range tt.want {
				tt.want[i] = strings.ReplaceAll(tt.want[i], p.ArchivedDockerfile(), "NAME")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("archive (-want +got):\n%s", d)
			}
		})
	}
	t.Run("what cannot be pinned", func(t *testing.T) {
		c := open(t, tree(t, map[string]string{"Dockerfile": "FROM scratch\nADD http://x /\n"}), buildcontext.Options{})
		_, err := c.Pin(buildcontext.Inputs{Bases: map[string]string{"http://x": digest}})
		const want = "read Dockerfile: malformed Dockerfile: line 2: the digest of http://x cannot be put behind it: give ADD a --checksum"
		if !errors.Is(err, buildcontext.ErrDockerfile) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

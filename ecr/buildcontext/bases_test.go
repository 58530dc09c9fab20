package buildcontext_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

func TestBases(t *testing.T) {
	const file = `ARG VERSION=3.20
FROM alpine:$VERSION@sha256:1234 AS build
FROM base-$TARGETOS-$TARGETARCH$TARGETVARIANT
COPY --from=build /a /a
COPY --from=nginx:1 /b /b
FROM other AS test
`
	c := open(t, tree(t, map[string]string{"Dockerfile": file}), buildcontext.Options{})
	got, err := c.Bases(buildcontext.Inputs{Target: "1", Platform: "linux/arm/v7", Args: map[string]string{"VERSION": "3.21"}})
	must(t, err)
	want := []buildcontext.Base{
		{Image: "alpine:3.21@sha256:1234", Line: 2, Text: "alpine:$VERSION@sha256:1234"},
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

package ecr_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

func TestWhatIsAnInput(t *testing.T) {
	base := "sha256:" + strings.Repeat("0", 64)
	image := func(t *testing.T) ecr.Image {
		i := module(t, "web", "FROM example.org/base:1", "ARG A", "COPY . /")
		i.Context = filepath.Clean(i.Context)
		i.Bases = map[string]string{"example.org/base:1": base}
		return i
	}
	tests := map[string]struct {
		change func(*testing.T, *ecr.Image)
		same   bool
	}{
		"nothing":              {func(*testing.T, *ecr.Image) {}, true},
		"a file":               {func(t *testing.T, i *ecr.Image) { write(t, *i, "main.py", "x") }, false},
		"a new file":           {func(t *testing.T, i *ecr.Image) { write(t, *i, "new", "") }, false},
		"one that is left out": {func(t *testing.T, i *ecr.Image) { write(t, *i, "x.log", "x") }, true},
		"the Dockerfile": {func(t *testing.T, i *ecr.Image) {
			write(t, *i, "Dockerfile", "FROM example.org/base:1\nARG A\nCOPY . /app\n")
		}, false},
		"the target":             {func(_ *testing.T, i *ecr.Image) { i.Target = "0" }, false},
		"the platform":           {func(_ *testing.T, i *ecr.Image) { i.Platform = "linux/arm64" }, false},
		"the default platform":   {func(_ *testing.T, i *ecr.Image) { i.Platform = "linux/amd64" }, true},
		"an argument":            {func(_ *testing.T, i *ecr.Image) { i.Args = map[string]string{"A": "1"} }, false},
		"the epoch":              {func(_ *testing.T, i *ecr.Image) { i.Epoch = "2" }, false},
		"a label":                {func(_ *testing.T, i *ecr.Image) { i.Labels = map[string]string{"a": "b"} }, false},
		"the id of a secret":     {func(_ *testing.T, i *ecr.Image) { i.Secrets = []ecr.Secret{{ID: "x", File: "y"}} }, false},
		"a tag":                  {func(_ *testing.T, i *ecr.Image) { i.Tags = []string{"x"} }, true},
		"the module":             {func(_ *testing.T, i *ecr.Image) { i.Module = "x" }, true},
		"a base that it has not": {func(_ *testing.T, i *ecr.Image) { i.Bases["other"] = base }, true},
		"the digest of its base": {func(_ *testing.T, i *ecr.Image) {
			i.Bases = map[string]string{"example.org/base:1": "sha256:" + strings.Repeat("1", 64)}
		}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(ecrtest.Options{}, nil, "web")
			i := image(t)
			write(t, i, ".dockerignore", "*.log\n")
			first := r.plan(t, ecr.Options{}, i)
			tt.change(t, &i)
			second := r.plan(t, ecr.Options{}, i)
			if same := first.Images[0].Tag == second.Images[0].Tag; same != tt.same {
				t.Errorf("same tag: %t, want %t", same, tt.same)
			}
		})
	}
}

func TestBasesMustBePinned(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	tests := map[string]struct {
		dockerfile []string
		change     func(*ecr.Image)
		want       string // part of the error; none where empty
	}{
		"scratch needs no digest":                  {[]string{"FROM scratch"}, nil, ""},
		"a digest in the Dockerfile":               {[]string{"FROM alpine:3.20@" + digest}, nil, ""},
		"a tag alone":                              {[]string{"# base", "FROM alpine:3.20"}, nil, "Dockerfile:2: alpine:3.20: the base image is not pinned"},
		"a tag with its digest":                    {[]string{"FROM alpine:3.20"}, func(i *ecr.Image) { i.Bases = map[string]string{"alpine:3.20": digest} }, ""},
		"a tag with the digest of another":         {[]string{"FROM alpine:3.20"}, func(i *ecr.Image) { i.Bases = map[string]string{"alpine": digest} }, "alpine:3.20"},
		"a tag with an epoch":                      {[]string{"FROM alpine:3.20"}, func(i *ecr.Image) { i.Epoch = "2026-03" }, ""},
		"an argument is expanded":                  {[]string{"ARG V=3.20", "FROM alpine:$V"}, func(i *ecr.Image) { i.Bases = map[string]string{"alpine:3.20": digest} }, ""},
		"what is fetched counts too":               {[]string{"FROM scratch", "ADD https://example.org/a.tar /"}, nil, "Dockerfile:2: https://example.org/a.tar: what it adds is not pinned: give its --checksum in the Dockerfile, or set Image.Epoch"},
		"and what reads the Dockerfile":            {[]string{"# syntax=docker/dockerfile:1", "FROM scratch"}, nil, "Dockerfile:1: docker/dockerfile:1: the base image is not pinned"},
		"also by an argument":                      {[]string{"FROM scratch"}, func(i *ecr.Image) { i.Args = map[string]string{"BUILDKIT_SYNTAX": "a/b:1"} }, "image web: its build arguments: a/b:1: the base image is not pinned"},
		"what is copied from counts too":           {[]string{"FROM scratch", "COPY --from=busybox:1 /bin /bin"}, nil, "Dockerfile:2: busybox:1"},
		"a stage that the target leaves out not":   {[]string{"FROM scratch AS a", "FROM alpine AS b"}, func(i *ecr.Image) { i.Target = "a" }, ""},
		"a target that is not there":               {[]string{"FROM scratch AS a"}, func(i *ecr.Image) { i.Target = "z" }, "z"},
		"a Dockerfile that nobody can understand":  {[]string{"COPY a b"}, nil, "invalid image web"},
		"a Dockerfile of another name, not there":  {[]string{"FROM scratch"}, func(i *ecr.Image) { i.Dockerfile = "Other" }, "Other"},
		"a context that is not there":              {[]string{"FROM scratch"}, func(i *ecr.Image) { i.Context += "-gone" }, "no such file or directory"},
		"a context that is a file and not a place": {[]string{"FROM scratch"}, func(i *ecr.Image) { i.Context += "/main.py" }, "not a directory"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(ecrtest.Options{}, nil, "web")
			i := module(t, "web", tt.dockerfile...)
			if tt.change != nil {
				tt.change(&i)
			}
			_, err := r.publisher(ecr.Options{}).Plan(t.Context(), []ecr.Image{i})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
			if err != nil && r.cloud.Calls("DescribeRepositories") > 0 {
				t.Error("it called ECR before it checked its input")
			}
		})
	}
}

func TestABaseThatNothingPinsIsNamedOnce(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil)
	var images []ecr.Image
	for _, name := range []string{"svc-a", "svc-b", "svc-c", "svc-d", "svc-e"} {
		images = append(images, module(t, name, "FROM alpine:3.20"))
	}
	images = append(images, module(t, "svc-f", "FROM scratch", "COPY --from=busybox:1 / /", "COPY --from=alpine:3.20 / /"))
	_, err := r.publisher(ecr.Options{}).Plan(t.Context(), images)
	const want = "plan images: image svc-a: Dockerfile:1: alpine:3.20: the base image is not pinned (nor is it in svc-b, svc-c and 3 more): " +
		"give its digest in the Dockerfile or in Image.Bases, or set Image.Epoch\n" +
		"image svc-f: Dockerfile:2: busybox:1: the base image is not pinned: give its digest in the Dockerfile or in Image.Bases, or set Image.Epoch"
	if !errors.Is(err, ecr.ErrUnpinned) || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
	for _, e := range r.events.Events() {
		if e.State.Ended() && (e.Err == nil || !strings.Contains(e.Err.Error(), "image "+e.Subject+": ")) {
			t.Errorf("%s ends with %v, want its own fault", e.Subject, e.Err)
		}
	}
}

func TestGitAmongTheInputsIsPointedOut(t *testing.T) {
	const hint = "no image has these inputs; .git is one of them, and changes with each commit: leave it out in .dockerignore"
	r := newRig(ecrtest.Options{}, nil, "web")
	web := module(t, "web")
	if err := os.Mkdir(filepath.Join(web.Context, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, web, ".git/HEAD", "ref: refs/heads/main\n")
	if got := r.plan(t, ecr.Options{}, web).Images[0].Reason; got != hint {
		t.Errorf("reason %q, want %q", got, hint)
	}
	write(t, web, ".dockerignore", ".git\n")
	if got := r.plan(t, ecr.Options{}, web).Images[0].Reason; got != "no image has these inputs" {
		t.Errorf("reason %q where it is left out", got)
	}
}

// TestTheEngineIsSentTheDigests: an engine that holds an older image by the same tag
// cannot build from it.
func TestTheEngineIsSentTheDigests(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	r := newRig(ecrtest.Options{}, nil, "web")
	builder := &spy{Builder: ecr.NewClassic(r.engine)}
	web := module(t, "web", "ARG V=3.20", "FROM alpine:$V AS tools", "FROM scratch", "COPY --from=busybox:1 /bin /bin", "COPY --from=tools /bin /bin")
	web.Bases = map[string]string{"alpine:3.20": digest, "busybox:1": digest, "other": digest}
	plan, _ := r.publish(t, ecr.Options{Builder: builder}, web)
	const want = "ARG V=3.20\nFROM alpine:3.20@%[1]s AS tools\nFROM scratch\nCOPY --from=busybox:1@%[1]s /bin /bin\nCOPY --from=tools /bin /bin\n"
	if got := string(builder.builds[0].Context.Dockerfile().Content); got != fmt.Sprintf(want, digest) {
		t.Errorf("the Dockerfile that is built:\n%s", got)
	}
	if again, _ := r.publish(t, ecr.Options{Builder: builder}, web); again.Images[0].Tag != plan.Images[0].Tag || !again.Empty() {
		t.Errorf("another run: %s", again)
	}
}

package ecr_test

import (
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

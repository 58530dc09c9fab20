package enginetest_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/enginetest"
)

var _ ecr.Engine = (*enginetest.Engine)(nil)

const web = ecrtest.DefaultHost + "/shop/web"

// archive is a context that holds one Dockerfile.
func archive(t *testing.T, dockerfile string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(dockerfile))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, dockerfile); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// text is all that an answer holds.
func text(t *testing.T, body io.ReadCloser) string {
	t.Helper()
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// built is a rig with an image called name.
func built(t *testing.T, name string) (*ecrtest.Cloud, *enginetest.Engine) {
	t.Helper()
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddRepository("shop/web")
	engine := enginetest.New(cloud, enginetest.Options{})
	answer, err := engine.ImageBuild(t.Context(), archive(t, "FROM scratch\n"), build.ImageBuildOptions{Tags: []string{name}, Labels: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	text(t, answer.Body)
	return cloud, engine
}

// token is a password that the registry takes.
func token(t *testing.T, cloud *ecrtest.Cloud) string {
	t.Helper()
	out, err := cloud.Client().GetAuthorizationToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, *out.AuthorizationData[0].AuthorizationToken)
}

func header(t *testing.T, user, password string) image.PushOptions {
	t.Helper()
	auth, err := registry.EncodeAuthConfig(registry.AuthConfig{Username: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return image.PushOptions{RegistryAuth: auth}
}

func TestWhatABuildSays(t *testing.T) {
	tests := map[string]struct {
		dockerfile string
		options    build.ImageBuildOptions
		want       []string // parts of the answer
		err        string   // part of the error of the call
	}{
		"steps and an image": {
			dockerfile: "# a comment\nFROM scratch\n\nCOPY a \\\n  b /\n",
			want:       []string{`"Step 1/2 : FROM scratch\n"`, `"Step 2/2 : COPY a `, `{"aux":{"ID":"sha256:`},
		},
		"a step that fails": {
			dockerfile: "FROM scratch\nRUN exit 3\nRUN exit 4\n",
			want:       []string{"Step 2/3", `"errorDetail":{"code":3,"message":"The command '/bin/sh -c exit 3' returned a non-zero code: 3"}`},
		},
		"a Dockerfile that is not there": {options: build.ImageBuildOptions{Dockerfile: "Other"}, err: "Cannot locate specified Dockerfile: Other"},
		"BuildKit":                       {options: build.ImageBuildOptions{Version: build.BuilderBuildKit}, err: "no BuildKit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			engine := enginetest.New(ecrtest.New(ecrtest.Options{}), enginetest.Options{})
			answer, err := engine.ImageBuild(t.Context(), archive(t, tt.dockerfile), tt.options)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one that says %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := text(t, answer.Body)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("answer lacks %s:\n%s", want, got)
				}
			}
			if strings.Contains(tt.dockerfile, "exit") && strings.Contains(got, "aux") {
				t.Errorf("a failed build has an image:\n%s", got)
			}
		})
	}
}

func TestABrokenArchiveIsAnError(t *testing.T) {
	engine := enginetest.New(nil, enginetest.Options{})
	lost := errors.New("lost")
	r, w := io.Pipe()
	go w.CloseWithError(lost)
	if _, err := engine.ImageBuild(t.Context(), r, build.ImageBuildOptions{}); !errors.Is(err, lost) {
		t.Errorf("error %v, want %v", err, lost)
	}
	if _, err := engine.ImageBuild(t.Context(), strings.NewReader("no archive at all, but text"), build.ImageBuildOptions{}); err == nil {
		t.Error("text for an archive: no error")
	}
}

func TestPushing(t *testing.T) {
	cloud, engine := built(t, web+":v1")
	body, err := engine.ImagePush(t.Context(), web+":v1", header(t, "AWS", token(t, cloud)))
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, body)
	stored := cloud.Images("shop/web")
	if len(stored) != 1 || !slices.Equal(stored[0].Tags, []string{"v1"}) || stored[0].Labels["a"] != "b" {
		t.Fatalf("stored %v; answer:\n%s", stored, got)
	}
	if want := `"aux":{"Digest":"` + stored[0].Digest; !strings.Contains(got, want) {
		t.Errorf("answer lacks %s:\n%s", want, got)
	}
	if err := engine.ImageTag(t.Context(), web+":v1", web+":v2"); err != nil {
		t.Fatal(err)
	}
	body, err = engine.ImagePush(t.Context(), web+":v2", header(t, "AWS", token(t, cloud)))
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, body); !strings.Contains(got, "Layer already exists") {
		t.Errorf("answer of the second push:\n%s", got)
	}
}

func TestWhatAFailedPushSays(t *testing.T) {
	tests := map[string]struct {
		name     string
		user     string
		password string // default: a good one
		fault    ecrtest.Fault
		want     string
	}{
		"no credentials":      {want: "no basic auth credentials"},
		"wrong ones":          {user: "AWS", password: "wrong", want: "error parsing HTTP 401 response body: "},
		"a token too old":     {user: "AWS", fault: ecrtest.ExpiredToken, want: "denied: Your authorization token has expired. Reauthenticate and try again."},
		"the same in text":    {user: "AWS", fault: ecrtest.ExpiredTokenText, want: "error parsing HTTP 403 response body: invalid character 'Y' looking for beginning of value"},
		"an immutable tag":    {user: "AWS", fault: ecrtest.TagTaken, want: "tag invalid: The image tag 'v1' already exists in the 'shop/web' repository"},
		"no repository":       {user: "AWS", fault: ecrtest.NoRepository, want: "name unknown: "},
		"too many":            {user: "AWS", fault: ecrtest.RateExceeded, want: "toomanyrequests: Rate exceeded"},
		"a fault":             {user: "AWS", fault: ecrtest.ServerFault, want: "received unexpected HTTP status: 500 Internal Server Error"},
		"hanging up for good": {user: "AWS", fault: ecrtest.Hangup, want: `"error":"EOF"`},
		"an unknown name":     {user: "AWS", name: web + ":v2", want: "An image does not exist locally with the tag: " + web},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud, engine := built(t, web+":v1")
				if tt.password == "" && tt.user != "" {
					tt.password = token(t, cloud)
				}
				if tt.name == "" {
					tt.name = web + ":v1"
				}
				if tt.fault != "" {
					cloud.Inject("shop/web", tt.fault, -1)
				}
				began := time.Now()
				body, err := engine.ImagePush(t.Context(), tt.name, header(t, tt.user, tt.password))
				if err != nil {
					t.Fatal(err)
				}
				if got := text(t, body); !strings.Contains(got, tt.want) || !strings.Contains(got, "errorDetail") {
					t.Errorf("answer lacks %q:\n%s", tt.want, got)
				}
				if d := time.Since(began); (d == 50*time.Second) != (tt.fault == ecrtest.Hangup) {
					t.Errorf("it took %v; only a registry that hangs up is tried again, for 50 s", d)
				}
			})
		})
	}
}

func TestPushesCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud, engine := built(t, web+":v1")
		options := header(t, "AWS", token(t, cloud))
		cloud.Inject("shop/web", ecrtest.Hangup, -1)
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := engine.ImagePush(ctx, web+":v1", options); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that of the context", err)
		}
		if d := time.Since(began); d != 7*time.Second {
			t.Errorf("it took %v, want 7s", d)
		}
	})
}

func TestMissingAndMalformedCredentials(t *testing.T) {
	_, engine := built(t, web+":v1")
	for header, want := range map[string]string{"": "missing X-Registry-Auth", "%": "invalid X-Registry-Auth"} {
		if _, err := engine.ImagePush(t.Context(), web+":v1", image.PushOptions{RegistryAuth: header}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("header %q: error %v, want one that says %q", header, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	_, engine := built(t, web+":v1")
	ctx := t.Context()
	if err := engine.ImageTag(ctx, web+":v1", "other:1"); err != nil {
		t.Fatal(err)
	}
	if err := engine.ImageTag(ctx, "nothing:1", "other:2"); err == nil || !strings.Contains(err.Error(), "No such image: nothing:1") {
		t.Errorf("tag of what is not there: %v", err)
	}
	if d := cmp.Diff([]string{web + ":v1", "other:1"}, engine.Names()); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	gone, err := engine.ImageRemove(ctx, web+":v1", image.RemoveOptions{})
	if err != nil || len(gone) != 1 || gone[0].Untagged != web+":v1" {
		t.Errorf("removed %v, %v; want the name alone", gone, err)
	}
	if gone, err = engine.ImageRemove(ctx, "other:1", image.RemoveOptions{}); err != nil || len(gone) != 2 || gone[1].Deleted == "" {
		t.Errorf("removed %v, %v; want the image too", gone, err)
	}
	if _, err = engine.ImageRemove(ctx, "other:1", image.RemoveOptions{}); err == nil {
		t.Error("removed twice")
	}
	if n := engine.Calls("remove"); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
}

func TestInspecting(t *testing.T) {
	tests := map[string]struct{ engine, asked, want string }{
		"the default":                {want: "linux amd64 "},
		"what is asked for":          {asked: "linux/arm64/v8", want: "linux arm64 v8"},
		"what all are, whatever was": {engine: "linux/amd64", asked: "linux/arm64", want: "linux amd64 "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			engine := enginetest.New(nil, enginetest.Options{Platform: tt.engine})
			answer, err := engine.ImageBuild(t.Context(), archive(t, "FROM scratch\n"), build.ImageBuildOptions{Tags: []string{"b:1", "a:1"}, Platform: tt.asked})
			if err != nil {
				t.Fatal(err)
			}
			text(t, answer.Body)
			got, raw, err := engine.ImageInspectWithRaw(t.Context(), "a:1")
			if err != nil || got.Os+" "+got.Architecture+" "+got.Variant != tt.want || !slices.Equal(got.RepoTags, []string{"a:1", "b:1"}) {
				t.Errorf("%+v, %v; want %s", got, err, tt.want)
			}
			if byID, _, err := engine.ImageInspectWithRaw(t.Context(), got.ID); err != nil || byID.ID != got.ID || !bytes.Contains(raw, []byte(got.ID)) {
				t.Errorf("by its id: %+v, %v; raw %s", byID, err, raw)
			}
		})
	}
	engine := enginetest.New(nil, enginetest.Options{})
	if _, _, err := engine.ImageInspectWithRaw(t.Context(), "gone:1"); err == nil || !strings.Contains(err.Error(), "No such image: gone:1") {
		t.Errorf("error %v", err)
	}
}

func TestBefore(t *testing.T) {
	full := errors.New("no space left on device")
	var asked []string
	engine := enginetest.New(nil, enginetest.Options{Before: func(_ context.Context, op, name string) error {
		asked = append(asked, op+" "+name)
		return full
	}})
	_, buildErr := engine.ImageBuild(t.Context(), nil, build.ImageBuildOptions{Tags: []string{"a:1"}})
	_, pushErr := engine.ImagePush(t.Context(), "a:2", image.PushOptions{})
	_, _, inspectErr := engine.ImageInspectWithRaw(t.Context(), "a:6")
	tagErr := engine.ImageTag(t.Context(), "a:3", "a:4")
	_, removeErr := engine.ImageRemove(t.Context(), "a:5", image.RemoveOptions{})
	for _, err := range []error{buildErr, pushErr, inspectErr, tagErr, removeErr} {
		if !errors.Is(err, full) {
			t.Errorf("error %v, want %v", err, full)
		}
	}
	if d := cmp.Diff([]string{"build a:1", "push a:2", "inspect a:6", "tag a:3", "remove a:5"}, asked); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
}

package ecr

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

// A client of the engine is all that we need.
var _ Engine = (*client.Client)(nil)

// scripted is an engine that answers as a test says.
type scripted struct {
	build func(ctx context.Context, archive io.Reader, o build.ImageBuildOptions) (build.ImageBuildResponse, error)
	push  func(ctx context.Context, ref string, o image.PushOptions) (io.ReadCloser, error)
}

func (s scripted) ImageBuild(ctx context.Context, archive io.Reader, o build.ImageBuildOptions) (build.ImageBuildResponse, error) {
	return s.build(ctx, archive, o)
}

func (s scripted) ImagePush(ctx context.Context, ref string, o image.PushOptions) (io.ReadCloser, error) {
	return s.push(ctx, ref, o)
}

func (scripted) ImageInspectWithRaw(context.Context, string) (image.InspectResponse, []byte, error) {
	return image.InspectResponse{}, nil, errors.New("nobody is to inspect anything")
}

func (scripted) ImageTag(context.Context, string, string) error {
	return errors.New("nobody is to tag anything")
}

func (scripted) ImageRemove(context.Context, string, image.RemoveOptions) ([]image.DeleteResponse, error) {
	return nil, errors.New("nobody is to remove anything")
}

// body is an answer that tells whether it was closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error {
	b.closed = true
	return nil
}

func answering(stream string) *body { return &body{Reader: strings.NewReader(stream)} }

// realClient is a client whose requests end in answer.
func realClient(t *testing.T, answer func(*http.Request) (*http.Response, error)) *client.Client {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithHost("http://engine.test:2375"), client.WithVersion("1.41"),
		client.WithHTTPClient(&http.Client{Transport: roundTripper(answer)}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// contextOf makes a context with the files and a Dockerfile.
func contextOf(t *testing.T, files map[string]string) *buildcontext.Context {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY . /\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := buildcontext.Open(t.Context(), dir, buildcontext.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

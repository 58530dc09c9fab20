package ecr

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/progress"
)

const (
	someImage = "sha256:0123456789012345678901234567890123456789012345678901234567890123"
	builtIt   = `{"aux":{"ID":"` + someImage + `"}}`
)

func TestClassicBuild(t *testing.T) {
	var names []string
	var got build.ImageBuildOptions
	var events progress.Recorder
	answer := answering(`{"stream":"Step 1/2 : FROM scratch"}{"stream":"\n"}{"stream":" ---\u003e 1a\n"}` +
		`{"stream":"Step 2/2 : COPY . /"}{"stream":"\n"}` + builtIt + `{"stream":"Successfully built 012345678901\n"}`)
	engine := scripted{build: func(_ context.Context, archive io.Reader, o build.ImageBuildOptions) (build.ImageBuildResponse, error) {
		got = o
		for r := tar.NewReader(archive); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				return build.ImageBuildResponse{Body: answer}, nil
			}
			if err != nil {
				return build.ImageBuildResponse{}, err
			}
			names = append(names, h.Name)
		}
	}}
	id, err := NewClassic(engine).Build(t.Context(), Build{
		Subject: "demo", Context: contextOf(t, map[string]string{"a": "1"}),
		Target: "prod", Platform: "linux/amd64", Network: "none", Args: map[string]string{"A": "1", "B": ""},
		Labels: map[string]string{"l": "2"}, Tags: []string{"t"}, NoCache: true, Pull: true,
		Auths: map[string]registry.AuthConfig{"r": {Username: "u"}}, Progress: events.Record,
	})
	if id != someImage || err != nil || !answer.closed {
		t.Errorf("image %s, %v; the answer is closed: %t", id, err, answer.closed)
	}
	if d := cmp.Diff([]string{"Dockerfile", "a"}, names); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	a, b := "1", ""
	want := build.ImageBuildOptions{
		Version: build.BuilderV1, Dockerfile: "Dockerfile", Tags: []string{"t"}, BuildArgs: map[string]*string{"A": &a, "B": &b},
		Labels: map[string]string{"l": "2"}, Target: "prod", Platform: "linux/amd64", NetworkMode: "none", NoCache: true, PullParent: true,
		AuthConfigs: map[string]registry.AuthConfig{"r": {Username: "u"}}, Remove: true, ForceRemove: true,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("options (-want +got):\n%s", d)
	}
	var news []string
	for _, e := range events.Events() {
		news = append(news, fmt.Sprint(e.Op, " ", e.Subject, " ", e.State, ": ", e.Message))
	}
	if d := cmp.Diff([]string{"ecr.publish demo running: step 1 of 2: FROM scratch", "ecr.publish demo running: step 2 of 2: COPY . /"}, news); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func TestClassicFailures(t *testing.T) {
	const running = `{"stream":"Step 2/3 : RUN make"}{"stream":"\n"}{"stream":" ---\u003e Running in 0123456789ab\n"}{"stream":"\u001b[91mno rule\n\u001b[0m"}`
	tests := map[string]struct {
		stream string
		want   string
		code   int
		lines  []string
		is     error
	}{
		"a step that exits": {
			stream: running + `{"stream":"Removing intermediate container 0123456789ab\n"}{"errorDetail":{"code":2,"message":"The command '/bin/sh -c make' returned a non-zero code: 2"},"error":"..."}`,
			want:   "build demo: step 2 of 3 (RUN make): exit code 2, after: no rule",
			code:   2, lines: []string{"no rule"},
		},
		"a step that exits without a word": {
			stream: `{"stream":"Step 2/3 : RUN make"}{"errorDetail":{"code":2,"message":"..."}}`,
			want:   "build demo: step 2 of 3 (RUN make): exit code 2",
			code:   2,
		},
		"a step that fails otherwise": {
			stream: `{"stream":"Step 1/3 : COPY \u001b[31mred /"}{"errorDetail":{"message":"COPY failed: no\n such file"},"error":"..."}`,
			want:   `build demo: step 1 of 3 (COPY red /): COPY failed: no\n such file`,
		},
		"a failure after an image": {
			stream: builtIt + `{"errorDetail":{"message":"tag it: denied"}}`,
			want:   "build demo: tag it: denied",
		},
		"an end without an image": {
			stream: running,
			want:   "build demo: step 2 of 3 (RUN make): the engine ended the build without an image",
			is:     ErrNoImage, lines: []string{"no rule"},
		},
		"a stream that breaks off": {
			stream: running + `{"stream":`,
			want:   "build demo: step 2 of 3 (RUN make): read the answer of the engine: unexpected EOF",
			is:     io.ErrUnexpectedEOF, lines: []string{"no rule"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			answer := answering(tt.stream)
			engine := scripted{build: func(_ context.Context, archive io.Reader, _ build.ImageBuildOptions) (build.ImageBuildResponse, error) {
				_, err := io.Copy(io.Discard, archive)
				return build.ImageBuildResponse{Body: answer}, err
			}}
			_, err := NewClassic(engine).Build(t.Context(), Build{Subject: "demo", Context: contextOf(t, nil)})
			got, ok := errors.AsType[*BuildError](err)
			if !ok || err.Error() != tt.want || tt.is != nil && !errors.Is(err, tt.is) {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			if d := cmp.Diff(tt.lines, got.Lines); d != "" || got.Code != tt.code {
				t.Errorf("code %d; lines (-want +got):\n%s", got.Code, d)
			}
			if !answer.closed {
				t.Error("the answer is not closed")
			}
		})
	}
}

func TestClassicRefusesSecrets(t *testing.T) {
	_, err := NewClassic(scripted{}).Build(t.Context(), Build{Subject: "demo", Secrets: []Secret{{ID: "npm", File: "x"}}})
	if !errors.Is(err, ErrSecrets) || err.Error() != "build demo: the classic builder has no secrets: use package ecr/buildkit" {
		t.Errorf("got %v", err)
	}
}

// TestClassicLeavesNothing ends builds at every point: the archive is not written
// any more when Build returns.
func TestClassicLeavesNothing(t *testing.T) {
	large := strings.Repeat("large", 1<<20)
	refused := errors.New("refused")
	read := func(archive io.Reader, n int64) { _, _ = io.CopyN(io.Discard, archive, n) }
	tests := map[string]struct {
		build func(ctx context.Context, cancel func(), archive io.Reader) (io.ReadCloser, error)
		want  error
	}{
		"the engine refuses without reading": {
			func(context.Context, func(), io.Reader) (io.ReadCloser, error) { return nil, refused }, refused,
		},
		"the engine refuses in the middle": {
			func(_ context.Context, _ func(), archive io.Reader) (io.ReadCloser, error) {
				read(archive, 1000)
				return nil, refused
			}, refused,
		},
		"the engine answers in the middle": {
			func(_ context.Context, _ func(), archive io.Reader) (io.ReadCloser, error) {
				read(archive, 1000)
				return answering(builtIt), nil
			}, nil,
		},
		"the context ends before the answer": {
			func(ctx context.Context, cancel func(), archive io.Reader) (io.ReadCloser, error) {
				read(archive, 1000)
				cancel()
				return nil, ctx.Err()
			}, context.Canceled,
		},
		"the context ends with the answer": {
			func(ctx context.Context, cancel func(), archive io.Reader) (io.ReadCloser, error) {
				read(archive, 1<<30)
				r, w := io.Pipe()
				context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
				cancel()
				return r, nil
			}, context.Canceled,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var sent io.Reader
			engine := scripted{build: func(ctx context.Context, archive io.Reader, _ build.ImageBuildOptions) (build.ImageBuildResponse, error) {
				sent = archive
				body, err := tt.build(ctx, cancel, archive)
				return build.ImageBuildResponse{Body: body}, err
			}}
			_, err := NewClassic(engine).Build(ctx, Build{Subject: "demo", Context: contextOf(t, map[string]string{"large": large})})
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			select {
			case <-sent.(*archiving).done:
			default:
				t.Error("the archive is still being written")
			}
		})
	}
}

// TestClassicTellsItsOwnFault: a file that cannot be sent is the cause, whatever
// the client makes of it.
func TestClassicTellsItsOwnFault(t *testing.T) {
	c := contextOf(t, map[string]string{"a": "1"})
	if err := os.WriteFile(filepath.Join(c.Dir(), "a"), []byte("22"), 0o644); err != nil {
		t.Fatal(err)
	}
	engine := realClient(t, func(r *http.Request) (*http.Response, error) {
		_, err := io.Copy(io.Discard, r.Body)
		return nil, err
	})
	_, err := NewClassic(engine).Build(t.Context(), Build{Subject: "demo", Context: c})
	const want = "build demo: archive build context: read a: the file has changed since the context was opened: open it again"
	if !errors.Is(err, buildcontext.ErrChanged) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestEngineErrorsHideArguments: the client puts the address of a call, in which
// the build arguments are, into its errors.
func TestEngineErrorsHideArguments(t *testing.T) {
	tests := map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		want   string
		is     error
	}{
		"a connection that is lost": {
			func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
			"build demo: no answer of the engine: unexpected EOF", io.ErrUnexpectedEOF,
		},
		"an answer without a text": {
			func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 500, Status: "500 Internal Server Error", Body: http.NoBody, Request: r}, nil
			},
			"build demo: request returned 500 Internal Server Error for API route and version http://engine.test:2375/v1.41/build, check if the server supports the requested API version", nil,
		},
		"an answer with one": {
			func(r *http.Request) (*http.Response, error) {
				body := io.NopCloser(strings.NewReader(`{"message":"dockerfile parse error line 2: unknown instruction: RUM"}`))
				return &http.Response{StatusCode: 400, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: r}, nil
			},
			"build demo: Error response from daemon: dockerfile parse error line 2: unknown instruction: RUM", nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			engine := realClient(t, func(r *http.Request) (*http.Response, error) {
				if !strings.Contains(r.URL.RawQuery, "hunter2") {
					t.Errorf("the argument is not in %s", r.URL)
				}
				_, _ = io.Copy(io.Discard, r.Body)
				return tt.answer(r)
			})
			_, err := NewClassic(engine).Build(t.Context(), Build{Subject: "demo", Context: contextOf(t, nil), Args: map[string]string{"TOKEN": "hunter2"}})
			if err == nil || err.Error() != tt.want || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), "hunter2") {
					t.Errorf("the argument is in %#v", e)
				}
			}
		})
	}
	t.Run("a context that has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		engine := realClient(t, func(r *http.Request) (*http.Response, error) {
			cancel()
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		_, err := NewClassic(engine).Build(ctx, Build{Subject: "demo", Context: contextOf(t, nil), Args: map[string]string{"TOKEN": "hunter2"}})
		if !errors.Is(err, context.Canceled) || err.Error() != "build demo: context canceled" {
			t.Errorf("got %v", err)
		}
	})
}

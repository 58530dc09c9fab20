package buildkit_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/client"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/ecr/buildkit"
)

// pipes is a listener whose connections never leave the process.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// An engine that takes the session and hangs up on the build: the error of the
// client holds the address that it called, with all build arguments.
func TestArgumentsStayOutOfErrors(t *testing.T) {
	const secret = "hunter2-in-an-argument"
	listener := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	open, asked := make(chan struct{}), make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"))
		close(open)
		<-listener.done
	})
	mux.HandleFunc("POST /v1.41/build", func(w http.ResponseWriter, r *http.Request) {
		<-open
		asked <- r.URL.Query().Get("buildargs")
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	})
	server := &http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	docker, err := client.NewClientWithOpts(client.WithHost("tcp://engine:2375"), client.WithVersion("1.41"), client.WithDialContext(listener.dial))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := buildcontext.Open(t.Context(), dir, buildcontext.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = buildkit.New(docker).Build(t.Context(), ecr.Build{Context: files, Args: map[string]string{"TOKEN": secret}})
	if err == nil {
		t.Fatal("the build succeeded")
	}
	select {
	case got := <-asked:
		if !strings.Contains(got, secret) {
			t.Fatalf("the engine was asked with the arguments %q", got)
		}
	default:
		t.Fatalf("the engine was not asked: %v", err)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "hunter2") {
			t.Errorf("%T tells the argument: %v", e, e)
		}
	}
	if !strings.Contains(err.Error(), "no answer of the engine") {
		t.Errorf("error %v", err)
	}
}

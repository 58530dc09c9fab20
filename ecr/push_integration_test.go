//go:build integration

package ecr

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/internal/stream"
	"github.com/mettel-automation/delivery/progress"
)

// login gives the same credentials each time, and counts how often fresh ones
// are wanted.
func login(user, password string, fresh *int) func(context.Context, bool) (string, error) {
	return func(_ context.Context, again bool) (string, error) {
		if again {
			*fresh++
		}
		return registry.EncodeAuthConfig(registry.AuthConfig{Username: user, Password: password})
	}
}

func TestEnginePush(t *testing.T) {
	d := newDock(t)
	var events progress.Recorder
	var fresh int
	ref := d.pushable(dockEnv(t, "DELIVERY_REGISTRY_AUTH"), "delivery-test/push")
	digest, err := push(t.Context(), d, pushOptions{ref: ref, subject: "demo", auth: login("AWS", dockEnv(t, "DELIVERY_REGISTRY_PASSWORD"), &fresh), progress: events.Record})
	d.must(err)
	if !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(digest) || fresh != 0 {
		t.Errorf("digest is %q, after %d new tokens", digest, fresh)
	}
	got := events.Events()
	if len(got) == 0 || !strings.HasPrefix(got[len(got)-1].Message, "pushed 2 of 2 layers") {
		t.Errorf("events: %v", got)
	}
	again, err := push(t.Context(), d, pushOptions{ref: ref, auth: login("AWS", dockEnv(t, "DELIVERY_REGISTRY_PASSWORD"), &fresh)})
	if again != digest || err != nil {
		t.Errorf("the second push gives %s, %v", again, err)
	}
	// What came out is what was pushed.
	_, err = d.ImageRemove(t.Context(), ref, image.RemoveOptions{Force: true})
	d.must(err)
	auth, err := login("AWS", dockEnv(t, "DELIVERY_REGISTRY_PASSWORD"), &fresh)(t.Context(), false)
	d.must(err)
	name, _, _ := strings.Cut(ref, "delivery-test/push:")
	pulled, err := d.ImagePull(t.Context(), name+"delivery-test/push@"+digest, image.PullOptions{RegistryAuth: auth})
	d.must(err)
	d.must(stream.Read(pulled, func(stream.Message) error { return nil }))
	pulled.Close()
	_, err = d.ImageRemove(t.Context(), name+"delivery-test/push@"+digest, image.RemoveOptions{Force: true})
	d.must(err)
}

func TestEnginePushCredentials(t *testing.T) {
	d := newDock(t)
	ref := d.pushable(dockEnv(t, "DELIVERY_REGISTRY_AUTH"), "delivery-test/push")
	tests := map[string]func(context.Context, bool) (string, error){
		"none":      func(context.Context, bool) (string, error) { return "", nil },
		"empty":     func(context.Context, bool) (string, error) { return "e30=", nil }, // {}
		"wrong":     login("AWS", "wrong", new(int)),
		"no header": func(context.Context, bool) (string, error) { return "bm9uZQ==", nil },
	}
	for name, auth := range tests {
		t.Run(name, func(t *testing.T) {
			asked := 0
			_, err := push(t.Context(), d, pushOptions{ref: ref, auth: func(ctx context.Context, fresh bool) (string, error) {
				if fresh != (asked > 0) {
					t.Errorf("call %d has fresh %t", asked, fresh)
				}
				asked++
				return auth(ctx, fresh)
			}})
			got, ok := errors.AsType[*PushError](err)
			if !ok || got.Kind != Auth || asked != 2 {
				t.Errorf("after %d calls: %v", asked, err)
			}
			t.Log(err)
		})
	}
}

// ecrFor is an ECR whose registry the engine can reach.
func (d dock) ecrFor(repository string) (cloud *ecrtest.Cloud, host string) {
	server := httptest.NewUnstartedServer(nil)
	host = server.Listener.Addr().String()
	cloud = ecrtest.New(ecrtest.Options{Host: host})
	cloud.AddRepository(repository)
	server.Config.Handler = cloud.Registry()
	server.Start()
	d.Cleanup(server.Close)
	return cloud, host
}

// ecrLogin logs in to an ECR, with a new token each time that one is refused.
func ecrLogin(cloud *ecrtest.Cloud, host string, fresh *int) func(context.Context, bool) (string, error) {
	source := tokens{api: cloud.Client(), turn: make(chan struct{}, 1)}
	get := source.forPush()
	return func(ctx context.Context, again bool) (string, error) {
		if again {
			*fresh++
		}
		t, err := get(ctx, again)
		if err != nil {
			return "", err
		}
		return registry.EncodeAuthConfig(t.config(host))
	}
}

func TestEnginePushFaults(t *testing.T) {
	const repository = "automation/notifier"
	tests := map[string]struct {
		fault ecrtest.Fault
		times int
		kind  PushKind // "" where it succeeds in the end
		fresh int
		text  string // that the error holds
		slow  bool   // the engine tries by itself for a minute
	}{
		"throttled twice":              {fault: ecrtest.RateExceeded, times: 2},
		"a tag that is taken":          {fault: ecrtest.TagTaken, times: -1, kind: TagExists, text: "tag is immutable"},
		"a token that has expired":     {fault: ecrtest.ExpiredToken, times: 1, fresh: 1},
		"the same in plain text":       {fault: ecrtest.ExpiredTokenText, times: 1, fresh: 1},
		"tokens that are all refused":  {fault: ecrtest.ExpiredToken, times: -1, kind: Auth, fresh: 1, text: "token has expired"},
		"all of them, in plain text":   {fault: ecrtest.ExpiredTokenText, times: -1, kind: Auth, fresh: 1, text: "error parsing HTTP 403"},
		"a role that may not push":     {fault: ecrtest.Denied, times: -1, kind: Denied, text: "ecr:InitiateLayerUpload"},
		"a repository that is missing": {fault: ecrtest.NoRepository, times: -1, kind: NoRepository, text: "create the repository first"},
		"a registry that fails":        {fault: ecrtest.ServerFault, times: 1},
		"a registry that hangs up":     {fault: ecrtest.Hangup, times: 1},
		"one that always hangs up":     {fault: ecrtest.Hangup, times: -1, kind: ConnectionLost, text: "often means that the repository does not exist", slow: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDock(t)
			cloud, host := d.ecrFor(repository)
			ref := d.pushable(host, repository)
			cloud.Inject(repository, tt.fault, tt.times)
			var fresh int
			o := pushOptions{ref: ref, auth: ecrLogin(cloud, host, &fresh)}
			var digest string
			var err error
			if tt.slow { // one attempt of ours is five of the engine
				if digest, err = pushOnce(t.Context(), d, o, false); err != nil {
					err = newPushError(ref, err)
				}
			} else {
				digest, err = push(t.Context(), d, o)
			}
			t.Log(digest, err)
			if fresh != tt.fresh {
				t.Errorf("%d new tokens, want %d", fresh, tt.fresh)
			}
			if tt.kind == "" {
				if err != nil || len(cloud.Images(repository)) != 1 {
					t.Errorf("%v; the registry has %v", err, cloud.Images(repository))
				}
				return
			}
			if got, ok := errors.AsType[*PushError](err); !ok || got.Kind != tt.kind || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want kind %q with %q", err, tt.kind, tt.text)
			}
		})
	}
}

// slowRegistry takes layers a little at a time. Taking is how many it takes now.
func (d dock) slowRegistry() (host string, taking *atomic.Int32) {
	taking = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
		case http.MethodPost:
			w.Header().Set("Location", r.URL.Path+"upload")
			w.WriteHeader(http.StatusAccepted)
		case http.MethodPatch:
			taking.Add(1)
			defer taking.Add(-1)
			for err := error(nil); err == nil; time.Sleep(50 * time.Millisecond) {
				_, err = io.CopyN(io.Discard, r.Body, 64<<10)
			}
		}
	}))
	d.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.Listener.Addr().String(), taking
}

// TestEnginePushCanceled ends the context of a push while a layer is on its way:
// the call returns at once, and the engine stops to send.
func TestEnginePushCanceled(t *testing.T) {
	d := newDock(t)
	host, taking := d.slowRegistry()
	ref := d.name(host, "delivery-test/slow")
	large := make([]byte, 20<<20)
	_, _ = rand.Read(large)
	_, err := NewClassic(d).Build(t.Context(), Build{Context: d.files(map[string]string{"Dockerfile": "FROM scratch\nCOPY . /\n", "large": string(large)}), Tags: []string{ref}})
	d.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := push(ctx, d, pushOptions{ref: ref, auth: login("AWS", "x", new(int))})
		done <- err
	}()
	d.within(30*time.Second, "the engine sends a layer", func() bool { return taking.Load() > 0 })
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the push goes on")
	}
	d.within(10*time.Second, "the engine stops to send", func() bool { return taking.Load() == 0 })
}

package ecr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/internal/stream"
	"github.com/mettel-automation/delivery/progress"
)

const (
	someRef  = "123456789012.dkr.ecr.us-east-1.amazonaws.com/automation/notifier:v1"
	pushedIt = `{"aux":{"Tag":"v1","Digest":"` + someImage + `","Size":528}}`
)

// failing is the answer to a push that fails with text.
func failing(text string) string {
	return fmt.Sprintf(`{"errorDetail":{"message":%q},"error":%q}`, text, text)
}

// pushing answers the n-th push with the n-th of answers, and the last one on.
func pushing(answers ...string) (engine Engine, pushes *[]string) {
	pushes = new([]string)
	return scripted{push: func(_ context.Context, ref string, o image.PushOptions) (io.ReadCloser, error) {
		*pushes = append(*pushes, ref+" "+o.RegistryAuth)
		return answering(answers[min(len(*pushes), len(answers))-1]), nil
	}}, pushes
}

// credentialsOf are "old" ones first, and then "new" ones.
func credentialsOf(_ context.Context, fresh bool) (string, error) {
	if fresh {
		return "new", nil
	}
	return "old", nil
}

func TestPush(t *testing.T) {
	const (
		throttle = "toomanyrequests: Rate exceeded"
		expired  = "denied: Your authorization token has expired. Reauthenticate and try again."
	)
	tests := map[string]struct {
		answers []string
		want    []string // credentials of the attempts
		kind    PushKind // "" where it succeeds
		waits   [2]time.Duration
	}{
		"at once": {
			answers: []string{pushedIt},
			want:    []string{"old"},
		},
		"with a new token": {
			answers: []string{failing(expired), pushedIt},
			want:    []string{"old", "new"},
		},
		"not with a second new token": {
			answers: []string{failing(expired)},
			want:    []string{"old", "new"},
			kind:    Auth,
		},
		"after it was throttled": {
			answers: []string{failing(throttle), failing(throttle), pushedIt},
			want:    []string{"old", "old", "old"},
			waits:   [2]time.Duration{1500 * time.Millisecond, 3 * time.Second},
		},
		"throttled for good": {
			answers: []string{failing(throttle)},
			want:    []string{"old", "old", "old", "old", "old", "old", "old", "old", "old", "old"},
			kind:    Throttled,
			waits:   [2]time.Duration{75 * time.Second, 151 * time.Second},
		},
		"after the connection was lost": {
			answers: []string{failing("EOF"), pushedIt},
			want:    []string{"old", "old"},
			waits:   [2]time.Duration{500 * time.Millisecond, time.Second},
		},
		"lost for good": {
			answers: []string{failing("EOF")},
			want:    []string{"old", "old", "old"},
			kind:    ConnectionLost,
			waits:   [2]time.Duration{1500 * time.Millisecond, 3 * time.Second},
		},
		"throttled, expired and lost": {
			answers: []string{failing(throttle), failing(expired), failing("EOF"), pushedIt},
			want:    []string{"old", "old", "new", "old"},
			waits:   [2]time.Duration{time.Second, 2 * time.Second},
		},
		"an answer that breaks off": {
			answers: []string{`{"status":"Pushing","id":"a"}{"sta`, pushedIt},
			want:    []string{"old", "old"},
			waits:   [2]time.Duration{500 * time.Millisecond, time.Second},
		},
		"no repository": {
			answers: []string{failing("name unknown: The repository with name 'x' does not exist in the registry with id '1'")},
			want:    []string{"old"},
			kind:    NoRepository,
		},
		"an end without a digest": {
			answers: []string{`{"status":"The push refers to repository [x]"}`},
			want:    []string{"old"},
			kind:    Fatal,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine, pushes := pushing(tt.answers...)
				start := time.Now()
				digest, err := push(t.Context(), engine, pushOptions{ref: someRef, auth: credentialsOf})
				if took := time.Since(start); took < tt.waits[0] || took > tt.waits[1] {
					t.Errorf("it took %v, want %v", took, tt.waits)
				}
				var want []string
				for _, w := range tt.want {
					want = append(want, someRef+" "+w)
				}
				if d := cmp.Diff(want, *pushes); d != "" {
					t.Errorf("pushes (-want +got):\n%s", d)
				}
				if tt.kind == "" {
					if digest != someImage || err != nil {
						t.Errorf("digest %q, %v", digest, err)
					}
					return
				}
				got, ok := errors.AsType[*PushError](err)
				if !ok || got.Kind != tt.kind || got.Ref != someRef || digest != "" {
					t.Errorf("got %q, %v; want kind %q", digest, err, tt.kind)
				}
			})
		})
	}
}

func TestPushCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		engine, _ := pushing(failing("toomanyrequests: Rate exceeded"))
		start := time.Now()
		_, err := push(ctx, engine, pushOptions{ref: someRef, auth: credentialsOf})
		got, ok := errors.AsType[*PushError](err)
		if !ok || got.Kind != Canceled || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestPushWithoutCredentials(t *testing.T) {
	engine, pushes := pushing(pushedIt)
	want := errors.New("get authorisation token: ThrottlingException: Rate exceeded")
	_, err := push(t.Context(), engine, pushOptions{ref: someRef, auth: func(context.Context, bool) (string, error) { return "", want }})
	if got, ok := errors.AsType[*PushError](err); !ok || got.Kind != Fatal || !errors.Is(err, want) || len(*pushes) != 0 {
		t.Errorf("after %d pushes: %v", len(*pushes), err)
	}
}

func TestPushClosesTheAnswer(t *testing.T) {
	for _, text := range []string{pushedIt, failing("denied"), `{"sta`} {
		answer := answering(text)
		_, _ = pushOnce(t.Context(), scripted{push: func(context.Context, string, image.PushOptions) (io.ReadCloser, error) { return answer, nil }},
			pushOptions{auth: credentialsOf}, false)
		if !answer.closed {
			t.Errorf("the answer %s is not closed", text)
		}
	}
}

func TestPushEvents(t *testing.T) {
	var answer strings.Builder
	status := func(id, status string, current, total int) {
		fmt.Fprintf(&answer, `{"status":%q,"id":%q,"progressDetail":{"current":%d,"total":%d}}`, status, id, current, total)
	}
	answer.WriteString(`{"status":"The push refers to repository [x]"}`)
	for _, id := range []string{"a", "b", "c", "d"} {
		status(id, "Preparing", 0, 0)
	}
	status("d", "Waiting", 0, 0)
	status("a", "Layer already exists", 0, 0)
	status("b", "Mounted from automation/other", 0, 0)
	for n := 0; n <= 1000; n += 10 {
		status("c", "Pushing", n*1000, 1_000_000)
	}
	for n := 10; n > 0; n-- {
		status("d", fmt.Sprintf("Retrying in %d seconds", n), 0, 0)
	}
	status("d", "Pushing", 2_500, 2_000) // more than there is, as engines sometimes have it
	status("d", "Retrying in 1 second", 0, 0)
	status("c", "Pushed", 0, 0)
	status("d", "Pushed", 0, 0)
	answer.WriteString(`{"status":"v1: digest: sha256:1 size: 528"}` + pushedIt)
	engine, _ := pushing(answer.String())
	var events progress.Recorder
	if _, err := push(t.Context(), engine, pushOptions{ref: someRef, subject: "demo", auth: credentialsOf, progress: events.Record}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events.Events() {
		if e.Op != opPublish || e.Subject != "demo" || e.State != progress.Running {
			t.Errorf("event %+v", e)
		}
		got = append(got, e.Message)
	}
	want := []string{
		"pushed 1 of 4 layers",
		"pushed 2 of 4 layers",
		"pushed 2 of 4 layers, 100 kB of 1.0 MB",
		"pushed 2 of 4 layers, 200 kB of 1.0 MB",
		"pushed 2 of 4 layers, 300 kB of 1.0 MB",
		"pushed 2 of 4 layers, 400 kB of 1.0 MB",
		"pushed 2 of 4 layers, 500 kB of 1.0 MB",
		"pushed 2 of 4 layers, 600 kB of 1.0 MB",
		"pushed 2 of 4 layers, 700 kB of 1.0 MB",
		"pushed 2 of 4 layers, 800 kB of 1.0 MB",
		"pushed 2 of 4 layers, 900 kB of 1.0 MB",
		"pushed 2 of 4 layers, 1.0 MB of 1.0 MB",
		"layer d: the engine lost the registry and tries again",
		"layer d: the engine lost the registry and tries again",
		"pushed 3 of 4 layers, 1.0 MB of 1.0 MB",
		"pushed 4 of 4 layers, 1.0 MB of 1.0 MB",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

// TestPushKind has the texts of Docker 20.10 as they were seen, of ECR as its
// documentation and issues have them, and of newer engines.
func TestPushKind(t *testing.T) {
	tests := map[PushKind][]string{
		TagExists: {
			"tag invalid: The image tag 'v1' already exists in the 'automation/notifier' repository and cannot be overwritten because the tag is immutable.",
			"failed to push x:v1: unexpected status from PUT request to https://x/v2/y/manifests/v1: 400 Bad Request: tag invalid: The image tag 'v1' already exists in the 'y' repository and cannot be overwritten because the tag is immutable.",
		},
		NoRepository: {
			"name unknown: The repository with name 'automation/notifier' does not exist in the registry with id '123456789012'",
			"NAME_UNKNOWN: repository name not known to registry",
			"repository 123456789012.dkr.ecr.us-east-1.amazonaws.com/automation/notifier does not exist",
		},
		Auth: {
			"no basic auth credentials",
			"unauthorized: authentication required",
			"Error response from daemon: Bad parameters and missing X-Registry-Auth: EOF",
			"Error response from daemon: bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth header: EOF",
			"denied: Your authorization token has expired. Reauthenticate and try again.",
			`error parsing HTTP 403 response body: invalid character 'Y' looking for beginning of value: "Your Authorization Token has expired."`,
			"denied: requested access to the resource is denied",
			"unexpected status from HEAD request to https://x/v2/y/manifests/v1: 401 Unauthorized",
			"failed to do request: unexpected status from POST request to https://x/v2/y/blobs/uploads/: 403 Forbidden",
		},
		Denied: {
			"denied: User: arn:aws:sts::123456789012:assumed-role/ci/1 is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:us-east-1:123456789012:repository/x because no identity-based policy allows the ecr:InitiateLayerUpload action",
		},
		Throttled: {
			"toomanyrequests: Rate exceeded",
			"unexpected status from PUT request to https://x/v2/y/manifests/v1: 429 Too Many Requests",
			"denied: ThrottlingException: Rate exceeded",
		},
		ConnectionLost: {
			"EOF",
			`Put "https://x/v2/y/blobs/uploads/1": EOF`,
			"unexpected EOF",
			"write tcp 10.0.0.1:1->10.0.0.2:443: write: broken pipe",
			"read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer",
			`Head "https://x/v2/y/blobs/sha256:1": dial tcp: lookup x on 10.0.0.2:53: no such host`,
			"dial tcp 10.0.0.2:443: connect: connection refused",
			"net/http: TLS handshake timeout",
			"net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
			"received unexpected HTTP status: 500 Internal Server Error",
			"received unexpected HTTP status: 503 Service Unavailable",
			"unexpected status from PUT request to https://x/v2/y: 502 Bad Gateway",
			"dial tcp 10.0.0.2:443: i/o timeout",
		},
		NoSpace: {
			"write /var/lib/docker/tmp/x: no space left on device",
		},
		Fatal: {
			"An image does not exist locally with the tag: automation/notifier",
			"manifest invalid: manifest invalid",
			"tag invalid: the tag is too long",
			"invalid reference format",
			"unknown: a layer of 429 MB is too large, at byte 500500",
		},
	}
	for kind, texts := range tests {
		for _, text := range texts {
			for _, err := range []error{errors.New(text), &stream.Error{Message: text}} {
				got := newPushError(someRef, err)
				if got.Kind != kind {
					t.Errorf("%q is %q, want %q", text, got.Kind, kind)
				}
				if (got.Hint == "") != (kind == Fatal) {
					t.Errorf("%q has the hint %q", text, got.Hint)
				}
			}
		}
	}
	t.Run("of the engine itself", func(t *testing.T) {
		engine := realClient(t, func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
		_, err := pushOnce(t.Context(), engine, pushOptions{ref: someRef, auth: credentialsOf}, false)
		if got := newPushError(someRef, err); got.Kind != ConnectionLost {
			t.Errorf("%v is %q", err, got.Kind)
		}
	})
}

func TestPushErrorText(t *testing.T) {
	tests := map[string]struct {
		text, want string
	}{
		"with a remedy": {
			"name unknown: The repository with name 'x' does not exist in the registry with id '1'",
			"push r/x:1: name unknown: The repository with name 'x' does not exist in the registry with id '1'; create the repository first, in the account and region of the registry",
		},
		"without": {"something\x1b[31m new", `push r/x:1: something\x1b[31m new`},
		"a registry that hangs up": {
			"EOF",
			"push r/x:1: EOF; a registry that hangs up without a reason often means that the repository does not exist, or that the role may not ecr:InitiateLayerUpload",
		},
		"sentences": {
			"tag invalid: The image tag 'v1' already exists in the 'x' repository and cannot be overwritten because the tag is immutable.",
			"push r/x:1: tag invalid: The image tag 'v1' already exists in the 'x' repository and cannot be overwritten because the tag is immutable; push under another tag, or use the image that has it",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := newPushError("r/x:1", errors.New(tt.text)).Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"

	"github.com/mettel-automation/delivery/ecr/internal/stream"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

// How often a push is tried again, and how long it waits before that: each time
// twice as long, up to maxBackoff, less up to half of it by chance. A throttled
// registry gets some two minutes; a lost connection has been tried again by the
// engine itself, for a minute, before we hear of it.
const (
	throttledTries = 10
	lostTries      = 3
	minBackoff     = time.Second
	maxBackoff     = 30 * time.Second
)

// pushOptions say what to push, and as whom.
type pushOptions struct {
	ref     string // host/repository:tag, as the image is called in the engine
	subject string // of the events

	// auth returns the value of the header X-Registry-Auth: see
	// registry.EncodeAuthConfig. It is asked before each attempt, with fresh where
	// the registry refused what it gave last.
	auth func(ctx context.Context, fresh bool) (string, error)

	progress progress.Func
}

// push pushes an image that engine has and returns its digest, "sha256:" and 64
// hexadecimal digits. Its error is a [*PushError]. It tries again where that may help.
//
// When ctx ends it returns at once. The engine then stops to send layers, but where
// it waits for a registry that does not answer, it waits on.
func push(ctx context.Context, engine Engine, o pushOptions) (string, error) {
	tried := make(map[PushKind]int)
	fresh := false
	for {
		digest, err := pushOnce(ctx, engine, o, fresh)
		if err == nil {
			return digest, nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return "", &PushError{Ref: o.ref, Kind: Canceled, Err: cause}
		}
		failure := newPushError(o.ref, err)
		tried[failure.Kind]++
		pause, again := retry(failure.Kind, tried[failure.Kind])
		if !again {
			return "", failure
		}
		fresh = failure.Kind == Auth
		o.emit(fmt.Sprintf("pushing again in %v: %s", pause.Round(100*time.Millisecond), failure.Kind))
		if err := wait.For(ctx, pause); err != nil {
			return "", &PushError{Ref: o.ref, Kind: Canceled, Err: err}
		}
	}
}

// retry says whether to push again after the n-th failure of a kind, and when.
func retry(kind PushKind, n int) (pause time.Duration, again bool) {
	switch kind {
	case Auth:
		return 0, n == 1
	case Throttled:
		again = n < throttledTries
	case ConnectionLost:
		again = n < lostTries
	}
	if !again {
		return 0, false
	}
	pause = min(minBackoff<<(n-1), maxBackoff)
	return pause - rand.N(pause/2), true
}

// errNoDigest is the error of a push of which the engine says no result.
var errNoDigest = errors.New("the engine ended the push without a digest")

func pushOnce(ctx context.Context, engine Engine, o pushOptions, fresh bool) (string, error) {
	auth, err := o.auth(ctx, fresh)
	if err != nil {
		return "", &credentialsError{err}
	}
	answer, err := engine.ImagePush(ctx, o.ref, image.PushOptions{RegistryAuth: auth})
	if err != nil {
		return "", stream.Cause(ctx, err)
	}
	defer answer.Close()
	log := &pushLog{options: o, layers: make(map[string]*layer)}
	if err := stream.Read(answer, log.message); err != nil {
		return "", stream.Cause(ctx, err)
	}
	if log.digest == "" {
		return "", errNoDigest
	}
	return log.digest, nil
}

// credentialsError is the failure to get credentials, of which the registry
// knows nothing.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }

func (o pushOptions) emit(message string) {
	o.progress.Emit(progress.Event{Op: opPublish, Subject: o.subject, State: progress.Running, Message: clean.Text(message)})
}

// layer is one layer on its way to the registry.
type layer struct {
	done, retrying bool
	sent, total    int64 // bytes
}

// pushLog follows the messages of a push.
type pushLog struct {
	options pushOptions
	digest  string
	layers  map[string]*layer // by the id that the engine calls it by

	toldDone, toldTenth int // what the last event said
}

func (l *pushLog) message(m stream.Message) error {
	if m.Aux != nil {
		var aux struct{ Digest string }
		if json.Unmarshal(m.Aux, &aux) == nil && aux.Digest != "" {
			l.digest = aux.Digest
		}
	}
	if m.ID != "" {
		l.layer(m)
	}
	return nil
}

// layer takes one message about a layer, and tells where the push has come to
// with the end of each layer and each tenth of the bytes.
func (l *pushLog) layer(m stream.Message) {
	at := l.layers[m.ID]
	if at == nil {
		at = &layer{}
	}
	switch {
	case m.Status == "Preparing", m.Status == "Waiting":
	case m.Status == "Pushing":
		at.retrying = false
		if m.Progress.Total > 0 {
			at.sent, at.total = min(m.Progress.Current, m.Progress.Total), m.Progress.Total
		}
	case m.Status == "Pushed", m.Status == "Layer already exists", strings.HasPrefix(m.Status, "Mounted from "):
		at.done, at.sent = true, at.total
	case strings.HasPrefix(m.Status, "Retrying in "): // counts the seconds down
		if !at.retrying {
			l.options.emit(fmt.Sprintf("layer %s: the engine lost the registry and tries again", m.ID))
		}
		at.retrying = true
	default:
		return // nothing about a layer, such as the digest at the end
	}
	l.layers[m.ID] = at
	l.tell()
}

func (l *pushLog) tell() {
	var done int
	var sent, total int64
	for _, at := range l.layers {
		if at.done {
			done++
		}
		sent += at.sent
		total += at.total
	}
	tenth := 0
	if total > 0 {
		tenth = int(sent * 10 / total)
	}
	if done == l.toldDone && tenth <= l.toldTenth {
		return
	}
	l.toldDone, l.toldTenth = done, max(tenth, l.toldTenth)
	text := fmt.Sprintf("pushed %d of %d layers", done, len(l.layers))
	if total > 0 {
		text += fmt.Sprintf(", %s of %s", bytesText(sent), bytesText(total))
	}
	l.options.emit(text)
}

// bytesText is a size as people read it.
func bytesText(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

package kubetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// bookmarkEvery is how often a watch hears of the present revision, if it wants to.
// Source: bookmarkFrequency of the watch cache in k8s.io/apiserver.
const bookmarkEvery = time.Minute

// stream is the body of a watch. It works only within Read, in the goroutine
// of whoever reads it.
type stream struct {
	cluster   *Cluster
	call      *call
	ctx       context.Context //nolint:containedctx // a body lives as long as its request
	namespace string
	match     func(store.Object) bool
	bookmarks bool
	end       time.Time // the server ends the watch then; zero is never

	revision uint64 // changes up to it have been told
	bookmark time.Time
	buffer   bytes.Buffer
	failed   bool
	closed   chan struct{}
	close    func()
}

// watch answers with a stream of changes.
func (c *Cluster) watch(k *call) (answer, error) {
	opts, err := k.listOptions()
	if err != nil {
		return answer{}, err
	}
	match, err := k.selector(opts)
	if err != nil {
		return answer{}, err
	}
	s := &stream{
		cluster: c, call: k, ctx: k.http.Context(), match: match, bookmarks: opts.AllowWatchBookmarks,
		bookmark: k.now.Add(bookmarkEvery), closed: make(chan struct{}),
	}
	s.close = sync.OnceFunc(func() { close(s.closed) })
	if k.resource.Namespaced {
		s.namespace = k.Namespace
	}
	if opts.TimeoutSeconds != nil {
		s.end = k.now.Add(time.Duration(*opts.TimeoutSeconds) * time.Second)
	}
	if err := s.begin(opts); err != nil {
		return answer{}, err
	}
	return answer{code: http.StatusOK, stream: s, mediaType: k.view().mediaType()}, nil
}

// begin decides where the stream starts, and tells what is there already where
// the client wants to hear it.
func (s *stream) begin(opts metav1.ListOptions) error {
	now := s.cluster.registry.Store.Revision()
	wanted, err := parseRevision(opts.ResourceVersion)
	if err != nil {
		return err
	}
	initial := opts.SendInitialEvents != nil && *opts.SendInitialEvents
	switch {
	case wanted > now && initial:
		return tooLarge(wanted, now)
	case wanted > now:
		// The real server waits for the revision; so does this stream.
		s.revision = now
		return nil
	case wanted == 0 && (opts.SendInitialEvents == nil || initial), initial:
		for _, o := range s.cluster.registry.Store.List(s.call.resource.Storage(), s.namespace) {
			if s.match(o) {
				s.tell("ADDED", o, o.GetResourceVersion())
			}
		}
		s.revision = now
		if initial && s.bookmarks {
			s.tellBookmark(true)
		}
		return nil
	case wanted == 0:
		s.revision = now
		return nil
	}
	s.revision = wanted
	if _, err := s.cluster.registry.Store.Since(s.call.resource.Storage(), s.namespace, wanted); err != nil {
		s.fail(gone(err, wanted))
	}
	return nil
}

// Read waits for changes and tells them, as JSON objects one after the other.
func (s *stream) Read(p []byte) (int, error) {
	for {
		wait, err := s.fill()
		if err != nil {
			return 0, err
		}
		if s.buffer.Len() > 0 {
			return s.buffer.Read(p)
		}
		if err := s.sleep(wait); err != nil {
			return 0, err
		}
	}
}

// Close ends the stream; a Read that waits returns.
func (s *stream) Close() error {
	s.close()
	s.cluster.mu.Lock()
	defer s.cluster.mu.Unlock()
	delete(s.cluster.streams, s)
	return nil
}

// pause is what a stream waits for.
type pause struct {
	wake  chan struct{}
	until time.Time // zero is for ever
}

// fill writes to the buffer what there is to tell, or says what to wait for.
func (s *stream) fill() (pause, error) {
	c := s.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := s.over(); err != nil {
		delete(c.streams, s)
		return pause{}, err
	}
	now := time.Now()
	c.catchUp()
	if s.buffer.Len() > 0 {
		return pause{}, nil
	}
	changes, err := c.registry.Store.Since(s.call.resource.Storage(), s.namespace, s.revision)
	if err != nil {
		s.fail(gone(err, s.revision))
		return pause{}, nil
	}
	for _, change := range changes {
		s.tellChange(change)
	}
	s.revision = c.registry.Store.Revision()
	if s.buffer.Len() == 0 && s.bookmarks && !now.Before(s.bookmark) {
		s.tellBookmark(false)
		s.bookmark = now.Add(bookmarkEvery)
	}
	if s.buffer.Len() > 0 {
		return pause{}, nil
	}
	if !s.end.IsZero() && !now.Before(s.end) {
		delete(c.streams, s)
		return pause{}, io.EOF
	}
	if c.streams[s] == nil {
		c.streams[s] = make(chan struct{}, 1)
	}
	return pause{c.streams[s], s.next()}, nil
}

// over reports why the stream has nothing more to tell.
func (s *stream) over() error {
	select {
	case <-s.closed:
		return io.EOF
	default:
	}
	if s.failed && s.buffer.Len() == 0 {
		return io.EOF
	}
	return s.ctx.Err()
}

// next is the earliest time at which the stream has something to do by itself.
func (s *stream) next() time.Time {
	next := s.end
	if s.bookmarks && (next.IsZero() || s.bookmark.Before(next)) {
		next = s.bookmark
	}
	if due, ok := s.cluster.control.Next(); ok && (next.IsZero() || due.Before(next)) {
		next = due
	}
	return next
}

func (s *stream) sleep(p pause) error {
	var timer <-chan time.Time
	if !p.until.IsZero() {
		t := time.NewTimer(time.Until(p.until))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-p.wake:
	case <-timer:
	case <-s.closed:
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	return nil
}

// tellChange tells a change as the selector sees it: what comes to match is
// added, and what no longer matches is deleted.
func (s *stream) tellChange(c store.Change) {
	was, is := c.Before != nil && s.match(c.Before), c.After != nil && s.match(c.After)
	revision := strconv.FormatUint(c.Revision, 10)
	switch {
	case is && was:
		s.tell("MODIFIED", c.After, revision)
	case is:
		s.tell("ADDED", c.After, revision)
	case was:
		s.tell("DELETED", c.Before, revision)
	}
}

func (s *stream) tell(kind string, o store.Object, revision string) {
	if o.GetResourceVersion() != revision {
		o = o.DeepCopy()
		o.SetResourceVersion(revision)
	}
	s.write(kind, s.call.view().object(s.call.resource, o))
}

func (s *stream) tellBookmark(initial bool) {
	meta := map[string]any{"resourceVersion": strconv.FormatUint(s.revision, 10)}
	if initial {
		meta["annotations"] = map[string]any{metav1.InitialEventsAnnotationKey: "true"}
	}
	r := s.call.resource
	s.write("BOOKMARK", map[string]any{"kind": r.Kind, "apiVersion": r.GroupVersion().String(), "metadata": meta})
}

// fail tells an error as the last event.
func (s *stream) fail(err error) {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		value := status.Status()
		value.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		s.write("ERROR", value)
	}
	s.failed = true
}

func (s *stream) write(kind string, object any) {
	data, err := json.Marshal(map[string]any{"type": kind, "object": object})
	if err != nil {
		return
	}
	s.buffer.Write(data)
	s.buffer.WriteByte('\n')
}

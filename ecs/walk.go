package ecs

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/progress"
)

// step is one service of a walk.
type step struct {
	name  string
	needs []string // steps that must be done before this one begins
	// begin makes the writes, and returns what to wait for.
	begin func(ctx context.Context) (*watch, error)
}

// walk drives steps along their needs: it begins each the moment the last of
// its needs is done, and watches all that are under way with one poller.
type walk struct {
	*Deployer
	steps         []step
	enter         func(name string, state progress.State, message string, err error)
	began         func(*watch) // hears of each step whose writes are over; may be nil
	limit         int          // steps under way at once; 0 is no limit
	stopAtFailure bool         // begin nothing after a failure

	states  map[string]progress.State // none is waiting
	watches map[string]*watch
	writes  chan struct{} // a token for each step that may write at once
	begun   chan begun
	writing int
	failed  bool
}

type begun struct {
	name  string
	watch *watch
	err   error
}

func newWalk(d *Deployer, steps []step, enter func(string, progress.State, string, error)) *walk {
	return &walk{
		Deployer: d, steps: steps, enter: enter,
		states: make(map[string]progress.State), watches: make(map[string]*watch),
		writes: make(chan struct{}, d.opts.Writes), begun: make(chan begun),
	}
}

// run returns when every step that can be reached has ended, or ctx has. No
// goroutine of it is left then.
func (w *walk) run(ctx context.Context) {
	ticker := time.NewTicker(w.opts.PollInterval)
	defer ticker.Stop()
	for {
		w.beginReady(ctx)
		if w.writing == 0 && len(w.watches) == 0 {
			return
		}
		select {
		case b := <-w.begun:
			w.note(b)
		case <-ticker.C:
			w.poll(ctx)
		case <-ctx.Done():
			for w.writing > 0 {
				w.note(<-w.begun)
			}
			return
		}
	}
}

// beginReady begins every step whose needs are done.
func (w *walk) beginReady(ctx context.Context) {
	for _, s := range w.steps {
		if w.failed && w.stopAtFailure || ctx.Err() != nil || w.limit > 0 && w.writing+len(w.watches) >= w.limit {
			return
		}
		if w.states[s.name] != "" || !w.ready(s) {
			continue
		}
		w.to(s.name, progress.Running, "", nil)
		w.writing++
		go func() {
			w.writes <- struct{}{}
			watch, err := s.begin(ctx)
			<-w.writes
			w.begun <- begun{s.name, watch, err}
		}()
	}
}

func (w *walk) ready(s step) bool {
	return !slices.ContainsFunc(s.needs, func(need string) bool { return w.states[need] != progress.Done })
}

func (w *walk) to(name string, state progress.State, message string, err error) {
	w.states[name] = state
	w.failed = w.failed || state == progress.Failed
	w.enter(name, state, message, err)
}

// note takes up a step whose writes are over.
func (w *walk) note(b begun) {
	w.writing--
	if b.err != nil {
		w.to(b.name, progress.Failed, "", b.err)
		return
	}
	if w.began != nil {
		w.began(b.watch)
	}
	b.watch.start(time.Now(), w.opts)
	w.watches[b.name] = b.watch
}

// poll looks once at everything under way, in batches. A batch that ECS does
// not answer for now is no news, and costs no service any of its time.
func (w *walk) poll(ctx context.Context) {
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(w.watches)), describeBatch) {
		found, err := w.describe(ctx, batch)
		if ctx.Err() != nil {
			return
		}
		for _, name := range batch {
			watch := w.watches[name]
			switch {
			case err != nil && transient(err):
				watch.excuse(time.Now())
			case err != nil:
				w.end(name, &ServiceError{Service: name, Verb: watch.verb, Err: err, Remedy: watch.remedy})
			default:
				w.look(ctx, watch, found[name])
			}
		}
	}
}

// look judges one service by what ECS says of it now; the zero Service is none.
func (w *walk) look(ctx context.Context, watch *watch, s types.Service) {
	now := time.Now()
	v := watch.judge(s, now)
	if watch.seen && v.phase != failed && strategic(s) {
		v = w.judgeStrategy(ctx, watch, v, now)
	}
	if v.phase == healthy {
		v = w.confirm(ctx, watch, s, v)
	}
	if v.phase != healthy && watch.suspicious(v) {
		w.inspectStops(ctx, watch)
		v = watch.judgeStops(v, w.opts)
	}
	if ctx.Err() != nil {
		return
	}
	watch.polled = now
	switch v.phase {
	case healthy:
		delete(w.watches, watch.service)
		w.to(watch.service, progress.Done, v.message, nil)
	case failed:
		w.end(watch.service, &ServiceError{
			Service: watch.service, Verb: watch.verb, Err: v.err,
			Reasons: watch.reasons(v.reason), Logs: watch.logs, Remedy: watch.remedy,
		})
	default:
		if v.message != watch.message {
			watch.message = v.message
			w.to(watch.service, progress.Running, v.message, nil)
		}
	}
}

func (w *walk) end(name string, err error) {
	delete(w.watches, name)
	w.to(name, progress.Failed, "", err)
}

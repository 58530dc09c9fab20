package ecs

import (
	"cmp"
	"context"
	"errors"
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
	giveUp        func(error)  // ends the context of the walk
	began         func(*watch) // hears of each step whose writes are over; may be nil
	limit         int          // steps under way at once; 0 is no limit
	stopAtFailure bool         // begin nothing after a failure

	states  map[string]progress.State // none is waiting
	watches map[string]*watch
	first   map[string]time.Time // when a step was begun for the first time
	later   map[string]bool      // steps to begin again after a pause
	begun   chan begun
	writing int
	refused int
	failed  bool
}

type begun struct {
	name  string
	watch *watch
	err   error
}

func newWalk(r *rollout, steps []step, enter func(string, progress.State, string, error)) *walk {
	return &walk{
		Deployer: r.Deployer, steps: steps, enter: enter, giveUp: func(err error) { r.stop(err) },
		states: make(map[string]progress.State), watches: make(map[string]*watch),
		first: make(map[string]time.Time), later: make(map[string]bool), begun: make(chan begun),
	}
}

// run returns when every step that can be reached has ended, or ctx has. No
// goroutine of it is left then.
func (w *walk) run(ctx context.Context) {
	ticker := time.NewTicker(w.opts.PollInterval)
	defer ticker.Stop()
	for {
		w.beginReady(ctx)
		if w.writing == 0 && len(w.watches) == 0 && len(w.later) == 0 {
			return
		}
		select {
		case b := <-w.begun:
			w.note(ctx, b)
		case <-ticker.C:
			clear(w.later)
			w.poll(ctx)
		case <-ctx.Done():
			for w.writing > 0 {
				w.note(ctx, <-w.begun)
			}
			return
		}
	}
}

// beginReady begins the steps whose needs are done, as far as the limits allow.
// Those that must wait for a limit have not begun.
func (w *walk) beginReady(ctx context.Context) {
	for _, s := range w.steps {
		full := w.writing >= w.opts.Writes || w.limit > 0 && w.writing+len(w.watches) >= w.limit
		if full || ctx.Err() != nil || w.failed && w.stopAtFailure {
			return
		}
		if w.states[s.name] != "" || w.later[s.name] || !w.ready(s) {
			continue
		}
		if _, again := w.first[s.name]; !again {
			w.first[s.name] = time.Now()
			w.enter(s.name, progress.Running, "", nil)
		}
		w.states[s.name] = progress.Running
		w.writing++
		go func() {
			watch, err := s.begin(ctx)
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
func (w *walk) note(ctx context.Context, b begun) {
	w.writing--
	waited := time.Since(w.first[b.name])
	switch {
	case b.err == nil, errors.Is(b.err, errUnseen) && waited >= staleness:
		if w.began != nil {
			w.began(b.watch)
		}
		b.watch.start(time.Now(), w.opts)
		w.watches[b.name] = b.watch
	case ctx.Err() != nil:
		w.to(b.name, progress.Running, "cancelled while it was being written", nil)
	case errors.Is(b.err, errDraining) && waited < w.opts.Timeout:
		w.again(b.name, "waiting for the old service of this name to drain")
	case errors.Is(b.err, errUnseen):
		w.again(b.name, "making sure that it is not there")
	default:
		w.to(b.name, progress.Failed, "", b.err)
	}
}

// again has a step begin anew after a pause.
func (w *walk) again(name, message string) {
	w.to(name, progress.Running, message, nil)
	w.states[name], w.later[name] = "", true
}

// maxRefused is how many reads in a row ECS may refuse for good, as with
// credentials that have expired, before the rollout stops where it is.
const maxRefused = 3

// poll looks once at everything under way, in batches. A batch that ECS refuses
// because of the rate is no news, and costs no service any of its time.
func (w *walk) poll(ctx context.Context) {
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(w.watches)), describeBatch) {
		found, err := w.describe(ctx, batch)
		if ctx.Err() != nil {
			return
		}
		if err == nil || transient(err) {
			w.refused = 0
		} else if w.refused++; w.refused >= maxRefused {
			w.giveUp(err) // without reading there is no judging, and no rolling back either
			return
		}
		for _, name := range batch {
			watch := w.watches[name]
			switch {
			case err != nil:
				w.silence(watch, err)
			default:
				w.look(ctx, watch, found[name])
			}
		}
	}
}

// silence is a poll that was not answered.
func (w *walk) silence(watch *watch, err error) {
	now := time.Now()
	if throttled(err) {
		watch.excuse(now)
	}
	message := "no answer from ECS"
	if now.After(watch.deadline) {
		w.end(watch.service, &ServiceError{Service: watch.service, Verb: watch.verb, Err: ErrTimeout, Reasons: []string{message, err.Error()}, Remedy: watch.remedy})
		return
	}
	w.tell(watch, message)
}

// tell reports news about a service under way.
func (w *walk) tell(watch *watch, message string) {
	if message != watch.message {
		watch.message = message
		w.to(watch.service, progress.Running, message, nil)
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
	if v.phase == going && now.After(watch.deadline) {
		v = verdict{phase: failed, err: ErrTimeout, reason: cmp.Or(v.reason, v.message)}
		w.inspectStops(ctx, watch)
	}
	switch v.phase {
	case healthy:
		delete(w.watches, watch.service)
		w.to(watch.service, progress.Done, v.message, nil)
	case failed:
		w.fail(watch, v)
	default:
		w.tell(watch, v.message)
	}
}

// maxHeld is how many polls a failure waits for the last lines of a container,
// which arrive late.
const maxHeld = 4

// fail ends a service that has failed, when what it wrote last is there.
func (w *walk) fail(watch *watch, v verdict) {
	if w.opts.Logs != nil && watch.exited && len(watch.logs) == 0 && watch.held < maxHeld {
		watch.held++
		watch.stirred = true
		w.tell(watch, "failed, reading what it wrote last")
		return
	}
	e := &ServiceError{
		Service: watch.service, Verb: watch.verb, Err: v.err,
		Reasons: watch.reasons(v.reason), Logs: watch.logs, Remedy: watch.remedy,
	}
	if errors.Is(v.err, ErrSuperseded) {
		e.Remedy = "" // it is not ours to mend
	}
	w.end(watch.service, e)
}

func (w *walk) end(name string, err error) {
	delete(w.watches, name)
	w.to(name, progress.Failed, "", err)
}

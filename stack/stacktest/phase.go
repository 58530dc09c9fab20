package stacktest

import (
	"slices"
	"time"
)

// phase is a set of steps that are taken in the order of their needs, as many at
// once as can be.
type phase struct {
	steps []*step
	halt  bool                // the first failure cancels what runs and begins nothing more
	end   func(now time.Time) // once nothing runs and nothing more can begin
	busy  bool
	over  bool
}

// step is what a phase does to one resource. Exactly one of done and fail ends it,
// unless it is cancelled.
type step struct {
	phase  *phase
	r      *resource // set once the step knows it
	old    *resource // what an update found; nil where it found nothing
	id     string
	needs  []*step
	state  stepState
	begin  func(now time.Time)
	cancel func(now time.Time)
}

type stepState string

const (
	waiting   stepState = "" // for its needs
	running   stepState = "running"
	done      stepState = "done"
	failed    stepState = "failed"
	cancelled stepState = "cancelled"
)

func (p *phase) add(id string) *step {
	s := &step{phase: p, id: id, cancel: func(time.Time) {}}
	p.steps = append(p.steps, s)
	return s
}

// advance begins what can begin, and ends p if nothing is left to be done.
func (p *phase) advance(now time.Time) {
	if p.over || p.busy {
		return
	}
	p.busy = true
	for again := true; again; {
		again = false
		for _, s := range p.steps {
			if !p.over && s.state == waiting && s.ready() && !p.halted() {
				s.state, again = running, true
				s.begin(now)
			}
		}
	}
	p.busy = false
	if !p.over && len(p.in(running)) == 0 {
		p.over = true
		p.end(now)
	}
}

func (s *step) ready() bool {
	return !slices.ContainsFunc(s.needs, func(need *step) bool { return need.state != done })
}

func (p *phase) halted() bool { return p.halt && len(p.in(failed)) > 0 }

// in returns the steps in a state.
func (p *phase) in(state stepState) []*step {
	return slices.DeleteFunc(slices.Clone(p.steps), func(s *step) bool { return s.state != state })
}

// done ends s, which makes room for those that need it.
func (s *step) done(now time.Time) {
	if s.state == running {
		s.state = done
		s.phase.advance(now)
	}
}

// fail ends s without success.
func (s *step) fail(now time.Time) {
	if s.state != running {
		return
	}
	s.state = failed
	if s.phase.halt {
		s.phase.cancelRunning(now)
	}
	s.phase.advance(now)
}

func (p *phase) cancelRunning(now time.Time) {
	for _, s := range p.in(running) {
		s.state = cancelled
		s.cancel(now)
	}
}

// stop ends p where it stands, without what would follow it.
func (p *phase) stop(now time.Time) {
	p.over = true
	p.cancelRunning(now)
}

// after does something after a while, if s still runs then.
func (c *Cloud) after(s *step, now time.Time, d time.Duration, do func(now time.Time)) {
	c.agenda.Plan(now.Add(max(d, 0)), func(now time.Time) {
		if s.state == running && !s.phase.over {
			do(now)
		}
	})
}

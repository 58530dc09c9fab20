package report

import (
	"bytes"
	"cmp"
	"errors"
	"html/template"
	"slices"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/timeline"
)

const (
	mostEvents = 300 // of one stage that are listed
	mostLanes  = 200 // of a timeline
	mostSpans  = 2000
	eventText  = 300 // bytes of a name, a message or an error in a timeline
)

// events are those of one stage.
type events struct {
	Stage    string
	Count    string
	Earlier  string // how many are not shown
	Rows     []event
	Timeline template.HTML // empty where a rollout shows it, or nothing took time
}

type event struct {
	Time    moment
	Op      string
	Subject string
	Mark    mark
	Message string
}

// eventsOf returns the last events of each stage.
func eventsOf(r Run) []events {
	var all []events
	for i, s := range r.Stages {
		if len(s.Events) == 0 {
			continue
		}
		v := events{Stage: s.Name, Count: plural(len(s.Events), "event", "events")}
		shown := s.Events
		if extra := len(shown) - mostEvents; extra > 0 {
			shown = shown[extra:]
			v.Earlier = plural(extra, "earlier event is", "earlier events are") + " not shown."
		}
		for _, e := range shown {
			message := e.Message
			if e.Err != nil {
				message = joined(message, e.Err.Error())
			}
			v.Rows = append(v.Rows, event{at(e.Time, timeOfDay), e.Op, e.Subject, markOf(e.State), message})
		}
		if s.Rollout == nil {
			v.Timeline = drawTimeline(s.Events, timeline.Options{Title: cmp.Or(safe(s.Name), "Timeline"), ID: "events-" + number(i+1)})
		}
		all = append(all, v)
	}
	return all
}

func joined(a, b string) string {
	if a == "" || a == b {
		return b
	}
	return a + ": " + b
}

// drawTimeline draws events, and nothing where there are none. Of many lanes it
// draws those that a reader looks for: failures, the critical path, the longest.
func drawTimeline(events []progress.Event, opts timeline.Options) template.HTML {
	lanes := timeline.Lanes(events)
	if len(lanes) == 0 {
		return ""
	}
	if keep := worthDrawing(lanes); len(keep) < len(lanes) {
		opts.Title += ", " + number(len(keep)) + " of " + number(len(lanes)) + " lanes"
		events = slices.DeleteFunc(slices.Clone(events), func(e progress.Event) bool { return !keep[lane{e.Op, e.Subject}] })
	}
	short := make([]progress.Event, len(events))
	for i, e := range events {
		short[i] = shorten(e)
	}
	var out bytes.Buffer
	if err := timeline.WriteSVG(&out, short, opts); err != nil { // a buffer does not fail
		return ""
	}
	return template.HTML(out.String())
}

// shorten cuts what is too long for a picture, and leaves out colours.
func shorten(e progress.Event) progress.Event {
	cut := func(s string) string {
		start, more := clip(s, eventText)
		return withoutColours(start) + more
	}
	e.Op, e.Subject, e.Message, e.Needs = cut(e.Op), cut(e.Subject), cut(e.Message), slices.Clone(e.Needs)
	e.State = progress.State(cut(string(e.State)))
	for i := range e.Needs {
		e.Needs[i] = cut(e.Needs[i])
	}
	if e.Err != nil {
		e.Err = errors.New(cut(e.Err.Error()))
	}
	return e
}

type lane struct{ op, subject string }

// worthDrawing chooses among lanes.
func worthDrawing(lanes []timeline.Lane) map[lane]bool {
	path := map[lane]bool{}
	for _, s := range timeline.CriticalPath(lanes) {
		path[lane{s.Op, s.Subject}] = true
	}
	rank := func(l timeline.Lane) int {
		switch {
		case l.Err != nil:
			return 0
		case path[lane{l.Op, l.Subject}]:
			return 1
		}
		return 2
	}
	lanes = slices.Clone(lanes)
	slices.SortStableFunc(lanes, func(a, b timeline.Lane) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(b.Work(), a.Work()))
	})
	keep := map[lane]bool{}
	spans := 0
	for _, l := range lanes {
		if len(keep) == mostLanes || spans+len(l.Spans) > mostSpans {
			continue
		}
		spans += len(l.Spans)
		keep[lane{l.Op, l.Subject}] = true
	}
	return keep
}

package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

// news is an event of the operation "o".
func news(seconds float64, subject string, state progress.State, needs ...string) progress.Event {
	return progress.Event{Time: clock(seconds), Op: "o", Subject: subject, State: state, Needs: needs}
}

func TestTheEventsTellWhatTheServicesDoNot(t *testing.T) {
	failed := news(30, "b", progress.Failed)
	failed.Err = errors.New("exit code 1")
	events := []progress.Event{
		news(0, "a", progress.Waiting), news(0, "b", progress.Waiting, "a"), news(0, "c", progress.Waiting, "b"),
		news(1, "a", progress.Running), news(11, "a", progress.Done), news(12, "b", progress.Running), failed,
		news(31, "b", progress.RollingBack), news(40, "b", progress.RolledBack), news(30, "c", progress.Skipped),
		{Time: clock(100), Op: "else", Subject: "a", State: progress.Failed},
	}
	r := rolloutOf(Rollout{Op: "o", Services: []Service{{Name: "a", Action: "create"}, {Name: "b"}, {Name: "c"}, {Name: "d", State: "paused"}}}, events, "x")
	type short struct {
		Word, Took, Needs, Message string
		Failed, Critical           bool
	}
	var got []short
	for _, s := range r.Services.Shown {
		got = append(got, short{s.Mark.Word, s.Took, s.Needs, s.Message, s.Failed, s.Critical})
	}
	want := []short{
		{Word: "done", Took: "10 s", Critical: true},
		{Word: "rolled back", Took: "18 s", Needs: "a", Message: "exit code 1", Failed: true, Critical: true},
		{Word: "skipped", Needs: "b"},
		{Word: "paused"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("services (-want +got):\n%s", d)
	}
	if want := "4 services: 1 rolled back, 1 skipped, 1 paused, 1 done"; r.Summary != want {
		t.Errorf("summary %q, want %q", r.Summary, want)
	}
	if d := cmp.Diff([]step{{"a", "1 s", "10 s"}, {"b", "1 s", "18 s"}}, r.Path); d != "" || r.PathTook != "29 s" {
		t.Errorf("critical path of %s (-want +got):\n%s", r.PathTook, d)
	}
	if r.Figure != "1 of 4" || r.Slug != "failed" {
		t.Errorf("figure %q, %q", r.Figure, r.Slug)
	}
	classes := map[string]int{}
	for _, e := range r.Graph.Edges {
		classes[e.Class]++
	}
	if d := cmp.Diff(map[string]int{"edge crit": 1, "edge never": 1}, classes); d != "" {
		t.Errorf("edges (-want +got):\n%s", d)
	}
	if box := r.Graph.Boxes[1]; box.News != "failed" || !box.Failed || !strings.Contains(box.Tip, "exit code 1") {
		t.Errorf("box of the failure: %+v", box)
	}
}

func TestARolloutWithoutEventsHasAGraphAlone(t *testing.T) {
	r := rolloutOf(Rollout{Op: "o", Services: []Service{{Name: "a", State: progress.Done, Action: "none"}, {Name: "b", Needs: []string{"a"}, State: progress.Unchanged}}}, nil, "x")
	if r.Timeline != "" || r.Path != nil || r.Graph == nil || len(r.Graph.Edges) != 1 || r.Slug != "done" {
		t.Errorf("rollout %+v", r)
	}
}

func TestTooManyServicesHaveATableAlone(t *testing.T) {
	var services []Service
	for i := range 1000 {
		services = append(services, Service{Name: fmt.Sprint("s", i), State: progress.Done})
	}
	run := Run{Stages: []Stage{{Name: "deploy", State: progress.Done, Rollout: &Rollout{Services: services}}}}
	page := write(t, run)
	check(t, page)
	if strings.Contains(page, `class="graph`) || !strings.Contains(page, "and 700 more") {
		t.Error("a thousand services are drawn, or none are listed")
	}
}

func TestOfManyLanesTheWorthwhileAreDrawn(t *testing.T) {
	var events []progress.Event
	for i := range 1000 {
		name := fmt.Sprint("step", i)
		events = append(events, news(float64(i), name, progress.Running), news(float64(2*i), name, progress.Done))
	}
	broken := news(3, "broken", progress.Failed)
	broken.Err = errors.New("no")
	events = append(events, news(2, "broken", progress.Running), broken)
	var restless []progress.Event
	for i := range 5000 {
		restless = append(restless, news(float64(i), "restless", progress.Running), news(float64(i), "restless", progress.Waiting))
	}
	run := Run{Stages: []Stage{{Name: "build", State: progress.Done, Events: events}, {Name: "restless", State: progress.Done, Events: restless}}}
	page := write(t, run)
	text := check(t, page).text
	if !strings.Contains(text, "build, 200 of 1,001 lanes") {
		t.Error("the picture does not say how much it leaves out")
	}
	for name, want := range map[string]bool{">broken</text>": true, ">step999</text>": true, ">step10</text>": false} {
		if strings.Contains(page, name) != want {
			t.Errorf("%s is drawn: %v", name, !want)
		}
	}
	if len(page) > 600_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

func TestNamesThatAreTooLongAreCut(t *testing.T) {
	for name, want := range map[string]string{
		"service-outage-monitor-triage":     "service-outage-monitor-triage",
		"a-service-with-a-name-without-end": "a-service-with-a-name-without…",
		strings.Repeat("通", 20):             strings.Repeat("通", 14) + "…",
		strings.Repeat("通", 15):             strings.Repeat("通", 15),
	} {
		if got := short(name); got != want || columns(got) > longestName {
			t.Errorf("short(%q) = %q, want %q", name, got, want)
		}
	}
}

package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/timeline"
)

// rollout is that of one stage, as a graph, a timeline and a table.
type rollout struct {
	Stage    string
	Cluster  string
	Summary  string
	Figure   string
	Label    string
	Slug     string
	Path     []step // the critical path
	PathTook string
	Graph    *picture      // nil where there are too many services for one
	Timeline template.HTML // empty where there are no events
	Services rows[service]
}

// step is one service on the critical path.
type step struct{ Name, Wait, Work string }

// service is one service of a rollout.
type service struct {
	Mark     mark
	Sign     sign
	Name     string
	Needs    string
	Image    string
	Took     string
	Start    moment
	Message  string
	Critical bool
	Failed   bool // also where that was rolled back

	needs []string
}

func rolloutsOf(r Run) []rollout {
	var all []rollout
	for i, s := range r.Stages {
		if s.Rollout != nil {
			v := rolloutOf(*s.Rollout, s.Events, fmt.Sprintf("rollout-%d", i+1))
			v.Stage = s.Name
			all = append(all, v)
		}
	}
	if len(all) == 1 {
		all[0].Stage = ""
	}
	return all
}

// rolloutOf lays r out; id begins the ids of its timeline.
func rolloutOf(r Rollout, events []progress.Event, id string) rollout {
	events = slices.DeleteFunc(slices.Clone(events), func(e progress.Event) bool { return e.Op != r.Op })
	lanes := timeline.Lanes(events)
	steps := timeline.CriticalPath(lanes)
	services := servicesOf(r, lanes, steps)
	v := rollout{Cluster: r.Cluster}
	v.sumUp(services)
	v.path(lanes, steps)
	v.Graph = drawGraph(services, steps)
	v.Timeline = drawTimeline(events, timeline.Options{Title: "Timeline", ID: id})
	v.Services = rowsOf(services, len(services), mostRows, "")
	return v
}

// servicesOf joins what is known of each service from r and from its lane.
func servicesOf(r Rollout, lanes []timeline.Lane, steps []timeline.Step) []service {
	of := make(map[string]timeline.Lane, len(lanes))
	for _, l := range lanes {
		of[l.Subject] = l
	}
	critical := map[string]bool{}
	for _, s := range steps {
		critical[s.Subject] = true
	}
	var all []service
	for _, s := range r.Services {
		v := service{Sign: signOf(s.Action), Name: s.Name, Image: s.Image, needs: s.Needs, Critical: critical[s.Name]}
		state, message := s.State, s.Message
		if l, ok := of[s.Name]; ok {
			state = cmp.Or(state, l.State())
			v.Failed = l.Err != nil
			if message == "" && l.Err != nil {
				message = l.Err.Error()
			}
			message = cmp.Or(message, l.Message)
			if len(v.needs) == 0 {
				v.needs = l.Needs
			}
			if l.Begun() {
				v.Took, v.Start = span(l.Work()), at(l.Start, timeOfDay[:8])
			}
		}
		v.Failed = v.Failed || state == progress.Failed
		v.Mark, v.Message, v.Needs = markOf(state), strings.TrimSpace(message), list(v.needs, 12)
		all = append(all, v)
	}
	return all
}

// sumUp counts the states of services, the bad ones first.
func (v *rollout) sumUp(services []service) {
	in := map[mark]int{}
	var states []mark
	for _, s := range services {
		if in[s.Mark]++; in[s.Mark] == 1 {
			states = append(states, s.Mark)
		}
	}
	slices.SortStableFunc(states, func(a, b mark) int { return gravity(a) - gravity(b) })
	var said []string
	for _, m := range states {
		said = append(said, number(in[m])+" "+m.Word)
	}
	v.Summary = plural(len(services), "service", "services")
	if len(said) > 0 {
		v.Summary += ": " + list(said, 12)
	}
	good := in[markOf(progress.Done)] + in[markOf(progress.Unchanged)]
	bad := in[markOf(progress.Failed)] + in[markOf(progress.RolledBack)]
	v.Figure, v.Label = fmt.Sprintf("%s of %s", number(good), number(len(services))), "services healthy"
	if len(services) > 0 && !slices.ContainsFunc(services, func(s service) bool { return s.Sign.Slug != "delete" }) {
		v.Label = "services removed"
	}
	switch {
	case bad > 0:
		v.Slug = "failed"
	case good > 0 && good == len(services):
		v.Slug = "done"
	}
}

// gravity is the less, the worse the news.
func gravity(m mark) int {
	return slices.Index([]string{"failed", "back", "skipped", "running", "waiting", "other", "done", "unchanged"}, m.Slug)
}

// path says why the rollout took as long as it did.
func (v *rollout) path(lanes []timeline.Lane, steps []timeline.Step) {
	if len(steps) == 0 || steps[0].Subject == "" {
		return
	}
	in := map[string]timeline.Lane{}
	for _, l := range lanes {
		in[l.Subject] = l
	}
	first, last := in[steps[0].Subject], in[steps[len(steps)-1].Subject]
	v.PathTook = span(last.End.Sub(first.Start))
	for _, s := range steps {
		p := step{Name: s.Subject, Work: span(s.Work)}
		if s.Wait > last.End.Sub(first.Start)/50 {
			p.Wait = span(s.Wait)
		}
		v.Path = append(v.Path, p)
	}
}

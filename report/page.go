package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// page is what the template shows: every decision is made, and every word is
// chosen.
type page struct {
	Style    template.CSS
	Icon     template.URL // of the tab, in the colour of the outcome
	Title    string
	Mark     mark
	Lead     string
	Facts    []fact
	Figures  []figure
	Contents []content
	Failures []failure
	Stages   []stage
	Modules  *modules
	Findings *findings
	Coverage *coverage
	Stacks   []group[stack]
	Images   *images
	Rollouts []rollout
	Changes  []group[change]
	Removes  bool
	Events   []events
	Written  moment
}

// fact is one line of what is known of the run.
type fact struct {
	Term string
	Text string
	Link string // empty is none
	Code bool
	Time moment
}

// figure is a number to be seen from afar.
type figure struct {
	Value string
	Label string
	Slug  string // of a mark, where the number is good or bad news
	Href  string // of the section
}

// content is a section of the page.
type content struct {
	ID   string
	Name string
}

// group is what one stage has of something. Stage is empty where there is but one.
type group[T any] struct {
	Stage string
	Rows  rows[T]
}

// rows are those of a table: some in sight, some folded, and how many left out.
type rows[T any] struct {
	Shown  []T
	Folded []T
	Fold   string // what is folded
	More   string // how many are neither; empty is none
}

// rowsOf puts the first inSight of all in sight, and folds others up to most.
func rowsOf[T any](all []T, inSight, most int, fold string) rows[T] {
	var r rows[T]
	if len(all) > most {
		r.More = "and " + number(len(all)-most) + " more"
		all = all[:most]
	}
	if len(all) <= inSight+3 { // a fold for three lines is none
		inSight = len(all)
	}
	r.Shown, r.Folded = all[:inSight], all[inSight:]
	if len(r.Folded) > 0 {
		r.Fold = number(len(r.Folded)) + " " + fold
	}
	return r
}

// newPage lays r out.
func newPage(r Run) *page {
	p := &page{
		Icon:     icon(r.State()),
		Title:    cmp.Or(strings.TrimSpace(r.Title), "Delivery"),
		Mark:     markOf(r.State()),
		Lead:     r.lead(),
		Facts:    r.facts(),
		Failures: failuresOf(r),
		Stages:   stagesOf(r),
		Modules:  modulesOf(r),
		Findings: findingsOf(r),
		Coverage: coverageOf(r),
		Stacks:   stacksOf(r),
		Images:   imagesOf(r),
		Rollouts: rolloutsOf(r),
		Changes:  changesOf(r),
		Removes:  r.removes(),
		Events:   eventsOf(r),
		Written:  at(r.Written, dateAndTime),
	}
	p.Figures = p.figures()
	p.Contents = p.contents()
	return p
}

// lead is the run in a sentence.
func (r Run) lead() string {
	took := span(r.Took())
	within := func(format string) string {
		if took == "" {
			return ""
		}
		return fmt.Sprintf(format, took)
	}
	in := func(s progress.State) string {
		var names []string
		for _, stage := range r.Stages {
			if stage.State == s {
				names = append(names, stage.Name)
			}
		}
		return list(names, 3)
	}
	switch s := r.State(); {
	case len(r.Stages) == 0:
		return "Nothing has been reported yet."
	case s == progress.Failed:
		return "Failed at " + in(s) + within(" after %s") + "."
	case s == progress.RollingBack:
		return "Rolling back: " + in(s) + within(", %s after the beginning") + "."
	case s == progress.RolledBack:
		return "Rolled back: " + in(s) + within(", %s after the beginning") + "."
	case s == progress.Running:
		return "Still running: " + in(s) + within(", %s so far") + "."
	case s == progress.Waiting:
		names := in(s)
		if names != "" {
			names = ": " + names + " has yet to begin"
		}
		return "Not at its end" + names + within(", %s so far") + "."
	case s == progress.Unchanged:
		return "Everything was already as asked for" + within("; it took %s to see") + "."
	case s == progress.Skipped:
		return "There was nothing to do."
	case r.removes():
		return "Everything was removed" + within(" in %s") + "."
	}
	return "Everything went through" + within(" in %s") + "."
}

func (r Run) facts() []fact {
	var facts []fact
	add := func(f fact) {
		if strings.TrimSpace(f.Text) != "" {
			facts = append(facts, f)
		}
	}
	add(fact{Term: "Branch", Text: r.Branch, Code: true})
	add(fact{Term: "Kind", Text: r.Kind})
	add(fact{Term: "Revision", Text: r.Revision, Code: true})
	add(fact{Term: "Compared with", Text: r.Base, Code: true})
	add(fact{Term: "Cloud", Text: r.Cloud})
	add(fact{Term: "Environment", Text: r.Environment, Link: link(r.Environment)})
	add(fact{Term: "Pipeline", Text: r.URL, Link: link(r.URL)})
	began := at(r.Began(), dateAndTime)
	add(fact{Term: "Began", Text: began.Text, Time: began})
	return facts
}

// figures are the numbers of the sections below.
func (p *page) figures() []figure {
	var figures []figure
	if p.Modules != nil {
		figures = append(figures, figure{p.Modules.Figure, "modules selected", "", "#modules"})
	}
	if f := p.Findings; f != nil {
		figures = append(figures, figure{f.Figure, f.Label, f.Slug, "#findings"})
	}
	if c := p.Coverage; c != nil {
		figures = append(figures, figure{c.Figure, "coverage gates passed", c.Slug, "#coverage"})
	}
	if i := p.Images; i != nil {
		figures = append(figures, figure{i.Figure, i.Label, i.Slug, "#images"})
	}
	for _, r := range p.Rollouts {
		figures = append(figures, figure{r.Figure, r.Label, r.Slug, "#rollout"})
	}
	return figures
}

// contents are the sections that the page has, in its order.
func (p *page) contents() []content {
	var found []content
	for _, c := range []struct {
		has  bool
		name string
	}{
		{len(p.Failures) > 0, "Failures"},
		{len(p.Stages) > 0, "Stages"},
		{p.Modules != nil, "Modules"},
		{p.Findings != nil, "Findings"},
		{p.Coverage != nil, "Coverage"},
		{len(p.Stacks) > 0, "Stacks"},
		{p.Images != nil, "Images"},
		{len(p.Rollouts) > 0, "Rollout"},
		{len(p.Changes) > 0, "Changes"},
		{len(p.Events) > 0, "Events"},
	} {
		if c.has {
			found = append(found, content{strings.ToLower(c.name), c.name})
		}
	}
	for i := range found {
		switch {
		case p.Removes && found[i].ID == "changes":
			found[i].Name = "Removed"
		case p.Removes && found[i].ID == "rollout":
			found[i].Name = "Services"
		}
	}
	return found
}

// stage is one line of the list of stages.
type stage struct {
	Mark    mark
	Name    string
	Summary string
	Error   []string
	Notes   []string
	Took    string
	Start   moment
	// From and Width are its bar in the time of the whole run, in percent; empty
	// where its time is unknown.
	From, Width string
}

func stagesOf(r Run) []stage {
	began, took := r.Began(), r.Took()
	var all []stage
	for _, s := range r.Stages {
		v := stage{
			Mark: markOf(s.State), Name: cmp.Or(strings.TrimSpace(s.Name), "unnamed"), Summary: s.Summary,
			Took: span(s.took(r.Written)), Start: at(s.Started, timeOfDay[:8]),
		}
		if v.Took == "" && !s.Started.IsZero() && !s.Ended.IsZero() {
			v.Took = "0 s"
		}
		if len(s.Failures) > 0 || s.State != progress.Failed { // else it is among the failures
			v.Error = lines(s.Error, 10)
		}
		v.Notes = most(s.Notes, 10, "notes")
		if took > 0 && v.Took != "" {
			from := min(992, permille(s.Started.Sub(began), took))
			v.From = percent(from)
			v.Width = percent(min(max(8, permille(s.took(r.Written), took)), 1000-from))
		}
		all = append(all, v)
	}
	return all
}

// permille is how much part is of whole, from 0 to 1000.
func permille(part, whole time.Duration) int {
	return int(1000 * min(1, max(0, part.Seconds()/whole.Seconds())))
}

// percent writes thousandths for a style sheet.
func percent(permille int) string { return fmt.Sprintf("%d.%d%%", permille/10, permille%10) }

// most returns the first n of texts, and how many more there are of what.
func most(texts []string, n int, what string) []string {
	if len(texts) <= n {
		return slices.Clone(texts)
	}
	return append(slices.Clone(texts[:n]), "and "+number(len(texts)-n)+" more "+what)
}

// icon is a dot in the tab of the browser, in the colour of s.
func icon(s progress.State) template.URL {
	colour := "6e7781"
	switch s {
	case progress.Done, progress.Unchanged:
		colour = "1a7f37"
	case progress.Failed:
		colour = "cf222e"
	case progress.Running:
		colour = "0969da"
	case progress.RollingBack, progress.RolledBack:
		colour = "9a6700"
	}
	return template.URL("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='4' fill='%23" + colour + "'/%3E%3C/svg%3E")
}

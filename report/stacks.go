package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// stack is a stack, what was planned and what came of it.
type stack struct {
	Mark    mark
	Sign    sign
	Name    string
	Counts  string
	Took    string
	Error   []string
	Changes rows[change]
	Outputs rows[output]
	Open    bool
}

type output struct{ Name, Value, Link string }

// change is what happens to one thing.
type change struct {
	Sign   sign
	Name   string
	Type   string
	Detail string
}

// stacksOf returns the stacks of each stage.
func stacksOf(r Run) []group[stack] {
	var groups []group[stack]
	for _, s := range r.Stages {
		var all []stack
		for _, k := range s.Stacks {
			all = append(all, stackOf(k))
		}
		if len(all) > 0 {
			groups = append(groups, group[stack]{Stage: s.Name, Rows: rowsOf(all, len(all), 100, "")})
		}
	}
	return alone(groups)
}

// alone leaves out the name of the stage where there is but one.
func alone[T any](groups []group[T]) []group[T] {
	if len(groups) == 1 {
		groups[0].Stage = ""
	}
	return groups
}

func stackOf(s Stack) stack {
	v := stack{
		Mark: markOfStack(s), Sign: signOf(s.Action), Name: s.Name, Counts: counts(s.Changes),
		Error: lines(s.Error, 40), Changes: changeRows(s.Changes),
	}
	if !s.Started.IsZero() && !s.Ended.IsZero() {
		v.Took = span(s.Ended.Sub(s.Started))
	}
	v.Open = v.Mark.Slug == "failed"
	var outputs []output
	for _, name := range slices.Sorted(maps.Keys(s.Outputs)) {
		outputs = append(outputs, output{name, s.Outputs[name], link(s.Outputs[name])})
	}
	v.Outputs = rowsOf(outputs, len(outputs), 100, "")
	return v
}

// counts sums changes up: "2 add, 1 replace", what is lost first.
func counts(changes []Change) string {
	in := map[string]int{}
	for _, c := range changes {
		in[cmp.Or(c.Action, "none")]++
	}
	var said []string
	for _, action := range slices.SortedFunc(maps.Keys(in), func(a, b string) int { return cmp.Or(risk(a)-risk(b), cmp.Compare(a, b)) }) {
		said = append(said, fmt.Sprintf("%s %s", number(in[action]), action))
	}
	return strings.Join(said, ", ")
}

// risk is the less, the more an action puts at risk.
func risk(action string) int {
	return slices.Index([]string{"delete", "replace", "modify", "add", "none"}, signOf(action).Slug)
}

// changeRows puts in sight what is put at risk, then the rest in its order.
func changeRows(all []Change) rows[change] {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Change) int { return risk(a.Action) - risk(b.Action) })
	var changes []change
	for _, c := range all {
		changes = append(changes, change{signOf(c.Action), c.Name, c.Type, c.Detail})
	}
	return rowsOf(changes, rowsInSight, mostRows, "more")
}

// changesOf returns what each stage changed besides stacks, images and services.
func changesOf(r Run) []group[change] {
	var groups []group[change]
	for _, s := range r.Stages {
		if len(s.Changes) > 0 {
			groups = append(groups, group[change]{Stage: s.Name, Rows: changeRows(s.Changes)})
		}
	}
	return groups
}

// images are those of all stages: failed and new ones in sight.
type images struct {
	Figure, Label, Slug string
	Summary             string
	Rows                rows[image]
}

type image struct {
	Mark       mark
	Module     string
	Repository string
	Tag        string
	Digest     string
	Reason     string
	Tags       string
}

func imagesOf(r Run) *images {
	var all []image
	in := map[string]int{}
	for _, s := range r.Stages {
		for _, i := range s.Images {
			in[cmp.Or(i.Outcome, "unknown")]++
			all = append(all, image{
				Mark: markOfOutcome(i.Outcome), Module: i.Module, Repository: i.Repository, Tag: i.Tag,
				Digest: i.Digest, Reason: i.Reason, Tags: list(i.Tags, 8),
			})
		}
	}
	if len(all) == 0 {
		return nil
	}
	rank := func(i image) int {
		return slices.Index([]string{"failed", "skipped", "other", "done", "unchanged"}, i.Mark.Slug)
	}
	slices.SortStableFunc(all, func(a, b image) int { return rank(a) - rank(b) })
	news := 0
	for _, i := range all {
		if i.Mark.Slug != "unchanged" {
			news++
		}
	}
	v := &images{
		Figure: fmt.Sprintf("%s of %s", number(in["built"]), number(len(all))), Label: "images built",
		Rows: rowsOf(all, min(news, mostRows), mostRows, "images as they were"),
	}
	if n := in["failed"]; n > 0 {
		v.Figure, v.Label, v.Slug = number(n), "images failed", "failed"
	}
	if len(v.Rows.Shown) < news { // more new ones than are shown: the fold holds them too
		v.Rows.Fold = number(len(v.Rows.Folded)) + " more images"
	}
	var said []string
	for _, outcome := range slices.SortedFunc(maps.Keys(in), func(a, b string) int {
		return cmp.Or(rank(image{Mark: markOfOutcome(a)})-rank(image{Mark: markOfOutcome(b)}), cmp.Compare(a, b))
	}) {
		said = append(said, number(in[outcome])+" "+outcome)
	}
	v.Summary = strings.Join(said, ", ") + "."
	return v
}

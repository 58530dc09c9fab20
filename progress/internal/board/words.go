package board

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/text"
)

// named is how many subjects a line names before it only counts them.
const named = 3

// Underway says what is being done at now, the longest first; nothing where
// nothing is.
func Underway(rows []Row, now time.Time) string {
	active := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return !r.Active() })
	if len(active) == 0 {
		return ""
	}
	if slices.ContainsFunc(active, func(r Row) bool { return r.Subject != "" }) {
		active = slices.DeleteFunc(active, func(r Row) bool { return r.Subject == "" })
	}
	slices.SortStableFunc(active, func(a, b Row) int { return cmp.Compare(b.Elapsed(now), a.Elapsed(now)) })
	names := make([]string, len(active))
	for i, r := range active {
		names[i] = fmt.Sprintf("%s (%s)", text.Line(r.Name()), text.Elapsed(r.Elapsed(now)))
	}
	c := Count(rows)
	s := fmt.Sprintf("%d of %d done", c.In[progress.Done], c.Total)
	if n := c.In[progress.Failed]; n > 0 {
		s += fmt.Sprintf(", %d failed", n)
	}
	return s + "; " + text.List(names, named)
}

// Summary says how it all ended.
func Summary(rows []Row) string {
	c, subjects := Count(rows), Subjects(rows)
	said := []string{fmt.Sprintf("%d of %d done", c.In[progress.Done], c.Total)}
	for _, p := range c.Parts() {
		var names []string
		for _, r := range subjects {
			if r.State == p.State {
				names = append(names, text.Line(r.Name()))
			}
		}
		said = append(said, fmt.Sprintf("%s (%s)", p.Text, text.List(names, named)))
	}
	for _, r := range rows {
		if r.Subject == "" && r.State == progress.Failed && !slices.ContainsFunc(subjects, func(s Row) bool { return s.Op == r.Op && s.Subject == "" }) {
			said = append(said, text.Line(r.Op)+" failed")
		}
	}
	return strings.Join(said, ", ")
}

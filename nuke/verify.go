package nuke

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/nuke/internal/awsnuke"
)

// Run is how aws-nuke is going to be called. The zero value is a call without
// these flags. The flags --cloud-control and --no-alias-check are not foretold.
type Run struct {
	FilterGroups bool     // --feature-flag filter-groups, of v3
	Include      []string // --include of v3, --target of v2
	Exclude      []string // --exclude
	// Now is when it runs. Only filters by date need it; without it, what they
	// decide counts as unproven.
	Now time.Time
}

// Verify says what aws-nuke would do to what inv holds, by config. The error is a
// [*VerifyError] unless that is to delete exactly inv.Mine: nothing else, nothing
// less, nothing that was not read, and no run that aws-nuke would refuse. The
// verdict is returned either way.
//
// It follows aws-nuke: an item is kept if any filter of its type matches after
// its inversion, and goes where its type has none; a property that an item lacks
// reads as ""; filters by a property of a type that has none are skipped; no
// includes mean all types; what is not spelled right is ignored by v3.
//
// An inventory that contradicts itself fails with [ErrInventory].
func Verify(config Config, inv Inventory, run Run) (Verdict, error) {
	if config.parsed == nil {
		return Verdict{}, errors.New("verify: there is no configuration: Generate or Parse makes one")
	}
	if err := inv.validate(); err != nil {
		return Verdict{}, fmt.Errorf("verify %s: %w", config.file, err)
	}
	plan := config.parsed.Plan(awsnuke.Subject{Account: inv.Account, Alias: inv.Alias, Environment: inv.Environment},
		awsnuke.Run{FilterGroups: run.FilterGroups, Include: run.Include, Exclude: run.Exclude, Now: run.Now})
	j := judge{config: config, plan: plan, unknown: make(map[string][]Resource), verdict: newVerdict(config, inv)}
	j.verdict.Refused = append(j.verdict.Refused, findings(plan.Refused)...)
	j.verdict.Warnings = append(j.verdict.Warnings, findings(plan.Warnings)...)
	for _, r := range sorted(inv.Mine) {
		j.mine(r)
	}
	for _, r := range sorted(inv.Others) {
		j.other(r)
	}
	slices.SortFunc(j.verdict.Deletes, compare)
	slices.SortFunc(j.verdict.Keeps, compare)
	if len(plan.Refused) == 0 { // else there is no run to foretell
		j.unread(inv)
		j.undecided()
	}
	return j.verdict, j.verdict.err()
}

// judge gathers a verdict.
type judge struct {
	config  Config
	plan    *awsnuke.Plan
	verdict Verdict
	unknown map[string][]Resource // what could not be decided, by the reason
	reasons []string              // of unknown, in order
}

func (j *judge) decide(r Resource) awsnuke.Decision {
	d := j.plan.Decide(awsnuke.Item{Type: r.Type, Region: r.Region, ID: r.ID, Properties: r.Properties})
	if d.Fate == awsnuke.Unknown {
		if _, ok := j.unknown[d.Why]; !ok {
			j.reasons = append(j.reasons, d.Why)
		}
		j.unknown[d.Why] = append(j.unknown[d.Why], r)
	}
	return d
}

func (j *judge) mine(r Resource) {
	v := &j.verdict
	switch d := j.decide(r); d.Fate {
	case awsnuke.Delete:
		v.Deletes = append(v.Deletes, r)
	case awsnuke.Keep:
		v.Keeps = append(v.Keeps, r)
		if !j.config.parsed.Knows(r.Type) {
			v.Warnings = append(v.Warnings, Finding{j.config.file, 0, fmt.Sprintf("this aws-nuke has no type %s: %s goes with what it belongs to, or stays", r.Type, r.ID)})
			return
		}
		v.Missing = append(v.Missing, r)
		v.why = append(v.why, d.Why)
	}
}

func (j *judge) other(r Resource) {
	v := &j.verdict
	switch d := j.decide(r); d.Fate {
	case awsnuke.Delete:
		v.Deletes = append(v.Deletes, r)
		v.Stray = append(v.Stray, r)
	case awsnuke.Keep:
		v.Keeps = append(v.Keeps, r)
	}
}

// unread is what the configuration reaches and the inventory does not.
func (j *judge) unread(inv Inventory) {
	types := slices.DeleteFunc(slices.Clone(j.plan.Types), func(t string) bool { return slices.Contains(inv.Read, t) })
	if len(types) > 0 {
		j.unproven("unread %s: %s", named(types, "type"), "the inventory does not say what there is of it")
	}
	regions := slices.DeleteFunc(slices.Clone(j.plan.Regions), func(r string) bool { return slices.Contains(inv.Regions, r) })
	if len(regions) > 0 {
		j.unproven("unread %s: %s", named(regions, "region"), "the inventory does not say what there is in it")
	}
}

// named is "type A", or "types A, B and 7 more".
func named(names []string, thing string) string {
	const most = 6
	switch {
	case len(names) == 1:
		return thing + " " + names[0]
	case len(names) > most:
		return fmt.Sprintf("%ss %s and %d more", thing, strings.Join(names[:most], ", "), len(names)-most)
	}
	last := len(names) - 1
	return thing + "s " + strings.Join(names[:last], ", ") + " and " + names[last]
}

func (j *judge) undecided() {
	for _, why := range j.reasons {
		rs := j.unknown[why]
		j.unproven("%s cannot be foretold (%s first): it depends on what is not known: %s", resources(len(rs)), rs[0], why)
	}
}

func (j *judge) unproven(format string, args ...any) {
	j.verdict.Unproven = append(j.verdict.Unproven, Finding{File: j.config.file, Detail: fmt.Sprintf(format, args...)})
}

func findings(all []awsnuke.Finding) []Finding {
	var own []Finding
	for _, f := range all {
		own = append(own, Finding(f))
	}
	return own
}

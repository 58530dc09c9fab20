package kre

import (
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/kre/internal/helm"
)

// The labels of a release's record, beside helm's own. They are short forms of
// SHA-256 sums, and say whose work on it is under way.
const (
	labelChart  = "kre.delivery/chart"  // what chart
	labelValues = "kre.delivery/values" // what values
	labelRun    = "kre.delivery/run"    // who works: Options.Run
	labelWork   = "kre.delivery/work"   // one operation, by a random name
	labelUntil  = "kre.delivery/until"  // Unix seconds when it will have ended, whatever becomes of it
)

// hashLetters is how much of a sum goes into a label, which takes 63 letters.
const hashLetters = 40

// labels are those of the record of d.
func (d *desired) labels() map[string]string {
	return map[string]string{labelChart: d.chart.Digest()[:hashLetters], labelValues: d.hash[:hashLetters]}
}

// decision is what there is to do with a release, and why.
type decision struct {
	action  Action
	last    helm.Record // the newest revision; the zero Record where there is none
	base    helm.Record // the revision that the objects in the cluster are taken to be of
	replace bool        // a removed release has left its history
	unmake  bool        // a removal that was begun is to be finished first
	notes   []string
}

// decide compares the stored revisions of a release, oldest first, with the labels of
// the desired one.
func decide(history []helm.Record, labels map[string]string) decision {
	if len(history) == 0 {
		return decision{action: Install}
	}
	last := history[len(history)-1]
	d := decision{action: Upgrade, last: last, base: last}
	if good, found := deployed(history); found {
		d.base = good
	}
	switch last.Status {
	case helm.Deployed:
		if last.Labels[labelChart] == labels[labelChart] && last.Labels[labelValues] == labels[labelValues] {
			d.action = Keep
		} else if last.Labels[labelChart] == "" {
			d.notes = append(d.notes, "it was made without the labels of this package: it is upgraded once, even if nothing differs")
		}
	case helm.Uninstalled:
		d.action, d.base, d.replace = Install, helm.Record{}, true
	case helm.Uninstalling:
		d.action, d.base, d.unmake = Install, helm.Record{}, true
		d.notes = append(d.notes, "its removal was begun: it is finished first")
	case helm.Failed:
		d.notes = append(d.notes, fmt.Sprintf("revision %d failed: what is in the cluster may differ from it", last.Revision))
	}
	return d
}

// deployed returns the newest revision that is deployed.
func deployed(history []helm.Record) (helm.Record, bool) {
	for _, r := range slices.Backward(history) {
		if r.Status == helm.Deployed {
			return r, true
		}
	}
	return helm.Record{}, false
}

// pending reports whether a status says that something is under way.
func pending(status string) bool {
	switch status {
	case helm.PendingInstall, helm.PendingUpgrade, helm.PendingRollback, helm.Uninstalling:
		return true
	}
	return false
}

// stillTrue reports whether a change that was planned for what was last then holds
// for what is last now: nobody has made another revision, and a revision that was under
// way has not succeeded.
func (c Change) stillTrue(last helm.Record) bool {
	if last.Revision == 0 { // it is gone
		return c.Revision == 0 || c.Status == helm.Uninstalling
	}
	return last.Revision == c.Revision && (last.Status == c.Status || pending(c.Status) && last.Status != helm.Deployed)
}

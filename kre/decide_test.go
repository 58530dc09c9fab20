package kre

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/mettel-automation/delivery/kre/internal/helm"
)

func TestDecide(t *testing.T) {
	same, other := map[string]string{labelChart: "c", labelValues: "v"}, map[string]string{labelChart: "c", labelValues: "w"}
	record := func(revision int, status string, labels map[string]string) helm.Record {
		return helm.Record{Revision: revision, Status: status, Labels: labels}
	}
	tests := map[string]struct {
		history []helm.Record
		action  Action
		base    int // revision
		replace bool
		unmake  bool
		note    string
	}{
		"nothing":                            {nil, Install, 0, false, false, ""},
		"the same is deployed":               {[]helm.Record{record(1, helm.Superseded, same), record(2, helm.Deployed, same)}, Keep, 2, false, false, ""},
		"other values are deployed":          {[]helm.Record{record(2, helm.Deployed, other)}, Upgrade, 2, false, false, ""},
		"somebody else deployed it":          {[]helm.Record{record(2, helm.Deployed, nil)}, Upgrade, 2, false, false, "without the labels"},
		"the first installation failed":      {[]helm.Record{record(1, helm.Failed, same)}, Upgrade, 1, false, false, "revision 1 failed"},
		"the last upgrade failed":            {[]helm.Record{record(3, helm.Deployed, other), record(4, helm.Failed, same)}, Upgrade, 3, false, false, "revision 4 failed"},
		"an upgrade is under way":            {[]helm.Record{record(3, helm.Deployed, other), record(4, helm.PendingUpgrade, same)}, Upgrade, 3, false, false, ""},
		"the first installation is":          {[]helm.Record{record(1, helm.PendingInstall, same)}, Upgrade, 1, false, false, ""},
		"it was removed and is remembered":   {[]helm.Record{record(4, helm.Uninstalled, same)}, Install, 0, true, false, ""},
		"its removal was interrupted":        {[]helm.Record{record(4, helm.Uninstalling, same)}, Install, 0, false, true, "its removal was begun"},
		"the good one lies behind two bad":   {[]helm.Record{record(1, helm.Deployed, same), record(2, helm.Failed, other), record(3, helm.Failed, other)}, Upgrade, 1, false, false, "revision 3 failed"},
		"all that is left is superseded":     {[]helm.Record{record(1, helm.Superseded, same)}, Upgrade, 1, false, false, ""},
		"a rollback is under way since then": {[]helm.Record{record(1, helm.Superseded, same), record(2, helm.PendingRollback, same)}, Upgrade, 2, false, false, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := decide(tt.history, same)
			if d.action != tt.action || d.base.Revision != tt.base || d.replace != tt.replace || d.unmake != tt.unmake || !strings.Contains(fmt.Sprint(d.notes), tt.note) {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestStillTrue(t *testing.T) {
	planned := func(revision int, status string) Change { return Change{Revision: revision, Status: status} }
	last := func(revision int, status string) helm.Record { return helm.Record{Revision: revision, Status: status} }
	tests := map[string]struct {
		change Change
		last   helm.Record
		want   bool
	}{
		"nothing then and now":                  {planned(0, ""), last(0, ""), true},
		"as it was":                             {planned(2, helm.Deployed), last(2, helm.Deployed), true},
		"another revision":                      {planned(2, helm.Deployed), last(3, helm.Deployed), false},
		"installed meanwhile":                   {planned(0, ""), last(1, helm.Deployed), false},
		"removed meanwhile":                     {planned(2, helm.Deployed), last(0, ""), false},
		"the removal is done":                   {planned(2, helm.Uninstalling), last(0, ""), true},
		"what was under way failed":             {planned(2, helm.PendingUpgrade), last(2, helm.Failed), true},
		"what was under way went well":          {planned(2, helm.PendingUpgrade), last(2, helm.Deployed), false},
		"what was deployed is being taken away": {planned(2, helm.Deployed), last(2, helm.Uninstalling), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.change.stillTrue(tt.last); got != tt.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestLockOf(t *testing.T) {
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	e, err := New(nil, Options{Run: "pipeline #7", LockAge: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ours := e.lockLabels(5*time.Minute, now)
	tests := map[string]struct {
		record    helm.Record
		locked    bool
		abandoned bool
		who       string
	}{
		"deployed":                          {helm.Record{Status: helm.Deployed, Updated: now, Labels: ours}, false, false, ""},
		"by helm, a minute ago":             {helm.Record{Status: helm.PendingInstall, Updated: now.Add(-time.Minute)}, true, false, "another program"},
		"by helm, long ago":                 {helm.Record{Status: helm.PendingUpgrade, Updated: now.Add(-11 * time.Minute)}, true, true, "another program"},
		"by this very run":                  {helm.Record{Status: helm.Uninstalling, Updated: now, Labels: ours}, true, true, "run pipeline-7"},
		"by another run, in its time":       {helm.Record{Status: helm.PendingRollback, Updated: now, Labels: with(ours, labelRun, "8")}, true, false, "run 8"},
		"by another run, its time is over":  {helm.Record{Status: helm.PendingRollback, Updated: now, Labels: with(with(ours, labelRun, "8"), labelUntil, "1")}, true, true, "run 8"},
		"by a run that does not say its id": {helm.Record{Status: helm.PendingRollback, Updated: now, Labels: with(ours, labelRun, "")}, true, false, "another program"},
		"by one whose time is no number":    {helm.Record{Status: helm.PendingRollback, Updated: now.Add(-time.Hour), Labels: with(with(ours, labelRun, "8"), labelUntil, "soon")}, true, true, "run 8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lock := e.lockOf(tt.record)
			if (lock != nil) != tt.locked {
				t.Fatalf("lock %v", lock)
			}
			if lock != nil && (e.abandoned(lock, now) != tt.abandoned || lock.who() != tt.who) {
				t.Errorf("%v, abandoned %v", lock, e.abandoned(lock, now))
			}
		})
	}
	if text := e.lockOf(tests["by another run, in its time"].record).Error(); text != "another run works on it: run 8 is pending-rollback since 2026-05-04T03:02:01Z, and may be until 2026-05-04T03:08:01Z" {
		t.Errorf("text: %s", text)
	}
}

func with(labels map[string]string, key, value string) map[string]string {
	out := map[string]string{key: value}
	for k, v := range labels {
		if k != key {
			out[k] = v
		}
	}
	return out
}

func TestLabelValue(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "17": "17", "a/b c": "a-b-c", "-_.x._-": "x", "äöü": "", strings.Repeat("a", 62): strings.Repeat("a", 62),
	} {
		if got := labelValue(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	long := strings.Repeat("gitlab.example.test/group/", 4)
	one, two := labelValue(long+"1"), labelValue(long+"2")
	if one == two || len(one) > 63 || len(validation.IsValidLabelValue(one)) > 0 {
		t.Errorf("two runs are %q and %q", one, two)
	}
}

func TestRenderErrorsNameFileAndLine(t *testing.T) {
	tests := map[string]struct {
		text string
		file string
		line int
	}{
		"a template that does not parse": {"parse error at (c/templates/a.yaml:7): unclosed action", "c/templates/a.yaml", 7},
		"a template that fails":          {"execution error at (c/templates/a.yaml:3:4): needed", "c/templates/a.yaml", 3},
		"one that another includes":      {`template: c/templates/a.yaml:9:3: executing "c/templates/a.yaml" at <include "x" .>: error calling include: template: c/templates/_h.tpl:2:10: executing "x" at <.Values.a.b>: nil pointer`, "c/templates/_h.tpl", 2},
		"what is rendered is no YAML":    {"YAML parse error on c/templates/a.yaml: error converting YAML to JSON: yaml: line 5: did not find", "c/templates/a.yaml", 5},
		"no YAML without a line":         {"YAML parse error on c/templates/a.yaml: error converting YAML to JSON: odd", "c/templates/a.yaml", 0},
		"something else":                 {"no such thing", "", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cause := errors.New(tt.text)
			e, is := errors.AsType[*RenderError](renderError("c", cause))
			if !is || e.File != tt.file || e.Line != tt.line || !errors.Is(e, cause) {
				t.Errorf("%+v", e)
			}
		})
	}
}

func FuzzRenderError(f *testing.F) {
	f.Add("parse error at (c/a.yaml:7): x")
	f.Add("YAML parse error on a: b\nline 99999999999999999999:")
	f.Fuzz(func(t *testing.T, text string) {
		e, is := errors.AsType[*RenderError](renderError("c", errors.New(text)))
		if !is || e.Line < 0 || e.Line > 0 && e.File == "" {
			t.Errorf("%+v", e)
		}
	})
}

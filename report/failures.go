package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/progress"
)

// How much of a failure is shown.
const (
	mostFailures = 50
	mostLogLines = 200
	logsInSight  = 20
	mostAfter    = 60
)

// failure is one thing that went wrong. More says instead how many others did.
type failure struct {
	Stage   string
	Subject string
	Cause   []string
	Earlier []string // log lines before those in sight
	Logs    []string
	After   []string
	More    string
}

// failuresOf returns the failures of all stages in their order. A stage that
// failed without one is one.
func failuresOf(r Run) []failure {
	var all []failure
	for _, s := range r.Stages {
		for _, f := range s.Failures {
			all = append(all, failureOf(s, f))
		}
		if len(s.Failures) == 0 && s.State == progress.Failed {
			cause := cmp.Or(strings.TrimSpace(s.Error), s.Summary, "The stage failed and gave no reason.")
			all = append(all, failure{Stage: s.Name, Cause: lines(cause, 40)})
		}
	}
	if len(all) > mostFailures {
		more := failure{More: "and " + plural(len(all)-mostFailures, "more failure", "more failures")}
		all = append(all[:mostFailures], more)
	}
	return all
}

func failureOf(s Stage, f Failure) failure {
	v := failure{Stage: s.Name, Subject: f.Subject, Cause: lines(f.Cause, 40), After: most(f.After, mostAfter, "others")}
	if len(v.Cause) == 0 {
		v.Cause = []string{"No reason was given."}
	}
	if v.Subject == s.Name {
		v.Subject = ""
	}
	logs := slices.Clone(f.Logs)
	if extra := len(logs) - mostLogLines; extra > 0 {
		logs = logs[extra:]
		logs[0] = "… (" + plural(extra+1, "earlier line", "earlier lines") + ")"
	}
	if cut := len(logs) - logsInSight; cut > 3 {
		v.Earlier, logs = logs[:cut], logs[cut:]
	}
	v.Logs = logs
	return v
}

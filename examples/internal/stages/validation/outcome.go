package validation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/report"
	"github.com/mettel-automation/delivery/validate"
	validatereport "github.com/mettel-automation/delivery/validate/report"
)

// shownLines is how many lines a failure shows.
const shownLines = 10

// tell puts what was found into the record.
func tell(r *job.Record, result validate.Result, checked bool) {
	for _, f := range result.Findings() {
		r.Findings = append(r.Findings, report.Finding{
			Module: f.Module, Check: f.Check, Path: f.Path, Line: f.Line,
			Rule: f.Rule, Severity: f.Severity.String(), Message: f.Message,
		})
	}
	r.Failures = failures(result.Failed())
	r.Notes = append(r.Notes, result.Notes...)
	for _, e := range result.Stale {
		r.Notes = append(r.Notes, fmt.Sprintf("not found any more, take it out of the baseline: %s", e))
	}
	if !checked {
		r.Summary = "no module to validate"
		return
	}
	modules, undone := map[string]bool{}, 0
	for _, v := range result.Verdicts {
		modules[v.Module] = true
		if v.Outcome != validate.Findings && !v.Outcome.Pass() {
			undone++
		}
	}
	r.Summary = fmt.Sprintf("%s in %s", count(len(r.Findings), "finding"), count(len(modules), "module"))
	if undone > 0 {
		r.Summary += fmt.Sprintf(", %s not done", count(undone, "check"))
	}
}

// skipMissing makes of each linter that is missing one that has nothing to validate.
func skipMissing(r *job.Record, result validate.Result) {
	for i, v := range result.Verdicts {
		if v.Outcome != validate.MissingTool {
			continue
		}
		result.Verdicts[i].Outcome = validate.Nothing
		note := fmt.Sprintf("%s was skipped: %s", v.Check, v.Reason)
		if !slices.Contains(r.Notes, note) {
			r.Notes = append(r.Notes, note)
		}
	}
}

// failures are those of verdicts: one for each check that found something in a module,
// and one for each linter that is missing, whatever modules want it.
func failures(failed []validate.Verdict) []report.Failure {
	var all []report.Failure
	for _, v := range failed {
		if v.Outcome == validate.MissingTool {
			at := slices.IndexFunc(all, func(f report.Failure) bool { return f.Subject == v.Check && f.Cause == v.Reason })
			if at < 0 {
				all, at = append(all, report.Failure{Subject: v.Check, Cause: v.Reason}), len(all)
			}
			all[at].After = append(all[at].After, v.Module)
			continue
		}
		all = append(all, report.Failure{Subject: v.Module, Cause: v.Check + ": " + v.Summary(), Logs: lines(v)})
	}
	return all
}

// lines are what a verdict has to show.
func lines(v validate.Verdict) []string {
	if len(v.Output) > 0 {
		return v.Output[max(0, len(v.Output)-shownLines):]
	}
	var all []string
	for i, f := range v.Findings {
		if i == shownLines {
			return append(all, fmt.Sprintf("and %d more", len(v.Findings)-i))
		}
		all = append(all, f.String())
	}
	return all
}

// failure says in one line what fails; nil where nothing does.
func failure(result validate.Result) error {
	var parts []string
	for _, f := range failures(result.Failed()) {
		part := f.Subject + ": " + f.Cause
		if len(f.After) > 0 {
			part += ", so not validated: " + strings.Join(f.After, ", ")
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return nil
	}
	return cli.Failed(fmt.Errorf("validation failed: %s", strings.Join(parts, "; ")))
}

// write writes the reports for CI into the run directory.
func write(dir job.Directory, stage string, result validate.Result) error {
	var errs []error
	for ending, form := range map[string]func(io.Writer, validate.Result) error{
		".codequality.json": validatereport.WriteCodeQuality,
		".sarif":            validatereport.WriteSARIF,
		".junit.xml":        validatereport.WriteJUnit,
	} {
		var b bytes.Buffer
		err := form(&b, result)
		if err == nil {
			_, err = dir.Write(stage+ending, b.Bytes())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Package report writes the result of a validation for other programs.
//
//	result, err := runner.Run(ctx, modules)
//	...
//	err = report.WriteSARIF(file, result)
//
// [WriteSARIF] is for code scanning, [WriteCodeQuality] for the merge requests
// of GitLab, [WriteJUnit] for the tests tab of any CI. All come from one result:
// no linter runs twice. A check that could not do its work is in each of them,
// so that none looks clean for want of a linter. What people read is the
// String method of the result itself.
//
// It opens no files and sends nothing anywhere.
package report

import (
	"fmt"

	"github.com/mettel-automation/delivery/validate"
)

// failures returns the verdicts of checks that did not do their work.
func failures(r validate.Result) []validate.Verdict {
	var failed []validate.Verdict
	for _, v := range r.Failed() {
		if v.Outcome != validate.Findings {
			failed = append(failed, v)
		}
	}
	return failed
}

// complaint says that a check did not do its work.
func complaint(v validate.Verdict) string {
	return fmt.Sprintf("%s of module %s: %s: %s", v.Check, v.Module, v.Outcome, v.Reason)
}

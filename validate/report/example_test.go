package report_test

import (
	"fmt"
	"os"

	"github.com/mettel-automation/delivery/validate"
	"github.com/mettel-automation/delivery/validate/report"
)

func ExampleWriteJUnit() {
	result := validate.Result{Verdicts: []validate.Verdict{
		{Module: "bruin-bridge", Check: "pep8", Outcome: validate.Clean},
		{Module: "notifier", Check: "pep8", Outcome: validate.Findings, Findings: []validate.Finding{{
			Check: "pep8", Module: "notifier", Path: "notifier/app.py", Line: 3, Rule: "E501",
			Severity: validate.Warning, Message: "line too long (81 > 79 characters)",
		}}},
	}}
	if err := report.WriteJUnit(os.Stdout, result); err != nil {
		fmt.Println(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <testsuites name="validate" tests="2" failures="1" errors="0" skipped="0" time="0.000">
	//   <testsuite name="bruin-bridge" tests="1" failures="0" errors="0" skipped="0" time="0.000">
	//     <testcase name="pep8" classname="bruin-bridge" time="0.000"></testcase>
	//   </testsuite>
	//   <testsuite name="notifier" tests="1" failures="1" errors="0" skipped="0" time="0.000">
	//     <testcase name="pep8" classname="notifier" file="notifier/app.py" line="3" time="0.000">
	//       <failure message="1 finding" type="findings">notifier/app.py:3: warning: line too long (81 &gt; 79 characters) (pep8/E501)
	// </failure>
	//     </testcase>
	//   </testsuite>
	// </testsuites>
}

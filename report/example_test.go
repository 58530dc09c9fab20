package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

func ExampleRun_WriteHTML() {
	began := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	run := report.Run{
		Title:  "automation-8527fec8",
		Branch: "dev/feature/login",
		Stages: []report.Stage{{
			Name: "build", State: progress.Done, Summary: "1 built, 1 unchanged",
			Started: began, Ended: began.Add(78 * time.Second),
			Images: []report.Image{
				{Module: "notifier", Repository: "automation/notifier", Tag: "in-4f1c09aa", Outcome: "built", Reason: "notifier/app.py changed"},
				{Module: "portal", Repository: "automation/portal", Tag: "in-77d0e2b1", Outcome: "unchanged"},
			},
		}, {
			Name: "deploy", State: progress.Failed, Summary: "1 service failed",
			Started: began.Add(78 * time.Second), Ended: began.Add(160 * time.Second),
			Failures: []report.Failure{{
				Subject: "notifier", Cause: "essential container exited with code 1",
				Logs:  []string{"ConnectionError: redis:6379 refused the connection"},
				After: []string{"portal"},
			}},
		}},
	}

	var page bytes.Buffer // or a file
	if err := run.WriteHTML(&page); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.State(), "after", run.Took())
	for _, heading := range regexp.MustCompile(`<h2[^>]*>(.*)</h2>`).FindAllStringSubmatch(page.String(), -1) {
		fmt.Println("-", heading[1])
	}
	// Output:
	// failed after 2m40s
	// - What failed
	// - Stages
	// - Images
}

// A stage leaves what it did as JSON, and a later process makes the page of all
// of them.
func ExampleStage() {
	file, err := json.Marshal(report.Stage{Name: "build", State: progress.Done, Summary: "3 built"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(file))

	var build report.Stage
	if err := json.Unmarshal(file, &build); err != nil {
		fmt.Println(err)
		return
	}
	run := report.Run{Title: "automation-master", Stages: []report.Stage{build, {Name: "deploy", State: progress.Running}}}
	fmt.Println(run.State())
	// Output:
	// {"name":"build","state":"done","summary":"3 built"}
	// running
}

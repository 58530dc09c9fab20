package cilog_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/cilog"
)

func Example() {
	log := cilog.New(os.Stdout, cilog.Options{Dialect: cilog.GitHub, NoColor: true})

	build := log.Section("build")
	report := progress.Func(build.Emit)
	report.Emit(progress.Event{Op: "ecr.image", Subject: "identity", State: progress.Unchanged})
	report.Emit(progress.Event{Op: "ecr.image", Subject: "notifier", State: progress.Done, Message: "pushed"})
	_ = build.End("1 built, 1 unchanged", nil)

	deploy := log.Section("deploy")
	_, _ = fmt.Fprintln(deploy, "environment automation-1a2b3c4d")
	_ = deploy.End("", errors.New("roll out notifier: essential container exited with code 1"))
	_ = log.Close()
	// Output:
	// ::group::✓ build  1 built, 1 unchanged
	// ecr.image
	//   ✓ notifier  pushed
	//   ✓ 1 unchanged: identity
	// ::endgroup::
	// ✗ deploy  failed
	// environment automation-1a2b3c4d
	// ::error title=deploy::roll out notifier: essential container exited with code 1
}

// Where a log cannot be collapsed, the title of a step that went well is all.
func ExampleSection_End() {
	log := cilog.New(os.Stdout, cilog.Options{Dialect: cilog.Detect(func(string) string { return "" })})

	run := func() error {
		step := log.Section("validate")
		_, _ = fmt.Fprintln(step, "28 modules, 412 files")
		return step.End("28 modules, no findings", nil)
	}
	fmt.Println(run(), log.Close())
	// Output:
	// ✓ validate  28 modules, no findings
	// <nil> <nil>
}

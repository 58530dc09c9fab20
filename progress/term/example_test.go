package term_test

import (
	"fmt"
	"os"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/term"
)

// On a terminal this is a live view. The output of an example is none, so here
// it is lines.
func ExampleAuto() {
	view := term.Auto(os.Stdout, os.Getenv)
	report := progress.Func(view.Emit)

	report.Emit(progress.Event{Op: "ecs.rollout", Subject: "identity", State: progress.Unchanged})
	report.Emit(progress.Event{Op: "ecs.rollout", Subject: "notifier", State: progress.Running, Message: "2 of 3 tasks running"})

	if err := view.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// [    0s] unchanged     ecs.rollout identity
	// [    0s] running       ecs.rollout notifier: 2 of 3 tasks running
	// [    0s] 1 of 2 done, 1 running (notifier)
}

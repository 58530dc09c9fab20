package plain_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/plain"
)

func ExampleRenderer() {
	log := plain.New(os.Stdout, plain.Options{})
	report := progress.Func(log.Emit)

	report.Emit(progress.Event{Op: "ecs.rollout", Subject: "identity", State: progress.Unchanged})
	report.Emit(progress.Event{Op: "ecs.rollout", Subject: "notifier", State: progress.Waiting, Needs: []string{"identity"}})
	report.Emit(progress.Event{
		Op: "ecs.rollout", Subject: "notifier", State: progress.Failed,
		Err: errors.New("essential container exited with code 1:\n  panic: no redis"),
	})

	if err := log.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// [    0s] unchanged     ecs.rollout identity
	// [    0s] FAILED        ecs.rollout notifier
	//                        essential container exited with code 1:
	//                          panic: no redis
	// [    0s] 1 of 2 done, 1 failed (notifier)
}

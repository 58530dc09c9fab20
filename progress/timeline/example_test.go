package timeline_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/timeline"
)

// rollout reports a run of three services, of which web needs the other two.
func rollout(report progress.Func) {
	at := func(seconds int) time.Time {
		return time.Date(2026, 11, 22, 10, 0, seconds, 0, time.UTC)
	}
	for _, e := range []progress.Event{
		{Time: at(0), Subject: "web", State: progress.Waiting, Needs: []string{"cache", "identity"}},
		{Time: at(0), Subject: "cache", State: progress.Running},
		{Time: at(0), Subject: "identity", State: progress.Running},
		{Time: at(8), Subject: "cache", State: progress.Done},
		{Time: at(20), Subject: "identity", State: progress.Done},
		{Time: at(21), Subject: "web", State: progress.Running},
		{Time: at(50), Subject: "web", State: progress.Done},
	} {
		e.Op = "ecs.rollout"
		report.Emit(e)
	}
}

func ExampleTimeline() {
	picture := timeline.Timeline{Options: timeline.Options{Title: "Rollout"}}
	rollout(picture.Emit)

	var svg bytes.Buffer // or a file
	if err := picture.WriteSVG(&svg); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.HasPrefix(svg.Bytes(), []byte("<svg ")))
	// Output:
	// true
}

func ExampleCriticalPath() {
	var run progress.Recorder
	rollout(run.Record)

	for _, step := range timeline.CriticalPath(timeline.Lanes(run.Events())) {
		fmt.Printf("%s: waited %v, took %v\n", step.Subject, step.Wait, step.Work)
	}
	// Output:
	// identity: waited 0s, took 20s
	// web: waited 1s, took 29s
}

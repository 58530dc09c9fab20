package progress_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// deploy is work that reports how it goes.
func deploy(service string, report progress.Func) {
	event := progress.Event{Op: "demo.deploy", Subject: service, State: progress.Running}
	report.Emit(event)
	event.State, event.Message = progress.Done, "3 of 3 tasks healthy"
	report.Emit(event)
}

func ExampleFunc() {
	deploy("notifier", func(e progress.Event) {
		fmt.Println(e.Op, e.Subject, e.State)
	})
	deploy("web", nil) // nobody listens
	// Output:
	// demo.deploy notifier running
	// demo.deploy notifier done
}

func ExampleTee() {
	var kept progress.Recorder
	show := func(e progress.Event) { fmt.Println(e.Subject, e.State) }
	deploy("notifier", progress.Tee(show, kept.Record))
	fmt.Println(len(kept.Events()), "events kept")
	// Output:
	// notifier running
	// notifier done
	// 2 events kept
}

func ExampleJSON() {
	lines := progress.NewJSON(os.Stdout)
	lines.Emit(progress.Event{
		Time: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Op:   "ecs.rollout", Subject: "notifier", State: progress.Failed,
		Needs: []string{"identity"}, Err: errors.New("essential container exited"),
	})
	if err := lines.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"time":"2026-11-22T10:00:00Z","op":"ecs.rollout","subject":"notifier","state":"failed","needs":["identity"],"error":"essential container exited"}
}

// Events are read back with a decoder of the standard library.
func ExampleEvent_UnmarshalJSON() {
	file := strings.NewReader(`{"time":"2026-11-22T10:00:00Z","op":"ecs.rollout","subject":"notifier","state":"running"}
{"time":"2026-11-22T10:00:12Z","op":"ecs.rollout","subject":"notifier","state":"done"}
`)
	for lines := json.NewDecoder(file); lines.More(); {
		var e progress.Event
		if err := lines.Decode(&e); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.Time.Format(time.TimeOnly), e.Subject, e.State)
	}
	// Output:
	// 10:00:00 notifier running
	// 10:00:12 notifier done
}

// Package report shows what a delivery did as one page: which modules and why,
// their coverage, the plan and outcome of each stack, the images, the rollout
// with its critical path, and above all that what failed.
//
//	run := report.Run{Title: "automation-8527fec8", Branch: "dev/feature/login", Stages: stages}
//	err := run.WriteHTML(file)
//
// The page is a single HTML file without scripts or requests to others. It is
// for a phone at night as for a printer: what failed comes first, what is long is
// folded, and light and dark follow the reader's own choice. A Run is plain data
// and survives its JSON, so that the stages of a pipeline, which are processes of
// their own, can each leave theirs for the next.
//
// It keeps nothing, asks no service, and hides no secrets: what it is given must
// hold none.
package report

import (
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// Run is one delivery, or one removal, from its first stage to its last.
type Run struct {
	Title       string    `json:"title"`                 // the name of the environment; what the page is called
	Kind        string    `json:"kind,omitempty"`        // such as production or ephemeral
	Branch      string    `json:"branch,omitempty"`      // that it came from
	Base        string    `json:"base,omitempty"`        // revision that it was compared with
	Revision    string    `json:"revision,omitempty"`    // that was delivered
	URL         string    `json:"url,omitempty"`         // of the pipeline in CI; a link, where it is http or https
	Environment string    `json:"environment,omitempty"` // URL of what was delivered
	Cloud       string    `json:"cloud,omitempty"`       // such as "in memory" or "AWS account 123456789012, us-east-1"
	Written     time.Time `json:"written"`               // when the page was made
	Stages      []Stage   `json:"stages"`                // in their order
}

// Stage is one step of a run. Of what it holds, the page shows what is there.
type Stage struct {
	Name  string         `json:"name"`
	State progress.State `json:"state"`
	// Summary is what came out in a few words, or why it was skipped: "3 built, 25 unchanged".
	Summary string    `json:"summary,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	// Error is why it failed.
	Error    string    `json:"error,omitempty"`
	Failures []Failure `json:"failures,omitempty"`
	Notes    []string  `json:"notes,omitempty"` // what people should know besides: warnings

	Modules  []Module   `json:"modules,omitempty"`
	Findings []Finding  `json:"findings,omitempty"`
	Coverage []Coverage `json:"coverage,omitempty"`
	Stacks   []Stack    `json:"stacks,omitempty"`
	Images   []Image    `json:"images,omitempty"`
	Rollout  *Rollout   `json:"rollout,omitempty"`
	Changes  []Change   `json:"changes,omitempty"` // of anything else: repositories, log searches, what was removed
	// Events are those of the stage, for its timeline.
	Events []progress.Event `json:"events,omitempty"`
}

// Failure is one thing that went wrong, with what is known of why.
type Failure struct {
	Subject string   `json:"subject"`         // service, module, stack, image
	Cause   string   `json:"cause"`           // the root cause, in a sentence
	Logs    []string `json:"logs,omitempty"`  // the last lines of what failed
	After   []string `json:"after,omitempty"` // what did not happen because of it: services that never started
}

// Module is one module of the repository.
type Module struct {
	Name     string   `json:"name"`
	Selected bool     `json:"selected"`
	Status   string   `json:"status,omitempty"` // added, modified, deleted or affected
	Reasons  []string `json:"reasons,omitempty"`
}

// Finding is one thing that a check has to say about a place.
type Finding struct {
	Module   string `json:"module"`
	Check    string `json:"check"`
	Path     string `json:"path"`
	Line     int    `json:"line,omitempty"` // from 1; 0 is unknown
	Rule     string `json:"rule,omitempty"`
	Severity string `json:"severity,omitempty"` // error, warning or note
	Message  string `json:"message"`
}

// Coverage is what a gate says of one module.
type Coverage struct {
	Module  string `json:"module"`
	Gate    string `json:"gate,omitempty"`
	Covered int64  `json:"covered"`
	Total   int64  `json:"total"`             // 0 where nothing was counted
	Unit    string `json:"unit,omitempty"`    // what is counted: lines, statements
	Percent string `json:"percent,omitempty"` // as the gate rounds it: "97.82%"
	Minimum string `json:"minimum,omitempty"` // "80%"
	Pass    bool   `json:"pass"`
	Message string `json:"message,omitempty"`
}

// Stack is a CloudFormation stack: what was planned, and what came of it.
type Stack struct {
	Name    string            `json:"name"`
	Action  string            `json:"action"`            // create, update, none, delete
	Status  string            `json:"status,omitempty"`  // of the stack afterwards
	Changes []Change          `json:"changes,omitempty"` // of its resources
	Outputs map[string]string `json:"outputs,omitempty"`
	Error   string            `json:"error,omitempty"`
	Started time.Time         `json:"started,omitzero"`
	Ended   time.Time         `json:"ended,omitzero"`
}

// Change is what happens to one thing.
type Change struct {
	Action string `json:"action"`           // add, modify, replace, delete, none, …
	Name   string `json:"name"`             // logical id, repository, search, service
	Type   string `json:"type,omitempty"`   // AWS::ECS::Cluster, image tag, …
	Detail string `json:"detail,omitempty"` // what of it changes, or why
}

// Image is a container image.
type Image struct {
	Module     string   `json:"module"`
	Repository string   `json:"repository"`
	Tag        string   `json:"tag"`              // of its inputs
	Digest     string   `json:"digest,omitempty"` // "sha256:" and 64 hex digits
	Outcome    string   `json:"outcome"`          // built, unchanged, failed, not begun
	Reason     string   `json:"reason,omitempty"` // why it was built, or skipped
	Tags       []string `json:"tags,omitempty"`   // that were moved to it
}

// Rollout is the rollout of services in the order of their dependencies. Times and
// states come from the events of the stage.
type Rollout struct {
	Cluster  string    `json:"cluster"`
	Op       string    `json:"op"` // of its events, such as "ecs.rollout"
	Services []Service `json:"services"`
}

// Service is one service of a rollout.
type Service struct {
	Name    string         `json:"name"`
	Needs   []string       `json:"needs,omitempty"`
	Action  string         `json:"action"` // create, update, none, delete
	State   progress.State `json:"state"`
	Image   string         `json:"image,omitempty"`
	Message string         `json:"message,omitempty"` // what happened to it at last
}

package buildkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	control "github.com/moby/buildkit/api/services/control"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/internal/stream"
	"github.com/mettel-automation/delivery/progress"
)

// The ids of the messages that BuildKit adds to the stream of a build.
const (
	traceID = "moby.buildkit.trace" // aux: a StatusResponse in protocol buffers
	imageID = "moby.image.id"       // aux: {"ID": "sha256:..."}
)

// log follows the messages of a build.
type log struct {
	spec   ecr.Build
	hide   func(string) string
	steps  map[string]*step // by digest of the vertex
	begun  []*step          // in the order of their beginning
	failed *step            // the first vertex with an error
	image  string
}

// step is a vertex of the build, which is a step of a Dockerfile or of BuildKit.
type step struct {
	name         string
	begun, ended bool
	output       stream.Tail
}

func newLog(spec ecr.Build) *log {
	return &log{spec: spec, steps: make(map[string]*step), hide: func(s string) string { return s }}
}

func (l *log) message(m stream.Message) error {
	switch m.ID {
	case imageID:
		var aux struct{ ID string }
		if err := json.Unmarshal(m.Aux, &aux); err != nil {
			return fmt.Errorf("read the id of the image: %w", err)
		}
		l.image = aux.ID
	case traceID:
		var raw []byte
		var status control.StatusResponse
		if err := json.Unmarshal(m.Aux, &raw); err != nil {
			return fmt.Errorf("read the trace of the build: %w", err)
		}
		if err := status.UnmarshalVT(raw); err != nil {
			return fmt.Errorf("read the trace of the build: %w", err)
		}
		l.status(&status)
	}
	return nil
}

func (l *log) status(status *control.StatusResponse) {
	for _, v := range status.Vertexes {
		s := l.steps[v.Digest]
		if s == nil {
			s = &step{output: stream.Tail{Hide: l.hide}}
			l.steps[v.Digest] = s
		}
		s.name = stream.Line(l.hide(v.Name))
		s.ended = v.Completed != nil && v.Error == ""
		if v.Started != nil && !s.begun {
			s.begun = true
			l.begun = append(l.begun, s)
			l.news(s, v.Cached)
		}
		if v.Error != "" && l.failed == nil && !strings.Contains(v.Error, "context canceled") { // that is what the others end in
			l.failed = s
		}
	}
	for _, line := range status.Logs {
		if s := l.steps[line.Vertex]; s != nil {
			s.output.Write(string(line.Msg))
		}
	}
}

func (l *log) news(s *step, cached bool) {
	message := s.name
	if n := stepName.FindStringSubmatch(s.name); n != nil {
		message = "step " + n[2] + " of " + n[3] + ": " + n[4]
		if n[1] != "" {
			message = "stage " + n[1] + ", " + message
		}
	}
	if cached {
		message += " (cached)"
	}
	l.spec.Progress.Emit(progress.Event{Op: "ecr.publish", Subject: l.spec.Subject, State: progress.Running, Message: message})
}

// "[2/5] RUN make", "[build 2/5] RUN make", "[linux/amd64 build 2/5] RUN make"
var stepName = regexp.MustCompile(`^\[(?:(.+) )?(\d+)/(\d+)\] (.*)`)

// "... did not complete successfully: exit code: 3", "executor failed running [...]: exit code: 3"
var exitCode = regexp.MustCompile(`exit code: (\d+)`)

// culprit is the step that failed, or else the last one that was still running
// when the build ended.
func (l *log) culprit() *step {
	if l.failed != nil {
		return l.failed
	}
	for _, s := range slices.Backward(l.begun) {
		if !s.ended {
			return s
		}
	}
	return nil
}

// failure is the error of the step that failed, or that was under way.
func (l *log) failure(err error) *ecr.BuildError {
	e := &ecr.BuildError{Subject: l.spec.Subject, Err: err}
	if told := l.hide(err.Error()); told != err.Error() {
		e.Err = errors.New(told) // without the chain below it, which would tell
	}
	culprit := l.culprit()
	if culprit == nil {
		return e
	}
	e.Command = culprit.name
	if n := stepName.FindStringSubmatch(culprit.name); n != nil {
		e.Step, _ = strconv.Atoi(n[2])
		e.Steps, _ = strconv.Atoi(n[3])
		e.Command = n[4]
	}
	if n := exitCode.FindStringSubmatch(err.Error()); n != nil && culprit == l.failed {
		e.Code, _ = strconv.Atoi(n[1])
	}
	e.Lines = culprit.output.Lines()
	return e
}

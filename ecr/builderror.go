package ecr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// ErrNoImage is the error of a build that ended without an image: the engine
// told of no failure and named no image either.
var ErrNoImage = errors.New("the engine ended the build without an image")

// BuildError is the failure of one step of a build.
type BuildError struct {
	Subject string   // as in Build
	Step    int      // from 1; 0 where no step had begun
	Steps   int      // how many there are; 0 where that is not known
	Command string   // the instruction of the step, as in the Dockerfile
	Code    int      // exit code of a RUN; 0 for what has none
	Lines   []string // the last lines of the output of the step, safe to print
	Err     error    // what the engine said
}

// Error says which step failed and why, with the last line of its output.
func (e *BuildError) Error() string {
	var b strings.Builder
	b.WriteString("build")
	if e.Subject != "" {
		b.WriteString(" " + e.Subject)
	}
	if e.Step > 0 {
		fmt.Fprintf(&b, ": step %d of %d (%s)", e.Step, e.Steps, e.Command)
	}
	if e.Code != 0 {
		fmt.Fprintf(&b, ": exit code %d", e.Code)
		if n := len(e.Lines); n > 0 {
			b.WriteString(", after: " + e.Lines[n-1])
		}
		return b.String()
	}
	b.WriteString(": " + clean.Text(e.Err.Error()))
	return b.String()
}

// Unwrap returns what the engine said.
func (e *BuildError) Unwrap() error { return e.Err }

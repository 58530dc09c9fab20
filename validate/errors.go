package validate

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// ErrMissingTool is matched by the error of a check whose program is not there.
var ErrMissingTool = errors.New("not installed")

// MissingToolError is the error of a check whose program is not there. It
// matches [ErrMissingTool].
type MissingToolError struct {
	Tool   string // the program, or the programs of which any would do
	Remedy string // how to get it: "npm ci"; may be empty
	Err    error  // what the system said; may be nil
}

func (e *MissingToolError) Error() string {
	text := clean.Text(e.Tool) + " is not installed"
	if e.Remedy != "" {
		text += ": " + e.Remedy
	}
	return text
}

// Is reports whether target is ErrMissingTool.
func (e *MissingToolError) Is(target error) bool { return target == ErrMissingTool }

// Unwrap returns what the system said.
func (e *MissingToolError) Unwrap() error { return e.Err }

// CrashError is the error of a program that did not do its work, as opposed to
// one that did it and found something.
type CrashError struct {
	Tool   string   // the program
	Code   int      // its exit code; -1 where a signal ended it
	Reason string   // why this is no finding: "no finding in its output"
	Stderr []string // the last lines that it wrote to standard error, or else to standard output; safe to print
}

// NewCrash returns the error of a tool that ended with out, with the last lines
// of its standard error. The reason may be empty.
func NewCrash(tool string, out Output, reason string) *CrashError {
	if out.Signal != "" {
		reason = "signal: " + out.Signal
	}
	return &CrashError{Tool: tool, Code: out.Code, Reason: cleanMessage(reason), Stderr: cleanLines(string(out.Stderr), tailLines)}
}

func (e *CrashError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s failed", clean.Text(e.Tool))
	if e.Code > 0 {
		fmt.Fprintf(&b, " with exit code %d", e.Code)
	}
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	if line := e.lastWords(); line != "" {
		b.WriteString(": " + line)
	}
	return b.String()
}

// lastWords is the line that most likely says why: the first that speaks of an
// error, or the last of all.
func (e *CrashError) lastWords() string {
	if len(e.Stderr) == 0 {
		return ""
	}
	for _, line := range e.Stderr {
		if strings.Contains(line, "Error: ") || strings.Contains(line, "error: ") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(e.Stderr[len(e.Stderr)-1])
}

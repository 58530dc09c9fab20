package text

import "github.com/mettel-automation/delivery/progress"

// The colours of the renderers are the sixteen that a person's own terminal
// theme defines. Source: ECMA-48, section 8.3.117, "SGR".
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	reset  = "\x1b[0m"
)

// Paint colours text for a terminal. The zero value leaves it as it is.
type Paint struct {
	On bool
}

// State returns s in the colour of state.
func (p Paint) State(state progress.State, s string) string {
	switch state {
	case progress.Running:
		return p.wrap(cyan, s)
	case progress.Done:
		return p.wrap(green, s)
	case progress.Failed:
		return p.wrap(red, s)
	case progress.RollingBack, progress.RolledBack:
		return p.wrap(yellow, s)
	}
	return p.wrap(dim, s)
}

// Bold returns s in bold.
func (p Paint) Bold(s string) string { return p.wrap(bold, s) }

// Dim returns s in a faint colour.
func (p Paint) Dim(s string) string { return p.wrap(dim, s) }

func (p Paint) wrap(code, s string) string {
	if !p.On || s == "" {
		return s
	}
	return code + s + reset
}

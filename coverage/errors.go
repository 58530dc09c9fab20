package coverage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// What a [ParseError] may be of, besides an error of the file system and faults
// that only its text tells.
var (
	// ErrEmpty is the error of a report of 0 bytes, of white space alone, or of the
	// JSON {}, whose format cannot be told. Another report that is well-formed and
	// lists nothing is no error; its Count is 0/0.
	ErrEmpty = errors.New("report is empty")
	// ErrUnknownFormat is the error of what is no report, or one of a format that
	// this package does not read.
	ErrUnknownFormat = hits.ErrUnknownFormat
	// ErrTruncated is the error of a report that ends too early, as after a full
	// disk or a killed process.
	ErrTruncated = hits.ErrTruncated
	// ErrContradiction is the error of a report that lacks files or lines which its own
	// totals count, where the tool adds those totals up from nothing else: coverage.py
	// (JSON and XML), the summary of istanbul, and the counters of a JaCoCo report. In
	// Cobertura of other tools, whose root may count a line more than once, it takes
	// more than twice the lines, and gcovr's may say anything. It is an ErrTruncated too.
	ErrContradiction = hits.ErrContradiction
)

// ErrNoInput is the error of a check without a report. A gate that looks at nothing
// would pass everything, so a caller who has nothing to check must skip it on purpose.
var ErrNoInput = errors.New("no report given")

// ParseError is a report that cannot be read.
type ParseError struct {
	File   string // path of the report; "" where it came from a reader
	Line   int    // where in it, from 1; 0 where no line is known. In gzip: of the unpacked text
	Offset int64  // where in it, in bytes, for JSON, which may be one line; else 0. In gzip: of the unpacked text
	Format Format // "" where it was not found out
	Err    error
}

// Error names the report as file:line, so that editors and CI logs can link it.
func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString("read coverage report")
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, " %s:%d", e.File, e.Line)
	case e.File != "":
		fmt.Fprintf(&b, " %s", e.File)
	case e.Line > 0:
		fmt.Fprintf(&b, " at line %d", e.Line)
	}
	if e.Line == 0 && e.Offset > 0 {
		fmt.Fprintf(&b, " at byte %d", e.Offset)
	}
	if e.Format != "" {
		fmt.Fprintf(&b, " (%s)", e.Format)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

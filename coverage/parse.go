package coverage

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// bufferSize is in bytes. It must hold what detect looks at.
const bufferSize = 64 << 10

// Parse reads one report, whatever its format, and through gzip where it is
// packed. Its memory grows with the source lines that the report tells of, not
// with the size of the report.
//
// Every error is a [*ParseError]. A report that was cut short is [ErrTruncated]
// wherever that can be seen. It cannot where a Go profile ends after a whole
// line, or within the last digits of its last line (which gives a warning), or
// where an LCOV report ends after a whole record. One whose totals tell that it
// lacks files is [ErrContradiction].
//
// Entities are not expanded and nothing is fetched, whatever a report declares. What
// no report has, such as a line or a value of more than a mebibyte, is an error.
func Parse(r io.Reader) (Report, error) {
	set, format, err := parse(r)
	if err != nil {
		return Report{}, parseError("", format, err)
	}
	return newReport(format, set), nil
}

// ParseFiles reads the reports at paths and merges them: shards of the tests of
// one module. A line or statement is covered where any of them covers it. Files
// are told apart by their paths in the reports, so all of them should come from
// the same kind of run.
//
// Every error is a [*ParseError] of the report that caused it, which wraps
// [fs.ErrNotExist] where there is none, and the error of ctx where that is done.
// Only no path at all is [ErrNoInput] instead. All reports must be of one format
// and metric. Where a format has the totals of a file and not its lines, as
// [IstanbulSummary], only one report may have that file.
func ParseFiles(ctx context.Context, paths ...string) (Report, error) {
	if len(paths) == 0 {
		return Report{}, fmt.Errorf("read coverage reports: %w", ErrNoInput)
	}
	merged, format := &hits.Set{}, Format("")
	for _, path := range paths {
		set, f, err := parseFile(ctx, path)
		if err == nil && format != "" && f != format {
			err = fmt.Errorf("its format is %s, that of %s is %s: the reports of one module must be of one format", f, paths[0], format)
		}
		if err == nil {
			err = merged.Merge(set)
		}
		if err != nil {
			return Report{}, parseError(path, f, err)
		}
		format = f
	}
	return newReport(format, merged), nil
}

func parseFile(ctx context.Context, path string) (*hits.Set, Format, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, "", cause(err)
	}
	defer file.Close()
	set, format, err := parse(until(ctx, file))
	return set, format, cause(err)
}

// cause drops the operation and the path from an error of the file system; a
// ParseError names them already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func parse(r io.Reader) (*hits.Set, Format, error) {
	buffered, err := unpack(r)
	if err != nil {
		return nil, "", err
	}
	read, err := detect(buffered)
	if err != nil {
		return nil, "", err
	}
	return read(buffered)
}

// unpack returns the text of r, which may be in gzip.
func unpack(r io.Reader) (*bufio.Reader, error) {
	buffered := bufio.NewReaderSize(r, bufferSize)
	magic, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(magic) != "\x1f\x8b" {
		return buffered, nil
	}
	unpacked, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, gzipError(err)
	}
	unpacked.Multistream(false)
	return bufio.NewReaderSize(&members{in: buffered, gzip: unpacked}, bufferSize), nil
}

// members reads gzip data that may stand one behind the other.
type members struct {
	in   *bufio.Reader
	gzip *gzip.Reader
}

func (m *members) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil && len(p) > 0 {
		if n, err = m.gzip.Read(p); errors.Is(err, io.EOF) {
			err = m.next()
			continue
		}
		err = gzipError(err)
	}
	return n, err
}

// next goes on to the gzip data behind those that are over, or returns io.EOF.
func (m *members) next() error {
	magic, err := m.in.Peek(2)
	switch {
	case len(magic) == 0:
		return err
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case !strings.HasPrefix("\x1f\x8b", string(magic)):
		return errors.New("unpack gzip: something else stands behind the packed data")
	}
	if err := m.gzip.Reset(m.in); err != nil {
		return gzipError(err)
	}
	m.gzip.Multistream(false)
	return nil
}

func gzipError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: its gzip data end early", ErrTruncated)
	case err == nil, errors.Is(err, io.EOF):
		return err
	}
	return fmt.Errorf("unpack gzip: %w", err)
}

// until returns a reader of r that fails once ctx is done, since reports can be
// large.
func until(ctx context.Context, r io.Reader) io.Reader {
	return readFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func parseError(path string, format Format, err error) error {
	e := &ParseError{File: path, Format: format, Err: err}
	if at, ok := errors.AsType[*hits.Error](err); ok {
		e.Line, e.Offset, e.Err = at.Line, at.Offset, at.Err
	}
	return e
}

func newReport(format Format, set *hits.Set) Report {
	report := Report{Format: format, Metric: Metric(set.Metric()), Roots: set.Roots(), Warnings: set.Warnings()}
	paths := set.Paths()
	report.Files = slices.Grow(report.Files, len(paths)) // and none in between: there may be very many
	for _, path := range paths {
		report.Files = append(report.Files, newFile(path, set.File(path)))
	}
	return report
}

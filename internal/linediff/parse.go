package linediff

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Parse reads a unified diff: with or without context, with the prefixes of git
// or none (--no-prefix). A diff of nothing (0 bytes) has no lines. Errors name
// the line of the diff. These are refused, since their line numbers would be
// wrong or missing without a sign: text that is no diff, blank lines alone too, a
// header or hunk that is cut short, a combined diff, and two diffs of one file.
func Parse(r io.Reader) (Lines, error) {
	p := parser{in: bufio.NewReaderSize(r, maxHeader), lines: Lines{}, seen: map[string]bool{}}
	for {
		err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.line()
		}
		if err != nil {
			return nil, fmt.Errorf("read diff: %w", err)
		}
	}
	if err := p.end(); err != nil {
		return nil, fmt.Errorf("read diff: %w", err)
	}
	return p.lines, nil
}

// maxHeader is how many bytes of a line are looked at. Lines of sources may be
// longer, and only their first byte matters.
const maxHeader = 64 << 10

type parser struct {
	in    *bufio.Reader
	lines Lines

	seen map[string]bool // paths that had a +++ line

	head   []byte // of the present line, without its end
	number int    // of the present line, from 1
	ended  bool   // the present line has an end
	begun  bool   // the last line is the beginning of one that begins a file or hunk
	dashes int    // number of the last --- line
	isDiff bool   // there is the head of a file

	file             section // the present one
	oldLeft, newLeft int     // lines of the present hunk that are still to come
	newLine          int     // number of the next line
}

// next reads a line, or returns io.EOF.
func (p *parser) next() error {
	line, err := p.in.ReadSlice('\n')
	p.head = line
	if errors.Is(err, bufio.ErrBufferFull) {
		p.head = bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = p.in.ReadSlice('\n')
		}
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(p.head) == 0) {
		return err
	}
	p.number++
	p.ended = err == nil
	p.head = bytes.TrimSuffix(p.head, []byte("\n"))
	return nil
}

func (p *parser) line() error {
	if p.oldLeft > 0 || p.newLeft > 0 {
		return p.hunkLine()
	}
	line := strings.TrimSuffix(string(p.head), "\r") // git quotes names that end so
	begins := func(what string) bool { return strings.HasPrefix(what, line) }
	p.begun = !p.ended && line != "" && (begins("diff --git ") || begins("--- ") || begins("@@ -"))
	if what := refusal(line); what != "" {
		return p.errorf("%s", what)
	}
	switch {
	case strings.HasPrefix(line, "diff --git "):
		err := p.endFile()
		p.file.git, p.isDiff = line[len("diff --git "):], true
		return err
	case p.file.header(line):
	case strings.HasPrefix(line, "--- "):
		p.file.oldName, p.dashes = line[len("--- "):], p.number
	case strings.HasPrefix(line, "+++ ") && p.file.oldName != "":
		return p.newSide(line[len("+++ "):])
	case strings.HasPrefix(line, "@@ -"):
		return p.startHunk(line)
	}
	return nil
}

// refusal says why line cannot be one of a diff that is read; "" where it can.
func refusal(line string) string {
	switch {
	case strings.HasPrefix(line, "\x1b["):
		return "the diff has colours: make it with --no-color"
	case strings.HasPrefix(line, "\xff\xfe"), strings.IndexByte(line, 0) >= 0:
		return "this is no UTF-8 text, perhaps UTF-16 as PowerShell's > writes it"
	case strings.HasPrefix(line, "diff --cc "), strings.HasPrefix(line, "diff --combined "), strings.HasPrefix(line, "@@@ "):
		return "this is the combined diff of a merge: compare two commits, as git diff BASE...HEAD does"
	}
	return ""
}

// newSide begins the hunks of a file.
func (p *parser) newSide(name string) error {
	if p.file.inFile { // diff -u puts nothing between two files
		old := p.file.oldName
		if err := p.endFile(); err != nil {
			return err
		}
		p.file.oldName = old
	}
	p.file.newName, p.file.inFile, p.isDiff = name, true, true
	path, err := p.file.resolve()
	if err != nil {
		return p.errorf("%w", err)
	}
	if path != "" && p.seen[path] {
		return p.errorf("a second diff of %s: give the diff of two commits, not one of each commit", path)
	}
	p.file.path, p.seen[path] = path, true
	return nil
}

// endFile makes sure that the present file is whole, keeps that it was touched,
// and begins another one.
func (p *parser) endFile() error {
	if gap := p.file.gap(); gap != "" {
		return p.errorf("%s: it is truncated", gap)
	}
	paths, err := p.file.touched()
	if err != nil {
		return p.errorf("%w", err)
	}
	for _, path := range paths {
		if p.lines[path] == nil {
			p.lines[path] = []Range{}
		}
	}
	p.file = section{}
	return nil
}

// end is called behind the last line.
func (p *parser) end() error {
	switch {
	case p.oldLeft > 0 || p.newLeft > 0:
		return p.errorf("the diff ends within a hunk of %s: it is truncated", p.file.newName)
	case !p.isDiff && p.number > 0:
		return errors.New("there is no diff in it: want the output of git diff or diff -u")
	case p.number > 0 && p.dashes == p.number, p.begun:
		return p.errorf("the diff ends within the header of a file: it is truncated")
	}
	return p.endFile()
}

// startHunk reads "@@ -old,count +new,count @@"; a count that is absent is 1.
func (p *parser) startHunk(line string) error {
	if !p.file.inFile {
		return p.errorf("a hunk without the name of its file (a +++ line) before it")
	}
	fields := strings.Fields(line)
	if len(fields) < 4 || fields[3] != "@@" {
		return p.errorf("%.60q is no head of a hunk", line)
	}
	_, oldCount, err1 := span(fields[1], "-")
	first, newCount, err2 := span(fields[2], "+")
	if err := errors.Join(err1, err2); err != nil || newCount > 0 && first == 0 {
		return p.errorf("%.60q is no head of a hunk", line)
	}
	if newCount > 0 && first <= p.file.lastHunk {
		return p.errorf("this hunk begins at line %d, and the one before it ends at line %d", first, p.file.lastHunk)
	}
	p.oldLeft, p.newLeft, p.newLine, p.file.hunks = oldCount, newCount, first, true
	if newCount > 0 {
		p.file.lastHunk = first + newCount - 1
	}
	return nil
}

func span(s, sign string) (first, count int, err error) {
	number, ok := strings.CutPrefix(s, sign)
	if !ok {
		return 0, 0, strconv.ErrSyntax
	}
	a, b, both := strings.Cut(number, ",")
	n, err := strconv.ParseUint(a, 10, 31)
	if err != nil || !both {
		return int(n), 1, err
	}
	c, err := strconv.ParseUint(b, 10, 31)
	if n+c > math.MaxInt32 {
		err = strconv.ErrRange
	}
	return int(n), int(c), err
}

// hunkLine counts a line of the present hunk. Only counting tells a deleted
// line "-- x" from the head of a file.
func (p *parser) hunkLine() error {
	kind := byte(' ') // of a blank context line whose only space was trimmed
	if len(bytes.TrimSuffix(p.head, []byte("\r"))) > 0 {
		kind = p.head[0]
	}
	switch {
	case kind == '+' && p.newLeft > 0:
		if p.file.path == "" {
			return p.errorf("a line is added to a file that is deleted (+++ /dev/null)")
		}
		p.lines[p.file.path] = Append(p.lines[p.file.path], p.newLine)
		p.newLine++
		p.newLeft--
	case kind == '-' && p.oldLeft > 0:
		p.oldLeft--
	case kind == ' ' && p.oldLeft > 0 && p.newLeft > 0:
		p.oldLeft--
		p.newLeft--
		p.newLine++
	case kind == '\\': // "\ No newline at end of file" speaks of the line before
	default:
		return p.errorf("the hunk of %s ends early: %d old and %d new lines are missing", p.file.newName, p.oldLeft, p.newLeft)
	}
	return nil
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %w", p.number, fmt.Errorf(format, args...))
}

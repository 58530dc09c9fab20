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
// wrong or missing without a sign: text that is no diff, a hunk that is cut
// short, a combined diff, and two diffs of one file.
func Parse(r io.Reader) (Lines, error) {
	p := parser{in: bufio.NewReaderSize(r, maxHeader), lines: Lines{}}
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
	switch {
	case p.oldLeft > 0 || p.newLeft > 0:
		return nil, fmt.Errorf("read diff: line %d: the diff ends within a hunk of %s: it is truncated", p.number, p.newName)
	case !p.isDiff && p.text:
		return nil, errors.New("read diff: there is no diff in it: want the output of git diff or diff -u")
	}
	return p.lines, nil
}

// maxHeader is how many bytes of a line are looked at. Lines of sources may be
// longer, and only their first byte matters.
const maxHeader = 64 << 10

type parser struct {
	in    *bufio.Reader
	lines Lines

	head   []byte // of the present line, without its end
	number int    // of the present line, from 1
	text   bool   // there is more than white space
	isDiff bool   // there is the head of a file

	git               string // what follows "diff --git " of the present file
	renamed           string // what follows "rename to " or "copy to " of it
	oldName, newName  string // what follows --- and +++
	path              string // of the present file; "" where it has no new side
	inFile            bool   // after a +++ line
	oldLeft, newLeft  int    // lines of the present hunk that are still to come
	newLine, lastHunk int    // number of the next line; the last line of the hunks before
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
	p.head = bytes.TrimSuffix(p.head, []byte("\n"))
	return nil
}

func (p *parser) line() error {
	if p.oldLeft > 0 || p.newLeft > 0 {
		return p.hunkLine()
	}
	line := strings.TrimSuffix(string(p.head), "\r") // git quotes names that end so
	p.text = p.text || strings.TrimSpace(line) != ""
	switch {
	case strings.HasPrefix(line, "\x1b["):
		return p.errorf("the diff has colours: make it with --no-color")
	case strings.HasPrefix(line, "\xff\xfe"), strings.IndexByte(line, 0) >= 0:
		return p.errorf("this is no UTF-8 text, perhaps UTF-16 as PowerShell's > writes it")
	case strings.HasPrefix(line, "diff --cc "), strings.HasPrefix(line, "diff --combined "), strings.HasPrefix(line, "@@@ "):
		return p.errorf("this is the combined diff of a merge: compare two commits, as git diff BASE...HEAD does")
	case strings.HasPrefix(line, "diff --git "):
		p.startFile()
		p.git = line[len("diff --git "):]
		p.isDiff = true
	case strings.HasPrefix(line, "rename to "), strings.HasPrefix(line, "copy to "):
		_, p.renamed, _ = strings.Cut(line, " to ")
	case strings.HasPrefix(line, "--- "):
		p.oldName = line[len("--- "):]
	case strings.HasPrefix(line, "+++ ") && p.oldName != "":
		return p.newSide(line[len("+++ "):])
	case strings.HasPrefix(line, "@@ -"):
		return p.startHunk(line)
	}
	return nil
}

func (p *parser) startFile() {
	p.git, p.renamed, p.oldName, p.newName, p.path = "", "", "", "", ""
	p.inFile, p.lastHunk = false, 0
}

// newSide begins the hunks of a file.
func (p *parser) newSide(name string) error {
	if p.inFile { // diff -u puts nothing between two files
		old := p.oldName
		p.startFile()
		p.oldName = old
	}
	p.newName, p.inFile, p.isDiff = name, true, true
	path, err := p.resolve()
	if err != nil {
		return p.errorf("%w", err)
	}
	if _, twice := p.lines[path]; twice {
		return p.errorf("a second diff of %s: give the diff of two commits, not one of each commit", path)
	}
	p.path = path
	return nil
}

// startHunk reads "@@ -old,count +new,count @@"; a count that is absent is 1.
func (p *parser) startHunk(line string) error {
	if !p.inFile {
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
	if newCount > 0 && first <= p.lastHunk {
		return p.errorf("this hunk begins at line %d, and the one before it ends at line %d", first, p.lastHunk)
	}
	p.oldLeft, p.newLeft, p.newLine = oldCount, newCount, first
	if newCount > 0 {
		p.lastHunk = first + newCount - 1
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
		if p.path == "" {
			return p.errorf("a line is added to a file that is deleted (+++ /dev/null)")
		}
		p.lines[p.path] = Append(p.lines[p.path], p.newLine)
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
		return p.errorf("the hunk of %s ends early: %d old and %d new lines are missing", p.newName, p.oldLeft, p.newLeft)
	}
	return nil
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %w", p.number, fmt.Errorf(format, args...))
}

package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
)

// coberturaLimit is the size up to which GitLab reads a Cobertura file, in bytes.
// Source: https://docs.gitlab.com/ci/testing/code_coverage/cobertura/, "Limits".
const coberturaLimit = 10 << 20

// WriteCobertura writes the lines of all files of r as Cobertura XML, whatever format they
// came in, with the paths that r has: those of the repository where Gate.Sources
// mapped them. It writes as many parts of at most limit bytes as that takes, at least
// one; 0 is 10 MiB, GitLab's limit. Create is called with 1, 2 and so on, each part
// is whole XML, and each line is in one part. A file is only cut where it alone
// exceeds limit.
//
// Lines have 1 or 0 hits, since that is what is known of merged reports. Files of which
// only numbers are known are left out, and so are those whose path is absolute or leads
// out of the repository, which GitLab could not show; a comment says how many. See [coverage.Result.Files] for the error of
// files that may be several.
func WriteCobertura(r coverage.Result, limit int, create func(part int) (io.WriteCloser, error)) error {
	files, err := r.Files()
	if err != nil {
		return fmt.Errorf("write Cobertura: %w", err)
	}
	slices.SortFunc(files, func(a, b coverage.File) int {
		return cmp.Or(cmp.Compare(path.Dir(a.Path), path.Dir(b.Path)), cmp.Compare(a.Path, b.Path))
	})
	local := slices.DeleteFunc(slices.Clone(files), func(f coverage.File) bool { return !isLocal(f.Path) })
	p := parts{limit: cmp.Or(limit, coberturaLimit), create: create, left: len(files) - len(local)}
	files = local
	for _, f := range files {
		if err := p.file(f); err != nil {
			return fmt.Errorf("write Cobertura: %w", err)
		}
	}
	if err := p.end(); err != nil {
		return fmt.Errorf("write Cobertura: %w", err)
	}
	return nil
}

const (
	coberturaTail = "</packages>\n</coverage>\n"
	packageTail   = "</classes></package>\n"
	classTail     = "</lines></class>\n"
)

// parts writes part after part. It holds the one that is being made, since its
// head has its totals.
type parts struct {
	limit  int
	create func(int) (io.WriteCloser, error)
	done   int
	left   int // files that are left out

	body bytes.Buffer // the packages of the present part
	sum  tally

	pack    bytes.Buffer // the classes of the package that is open
	dir     string
	packSum tally
}

// tally is what the attributes of elements sum up.
type tally struct{ lines, branches coverage.Count }

func (t *tally) add(o tally) {
	t.lines.Covered += o.lines.Covered
	t.lines.Total += o.lines.Total
	t.branches.Covered += o.branches.Covered
	t.branches.Total += o.branches.Total
}

// element is a line, written, and what it counts.
type element struct {
	text  string
	tally tally
}

func (p *parts) file(f coverage.File) error {
	lines := elements(f)
	if len(lines) == 0 && f.Total > 0 {
		return nil
	}
	for {
		room := p.room(f)
		if size(lines) > room && p.body.Len()+p.pack.Len() > 0 {
			if err := p.flush(); err != nil {
				return err
			}
			continue
		}
		n := fit(lines, room)
		if room < 0 || n == 0 && len(lines) > 0 {
			return fmt.Errorf("a limit of %d bytes is too small for a line of %s", p.limit, f.Path)
		}
		p.class(f, lines[:n])
		if lines = lines[n:]; len(lines) == 0 {
			return nil
		}
	}
}

func elements(f coverage.File) []element {
	branches := maps.Collect(f.LineBranches())
	var all []element
	for n, hit := range f.Lines() {
		e := element{tally: tally{lines: coverage.Count{Total: 1}}}
		if hit {
			e.tally.lines.Covered = 1
		}
		e.text = fmt.Sprintf(`<line number="%d" hits="%d"`, n, e.tally.lines.Covered)
		if b := branches[n]; b.Total > 0 {
			e.tally.branches = b
			e.text += fmt.Sprintf(` branch="true" condition-coverage="%d%% (%d/%d)"`, 100*b.Covered/b.Total, b.Covered, b.Total)
		}
		e.text += "/>\n"
		all = append(all, e)
	}
	return all
}

// room is how many bytes of lines of f the present part can take, with heads as
// long as they can be.
func (p *parts) room(f coverage.File) int {
	most := coverage.Count{Covered: math.MaxInt64, Total: math.MaxInt64}
	worst := tally{most, most}
	used := len(p.head(worst)) + p.body.Len() + p.pack.Len() + len(coberturaTail)
	packages := len(packageHead(p.dir, worst)) + len(packageHead(path.Dir(f.Path), worst)) + 2*len(packageTail)
	return p.limit - used - packages - len(classHead(f.Path, worst)) - len(classTail)
}

func size(lines []element) int {
	n := 0
	for _, l := range lines {
		n += len(l.text)
	}
	return n
}

// fit returns how many of lines go into room.
func fit(lines []element, room int) int {
	for i, l := range lines {
		if room -= len(l.text); room < 0 {
			return i
		}
	}
	return len(lines)
}

func (p *parts) class(f coverage.File, lines []element) {
	if dir := path.Dir(f.Path); dir != p.dir {
		p.closePackage()
		p.dir = dir
	}
	var sum tally
	for _, l := range lines {
		sum.add(l.tally)
	}
	p.pack.WriteString(classHead(f.Path, sum))
	for _, l := range lines {
		p.pack.WriteString(l.text)
	}
	p.pack.WriteString(classTail)
	p.packSum.add(sum)
}

func (p *parts) closePackage() {
	if p.pack.Len() == 0 {
		return
	}
	p.body.WriteString(packageHead(p.dir, p.packSum))
	_, _ = p.pack.WriteTo(&p.body) // a Buffer takes everything
	p.body.WriteString(packageTail)
	p.sum.add(p.packSum)
	p.packSum = tally{}
}

// end writes what is left, or an empty part where there is nothing at all.
func (p *parts) end() error {
	if p.body.Len()+p.pack.Len() == 0 && p.done > 0 {
		return nil
	}
	return p.flush()
}

func (p *parts) flush() error {
	p.closePackage()
	p.done++
	w, err := p.create(p.done)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, p.head(p.sum))
	if err == nil {
		_, err = p.body.WriteTo(w)
	}
	if err == nil {
		_, err = io.WriteString(w, coberturaTail)
	}
	p.body.Reset()
	p.sum = tally{}
	return errors.Join(err, w.Close())
}

func (p *parts) head(t tally) string {
	note := ""
	if p.left > 0 {
		note = fmt.Sprintf("<!-- left out, since their paths are not those of the repository: %d of the files -->\n", p.left)
	}
	return xml.Header + `<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">` + "\n" + note +
		fmt.Sprintf(`<coverage line-rate="%s" branch-rate="%s" lines-covered="%d" lines-valid="%d" branches-covered="%d" branches-valid="%d" complexity="0" version="1" timestamp="0">`,
			rate(t.lines), rate(t.branches), t.lines.Covered, t.lines.Total, t.branches.Covered, t.branches.Total) +
		"\n<sources><source>.</source></sources>\n<packages>\n"
}

func packageHead(dir string, t tally) string {
	return fmt.Sprintf(`<package name="%s" line-rate="%s" branch-rate="%s" complexity="0"><classes>`+"\n", escaped(dir), rate(t.lines), rate(t.branches))
}

func classHead(file string, t tally) string {
	return fmt.Sprintf(`<class name="%s" filename="%s" line-rate="%s" branch-rate="%s" complexity="0"><methods/><lines>`+"\n",
		escaped(path.Base(file)), escaped(file), rate(t.lines), rate(t.branches))
}

// rate returns the share with four decimals, rounded down; that of nothing is 1, as
// the tools have it.
func rate(c coverage.Count) string {
	if c.Total == 0 {
		return "1.0000"
	}
	whole, decimals, _ := strings.Cut(c.Percent(), ".")
	digits := fmt.Sprintf("%03s%s", whole, decimals)
	return digits[:1] + "." + digits[1:]
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer takes everything
	return b.String()
}

package validate

import (
	"bytes"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxSource is the largest file whose lines go into fingerprints; findings of
// larger ones are told apart by message alone.
const maxSource = 8 << 20

// judge turns what the checks came to into verdicts. It works in the order of
// the results, so that fingerprints do not depend on what finished first.
func (r Runner) judge(root string, results []ran) Result {
	var result Result
	lines := lineReader{root: root}
	seen := map[string]int{} // content hash -> findings so far
	known := r.Baseline.ledger()
	for _, res := range results {
		v := verdict(res)
		changed := r.changes(res.module)
		for _, f := range complete(res, &lines) {
			f.Fingerprint = fingerprint(f.content, seen[f.content])
			seen[f.content]++
			switch {
			case known.take(f):
				v.Known = append(v.Known, f)
			case !changed.touches(f):
				v.Elsewhere = append(v.Elsewhere, f)
			default:
				v.Findings = append(v.Findings, f)
			}
		}
		if v.Outcome == Findings && !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Severity >= r.FailOn }) {
			v.Outcome = Clean
		}
		result.Verdicts = append(result.Verdicts, v)
	}
	result.Stale = known.stale(results)
	return result
}

// verdict is what came of a check, without its findings.
func verdict(res ran) Verdict {
	v := Verdict{
		Module: res.module.Name, Check: res.check, Dir: res.module.Dir, Outcome: res.outcome, Elapsed: res.elapsed, Err: res.err,
		Findings: []Finding{}, Known: []Finding{}, Elsewhere: []Finding{},
		Notes: cleanAll(res.report.Notes), Output: cleanAll(res.report.Output),
	}
	switch {
	case res.outcome == Nothing:
		v.Reason = cleanMessage(res.report.Nothing)
	case res.err != nil:
		v.Reason = cleanMessage(res.err.Error())
	}
	return v
}

// complete fills in what the Runner knows, makes text safe, and drops findings
// that are told twice.
func complete(res ran, lines *lineReader) []Finding {
	fs := slices.Clone(res.report.Findings)
	for i, f := range fs {
		f.Check, f.Module = res.check, res.module.Name
		f.Message, f.Rule = cleanMessage(f.Message), cleanMessage(f.Rule)
		if f.Severity < Note || f.Severity > Error {
			f.Severity = Error
		}
		f.Line, f.Column = max(f.Line, 0), max(f.Column, 0)
		f.content = f.contentHash(lines.line(f.Path, f.Line))
		fs[i] = f
	}
	slices.SortStableFunc(fs, compareFindings)
	return slices.CompactFunc(fs, func(a, b Finding) bool { return compareFindings(a, b) == 0 })
}

// changes is what of a module has changed.
type changes struct {
	lines LineRanges
	files map[string]bool // relative to the root; deleted ones and those that only lost lines too
	dir   string
}

func (r Runner) changes(m Module) *changes {
	if r.Changed == nil {
		return nil
	}
	c := &changes{lines: r.Changed, files: map[string]bool{}, dir: m.Dir}
	for _, f := range m.Files {
		c.files[path.Join(m.Dir, f)] = true
	}
	for f := range r.Changed {
		if within(m.Dir, f) {
			c.files[f] = true
		}
	}
	return c
}

// touches reports whether f is about something that has changed. A finding that
// spans lines needs one of them; one about no line in particular needs its file.
// Nil touches everything.
func (c *changes) touches(f Finding) bool {
	switch {
	case c == nil:
		return true
	case f.Scope == OfModule:
		return len(c.files) > 0
	case f.Scope == OfFile || f.Line == 0:
		return c.files[f.Path]
	}
	last := max(f.Line, f.EndLine)
	return slices.ContainsFunc(c.lines[f.Path], func(r LineRange) bool { return r.First <= last && f.Line <= r.Last })
}

// lineReader reads lines of the files below root, each file once.
type lineReader struct {
	root  string
	path  string   // of the file that is held
	lines [][]byte // its lines
}

// line returns line n of the file, or "" where there is none. Findings come
// sorted by path, so holding one file is enough.
func (l *lineReader) line(path string, n int) string {
	if n <= 0 {
		return ""
	}
	if path != l.path || l.lines == nil {
		l.path, l.lines = path, l.read(path)
	}
	if n > len(l.lines) {
		return ""
	}
	return string(l.lines[n-1])
}

func (l *lineReader) read(path string) [][]byte {
	none := [][]byte{}
	name := filepath.FromSlash(path)
	if !filepath.IsLocal(name) {
		return none
	}
	name = filepath.Join(l.root, name)
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
		return none
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return none
	}
	return bytes.Split(data, []byte("\n"))
}

func cleanAll(lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, line := range lines {
		out = append(out, clean(line))
	}
	return out
}

// within reports whether p is dir or lies below it; both are clean slash paths.
func within(dir, p string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

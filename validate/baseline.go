package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Baseline is a set of known findings. It tells them by path, check, rule,
// message and the text of the line, not by its number, so that it holds while
// lines move; equal findings are counted. A nil Baseline knows nothing.
type Baseline struct {
	Entries []BaselineEntry // sorted by path, check, rule and message
}

// BaselineEntry is one known finding, or several equal ones.
type BaselineEntry struct {
	Path    string `json:"path"`
	Check   string `json:"check"`
	Rule    string `json:"rule,omitempty"`
	Message string `json:"message"`     // for those who read the file
	Content string `json:"fingerprint"` // of what is said and where, without line numbers
	Count   int    `json:"count"`
}

// String returns "path: message (check/rule)", and the count where it is not 1.
func (e BaselineEntry) String() string {
	name := e.Check
	if e.Rule != "" {
		name += "/" + e.Rule
	}
	text := clean.Text(fmt.Sprintf("%s: %s (%s)", e.Path, e.Message, name))
	if e.Count != 1 {
		text += fmt.Sprintf(" ×%d", e.Count)
	}
	return text
}

// baselineFile is the JSON of a Baseline.
type baselineFile struct {
	Version int             `json:"version"`
	Known   []BaselineEntry `json:"findings"`
}

const (
	baselineVersion = 1
	maxBaseline     = 64 << 20
)

// ReadBaseline reads what [Baseline.Write] wrote. It fails where r is anything
// else: an empty or cut file never stands for "nothing known".
func ReadBaseline(r io.Reader) (*Baseline, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBaseline+1))
	if err != nil {
		return nil, fmt.Errorf("read baseline: %w", err)
	}
	if len(data) > maxBaseline {
		return nil, fmt.Errorf("read baseline: it is larger than %d MiB", maxBaseline>>20)
	}
	var file baselineFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("read baseline: it is not one that was written by Baseline.Write: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read baseline: there is something behind it")
	}
	if file.Version != baselineVersion {
		return nil, fmt.Errorf("read baseline: version %d is not known; want %d", file.Version, baselineVersion)
	}
	b := &Baseline{Entries: file.Known}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("read baseline: %w", err)
	}
	slices.SortFunc(b.Entries, compareEntries)
	return b, nil
}

func (b *Baseline) check() error {
	seen := map[string]bool{}
	for i, e := range b.Entries {
		switch {
		case e.Path == "" || e.Check == "" || e.Content == "":
			return fmt.Errorf("finding %d has no path, check or fingerprint", i+1)
		case e.Count < 1:
			return fmt.Errorf("finding %d has count %d; it must be at least 1", i+1, e.Count)
		case seen[e.Content]:
			return fmt.Errorf("finding %d has the fingerprint of another; equal ones have one entry with a count", i+1)
		}
		seen[e.Content] = true
	}
	return nil
}

// Write writes b as JSON, an entry a finding, for a file that is kept beside the code.
func (b *Baseline) Write(w io.Writer) error {
	file := baselineFile{Version: baselineVersion, Known: []BaselineEntry{}}
	if b != nil {
		file.Known = append(file.Known, b.Entries...)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(file); err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	return nil
}

// NewBaseline returns a Baseline that knows the findings of a result: those
// that a run with it would no longer report. Blanket ones are left out.
func NewBaseline(findings []Finding) *Baseline {
	entries := map[string]*BaselineEntry{}
	for _, f := range findings {
		if f.Blanket {
			continue
		}
		e := entries[f.content]
		if e == nil {
			e = &BaselineEntry{Path: f.Path, Check: f.Check, Rule: f.Rule, Message: f.Message, Content: f.content}
			entries[f.content] = e
		}
		e.Count++
	}
	b := &Baseline{}
	for _, key := range sortedKeys(entries) {
		b.Entries = append(b.Entries, *entries[key])
	}
	slices.SortStableFunc(b.Entries, compareEntries)
	return b
}

func compareEntries(a, b BaselineEntry) int {
	for _, pair := range [][2]string{{a.Path, b.Path}, {a.Check, b.Check}, {a.Rule, b.Rule}, {a.Message, b.Message}, {a.Content, b.Content}} {
		if c := strings.Compare(pair[0], pair[1]); c != 0 {
			return c
		}
	}
	return 0
}

// ledger counts what is left of a baseline while findings are held against it.
type ledger struct {
	entries []BaselineEntry
	left    map[string]int
}

func (b *Baseline) ledger() ledger {
	l := ledger{left: map[string]int{}}
	if b != nil {
		l.entries = b.Entries
	}
	for _, e := range l.entries {
		l.left[e.Content] += e.Count
	}
	return l
}

// take reports whether f is known, and uses that up.
func (l ledger) take(f Finding) bool {
	if f.Blanket || l.left[f.content] == 0 {
		return false
	}
	l.left[f.content]--
	return true
}

// stale returns the entries, with the counts, that no finding matched although
// their file was looked at by a check that did its work.
func (l ledger) stale(results []ran) []BaselineEntry {
	var stale []BaselineEntry
	for _, e := range l.entries {
		if e.Count = l.left[e.Content]; e.Count > 0 && slices.ContainsFunc(results, func(r ran) bool { return r.covered(e) }) {
			stale = append(stale, e)
		}
	}
	return stale
}

// covered reports whether r would have found e.
func (r ran) covered(e BaselineEntry) bool {
	if r.check != e.Check || !within(r.module.Dir, e.Path) || r.outcome == Canceled || r.err != nil {
		return false
	}
	if len(r.module.Files) == 0 {
		return true
	}
	return slices.ContainsFunc(r.module.Files, func(f string) bool { return path.Join(r.module.Dir, f) == e.Path })
}

package validate

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// judge turns what the checks came to into verdicts. It works in the order of
// the results, so that fingerprints do not depend on what finished first.
func (r Runner) judge(ctx context.Context, root string, results []ran) Result {
	var result Result
	lines := lineReader{root: root, done: func() bool { return ctx.Err() != nil }}
	seen := map[string]int{} // content hash -> findings so far
	known := r.Baseline.ledger()
	for _, res := range results {
		v := verdict(res)
		v.File = standIn(root, res.module.Dir)
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
	result.Notes = r.untouched(results)
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
// that are told twice. It sorts them by place, so that each file is read once.
func complete(res ran, lines *lineReader) []Finding {
	fs := slices.Clone(res.report.Findings)
	for i, f := range fs {
		f.Check, f.Module = res.check, res.module.Name
		f.Message, f.Rule = cleanMessage(f.Message), cleanMessage(f.Rule)
		if f.Severity < Note || f.Severity > Error {
			f.Severity = Error
		}
		f.Line, f.Column = max(f.Line, 0), max(f.Column, 0)
		fs[i] = f
	}
	slices.SortStableFunc(fs, compareFindings)
	fs = slices.CompactFunc(fs, func(a, b Finding) bool { return compareFindings(a, b) == 0 })
	for i, f := range fs {
		source := normal(f.Source)
		if f.Source == "" {
			source = lines.line(f.Path, f.Line)
		}
		fs[i].content = f.contentHash(source)
	}
	return fs
}

// within reports whether p is dir or lies below it; both are clean slash paths.
func within(dir, p string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

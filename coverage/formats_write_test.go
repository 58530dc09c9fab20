package coverage

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
)

// write returns the run as a report of each format.
func (run testRun) write(rnd *rand.Rand) map[Format]string {
	return map[Format]string{
		GoProfile:       run.goProfile(rnd),
		LCOV:            run.lcov(rnd),
		Cobertura:       run.cobertura(rnd),
		JaCoCo:          run.jacoco(rnd),
		Clover:          run.clover(rnd),
		CoveragePyJSON:  run.coveragePy(rnd),
		IstanbulJSON:    run.istanbul(rnd),
		IstanbulSummary: run.istanbulSummary(),
		SimpleCov:       run.simpleCov(rnd),
	}
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer takes everything
	return b.String()
}

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of strings and numbers
	}
	return string(text)
}

// count is how many lines of path were hit, and how many there are.
func (run testRun) count(path string) (covered, total int) {
	for _, hit := range run[path] {
		if hit {
			covered++
		}
	}
	return covered, len(run[path])
}

// jacoco writes each file in a package of its directory, with counters of classes
// that add up to something else.
func (run testRun) jacoco(rnd *rand.Rand) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="r"><sessioninfo id="s"/>`)
	for file := range run {
		nested := rnd.IntN(3)
		b.WriteString(strings.Repeat("<group name='g'>", nested))
		fmt.Fprintf(&b, `<package name="%s"><class name="C"><counter type="LINE" missed="0" covered="99"/></class><sourcefile name="%s">`, escaped(path.Dir(file)), escaped(path.Base(file)))
		for _, e := range run.entries(rnd, file) {
			fmt.Fprintf(&b, `<line nr="%d" mi="%d" ci="%d" mb="0" cb="0"/>`, e[0], rnd.IntN(9), e[1])
		}
		b.WriteString("</sourcefile></package>" + strings.Repeat("</group>", nested))
	}
	return b.String() + "</report>"
}

// clover writes each file with or without metrics, which say the same as its lines.
func (run testRun) clover(rnd *rand.Rand) string {
	var b strings.Builder
	b.WriteString("<?xml version='1.0' encoding='UTF-8'?>\n<coverage generated='1'>\n<project timestamp='1'>")
	for file := range run {
		fmt.Fprintf(&b, `<package><file name="x" path="%s">`, escaped(file))
		if covered, total := run.count(file); rnd.IntN(2) == 0 {
			fmt.Fprintf(&b, `<class><metrics statements="7" coveredstatements="7"/></class><metrics statements="%d" coveredstatements="%d"/>`, total, covered)
		}
		for _, e := range run.entries(rnd, file) {
			fmt.Fprintf(&b, `<line num="%d" type="%s" count="%d"/>`, e[0], []string{"stmt", "cond"}[rnd.IntN(2)], e[1])
		}
		b.WriteString("</file></package>\n")
	}
	return b.String() + "</project></coverage>"
}

func (run testRun) coveragePy(rnd *rand.Rand) string {
	files, all := map[string]any{}, map[string]int{}
	for file, lines := range run {
		executed, missing := []int{}, []int{}
		for n, hit := range lines {
			if hit {
				executed = append(executed, n)
			} else {
				missing = append(missing, n)
			}
		}
		f := map[string]any{"executed_lines": executed, "missing_lines": missing, "excluded_lines": []int{100_001}}
		covered, total := run.count(file)
		if rnd.IntN(2) == 0 {
			f["summary"] = map[string]any{"covered_lines": covered, "num_statements": total, "percent_covered": 12.5}
		}
		files[file] = f
		all["covered_lines"] += covered
		all["num_statements"] += total
	}
	return marshal(map[string]any{"meta": map[string]any{"version": "7.6", "branch_coverage": false}, "files": files, "totals": all})
}

// istanbul writes a statement for each entry.
func (run testRun) istanbul(rnd *rand.Rand) string {
	files := map[string]any{}
	for file := range run {
		statements, counts := map[string]any{}, map[string]int{}
		for i, e := range run.entries(rnd, file) {
			place := map[string]any{"line": e[0], "column": nil}
			statements[fmt.Sprint(i)] = map[string]any{"start": place, "end": map[string]any{"line": e[0] + 1, "column": 2}}
			counts[fmt.Sprint(i)] = e[1]
		}
		files[file] = map[string]any{"path": file, "statementMap": statements, "s": counts, "fnMap": map[string]any{}, "f": map[string]any{}}
	}
	return marshal(files)
}

func (run testRun) istanbulSummary() string {
	files := map[string]any{}
	sumCovered, sum := 0, 0
	lines := func(covered, total int) any {
		return map[string]any{"lines": map[string]any{"total": total, "covered": covered, "skipped": 0, "pct": "Unknown"}}
	}
	for file := range run {
		covered, total := run.count(file)
		files[file] = lines(covered, total)
		sumCovered, sum = sumCovered+covered, sum+total
	}
	files["total"] = lines(sumCovered, sum)
	return marshal(files)
}

// simpleCov writes the files of one or two commands, the second of which ran nothing.
func (run testRun) simpleCov(rnd *rand.Rand) string {
	coverage, idle := map[string]any{}, map[string]any{}
	for file, lines := range run {
		last := 0
		for n := range lines {
			last = max(last, n)
		}
		counts, zeros := make([]any, last+rnd.IntN(3)), make([]any, last)
		for n, hit := range lines {
			zeros[n-1], counts[n-1] = 0, 0
			if hit {
				counts[n-1] = 1 + rnd.IntN(9)
			}
		}
		coverage[file], idle[file] = counts, zeros
		if rnd.IntN(2) == 0 {
			coverage[file] = map[string]any{"lines": counts, "branches": map[string]any{}}
		}
	}
	commands := map[string]any{"RSpec": map[string]any{"coverage": coverage, "timestamp": 1}}
	if rnd.IntN(2) == 0 {
		commands["Minitest"] = map[string]any{"coverage": idle, "timestamp": 2}
	}
	return marshal(commands)
}

// shared are the formats whose shards can be merged.
func shared() []Format {
	return slices.DeleteFunc(allFormats(), func(f Format) bool { return f == IstanbulSummary })
}

func allFormats() []Format {
	return []Format{GoProfile, LCOV, Cobertura, JaCoCo, Clover, CoveragePyJSON, IstanbulJSON, IstanbulSummary, SimpleCov}
}

// Package coverage decides from coverage reports whether the tests of a module
// cover enough of it.
//
// [Gate.Check] reads the reports of all modules and gives each a verdict;
// [Parse] reads a single report:
//
//	gate := coverage.Gate{} // 80 % for every module
//	result, err := gate.Check(ctx, []coverage.Input{
//		{Module: "billing", Path: "billing/cover.out"},
//		{Module: "web", Path: "web/coverage/lcov.info"},
//	})
//	if !result.Pass() { ... }
//
// It reads Go cover profiles, Cobertura XML and LCOV, told apart by their
// content, plain or in gzip. Totals are those that the tool itself prints, from
// the lines or statements that its report lists. The decision is made in whole
// numbers: 79.995 % is not 80 %. A report that is missing, empty or cut short fails.
//
// It runs no tests, fetches nothing, and maps no paths to sources. It does not
// gate branches, functions, or the lines of a diff.
package coverage

import (
	"fmt"
	"math/bits"
)

// Format is the format of a report. The zero value is an unknown one.
type Format string

// The formats that Parse reads.
const (
	// GoProfile is what go test -coverprofile writes. Its unit is the statement.
	GoProfile Format = "go"
	// Cobertura is the XML of that name, as coverage.py, istanbul (nyc, c8, jest),
	// gcovr and PHPUnit write it. Its unit is the line. Under --branch
	// coverage.py prints lines and branches as one number, which its report does
	// not hold; here the lines count, and [File.Branches] stands beside them.
	Cobertura Format = "cobertura"
	// LCOV is the tracefile of lcov, which istanbul and many others write too. Its
	// unit is the line. coverage.py 6.5 lists docstrings and the inner lines of some
	// statements in it that it does not count itself, which gives a warning;
	// prefer Cobertura for Python.
	LCOV Format = "lcov"
)

// Metric is what a report counts. Numbers of different metrics must not be
// compared: one and the same test run covers another share of the lines than of
// the statements.
type Metric string

// The metrics of the formats.
const (
	Statements Metric = "statements"
	Lines      Metric = "lines"
)

func (f Format) metric() Metric {
	if f == GoProfile {
		return Statements
	}
	return Lines
}

// Report is what one report says, or several that were merged.
type Report struct {
	Format   Format
	Metric   Metric
	Files    []File   // sorted by path, none twice
	Warnings []string // what is odd about the report and does not change its numbers
}

// File is the coverage of one source file.
type File struct {
	Path  string `json:"path"` // as the report has it
	Count        // of the report's metric

	// Branches are those that were taken, of all. Only [Cobertura] gives them; 0/0
	// elsewhere. They are no part of Count.
	Branches Count `json:"branches,omitzero"`
}

// Count returns the sum over all files.
func (r Report) Count() Count {
	var sum Count
	for _, f := range r.Files {
		sum = sum.add(f.Count)
	}
	return sum
}

// Branches returns the sum of the branches over all files.
func (r Report) Branches() Count {
	var sum Count
	for _, f := range r.Files {
		sum = sum.add(f.Branches)
	}
	return sum
}

// Count is how many units are covered, of how many that there are:
// 0 <= Covered <= Total.
type Count struct {
	Covered int64 `json:"covered"`
	Total   int64 `json:"total"`
}

func (c Count) add(d Count) Count {
	return Count{Covered: c.Covered + d.Covered, Total: c.Total + d.Total}
}

// Percent returns the percentage with two decimals, rounded down, without a percent
// sign: "79.99". So it never shows a minimum as reached that is not. 0/0 is "0.00".
func (c Count) Percent() string {
	covered := min(c.Covered, c.Total)
	if covered <= 0 {
		return "0.00"
	}
	// covered <= total, so the quotient is at most 10000 and Div64 cannot overflow.
	hi, lo := bits.Mul64(uint64(covered), 10000)
	hundredths, _ := bits.Div64(hi, lo, uint64(c.Total))
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// fraction writes c as people do. It is no String method, which the types that
// embed a Count would inherit.
func (c Count) fraction() string { return fmt.Sprintf("%d/%d", c.Covered, c.Total) }

func (c Count) uncovered() int64 { return c.Total - c.Covered }

// Package coverage decides from coverage reports whether the tests of a module
// cover enough of it.
//
//	result, err := coverage.Gate{}.Check(ctx, []coverage.Input{ // 80 % for every module
//		{Module: "billing", Path: "billing/cover.out"},
//		{Module: "web", Path: "web/coverage/lcov.info"},
//	})
//	if !result.Pass() { ... }
//
// It reads the formats that [Format] lists, told apart by their content, plain or in
// gzip. Totals are those that the tool itself prints. The decision is made in whole
// numbers: 79.995 % is not 80 %. A report that is missing, empty or cut short fails.
// The further fields of [Gate] hold modules against a [Baseline], ask for the coverage
// of the changed lines of a diff, and tell which file of the repository a path in a
// report is ([Sources]). Package report writes results for GitLab, people and programs.
//
// It runs no tests and fetches nothing. It gates neither branches nor functions.
package coverage

import (
	"fmt"
	"math/bits"
)

// Report is what one report says, or several that were merged.
type Report struct {
	Format   Format
	Metric   Metric
	Files    []File   // sorted by path, none twice
	Roots    []string // directories that paths may be relative to, as the report says: the <source> elements of Cobertura
	Warnings []string // what is odd about the report and does not change its numbers
}

// Count returns the sum over all files. What a [File] made by hand has covered beyond
// its total is nothing that another may lack.
func (r Report) Count() Count {
	var sum Count
	for _, f := range r.Files {
		sum = sum.add(f.sane())
	}
	return sum
}

// Branches returns the sum of the branches over all files.
func (r Report) Branches() Count {
	var sum Count
	for _, f := range r.Files {
		sum = sum.add(f.Branches.sane())
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

// sane returns c within its bounds.
func (c Count) sane() Count {
	total := max(0, c.Total)
	return Count{Covered: min(max(0, c.Covered), total), Total: total}
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

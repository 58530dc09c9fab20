// Package nearest finds what somebody may have meant by a word that is unknown.
package nearest

import (
	"slices"
	"strings"
)

// maxWord bounds the words that are compared: longer ones are no slip of a few keys.
const maxWord = 64

// Of returns the one of known that word is a small slip away from: at most two
// letters, and fewer than half of them, differ, or letter case alone. It is "" where
// nothing is; of several that are alike it is the first by name.
func Of(word string, known []string) string {
	best, least := "", min(3, len(word)/2+1)
	for _, k := range slices.Sorted(slices.Values(known)) {
		if strings.EqualFold(k, word) {
			return k
		}
		if d := distance(k, word); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's: how many bytes to insert, delete or replace.
func distance(a, b string) int {
	if len(a) > maxWord || len(b) > maxWord {
		return maxWord
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

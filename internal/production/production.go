// Package production tells names of production from others: what deletes refuses them.
package production

import (
	"slices"
	"strings"
	"unicode"
)

// Find returns the first of words that text has as a word of its own, "" for none.
// Words are told apart by what is no letter or digit, by digits, and by capital
// letters: all of "a-prod", "prod2" and "aProd" have "prod", and "products" has not.
// Without any words it is one of the usual ones: production, prod, master, main.
func Find(text string, words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return len(split(w, false)) == 0 })
	if len(words) == 0 {
		words = []string{"production", "prod", "master", "main"}
	}
	for _, word := range words {
		want := split(word, false)
		if contains(split(text, false), want) || contains(split(text, true), want) {
			return word
		}
	}
	return ""
}

// split is text in lower case, cut where no letter or digit is and between letters
// and digits; humped also before each capital letter that begins a word.
func split(text string, humped bool) (parts []string) {
	runes := []rune(text)
	begin := 0
	cut := func(end int) {
		if begin < end {
			parts = append(parts, strings.ToLower(string(runes[begin:end])))
		}
		begin = end
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			cut(i)
			begin = i + 1
		case i > 0 && unicode.IsDigit(r) != unicode.IsDigit(runes[i-1]):
			cut(i)
		case humped && i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			cut(i)
		}
	}
	cut(len(runes))
	return parts
}

// contains reports whether part is within all, in one piece.
func contains(all, part []string) bool {
	for i := range all {
		if i+len(part) <= len(all) && slices.Equal(all[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

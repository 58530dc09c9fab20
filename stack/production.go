package stack

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// TagEnvironment is the key of the tag that says whose a stack is. Deleting looks
// into it for words of production, and letter case does not matter there.
const TagEnvironment = "Environment"

// production refuses a stack that its name or its tag marks as one of production,
// unless it is the one that the caller has allowed. Found is nil before it is read.
func production(name string, found *types.Stack, words []string, allowed string) error {
	if allowed == name && name != "" {
		return nil
	}
	texts := []string{name}
	if found != nil {
		for _, t := range found.Tags {
			if strings.EqualFold(value(t.Key), TagEnvironment) {
				texts = append(texts, value(t.Value))
			}
		}
	}
	for _, text := range texts {
		if word := productionWord(text, words); word != "" {
			return fmt.Errorf("%w (%q has %q)", ErrProduction, text, word)
		}
	}
	return nil
}

// productionWord is the first of words that text has as a word of its own; "" for
// none. Without any words it is one of the usual ones.
func productionWord(text string, words []string) string {
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

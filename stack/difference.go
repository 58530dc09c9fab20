package stack

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// difference shows in one line how a text becomes another: of two long ones the part
// that differs, and of two JSON documents the first path that does.
func difference(before, after string) string {
	if len(before)+len(after) <= 2*widest {
		return clean.Text(before) + " -> " + clean.Text(after)
	}
	was, is := make(map[string]string), make(map[string]string)
	if !flatten(was, "", before, 0) || !flatten(is, "", after, 0) {
		return excerpts(before, after)
	}
	changes := valueChanges(was, is)
	if len(changes) == 0 {
		return "written otherwise, and the same"
	}
	c := changes[0]
	text := "at " + clean.Text(ending(c.Name))
	switch c.Action {
	case Add:
		text += " added " + clean.Text(head(c.After))
	case Delete:
		text += " removed " + clean.Text(head(c.Before))
	default:
		text += " " + excerpts(c.Before, c.After)
	}
	if more := len(changes) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// flatten puts the leaves of a JSON object or list into leaves, by path, and reports
// whether text is one. A text in it may be a document again, as in a dashboard.
func flatten(leaves map[string]string, path, text string, depth int) bool {
	const deepest = 4
	text = strings.TrimSpace(text)
	if depth > deepest || !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return false
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var document any
	if decoder.Decode(&document) != nil || decoder.More() {
		return false
	}
	spread(leaves, path, document, depth)
	return true
}

func spread(leaves map[string]string, path string, v any, depth int) {
	under := func(key string) string { return strings.TrimPrefix(path+"."+key, ".") }
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			spread(leaves, under(key), inner, depth)
		}
		if len(v) == 0 {
			leaves[path] = "{}"
		}
	case []any:
		for i, inner := range v {
			spread(leaves, under(strconv.Itoa(i)), inner, depth)
		}
		if len(v) == 0 {
			leaves[path] = "[]"
		}
	case string:
		if !flatten(leaves, path, v, depth+1) {
			leaves[path] = v
		}
	default:
		leaves[path] = fmt.Sprint(v)
	}
}

// widest is how much of each of two texts is shown, and around how much of what
// they have in common before the difference.
const widest, around = 40, 10

// excerpts shows two texts from a little before they differ, to where they do no more.
func excerpts(before, after string) string {
	b, a := []rune(before), []rune(after)
	if len(b) <= widest && len(a) <= widest {
		return clean.Text(before) + " -> " + clean.Text(after)
	}
	start := 0
	for start < min(len(b), len(a)) && b[start] == a[start] {
		start++
	}
	end := 0
	for end < min(len(b), len(a))-start && b[len(b)-1-end] == a[len(a)-1-end] {
		end++
	}
	return clean.Text(excerpt(b, start, end)) + " -> " + clean.Text(excerpt(a, start, end))
}

// excerpt is text without all but a little of its first start and last end runes.
func excerpt(text []rune, start, end int) string {
	from, to := max(0, start-around), min(len(text), len(text)-end+around)
	part := head(string(text[from:to]))
	if from > 0 {
		part = "..." + part
	}
	if to < len(text) && !strings.HasSuffix(part, "...") {
		part += "..."
	}
	return part
}

// head is the beginning of a text.
func head(text string) string {
	if r := []rune(text); len(r) > widest {
		return string(r[:widest-3]) + "..."
	}
	return text
}

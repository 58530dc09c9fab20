package changes

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// shownReasons is how many reasons of a module, and how many files of no module,
// String shows.
const shownReasons = 3

// String shows the selection as people read it: a line a module with its name,
// its status and its first reasons, then deleted modules and files of no module.
func (s Selection) String() string {
	var b strings.Builder
	names, statuses := 0, 0
	all := append(append([]Selected{}, s.Modules...), s.Deleted...)
	for _, m := range all {
		names = max(names, utf8.RuneCountInString(Printable(m.Name)))
		statuses = max(statuses, len(m.Status))
	}
	for _, m := range all {
		texts := make([]string, len(m.Reasons))
		for i, r := range m.Reasons {
			texts[i] = r.String()
		}
		fmt.Fprintf(&b, "%-*s  %-*s  %s\n", names, Printable(m.Name), statuses, m.Status, firstOf(texts))
	}
	if len(all) == 0 {
		b.WriteString("no module is selected\n")
	}
	if len(s.Unowned) > 0 {
		texts := make([]string, len(s.Unowned))
		for i, path := range s.Unowned {
			texts[i] = Printable(path)
		}
		fmt.Fprintf(&b, "of no module: %s\n", firstOf(texts))
	}
	return b.String()
}

// firstOf joins the first of texts, and counts the others.
func firstOf(texts []string) string {
	shown := strings.Join(texts[:min(shownReasons, len(texts))], ", ")
	if more := len(texts) - shownReasons; more > 0 {
		return fmt.Sprintf("%s, and %d more", shown, more)
	}
	return shown
}

// MarshalJSON writes an object with the keys modules, deleted, unowned and all,
// of which the first three are never null. Equal selections give equal bytes.
//
// In unowned, U+FFFD stands for each byte that is not UTF-8. Where there is one,
// a fifth key, unownedBase64, holds the bytes of all these paths, in the same
// order; see [File.MarshalJSON].
func (s Selection) MarshalJSON() ([]byte, error) {
	type plain Selection // without this method
	p := struct {
		plain
		Raw [][]byte `json:"unownedBase64,omitempty"`
	}{plain: plain(s)}
	if p.Modules == nil {
		p.Modules = []Selected{}
	}
	if p.Deleted == nil {
		p.Deleted = []Selected{}
	}
	p.Unowned, p.Raw = jsonPaths(s.Unowned)
	return json.Marshal(p)
}

// jsonPaths is jsonPath for a list: raw is nil where all paths are UTF-8.
func jsonPaths(paths []string) (texts []string, raw [][]byte) {
	texts = make([]string, len(paths))
	for i, path := range paths {
		var damaged []byte
		if texts[i], damaged = jsonPath(path); damaged != nil && raw == nil {
			raw = make([][]byte, len(paths))
		}
	}
	for i := range raw {
		raw[i] = []byte(paths[i])
	}
	return texts, raw
}

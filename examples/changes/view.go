package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/internal/english"
)

// shownFiles is how many files of a module the view for people shows.
const shownFiles = 3

// answer is the object of -json.
type answer struct {
	changes.Diff
	Modules []changes.Selected `json:"modules"`
	Deleted []changes.Selected `json:"deleted"`
	Unowned []string           `json:"unowned"`
	Raw     [][]byte           `json:"unownedBase64,omitempty"`
}

// take takes in what was selected.
func (a *answer) take(s changes.Selection) {
	a.Modules, a.Deleted, a.Unowned = s.Modules, s.Deleted, s.Unowned
	if slices.ContainsFunc(s.Unowned, func(path string) bool { return !utf8.ValidString(path) }) {
		for _, path := range s.Unowned {
			a.Raw = append(a.Raw, []byte(path))
		}
	}
}

// printJSON writes the object of -json.
func (a *answer) printJSON(w io.Writer) error {
	var b bytes.Buffer
	if err := cli.PrintJSON(&b, a); err != nil {
		return err
	}
	_, err := io.WriteString(w, logJSON(b.String()))
	return err
}

// view is the answer for people.
func (a *answer) view(withModules bool) string {
	var b strings.Builder
	head := fmt.Sprintf("%.12s", a.Head)
	if a.WorkTree {
		head = "the working tree"
	}
	if a.From == "" {
		fmt.Fprintf(&b, "%s, compared with nothing\n", head)
	} else {
		fmt.Fprintf(&b, "%s changed, %.12s..%s\n", english.Count(len(a.Files), "file"), a.From, head)
	}
	if n := len(a.MergeBases); n > 1 {
		fmt.Fprintf(&b, "%d merge bases are equally good; the newest is taken\n", n)
	}
	if a.All != "" {
		fmt.Fprintf(&b, "everything counts as changed: %s\n", changes.Printable(a.All))
	}
	if !withModules {
		for _, f := range a.Files {
			fmt.Fprintf(&b, "  %s\n", f)
		}
		return b.String()
	}
	fmt.Fprintf(&b, "%s selected", english.Count(len(a.Modules), "module"))
	if n := len(a.Deleted); n > 0 {
		fmt.Fprintf(&b, ", %d deleted", n)
	}
	b.WriteString("\n")
	for _, modules := range [][]changes.Selected{a.Modules, a.Deleted} {
		for _, m := range modules {
			fmt.Fprintf(&b, "\n%s: %s\n", changes.Printable(m.Name), m.Status)
			writeReasons(&b, m.Reasons)
		}
	}
	a.viewUnowned(&b)
	return b.String()
}

func (a *answer) viewUnowned(b *strings.Builder) {
	if len(a.Unowned) == 0 {
		return
	}
	fmt.Fprintf(b, "\nof no module\n")
	unowned := map[string]bool{}
	for _, path := range a.Unowned {
		unowned[path] = true
	}
	for _, f := range a.Files {
		if unowned[f.Path] {
			fmt.Fprintf(b, "  %s\n", f)
		}
	}
}

// writeReasons writes a line a reason, of files only the first few.
func writeReasons(b *strings.Builder, reasons []changes.Reason) {
	files := 0
	for _, r := range reasons {
		if r.Kind == changes.ByFile {
			files++
		}
	}
	shown := 0
	for _, r := range reasons {
		if r.Kind == changes.ByFile {
			if shown++; shown > shownFiles {
				if shown == files {
					fmt.Fprintf(b, "  and %d more\n", files-shownFiles)
				}
				continue
			}
		}
		fmt.Fprintf(b, "  %s\n", r)
	}
}

// oneLine is text as it may stand behind other text of a log, as
// [changes.Printable] has it, but without quotes: what does not print is shown as
// Go writes it.
func oneLine(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '\n':
			b.WriteString("; ") // between errors that were joined
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			quoted := fmt.Sprintf("%+q", text[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return strings.ReplaceAll(b.String(), "##", `#\x23`)
}

// logJSON is JSON as it may stand in a log: what does not print, which JSON may
// hold in texts only, is escaped there, and so is the second "#" of "##".
func logJSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\n' || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return strings.ReplaceAll(b.String(), "##", `#\u0023`)
}

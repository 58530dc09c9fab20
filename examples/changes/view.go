package main

import (
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/changes"
)

// shownFiles is how many files of a module the view for people shows.
const shownFiles = 3

// answer is the object of -json.
type answer struct {
	changes.Diff
	Modules []changes.Selected `json:"modules"`
	Deleted []changes.Selected `json:"deleted"`
	Unowned []string           `json:"unowned"`
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
		fmt.Fprintf(&b, "%s changed, %.12s..%s\n", count(len(a.Files), "file"), a.From, head)
	}
	if n := len(a.MergeBases); n > 1 {
		fmt.Fprintf(&b, "%d merge bases are equally good; the newest is taken\n", n)
	}
	if a.All != "" {
		fmt.Fprintf(&b, "everything counts as changed: %s\n", a.All)
	}
	if !withModules {
		for _, f := range a.Files {
			fmt.Fprintf(&b, "  %s\n", f)
		}
		return b.String()
	}
	fmt.Fprintf(&b, "%s selected", count(len(a.Modules), "module"))
	if n := len(a.Deleted); n > 0 {
		fmt.Fprintf(&b, ", %d deleted", n)
	}
	b.WriteString("\n")
	for _, modules := range [][]changes.Selected{a.Modules, a.Deleted} {
		for _, m := range modules {
			fmt.Fprintf(&b, "\n%s: %s\n", m.Name, m.Status)
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

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/nuke"
)

// summarize tells people what the environment is.
func summarize(w io.Writer, inv nuke.Inventory) error {
	var b strings.Builder
	fmt.Fprintf(&b, "account %s (%s): %d resources read in %s\n", inv.Account, clean.Text(inv.Alias), len(inv.Mine)+len(inv.Others), clean.Text(strings.Join(inv.Regions, ", ")))
	section := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s (%d):\n", title, len(lines))
		for _, line := range lines {
			fmt.Fprintf(&b, "  %s\n", clean.Text(line))
		}
	}
	section("belongs to "+inv.Environment+", and is to be deleted", described(inv.Mine))
	section("belongs to it, and is not for aws-nuke: it goes with what it is part of, or stays", described(inv.Beyond))
	var conflicts []string
	for _, c := range inv.Conflicts {
		conflicts = append(conflicts, c.Resource.String()+": "+c.Detail)
	}
	section("conflicts, which have to be settled first", conflicts)
	_, err := io.WriteString(w, b.String())
	return err
}

// described is a line for each resource: what it is, and how that is known.
func described(resources []nuke.Resource) []string {
	var lines []string
	for _, r := range resources {
		line := r.String()
		if len(r.Why) > 0 {
			line += " (" + strings.Join(r.Why, ", ") + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/mettel-automation/delivery/internal/nearest"
	"github.com/mettel-automation/delivery/validate"
)

// labels are the top-level blocks of a module and the names of their labels.
// Source: https://developer.hashicorp.com/terraform/language, up to Terraform 1.14.
func labels(block string) (names []string, known bool) {
	switch block {
	case "terraform", "locals", "moved", "import", "removed":
		return nil, true
	case "variable", "output", "module", "provider", "check":
		return []string{"name"}, true
	case "resource", "data", "ephemeral", "action":
		return []string{"type", "name"}, true
	}
	return nil, false
}

// blockTypes are the names that labels knows, for those who misspell one.
func blockTypes() []string {
	return []string{"terraform", "locals", "moved", "import", "removed", "variable", "output", "module", "provider", "check", "resource", "data", "ephemeral", "action"}
}

// arguments are those of variable and output blocks, and their blocks.
func arguments(block string) []string {
	switch block {
	case "variable":
		return []string{"type", "default", "description", "sensitive", "nullable", "ephemeral", "deprecated", "const"}
	case "output":
		return []string{"value", "type", "description", "sensitive", "depends_on", "ephemeral", "deprecated"}
	}
	return nil
}

// meta are the arguments that every module call takes.
func meta(argument string) bool {
	return slices.Contains([]string{"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle"}, argument)
}

// block is a top-level block of either syntax.
type block struct {
	file   source
	typ    string
	labels []string
	at     hcl.Range // its header
	body   hcl.Body
}

// blocks returns the top-level blocks of f that Terraform knows, and adds
// findings for what else is there.
func (r *run) blocks(f source) []block {
	if f.kind == asJSON {
		return r.blocksOfJSON(f)
	}
	return r.blocksOfNative(f)
}

// checkLabels finds labels that are missing, too many, or no names.
func (r *run) checkLabels(b block, at []hcl.Range) bool {
	want, known := labels(b.typ)
	switch {
	case !known:
		message := fmt.Sprintf("there is no block %q in Terraform", b.typ)
		if near := nearest.Of(b.typ, blockTypes()); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
		r.add(b.file.path, b.at, RuleBlock, message, validate.OfFile)
		return false
	case len(b.labels) < len(want):
		r.add(b.file.path, b.at, RuleBlock, fmt.Sprintf("a %s block needs a label for its %s", b.typ, want[len(b.labels)]), validate.OfFile)
		return false
	case len(b.labels) > len(want):
		r.add(b.file.path, b.at, RuleBlock, fmt.Sprintf("a %s block takes %s, not %d", b.typ, countLabels(want), len(b.labels)), validate.OfFile)
		return false
	}
	for i, l := range b.labels {
		if !validName(l) {
			where := b.at
			if i < len(at) {
				where = at[i]
			}
			r.add(b.file.path, where, RuleBlock, fmt.Sprintf("%q is no name: it must begin with a letter or an underscore, and have only letters, digits, underscores and dashes", l), validate.OfFile)
			return false
		}
	}
	return true
}

func countLabels(names []string) string {
	switch len(names) {
	case 0:
		return "no label"
	case 1:
		return "one label (" + names[0] + ")"
	}
	return fmt.Sprintf("%d labels (%s)", len(names), strings.Join(names, ", "))
}

package gitlab

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/changes"
)

// Limits of a dotenv report. GitLab.com allows 50, 100 or 150 variables by its
// tier, and an instance of one's own 20 unless it is set otherwise. The file must
// be smaller than 5 KB. Source: GitLab, "artifacts:reports:dotenv" and
// app/services/ci/parse_dotenv_artifact_service.rb.
const (
	defaultVariables = 20
	maxDotenv        = 5120 // bytes; a file of this size is refused
)

// DotenvOptions tune a dotenv report. The zero value is ready to use.
type DotenvOptions struct {
	// PerModule adds a variable for each module, deleted ones too: MODULE_ and its
	// name in capitals, with "_" for what is no letter or digit. Its value is the
	// status of the module, with "-" for spaces: MODULE_BILLING_API=asked-for.
	PerModule    bool
	MaxVariables int // default 20
}

// WriteDotenv writes a selection for artifacts:reports:dotenv, which makes variables
// of the jobs that come after:
//
//	CHANGED_MODULES=billing ledger
//	DELETED_MODULES=legacy
//
// The names of modules are separated by single spaces; where there are none, the
// value is empty. GitLab has these variables in scripts, not in rules.
//
// The error is [ErrName] for a module whose name holds white space, "$", which
// GitLab would expand, or what does not print, and for modules of one variable;
// and [ErrTooLarge] where GitLab would refuse the report. Then nothing is written.
func WriteDotenv(w io.Writer, selection changes.Selection, opts DotenvOptions) error {
	if opts.MaxVariables == 0 {
		opts.MaxVariables = defaultVariables
	}
	var b bytes.Buffer
	var errs []error
	count := 2
	fmt.Fprintf(&b, "CHANGED_MODULES=%s\nDELETED_MODULES=%s\n", list(selection.Modules), list(selection.Deleted))
	from := map[string]string{}
	for _, modules := range [][]changes.Selected{selection.Modules, selection.Deleted} {
		for _, m := range modules {
			if m.Name == "" || !utf8.ValidString(m.Name) || strings.ContainsFunc(m.Name, unfit) {
				errs = append(errs, fmt.Errorf("%w: module %q: a list cannot hold white space, \"$\", or what does not print", ErrName, m.Name))
			}
			if !opts.PerModule {
				continue
			}
			name := "MODULE_" + mangle(m.Name)
			if other, taken := from[name]; taken {
				errs = append(errs, fmt.Errorf("%w: modules %q and %q are both the variable %s", ErrName, other, m.Name, name))
			}
			from[name] = m.Name
			fmt.Fprintf(&b, "%s=%s\n", name, strings.ReplaceAll(string(m.Status), " ", "-"))
			count++
		}
	}
	if b.Len() >= maxDotenv {
		errs = append(errs, fmt.Errorf("%w: it has %d bytes, and must have fewer than %d; a child pipeline has no such limit", ErrTooLarge, b.Len(), maxDotenv))
	}
	if count > opts.MaxVariables {
		errs = append(errs, fmt.Errorf("%w: it has %d variables, and may have %d; do without DotenvOptions.PerModule, or say what the instance allows (MaxVariables)", ErrTooLarge, count, opts.MaxVariables))
	}
	if len(errs) > 0 {
		return fmt.Errorf("write dotenv report: %w", joined(errs))
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write dotenv report: %w", err)
	}
	return nil
}

// unfit reports whether a list of names cannot hold r.
func unfit(r rune) bool { return r == '$' || unicode.IsSpace(r) || !unicode.IsPrint(r) }

func list(modules []changes.Selected) string {
	names := make([]string, len(modules))
	for i, m := range modules {
		names[i] = m.Name
	}
	return strings.Join(names, " ")
}

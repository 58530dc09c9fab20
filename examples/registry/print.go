package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/ecr/repository"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// output is what run prints; it is the object of -json.
type output struct {
	Plan    *repository.Plan `json:"plan,omitempty"`
	Cleanup *cleanup.Plan    `json:"cleanup,omitempty"`
	Result  *cleanup.Result  `json:"result,omitempty"`
	Error   string           `json:"error"`
	err     error
}

func (o output) print(w io.Writer, asJSON bool) error {
	if o.err != nil {
		o.Error = o.err.Error()
	}
	if asJSON {
		return cli.PrintJSON(w, o)
	}
	if o.Plan != nil {
		text := o.Plan.String()
		if o.Plan.Empty() {
			text += "nothing to change\n"
		}
		fmt.Fprint(w, text)
	}
	if o.Cleanup != nil {
		fmt.Fprint(w, o.Cleanup)
	}
	if o.Result == nil {
		return nil
	}
	fmt.Fprint(w, "\nremoved:\n")
	for _, r := range o.Result.Repositories {
		fmt.Fprintf(w, "  %s: %s\n", r.Repository, strings.Join(r.Removed, ", "))
		if len(r.Changed) > 0 {
			fmt.Fprintf(w, "  %s: changed since the plan, and left alone: %s\n", r.Repository, strings.Join(r.Changed, ", "))
		}
	}
	return nil
}

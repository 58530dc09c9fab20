// Papertrail keeps the log searches of an environment as a file describes them.
//
//	papertrail plan    -file papertrail.yaml
//	papertrail apply   -file papertrail.yaml -prune
//	papertrail destroy -file papertrail.yaml -yes
//
// Plan prints what apply would do, and is the default: apply has to be said. Apply
// creates what is missing and updates what differs in place; with -prune it deletes
// what nobody wants in the groups of the file, but for searches that have alerts.
// Papertrail's own API does not tell of those: there all stay, unless -prune-unknown
// lets them go. Destroy prints which groups it would delete, and deletes them with -yes.
//
// The file is YAML:
//
//	environment: automation-8527fec8   # in each line that the environment logs
//	name: production                   # default the environment
//	branch: dev/feature/new-sla
//	wildcard: "*"                      # the senders; default all
//	services:
//	  - name: bruin-bridge
//	    image: automation-8527fec8-1042 # the tag that is deployed; see -images
//	  - name: notifier
//	    title: notifier errors          # default the name
//	    image: automation-8527fec8-1043
//	    and: [ERROR]
//	notifications: [{name: mails, query: "notifier AND sent"}]
//	alarms: [{name: errors, query: ERROR}]
//
// -images is a JSON file of the deployed images, [{"repository", "image_tag"}], for
// services without an image in the file; the repository's last part is the service.
//
// By default Papertrail is an account in memory, with -account FILE one that has what
// that file describes. With -url it is the API there, such as
// https://papertrailapp.com/api/v1/, and the token is in PAPERTRAIL_API_TOKEN.
//
// Progress goes to stderr; the outcome goes to stdout, with -json as one object:
//
//	{"plan": {"changes": [{"action", "kind", "group", "name", "id", "from", "to"}], "unchanged",
//	          "kept": [{"group", "name", "id", "reason"}], "duplicates"},
//	 "done": [the changes that are made], "error": "why it failed, or empty"}
//
// Exit codes: 0 done, 1 Papertrail could not be asked or refused, or what is there is
// not to be touched, 2 wrong use or a file that cannot be read.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/progress"
)

func main() { cli.Main("papertrail", run) }

const about = `
papertrail keeps the log searches of an environment as a file describes them.

  papertrail [plan|apply|destroy] -file papertrail.yaml [flags]
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	environment, err := load(o.file, o.images)
	if err != nil {
		return err
	}
	api, err := o.connect(ctx, os.Getenv)
	if err != nil {
		return err
	}
	view := cli.View(stderr, os.Getenv)
	defer func() { _ = view.Close() }() // whatever happens, the terminal is given back
	out, err := o.work(ctx, api, environment, view.Emit)
	if err != nil {
		return err
	}
	if err := errors.Join(view.Close(), out.print(stdout, o.json)); err != nil {
		return err
	}
	return cli.Failed(out.err)
}

// work plans and, where it is asked for, applies. What Papertrail says is in the
// output; an error is one of the file.
func (o options) work(ctx context.Context, api papertrail.API, e papertrail.Environment, emit progress.Func) (output, error) {
	keeper := papertrail.New(api, papertrail.Options{Prune: o.prune, PruneUnknown: o.pruneUnknown, Progress: emit})
	var out output
	if o.verb == "destroy" {
		out.Plan, out.err = keeper.PlanDelete(ctx, papertrail.DeleteRequest{
			Groups: e.GroupNames(), Environment: e.ID, AllowAlerts: o.allowAlerts, AllowProduction: o.allowProduction,
		})
	} else {
		groups, err := e.Groups()
		if err != nil {
			return out, err
		}
		out.Plan, out.err = keeper.Plan(ctx, groups)
	}
	if out.err != nil || o.verb == "plan" || o.verb == "destroy" && !o.yes {
		return out, nil
	}
	out.result, out.err = keeper.Apply(ctx, out.Plan)
	return out, nil
}

// output is the outcome.
type output struct {
	Plan   papertrail.Plan
	result papertrail.Result
	err    error
}

func (o output) print(w io.Writer, asJSON bool) error {
	if asJSON {
		document := struct {
			Plan  papertrail.Plan     `json:"plan"`
			Done  []papertrail.Change `json:"done"`
			Error string              `json:"error"`
		}{o.Plan, append([]papertrail.Change{}, o.result.Done...), ""}
		if o.err != nil {
			document.Error = o.err.Error()
		}
		return cli.PrintJSON(w, document)
	}
	if o.err != nil && o.Plan.Empty() {
		return nil // the error says it all
	}
	text := o.Plan.String()
	if n := len(o.result.Done); n > 0 {
		text += fmt.Sprintf("%d of %d changes are made\n", n, len(o.Plan.Changes))
	}
	_, err := io.WriteString(w, text)
	return err
}

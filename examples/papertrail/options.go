package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/httpapi"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

// options are what the command line says.
type options struct {
	verb, file, images, account, url      string
	prune, pruneUnknown, yes, allowAlerts bool
	allowProduction                       string // id of the environment
	json                                  bool
}

func parse(args []string, stdout io.Writer) (options, error) {
	o := options{verb: "plan"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.verb, args = args[0], args[1:]
	}
	flags := cli.NewFlags("papertrail", about, stdout)
	flags.StringVar(&o.file, "file", "", "YAML `FILE` that describes the environment")
	flags.StringVar(&o.images, "images", "", "JSON `FILE` of the images that are deployed")
	flags.StringVar(&o.account, "account", "", "without -url: YAML `FILE` of an environment that is there already")
	flags.StringVar(&o.url, "url", "", "`URL` of the API, such as "+httpapi.DefaultURL+"; the token is in PAPERTRAIL_API_TOKEN")
	flags.BoolVar(&o.prune, "prune", false, "apply: delete searches that nobody wants in the groups of the file, but those with alerts")
	flags.BoolVar(&o.pruneUnknown, "prune-unknown", false, "with -prune: delete those as well of which the API does not tell whether they have alerts")
	flags.BoolVar(&o.yes, "yes", false, "destroy: delete what is listed")
	flags.BoolVar(&o.allowAlerts, "allow-alerts", false, "destroy: delete searches that have alerts, or of which that is not known")
	flags.StringVar(&o.allowProduction, "allow-production", "", "destroy: `ID` of the environment again, where it is production")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if err := flags.Required("file"); err != nil {
		return o, err
	}
	return o, o.check()
}

func (o options) check() error {
	destroys := o.verb == "destroy"
	fault := ""
	switch {
	case o.verb != "plan" && o.verb != "apply" && !destroys:
		fault = fmt.Sprintf("unknown command %q, want plan, apply or destroy", o.verb)
	case !destroys && (o.yes || o.allowAlerts || o.allowProduction != ""):
		fault = "-yes, -allow-alerts and -allow-production are for destroy"
	case o.pruneUnknown && !o.prune:
		fault = "-prune-unknown goes with -prune"
	case destroys && (o.prune || o.images != ""):
		fault = "-prune and -images do not go with destroy"
	case o.url != "" && o.account != "":
		fault = "-account is for an account in memory: it does not go with -url"
	default:
		return nil
	}
	return errors.New(fault + " (-h lists the flags)")
}

// connect returns the API at -url, or an account in memory.
func (o options) connect(ctx context.Context, getenv func(string) string) (papertrail.API, error) {
	if o.url != "" {
		client, err := httpapi.New(httpapi.Options{Token: httpapi.Token(getenv("PAPERTRAIL_API_TOKEN")), BaseURL: o.url})
		if err != nil {
			return nil, fmt.Errorf("connect to Papertrail: %w (-url and PAPERTRAIL_API_TOKEN)", err)
		}
		return client, nil
	}
	client, err := httpapi.New(httpapi.Options{Token: "local", Transport: papertrailtest.New(papertrailtest.Options{Alerts: true, Unlimited: true})})
	if err != nil || o.account == "" {
		return client, err
	}
	there, err := load(o.account, "")
	if err != nil {
		return nil, err
	}
	groups, err := there.Groups()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", o.account, err)
	}
	keeper := papertrail.New(client, papertrail.Options{})
	plan, err := keeper.Plan(ctx, groups)
	if err != nil {
		return nil, err
	}
	_, err = keeper.Apply(ctx, plan)
	return client, err
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	_ "embed"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/infra"
)

const about = `
infra plans, applies, checks, recovers and destroys the infrastructure of the environment of
a branch: its network, its roles, and what its services run in. With -local the cloud
is in memory.

  infra plan -branch dev/feature/login -local
  infra apply -branch dev/feature/login -existing -local
  infra destroy -branch dev/feature/login
  infra apply -branch dev/feature/login -file environment.yaml -bucket my-templates

  infra [plan|apply|outputs|drift|destroy|recover|render] flags
`

// demo is what an environment in memory has by default.
//
//go:embed demo.yaml
var demo []byte

// options are what the flags say.
type options struct {
	verb            string
	branch, project string
	file, template  string
	network, bucket string
	allowProduction string
	parameters      map[string]string
	only            string
	unprotected     bool
	consent, skip   []string
	express, json   bool
	local           bool
	memory          memory
}

func parse(args []string, stdout io.Writer) (options, error) {
	o := options{verb: "plan", parameters: map[string]string{}}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.verb, args = args[0], args[1:]
	}
	flags := cli.NewFlags("infra", about, stdout)
	flags.StringVar(&o.branch, "branch", "", "the `BRANCH` whose environment it is")
	flags.StringVar(&o.project, "project", "automation", "what the environment's `NAME` begins with")
	flags.StringVar(&o.file, "file", "", "`FILE` that says what is in the environment; a small one by default where the cloud is in memory")
	flags.StringVar(&o.network, "network", "", "`NAME` of the network to live in, whose stack is NAME-network; default one of its own")
	flags.StringVar(&o.only, "only", "", "`STACK` to be concerned with alone: network, roles or environment")
	flags.StringVar(&o.template, "template", "", "`FILE` to use as the environment's template instead of the one that is rendered")
	flags.Func("parameter", "`NAME=VALUE` of a parameter of the environment's template; may be repeated", o.parameter)
	flags.Func("consent", "`LOGICALID` of a stateful resource that may be replaced or deleted; may be repeated", collect(&o.consent))
	flags.Func("skip", "`LOGICALID` of a resource that recover leaves as it is, of those at which the rollback has failed; may be repeated", collect(&o.skip))
	flags.StringVar(&o.allowProduction, "allow-production", "", "`NAME` of the environment again, to destroy it though it is production")
	flags.BoolVar(&o.unprotected, "unprotected", false, "take the deletion protection off the load balancer of production, as has to be applied before destroy")
	flags.BoolVar(&o.express, "express", false, "do not wait until what is made can serve")
	flags.StringVar(&o.bucket, "bucket", "", "`BUCKET` for templates over 51,200 bytes")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.BoolVar(&o.local, "local", false, "use a cloud in memory instead of AWS")
	o.memory.flags(flags.FlagSet)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(flags.FlagSet)
}

// collect is a flag that may be repeated.
func collect(list *[]string) func(string) error {
	return func(id string) error {
		if id == "" {
			return errors.New("want a logical id")
		}
		if !slices.Contains(*list, id) {
			*list = append(*list, id)
		}
		return nil
	}
}

func (o *options) parameter(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("want NAME=VALUE")
	}
	o.parameters[name] = value
	return nil
}

func (o options) check(flags *flag.FlagSet) error {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	verbs := []string{"plan", "apply", "outputs", "drift", "destroy", "recover", "render"}
	switch {
	case !slices.Contains(verbs, o.verb):
		return fmt.Errorf("unknown command %q, want one of %s (-h helps)", o.verb, strings.Join(verbs, ", "))
	case o.branch == "":
		return errors.New("-branch is required (-h lists the flags)")
	case o.only != "" && !slices.Contains(kinds(), o.only):
		return fmt.Errorf("-only %s: want one of %s", o.only, strings.Join(kinds(), ", "))
	case o.unprotected && !o.local && o.verb != "plan" && o.verb != "apply" && o.verb != "render":
		return fmt.Errorf("-unprotected is for plan, apply and render: %s takes the environment as it is", o.verb)
	case o.only == "network" && o.network != "":
		return errors.New("-only network does not go with -network: a network that others share is left alone")
	}
	return o.fits(given)
}

// fits refuses flags that do not go with the command or with each other.
func (o options) fits(given map[string]bool) error {
	for _, f := range []struct {
		flag  string
		verbs []string
	}{
		{"existing", []string{"plan", "apply"}},
		{"fail", []string{"apply", "destroy", "recover"}},
		{"consent", []string{"plan", "apply"}},
		{"skip", []string{"recover"}},
		{"allow-production", []string{"destroy"}},
		{"express", []string{"plan", "apply", "destroy"}},
	} {
		if given[f.flag] && !slices.Contains(f.verbs, o.verb) {
			return fmt.Errorf("-%s is for %s, not for %s", f.flag, and(f.verbs), o.verb)
		}
	}
	switch speed := o.memory.speed; {
	case !o.local && (given["speed"] || given["existing"] || given["fail"]):
		return errors.New("-speed, -existing and -fail are about a cloud in memory: they need -local")
	case !(speed > 0) || math.IsInf(speed, 1): // not a number is not more than 0 either
		return fmt.Errorf("-speed %v: want a number above 0", speed)
	case (given["template"] || given["parameter"]) && o.only != "" && o.only != environment:
		return fmt.Errorf("-template and -parameter are about the environment: they do not go with -only %s", o.only)
	}
	return nil
}

// and is such as "a, b and c".
func and(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// settings are what the file says.
type settings struct {
	Services    []infra.Service     `json:"services"`
	Caches      []infra.Cache       `json:"caches"`
	Redis       infra.Redis         `json:"redis"`
	Roles       []infra.ServiceRole `json:"roles"`
	Secrets     []string            `json:"secrets"`
	Emails      []string            `json:"emails"`
	Webhooks    []string            `json:"webhooks"`
	Domain      string              `json:"domain"`
	HostedZone  string              `json:"hostedZone"`
	Certificate string              `json:"certificate"`
	Repository  string              `json:"repository"`
	LogDays     int                 `json:"logDays"`
	Quiet       bool                `json:"quiet"`
	Zones       int                 `json:"zones"`
	ZoneNames   []string            `json:"zoneNames"`
	CIDR        string              `json:"cidr"`
}

// load reads a file of settings; YAML is JSON with fewer quotes.
func load(name string, text []byte) (settings, error) {
	var s settings
	var tree any
	if err := yaml.Load(text, &tree); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	dec := json.NewDecoder(bytes.NewReader(plain))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "json: "))
	}
	return s, nil
}

// site reads the files, and finds the environment of the branch.
func (o options) site() (*site, error) {
	env, err := envname.Rules{Project: o.project}.Resolve(o.branch)
	if err != nil {
		return nil, err
	}
	name, text := "the settings of -local", demo
	switch {
	case o.file != "":
		name = o.file
		if text, err = os.ReadFile(o.file); err != nil {
			return nil, err
		}
	case !o.local:
		text = []byte("{}")
	}
	settings, err := load(name, text)
	if err != nil {
		return nil, err
	}
	s := &site{env: env, settings: settings, options: o}
	if o.template != "" {
		if s.body, err = os.ReadFile(o.template); err != nil {
			return nil, err
		}
	}
	return s, s.try()
}

package detect

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
)

// Flags adds the flags that say what is compared.
func (o *Options) Flags(flags *cli.Flags) {
	flags.StringVar(&o.Base, "base", "", "`REVISION` to compare with; default what the CI job is about")
	flags.StringVar(&o.Head, "head", "", "`REVISION` that has the changes; default HEAD")
	flags.BoolFunc("all", "take every module as changed, but those on demand; -all=REASON says why", func(value string) error {
		switch value {
		case "true":
			value = "-all was given"
		case "false":
			value = ""
		}
		o.All = value
		return nil
	})
}

// given reports whether somebody says what is compared.
func (o Options) given() bool { return o.Base != "" || o.Head != "" || o.All != "" }

// Modules are those that a job is for: all that are selected or, in a job for one
// module, the one called name. Of the latter, no reasons are known where this run has
// not detected any.
func Modules(ctx context.Context, j *job.Job, o Options, name string) ([]changes.Selected, error) {
	if name == "" {
		found, err := Selected(ctx, j, o)
		return found.Selection.Modules, err
	}
	of := j.Config.Modules.Modules
	at := slices.IndexFunc(of, func(m changes.Module) bool { return m.Name == name })
	if at < 0 {
		names := make([]string, len(of))
		for i, m := range of {
			names[i] = m.Name
		}
		return nil, fmt.Errorf("there is no module %q; the modules are %s", name, strings.Join(names, ", "))
	}
	var found Found
	if err := j.Load(Name, &found); err != nil && !errors.Is(err, job.ErrNoRecord) {
		return nil, err
	}
	for _, m := range found.Selection.Modules {
		if m.Name == name {
			return []changes.Selected{m}, nil
		}
	}
	return []changes.Selected{{Name: name, Labels: of[at].Labels}}, nil
}

// StageName is the name of a stage in a job for one module, or for all where module is
// empty: validation-notifier. It is that of its file, so what no file name may have is
// escaped as in a URL.
func StageName(stage, module string) string {
	if module == "" {
		return stage
	}
	return stage + "-" + url.PathEscape(module)
}

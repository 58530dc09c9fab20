package kre

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/kre/internal/fetch"
	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/kre/internal/mask"
	"github.com/mettel-automation/delivery/kre/internal/values"
)

// maxName is how long the name of a release may be. Source:
// helm.sh/helm/v3/pkg/chartutil, ValidateReleaseName.
const maxName = 53

// secretsNote is the annotation of a stored chart that lists which values were
// secrets, by their keys, so that the next plan hides the old ones too.
const secretsNote = "kre.delivery/secrets"

// desired is a release that was checked, with its chart loaded.
type desired struct {
	Release
	chart  *helm.Chart
	values map[string]any // Values and Secrets, normalized
	// secrets are the keys of Release.Secrets.
	secrets []values.Path
	mask    mask.Mask
	hash    string // of values
}

// check is what is wrong with r by itself, all of it at once.
func (r Release) check() error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if faults := validation.IsDNS1123Subdomain(r.Name); len(faults) > 0 || len(r.Name) > maxName {
		add("name %q: %w: small letters, digits, \"-\" and \".\", at most %d of them", r.Name, ErrInvalid, maxName)
	}
	if faults := validation.IsDNS1123Label(r.Namespace); len(faults) > 0 {
		add("namespace %q: %w: small letters, digits and \"-\", at most %d of them", r.Namespace, ErrInvalid, validation.DNS1123LabelMaxLength)
	}
	if r.Timeout < 0 {
		add("timeout %v: %w: it is negative", r.Timeout, ErrInvalid)
	}
	switch c := r.Chart; {
	case c.places() == 0:
		add("chart: %w: it has neither a Path nor Files nor a Repository", ErrInvalid)
	case c.places() > 1:
		add("chart: %w: it has several of Path, Files and Repository", ErrInvalid)
	case credentials.MatchString(c.Repository):
		add("chart %s: %w: the address of its repository holds credentials: set Username and Password instead", c, ErrInvalid)
	case c.Files != nil && c.Keyring != "":
		add("chart: %w: Files have no provenance that a Keyring could prove", ErrInvalid)
	case c.Repository != "" && (c.Name == "" || strings.ContainsAny(c.Name, "/ ")):
		add("chart of %s: %w: its Name is %q", c.Repository, ErrInvalid, c.Name)
	case c.Repository != "" && c.Version == "":
		add("chart %s of %s: %w: it has no Version", c.Name, c.Repository, ErrInvalid)
	}
	return errors.Join(errs...)
}

// places is how many places of the chart are given.
func (c Chart) places() (n int) {
	for _, given := range []bool{c.Path != "", c.Files != nil, c.Repository != ""} {
		if given {
			n++
		}
	}
	return n
}

// load fetches and reads the chart of r and checks its values.
func (e *Engine) load(ctx context.Context, r Release) (*desired, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	r.Timeout = cmp.Or(r.Timeout, 5*time.Minute)
	d := &desired{Release: r}
	if err := d.merge(); err != nil {
		return nil, err
	}
	var err error
	if d.chart, err = e.locate(ctx, r.Chart); err != nil {
		return nil, d.mask.Error(fmt.Errorf("load chart %s: %w", r.Chart, err))
	}
	faults, err := values.Check(d.values, d.chart.Values, r.AllowUnknown)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", r.Chart, err)
	}
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = &ValueError{Key: f.Path.String(), Problem: f.Problem, Meant: f.Meant, File: f.File, Line: f.Line}
	}
	return d, errors.Join(errs...)
}

// merge brings the values of d into their form.
func (d *desired) merge() error {
	open, err := values.Normalize(d.Values)
	if err != nil {
		return fmt.Errorf("read values: %w", err)
	}
	secret, err := values.Normalize(d.Secrets)
	if err != nil {
		return errors.New("read secrets: they do not encode as JSON") // whose error may show them
	}
	hidden := []any{d.Chart.Password}
	for _, leaf := range values.Leaves(secret) {
		d.secrets = append(d.secrets, leaf.Path)
		hidden = append(hidden, leaf.Value)
	}
	d.mask = mask.New(hidden...)
	d.values = values.Merge(open, secret)
	d.hash, err = values.Hash(d.values)
	return err
}

// hide adds to what is hidden the values that stored has where d has secrets, or
// where it says that there were some.
func (d *desired) hide(stored helm.Record) mask.Mask {
	paths := slices.Clone(d.secrets)
	for note := range strings.FieldsSeq(stored.Annotations[secretsNote]) {
		paths = append(paths, unescape(note))
	}
	hidden := []any{d.Chart.Password}
	for _, path := range paths {
		for _, leaf := range slices.Concat(values.Leaves(values.At(stored.Values, path)), values.Leaves(values.At(d.values, path))) {
			hidden = append(hidden, leaf.Value)
		}
	}
	return mask.New(hidden...)
}

// notes are the annotations that the stored chart gets.
func (d *desired) notes() map[string]string {
	if len(d.secrets) == 0 {
		return nil
	}
	keys := make([]string, len(d.secrets))
	for i, path := range d.secrets {
		keys[i] = escape(path)
	}
	return map[string]string{secretsNote: strings.Join(keys, " ")}
}

// escape writes a path so that keys may have any letter.
func escape(path values.Path) string {
	parts := make([]string, len(path))
	for i, key := range path {
		parts[i] = url.PathEscape(key)
	}
	return strings.Join(parts, "/")
}

func unescape(text string) values.Path {
	path := values.Path(strings.Split(text, "/"))
	for i, part := range path {
		if key, err := url.PathUnescape(part); err == nil {
			path[i] = key
		}
	}
	return path
}

// locate reads a chart from where it is.
func (e *Engine) locate(ctx context.Context, c Chart) (*helm.Chart, error) {
	e.charts.Lock()
	defer e.charts.Unlock()
	file := c.Path
	switch {
	case c.Files != nil:
		dir, err := os.MkdirTemp("", "kre-chart-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }() // a temporary one that stays does no harm
		if err := os.CopyFS(dir, c.Files); err != nil {
			return nil, err
		}
		file = dir
	case file == "":
		dir, remove, err := e.dir()
		if err != nil {
			return nil, err
		}
		defer remove()
		file, err = fetch.Fetch(ctx, e.opts.HTTP, dir, fetch.Source{
			Repository: c.Repository, Name: c.Name, Version: c.Version, Username: c.Username, Password: c.Password, Keyring: c.Keyring,
		})
		if err != nil {
			return nil, err
		}
	case c.Keyring != "":
		if err := fetch.Verify(file, c.Keyring); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrChartNotFound, err)
	}
	return helm.Load(file)
}

// dir is where archives are kept while they are read, or longer.
func (e *Engine) dir() (dir string, remove func(), err error) {
	if e.opts.Dir != "" {
		return e.opts.Dir, func() {}, os.MkdirAll(e.opts.Dir, 0o755)
	}
	dir, err = os.MkdirTemp("", "kre-charts-")
	return dir, func() { _ = os.RemoveAll(dir) }, err // a temporary one that stays does no harm
}

// render fills in the values. Its error has no secrets.
func (d *desired) render(in helm.Rendering, lookup *rest.Config) (helm.Rendered, error) {
	in.Name, in.Namespace, in.Values = d.Name, d.Namespace, values.Merge(d.values, nil)
	rendered, err := helm.Render(d.chart, in, lookup)
	if err != nil {
		return rendered, d.mask.Error(renderError(d.chart.Name, err))
	}
	return rendered, nil
}

// Where helm and the template package say that something is wrong.
var positions = []*regexp.Regexp{
	regexp.MustCompile(`(?:parse|execution) error (?:at|in) \(([^():]+):(\d+)(?::\d+)?\)`),
	regexp.MustCompile(`template: ([^:\s]+):(\d+)(?::\d+)?:`),
	regexp.MustCompile(`YAML parse error on ([^:]+): (?:.*\n?)*?.*line (\d+):`),
	regexp.MustCompile(`YAML parse error on ([^:]+):()`),
}

// renderError finds the file and the line in an error of helm. The innermost
// position is the last of a chain of templates that include each other.
func renderError(chart string, err error) error {
	out := &RenderError{Chart: chart, Err: err}
	text := err.Error()
	for _, pattern := range positions {
		all := pattern.FindAllStringSubmatch(text, -1)
		if len(all) == 0 {
			continue
		}
		last := all[len(all)-1]
		out.File = last[1]
		_, _ = fmt.Sscan(last[2], &out.Line) // none where it does not say
		break
	}
	return out
}

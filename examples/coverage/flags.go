package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/coverage/report"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const about = `Usage: coverage [-min PERCENT] [-json] -report MODULE=FILE ...

Fails where the tests of a module cover too little of it. Reads Go cover
profiles, Cobertura, LCOV, JaCoCo, Clover, and the JSON of coverage.py, istanbul
and SimpleCov.

Exit codes: 0 pass, 1 a gate failed, 2 wrong use or an unreadable report.`

// options are what the flags say.
type options struct {
	gate   coverage.Gate
	inputs []coverage.Input
	files  report.Files
	asJSON bool

	root, diff, baseline, writeBaseline string
	roots, prefixes, expected           map[string]string
}

func parse(args []string, stdout io.Writer) (options, error) {
	flags := cli.NewFlags("coverage", about, stdout)
	o := options{roots: map[string]string{}, prefixes: map[string]string{}, expected: map[string]string{}}
	o.gate.ByModule = map[string]coverage.Percentage{}

	flags.Func("report", "`MODULE=FILE`, a report of a module; once or more", pair("MODULE=FILE", func(module, path string) error {
		o.inputs = append(o.inputs, coverage.Input{Module: module, Path: path})
		return nil
	}))
	flags.BoolVar(&o.asJSON, "json", false, "print JSON instead of tables")
	o.gateFlags(flags)
	o.pathFlags(flags)
	flags.StringVar(&o.files.JUnit, "junit", "", "write JUnit XML to `FILE`")
	flags.StringVar(&o.files.CodeQuality, "codequality", "", "write GitLab's Code Quality JSON to `FILE`")
	flags.StringVar(&o.files.Cobertura, "cobertura-dir", "", "write Cobertura XML for GitLab into `DIR`, in parts of at most 10 MiB")
	flags.StringVar(&o.files.Markdown, "markdown", "", "write the text of a merge-request comment to `FILE`")
	flags.StringVar(&o.files.JSON, "json-file", "", "write all that is known as JSON to `FILE`")
	flags.StringVar(&o.files.Badge, "badge", "", "write a picture of the total (SVG) to `FILE`")

	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if len(o.inputs) == 0 {
		return o, errors.New("-report is required (-h lists the flags)")
	}
	for i := range o.inputs {
		o.inputs[i].Root = o.roots[o.inputs[i].Module]
	}
	return o, o.checkNames()
}

// checkNames keeps a misspelt module from switching off the gate that a flag asks for.
func (o *options) checkNames() error {
	var errs []error
	check := func(flag string, names []string) {
		for _, name := range names {
			if !slices.ContainsFunc(o.inputs, func(in coverage.Input) bool { return in.Module == name }) {
				errs = append(errs, fmt.Errorf("-%s names module %q, which has no -report", flag, name))
			}
		}
	}
	check("module-min", slices.Sorted(maps.Keys(o.gate.ByModule)))
	check("allow-no-data", o.gate.AllowNoData)
	check("expect", slices.Sorted(maps.Keys(o.expected)))
	check("module-root", slices.Sorted(maps.Keys(o.roots)))
	return errors.Join(errs...)
}

func (o *options) gateFlags(flags *cli.Flags) {
	flags.Var(&o.gate.Minimum, "min", "`percentage` that each module must reach (default 80)")
	flags.Func("module-min", "`MODULE=PERCENTAGE` that this module must reach instead", pair("MODULE=PERCENTAGE", func(module, s string) error {
		p, err := coverage.ParsePercentage(s)
		o.gate.ByModule[module] = p
		return err
	}))
	flags.Func("total-min", "`percentage` that all modules together must reach", optional(&o.gate.Total))
	flags.Func("allow-no-data", "`MODULE` that passes where its report lists nothing", func(module string) error {
		o.gate.AllowNoData = append(o.gate.AllowNoData, module)
		return nil
	})
	flags.Func("expect", "`MODULE=FILE`: the file lists the sources that must be in the reports of the module, a path a line", pair("MODULE=FILE", set(o.expected)))
	flags.StringVar(&o.baseline, "baseline", "", "`FILE` of a baseline, below which no module may fall")
	flags.Func("tolerance", "by how many percentage `points` a module may fall below the baseline (default 0)", o.tolerance)
	flags.StringVar(&o.writeBaseline, "write-baseline", "", "write the baseline to `FILE` where every gate passes; modules that are not in this run keep their place")
	flags.StringVar(&o.diff, "diff", "", "`FILE` with a unified diff, whose changed lines must be covered")
	flags.Var(&o.gate.ChangedMinimum, "diff-min", "`percentage` of them (default 80)")
	flags.Func("allow-unreported", "`GLOB` of changed files that need not be in a report, such as *.pb.go or web/gen/**; once or more", func(glob string) error {
		o.gate.AllowUnreported = append(o.gate.AllowUnreported, glob)
		return nil
	})
}

func (o *options) pathFlags(flags *cli.Flags) {
	flags.StringVar(&o.root, "root", "", "`DIR`ectory of the repository, to whose files the paths of reports are mapped")
	flags.Func("module-root", "`MODULE=DIR` of the repository that paths in the reports of the module are relative to", pair("MODULE=DIR", set(o.roots)))
	flags.Func("prefix", "`PREFIX=DIR`: what paths in reports begin with, as in a container, and the directory of the repository that it is", pair("PREFIX=DIR", set(o.prefixes)))
}

// pair reads a flag of the form KEY=VALUE.
func pair(form string, set func(key, value string) error) func(string) error {
	return func(s string) error {
		key, value, _ := strings.Cut(s, "=")
		if key == "" || value == "" {
			return fmt.Errorf("want %s", form)
		}
		return set(key, value)
	}
}

func set(m map[string]string) func(key, value string) error {
	return func(key, value string) error {
		m[key] = value
		return nil
	}
}

// tolerance reads a percentage that may be 0, which is none at all.
func (o *options) tolerance(s string) error {
	if zero := strings.Trim(strings.TrimSuffix(s, "%"), "0"); s != "" && s != "." && (zero == "" || zero == ".") {
		o.gate.Tolerance = nil
		return nil
	}
	return optional(&o.gate.Tolerance)(s)
}

// optional reads a percentage that need not be given.
func optional(to **coverage.Percentage) func(string) error {
	return func(s string) error {
		p, err := coverage.ParsePercentage(s)
		*to = &p
		return err
	}
}

// read reads the files that the flags name, but for the reports.
func (o *options) read(ctx context.Context) (err error) {
	if o.root != "" {
		if o.gate.Sources, err = coverage.FindSources(ctx, o.root); err != nil {
			return err
		}
	}
	if len(o.prefixes) > 0 {
		all := maps.Clone(o.prefixes)
		maps.Copy(all, o.gate.Sources.Prefixes)
		maps.Copy(all, o.prefixes)
		o.gate.Sources.Prefixes = all
	}
	for module, path := range o.expected {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("-expect: %w", err)
		}
		if o.gate.Expected == nil {
			o.gate.Expected = map[string][]string{}
		}
		o.gate.Expected[module] = strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' })
		if len(o.gate.Expected[module]) == 0 {
			return fmt.Errorf("-expect: %s lists no file", path)
		}
	}
	if o.baseline != "" {
		b, err := readBaseline(o.baseline)
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("-baseline: %w (-write-baseline makes one)", err)
		}
		if err != nil {
			return err
		}
		o.gate.Baseline = &b
	}
	if o.diff != "" {
		return o.readDiff()
	}
	return nil
}

func (o *options) readDiff() error {
	file, err := os.Open(o.diff)
	if err != nil {
		return fmt.Errorf("-diff: %w", err)
	}
	defer file.Close()
	if o.gate.Changed, err = coverage.ParseDiff(file); err != nil {
		return fmt.Errorf("%s: %w", o.diff, err)
	}
	return nil
}

func readBaseline(path string) (coverage.Baseline, error) {
	file, err := os.Open(path)
	if err != nil {
		return coverage.Baseline{}, err
	}
	defer file.Close()
	b, err := coverage.ReadBaseline(file)
	if err != nil {
		return b, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

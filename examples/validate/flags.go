package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/checks"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/validate"
)

const defaultChecks = "terraform,pep8,npm"

func parse(args []string, stdout io.Writer) (job, error) {
	var j job
	var commands []validate.Check
	flags := cli.NewFlags("validate", about, stdout)
	flags.StringVar(&j.runner.Root, "root", ".", "`directory` of the repository")
	flags.Func("module", "`NAME=DIR`, a module and its directory; once or more", func(s string) error {
		name, dir, _ := strings.Cut(s, "=")
		if name == "" || dir == "" {
			return errors.New("want NAME=DIR")
		}
		j.modules = append(j.modules, validate.Module{Name: name, Dir: dir})
		return nil
	})
	checks := flags.String("check", defaultChecks, "comma-separated `names` of what to run")
	flags.Func("command", "`NAME:FORMAT=PROGRAM [ARGUMENT ...]`, a program to run; once or more", func(s string) error {
		c, err := command(s)
		commands = append(commands, c)
		return err
	})
	changes := flags.String("changes", "", "`file` that examples/changes -json printed: validate what it selects")
	diff := flags.String("diff", "", "unified diff `file`: only findings on lines that it changes count")
	baseline := flags.String("baseline", "", "`file` of known findings, which do not count")
	flags.StringVar(&j.writeBaseline, "write-baseline", "", "write all findings to `file` as known ones, and do not fail for them")
	flags.Func("fail-on", "mildest `severity` that fails: note, warning or error (default note)", func(s string) (err error) {
		j.runner.FailOn, err = severity(s)
		return err
	})
	flags.Func("timeout", "`duration` for each check of a module (default 5m)", timeout(&j.runner.Timeout))
	flags.IntVar(&j.runner.Parallel, "parallel", 4, "checks at once")
	flags.StringVar(&j.reports.sarif, "sarif", "", "write SARIF to `file`")
	flags.StringVar(&j.reports.codeQuality, "codequality", "", "write GitLab Code Quality JSON to `file`")
	flags.StringVar(&j.reports.junit, "junit", "", "write JUnit XML to `file`")
	flags.BoolVar(&j.asJSON, "json", false, "print JSON instead of text")
	if err := flags.Parse(args); err != nil {
		return job{}, err
	}
	if len(j.modules) == 0 {
		return job{}, errors.New("-module is required (-h lists the flags)")
	}
	var err error
	if j.runner.Checks, err = checksOf(*checks); err != nil {
		return job{}, err
	}
	j.runner.Checks = append(j.runner.Checks, commands...)
	return j, j.read(*changes, *diff, *baseline)
}

// read reads the files that limit what is validated and what counts.
func (j *job) read(changes, diff, baseline string) error {
	err := with(changes, func(f io.Reader) (err error) {
		j.modules, err = selected(f, j.modules)
		return err
	})
	if err != nil {
		return err
	}
	err = with(diff, func(f io.Reader) (err error) {
		j.runner.Changed, err = validate.ParseDiff(f)
		return err
	})
	if err != nil {
		return err
	}
	if diff != "" && changes == "" && j.writeBaseline == "" {
		for i, m := range j.modules { // one that the diff does not touch stays whole, and its findings do not count
			j.modules[i].Files = below(m.Dir, j.runner.Changed.Paths())
		}
	}
	return with(baseline, func(f io.Reader) (err error) {
		j.runner.Baseline, err = validate.ReadBaseline(f)
		return err
	})
}

// with calls do with the file called name; not at all where name is empty.
func with(name string, do func(io.Reader) error) error {
	if name == "" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := do(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func checksOf(names string) ([]validate.Check, error) {
	var list []validate.Check
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		c, err := checks.Named(name)
		if err != nil {
			return nil, fmt.Errorf("-check: %w", err)
		}
		list = append(list, c)
	}
	return list, nil
}

func command(s string) (validate.Command, error) {
	head, line, _ := strings.Cut(s, "=")
	name, formatName, ok := strings.Cut(head, ":")
	words := strings.Fields(line)
	if !ok || name == "" || len(words) == 0 {
		return validate.Command{}, errors.New("want NAME:FORMAT=PROGRAM [ARGUMENT ...]")
	}
	format, err := validate.ParseFormat(formatName)
	return validate.Command{Label: name, Format: format, Program: words[0], Args: words[1:]}, err
}

func severity(s string) (validate.Severity, error) {
	for _, known := range []validate.Severity{validate.Note, validate.Warning, validate.Error} {
		if s == known.String() {
			return known, nil
		}
	}
	return 0, errors.New("want note, warning or error")
}

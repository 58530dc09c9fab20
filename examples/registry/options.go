package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// options are what the command line says.
type options struct {
	cleanup, apply      bool
	file                string
	live, gone, running list
	headroom            int
	minAge, keepInputs  time.Duration
	json, local         bool
}

func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	if len(args) > 0 && args[0] == "cleanup" {
		o.cleanup, args = true, args[1:]
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		if args[0] != "plan" && args[0] != "apply" {
			return o, fmt.Errorf("unknown command %q, want plan, apply, cleanup plan or cleanup apply (-h lists the flags)", args[0])
		}
		o.apply, args = args[0] == "apply", args[1:]
	}
	flags := cli.NewFlags("registry", about, stdout)
	flags.StringVar(&o.file, "repositories", "", "YAML `FILE` that describes the repositories")
	flags.Func("running", "`LIST` of the images that run: host/repository@sha256:..., host/repository:tag, or digests", o.running.set)
	flags.Func("live", "cleanup: `LIST` of the ids of the environments that exist, besides production", o.live.set)
	flags.Func("gone", "cleanup: `LIST` of ids of eight decimal digits that are no dates, and gone", o.gone.set)
	flags.DurationVar(&o.minAge, "min-age", 48*time.Hour, "cleanup: what was pushed or pulled within it stays")
	flags.DurationVar(&o.keepInputs, "keep-inputs", 30*24*time.Hour, "cleanup: how long unused images stay for the next build with the same inputs")
	flags.IntVar(&o.headroom, "headroom", 50, "how many images more a lifecycle rule must have room for before what runs expires")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.BoolVar(&o.local, "local", false, "use a few repositories and images in memory instead of AWS")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(flags.FlagSet)
}

func (o *options) check(flags *flag.FlagSet) error {
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	faults := []struct {
		wrong bool
		text  string
	}{
		{o.file == "", "-repositories is required"},
		{!o.cleanup && (given["live"] || given["gone"] || given["min-age"] || given["keep-inputs"]), "-live, -gone, -min-age and -keep-inputs are for cleanup"},
		{o.cleanup && given["headroom"], "-headroom is about lifecycle policies: it does not go with cleanup"},
		{o.cleanup && !given["live"], "-live is required: list the environments that exist, or say none"},
		{o.cleanup && !given["running"], "-running is required: list the images that run, or say none"},
		{o.headroom < 1, fmt.Sprintf("-headroom %d: want at least 1", o.headroom)},
		{o.minAge < 0, fmt.Sprintf("-min-age %v: want 0 or more", o.minAge)},
		{o.keepInputs <= 0, fmt.Sprintf("-keep-inputs %v: want more than 0", o.keepInputs)},
	}
	for _, f := range faults {
		if f.wrong {
			return errors.New(f.text + " (-h lists the flags)")
		}
	}
	if o.minAge == 0 {
		o.minAge = -1 // none, and not the default
	}
	return nil
}

// list is what a flag lists.
type list struct {
	given bool
	words []string // not nil where it is given
}

func (l *list) none() bool { return l.given && len(l.words) == 0 }

// set reads the value of a flag: words with commas between them, @FILE, or none.
func (l *list) set(value string) error {
	if l.given {
		return errors.New("it is given twice")
	}
	l.given, l.words = true, []string{}
	if value == "none" {
		return nil
	}
	words := strings.Split(value, ",")
	path, isFile := strings.CutPrefix(value, "@")
	if isFile {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		words = strings.Split(string(text), "\n")
	}
	for _, word := range words {
		word, _, _ = strings.Cut(word, "#")
		if word = strings.TrimSpace(word); word != "" {
			l.words = append(l.words, word)
		}
	}
	if len(l.words) == 0 {
		return errors.New("it lists nothing: where that is so, say none")
	}
	return nil
}

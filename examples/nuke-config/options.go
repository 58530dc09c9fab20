package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/internal/atomicfile"
	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory"
)

const about = `
nuke-config writes the configuration of aws-nuke that deletes one ephemeral environment
and nothing else, or proves that a given one does.

  nuke-config -environment automation-1a2b3c4d -account 123456789012 -blocklist 999999999999 -region us-east-1 -out nuke.yaml
  nuke-config -environment automation-1a2b3c4d -account 123456789012 -blocklist 999999999999 -region us-east-1 -verify nuke.yaml
`

// options are what the flags say.
type options struct {
	reading     inventory.Options
	nuke        nuke.Options
	out, verify string
}

func parse(args []string, stdout io.Writer) (*options, error) {
	o := &options{}
	flags := cli.NewFlags("nuke-config", about, stdout)
	flags.StringVar(&o.reading.Environment, "environment", "", "the `NAME` of the environment")
	flags.StringVar(&o.reading.Account, "account", "", "the `ID` that the account must have")
	flags.Func("blocklist", "`ID`s of accounts that must never be touched, with commas between them; that of production must be among them", list(&o.nuke.Blocklist))
	flags.Func("region", "`REGION`s of the environment, with commas between them", list(&o.reading.Regions))
	flags.IntVar(&o.nuke.Major, "aws-nuke", 3, "the major `VERSION` of aws-nuke that is going to run: 3 or 2")
	flags.StringVar(&o.out, "out", "", "`FILE` to write the configuration to, instead of stdout")
	flags.StringVar(&o.verify, "verify", "", "`FILE` with a configuration to judge, instead of writing one")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if err := flags.Required("environment", "account"); err != nil {
		return nil, err
	}
	o.reading.Major = o.nuke.Major
	return o, o.usable()
}

// usable finds flags that are missing or make no sense.
func (o *options) usable() error {
	switch {
	case len(o.nuke.Blocklist) == 0:
		return errors.New("-blocklist is required: it keeps aws-nuke from production (-h lists the flags)")
	case len(o.reading.Regions) == 0:
		return errors.New("-region is required (-h lists the flags)")
	case slices.Contains(o.reading.Regions, nuke.Global):
		return fmt.Errorf("-region %s: name the regions of the environment; IAM and Route 53 are always read", nuke.Global)
	case o.nuke.Major != 2 && o.nuke.Major != 3:
		return fmt.Errorf("-aws-nuke %d: want 3 or 2", o.nuke.Major)
	case o.out != "" && o.verify != "":
		return errors.New("-out does not go with -verify, which writes no configuration")
	}
	return nil
}

// list is a flag that takes words with commas between them, and may be repeated.
func list(words *[]string) func(string) error {
	return func(value string) error {
		for word := range strings.SplitSeq(value, ",") {
			if word = strings.TrimSpace(word); word == "" {
				return errors.New("it has an empty word")
			}
			*words = append(*words, word)
		}
		return nil
	}
}

// given is the configuration that is to be judged, where one is.
func (o *options) given() ([]byte, error) {
	if o.verify == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.verify)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return text, nil
}

// write writes a configuration to where it is wanted.
func (o *options) write(configuration nuke.Config, stdout io.Writer) error {
	if o.out == "" {
		_, err := configuration.WriteTo(stdout)
		return err
	}
	file, err := atomicfile.Create(o.out)
	if err == nil {
		_, _ = configuration.WriteTo(file) // Close tells its error
		err = file.Close()
	}
	if err != nil {
		return fmt.Errorf("write configuration %s: %w", o.out, err)
	}
	return nil
}

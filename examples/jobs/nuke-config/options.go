package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/internal/atomicfile"
	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory"
)

const about = `
nuke-config writes the configuration of aws-nuke that deletes one ephemeral environment
and nothing else, or proves that a given one does.

  nuke-config -environment automation-1a2b3c4d -out nuke.yaml
  nuke-config -branch dev/feature/login -verify nuke.yaml
`

// options are what the flags and delivery.yaml say.
type options struct {
	reading     inventory.Options
	nuke        nuke.Options
	out, verify string
}

func parse(args []string, stdout io.Writer, getenv func(string) string) (*options, error) {
	o := &options{}
	flags := cli.NewFlags("nuke-config", about, stdout)
	name := flags.String("file", config.Name, "`FILE` that describes the system")
	branch := flags.String("branch", "", "`NAME` of the branch; default that of the CI job")
	flags.StringVar(&o.reading.Environment, "environment", "", "the `NAME` of the environment, instead of that of a branch")
	flags.IntVar(&o.nuke.Major, "aws-nuke", 0, "the major `VERSION` of aws-nuke that is going to run, 3 or 2; default that of the file, or 3")
	flags.StringVar(&o.out, "out", "", "`FILE` to write the configuration to, instead of stdout")
	flags.StringVar(&o.verify, "verify", "", "`FILE` with a configuration to judge, instead of writing one")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case o.out != "" && o.verify != "":
		return nil, errors.New("-out does not go with -verify, which writes no configuration")
	case *branch != "" && o.reading.Environment != "":
		return nil, errors.New("-branch and -environment are two ways to name one environment")
	case flags.Given("aws-nuke") && o.nuke.Major != 2 && o.nuke.Major != 3:
		return nil, fmt.Errorf("-aws-nuke %d: want 3 or 2", o.nuke.Major)
	}
	file, err := config.Load(*name)
	if err != nil {
		return nil, err
	}
	if err := o.read(file); err != nil {
		return nil, fmt.Errorf("%s: %w", *name, err)
	}
	if o.reading.Environment != "" {
		return o, nil
	}
	o.reading.Environment, err = resolve(file.Rules(), *branch, getenv)
	return o, err
}

// read takes over what delivery.yaml says.
func (o *options) read(file *config.File) error {
	switch {
	case file.Account == "":
		return errors.New("account is missing: it is the one that aws-nuke may run in")
	case file.Region == "":
		return errors.New("region is missing: it is the one that environments are in")
	case len(file.Nuke.Blocklist) == 0:
		return errors.New("nuke.blocklist is missing: it keeps aws-nuke from production")
	}
	o.reading.Account, o.reading.Regions = file.Account, []string{file.Region}
	o.nuke.Blocklist = file.Nuke.Blocklist
	o.nuke.Pattern = regexp.QuoteMeta(file.Project) + `-[0-9a-f]{8}`
	o.nuke.Major = cmp.Or(o.nuke.Major, file.Nuke.Version, 3)
	o.reading.Major = o.nuke.Major
	return nil
}

// resolve is the name of the environment of a branch.
func resolve(rules envname.Rules, branch string, getenv func(string) string) (string, error) {
	if branch != "" {
		env, err := rules.Resolve(branch)
		if errors.Is(err, envname.ErrNoEnvironment) {
			err = cli.Failed(err)
		}
		return env.Name, err
	}
	env, err := rules.FromCI(getenv)
	switch {
	case errors.Is(err, envname.ErrNoEnvironment):
		err = cli.Failed(err)
	case err != nil:
		err = fmt.Errorf("%w (-branch or -environment says what is to go)", err)
	}
	return env.Name, err
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

// clear removes the configuration of an earlier run from where the new one is wanted: after
// a refusal, a script that does not look must find none. What else is there stays, and is
// an error.
func (o *options) clear() error {
	if o.out == "" {
		return nil
	}
	text, err := os.ReadFile(o.out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && len(text) > 0 && !strings.HasPrefix(string(text), "# aws-nuke v"):
		return fmt.Errorf("-out %s: the file that is there was not written by nuke-config: remove it, or name another", o.out)
	case err == nil:
		err = os.Remove(o.out)
	}
	if err != nil {
		return fmt.Errorf("write configuration %s: what is there: %w", o.out, err)
	}
	return nil
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

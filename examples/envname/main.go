// Envname prints the environment that a branch is delivered to:
//
//	$ envname -branch dev/feature/login
//	automation-8527fec8
//
// Without -branch it takes the branch from the variables of the CI that runs
// it; a tag, and a request that must not have an environment, have none.
//
// With -json it prints one object, always with these five keys, all strings:
//
//	name    name of the environment, "automation-8527fec8"
//	id      what tells it apart within the project: 8 hex digits, "master" for production
//	kind    "production" or "ephemeral"
//	kre     the KRE environment that goes with it: "production" or "dev"
//	branch  the branch in full
//
// With -dotenv it prints ENVIRONMENT, ENVIRONMENT_ID, ENVIRONMENT_KIND and
// ENVIRONMENT_KRE as lines NAME=value, for a GitLab job's artifacts:reports:dotenv.
//
// It exits with 0, or with 1 where the branch has no environment, or with 2
// where it is used wrongly or cannot tell the branch.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const about = `envname prints the environment that a branch is delivered to.

  envname -branch dev/feature/login         # automation-8527fec8
  envname -json                             # of the branch that the CI builds`

func main() { cli.Main("envname", job(os.Getenv)) }

// job is the main in an environment that getenv tells.
func job(getenv func(string) string) cli.Job {
	return func(_ context.Context, args []string, stdout, _ io.Writer) error {
		var rules envname.Rules
		flags := cli.NewFlags("envname", about, stdout)
		branch := flags.String("branch", "", "the `branch`; without it, the one that the CI's variables name")
		asJSON := flags.Bool("json", false, "print an object of name, id, kind, kre and branch")
		asDotenv := flags.Bool("dotenv", false, "print lines NAME=value")
		flags.StringVar(&rules.Project, "project", "automation", "what every environment's `name` begins with")
		flags.Func("production", "`branches` that are production, with commas between them (default master)", commaList(&rules.ProductionBranches))
		flags.Func("prefixes", "`prefixes` of ephemeral branches, with commas between them (default dev/feature,dev/fix)", commaList(&rules.EphemeralPrefixes))
		if err := flags.Parse(args); err != nil {
			return err
		}
		if *asJSON && *asDotenv {
			return errors.New("-json and -dotenv exclude each other")
		}
		var given bool
		flags.Visit(func(f *flag.Flag) { given = given || f.Name == "branch" })
		if given && *branch == "" { // an unset variable of a script, which must not become the CI's branch
			return errors.New("-branch is empty (leave it out for the branch that the CI builds)")
		}
		env, err := resolve(rules, *branch, getenv)
		switch {
		case err != nil:
			return err
		case *asJSON:
			return cli.PrintJSON(stdout, env)
		case *asDotenv:
			_, err = fmt.Fprintf(stdout, "ENVIRONMENT=%s\nENVIRONMENT_ID=%s\nENVIRONMENT_KIND=%s\nENVIRONMENT_KRE=%s\n", env.Name, env.ID, env.Kind, env.KRE)
		default:
			_, err = fmt.Fprintln(stdout, env.Name)
		}
		return err
	}
}

// resolve returns the environment of branch, or of the CI's branch where it is
// empty. A branch that is known and has none is a failure, not wrong use.
func resolve(rules envname.Rules, branch string, getenv func(string) string) (envname.Environment, error) {
	find := func() (envname.Environment, error) { return rules.Resolve(branch) }
	if branch == "" {
		find = func() (envname.Environment, error) { return rules.FromCI(getenv) }
	}
	env, err := find()
	if errors.Is(err, envname.ErrNoEnvironment) {
		return env, cli.Failed(err)
	}
	return env, err
}

func commaList(list *[]string) func(string) error {
	return func(s string) error {
		*list = strings.Split(s, ",")
		return nil
	}
}

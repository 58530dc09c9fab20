// Bench compares the CPU and wall time of whole processes that list the names
// which differ between two commits: this library, git and plain go-git.
//
//	bench make [-files N] [-commits N] [-packs N] [-seed N] DIRECTORY
//	bench run [-rounds N] [-distances 1,100,1000] [-gogit=false] REPOSITORY...
//
// Make writes a bare repository, the same for the same flags. Run compares
// HEAD~distance with HEAD on each repository, with two dots and with three. The
// programs of a cell take turns, round by round, and the first round does not
// count: so they share whatever else the machine does. What is printed are
// medians, and ratios to git. Before it measures, it checks that all print the
// same names.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

func main() { cli.Main("bench", run) }

func run(ctx context.Context, args []string, stdout, _ io.Writer) error {
	if len(args) == 0 {
		return errors.New("say make or run")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(stdout)
	switch args[0] {
	case "make":
		shape := shape{}
		flags.IntVar(&shape.files, "files", 20_000, "how many files the last commit has, about")
		flags.IntVar(&shape.commits, "commits", 20_000, "how many commits there are")
		flags.IntVar(&shape.packs, "packs", 5, "how many packs hold them; the first holds nine tenths")
		flags.Uint64Var(&shape.seed, "seed", 1, "what the content depends on")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if flags.NArg() != 1 {
			return errors.New("make needs one directory")
		}
		return shape.write(ctx, flags.Arg(0), stdout)
	case "-h", "-help", "--help":
		_, err := fmt.Fprintln(stdout, "bench make [flags] DIRECTORY makes a repository; bench run [flags] REPOSITORY... measures on it. Say make -h or run -h.")
		return err
	case "run":
		rounds := flags.Int("rounds", 15, "how many rounds count")
		distances := flags.String("distances", "1,100,1000", "how many commits lie between base and head")
		goGit := flags.Bool("gogit", true, "measure plain go-git too, in three rounds")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		numbers, err := parseNumbers(*distances)
		if err != nil {
			return err
		}
		return measure(ctx, flags.Args(), numbers, *rounds, *goGit, stdout)
	}
	return fmt.Errorf("unknown command %q: say make or run", args[0])
}

func parseNumbers(list string) ([]int, error) {
	var numbers []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of commits", field)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

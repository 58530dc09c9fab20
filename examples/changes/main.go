// Changes lists the files and modules that differ between two commits.
//
// Use:
//
//	changes -base REVISION [-head REVISION] [-repo DIR] [-modules FILE [-all]] [-direct] [-json]
//
// It compares the head with its merge base with the base (git's base...head),
// or with -direct the two commits themselves. The file of -modules is YAML, as
// changes.ReadConfig documents it; without it, only files are listed.
//
// With -json it prints one object. Its arrays are never null, and hashes are full:
//
//	{
//	  "base": "<hash>", "head": "<hash>",
//	  "merge_base": "<hash>",              // "" where there is none (-direct)
//	  "files": [{"path": "services/a/main.go", "status": "modified"}],
//	  "modules": [{
//	    "name": "a",
//	    "labels": {"language": "go"},      // left out where there are none
//	    "reasons": [{"kind": "file", "path": "services/a/main.go", "via": [], "text": "services/a/main.go modified"}]
//	  }]
//	}
//
// A status is added, modified, deleted or type-changed. A kind is file,
// dependency (via is the chain), global, all or variable. Where a path is not
// UTF-8, "path_base64" stands beside "path". Variables of modules on demand are
// read from the environment.
//
// Exit codes: 0 done, also where nothing changed; 2 wrong use, or a repository,
// revision or file that cannot be read.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const about = `
changes lists the files and modules that differ between two commits, and why
each module is selected.

  changes -base origin/main -modules modules.yaml
  changes -base v1.2 -head v1.3 -direct -json`

// shownFiles is how many files of a module the view for people shows.
const shownFiles = 3

func main() { cli.Main("changes", run) }

// answer is the object of -json.
type answer struct {
	changes.Diff
	Modules []changes.Selected `json:"modules"`
	from    string             // the commit that the head was compared with
	unowned []string
}

func run(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := cli.NewFlags("changes", about, stdout)
	repo := flags.String("repo", ".", "the repository, or a directory in it")
	base := flags.String("base", "", "revision to compare with (required)")
	head := flags.String("head", "HEAD", "revision that has the changes")
	modules := flags.String("modules", "", "YAML file of the modules")
	all := flags.Bool("all", false, "select all modules but those on demand; needs -modules")
	direct := flags.Bool("direct", false, "compare the two commits, not the head with their merge base")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := flags.Required("base"); err != nil {
		return err
	}
	if *all && *modules == "" {
		return errors.New("-all needs -modules (-h lists the flags)")
	}
	mode := changes.MergeBase
	if *direct {
		mode = changes.Direct
	}
	found, err := compare(ctx, *repo, *base, *head, mode)
	if err != nil {
		return err
	}
	if *modules != "" {
		if err := found.selectModules(*modules, *all); err != nil {
			return err
		}
	}
	if *asJSON {
		return cli.PrintJSON(stdout, found)
	}
	_, err = io.WriteString(stdout, found.view(*modules != ""))
	return err
}

func compare(ctx context.Context, dir, base, head string, mode changes.Mode) (*answer, error) {
	repo, err := changes.Open(dir)
	if err != nil {
		return nil, err
	}
	diff, err := repo.Diff(ctx, base, head, mode)
	if err != nil {
		return nil, err
	}
	from := diff.MergeBase
	if mode == changes.Direct {
		from = diff.Base
	}
	return &answer{Diff: diff, Modules: []changes.Selected{}, from: from}, nil
}

func (a *answer) selectModules(file string, all bool) error {
	config, err := changes.LoadConfig(file)
	if err != nil {
		return err
	}
	opts := changes.SelectOptions{All: all, AllReason: "-all", Variables: os.Getenv}
	selection, err := config.Select(a.Files, opts)
	if err != nil {
		return err
	}
	a.Modules, a.unowned = selection.Modules, selection.Unowned
	return nil
}

// view is the answer for people.
func (a *answer) view(withModules bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s changed, %.12s..%.12s\n", count(len(a.Files), "file"), a.from, a.Head)
	if !withModules {
		for _, f := range a.Files {
			fmt.Fprintf(&b, "  %s\n", f)
		}
		return b.String()
	}
	fmt.Fprintf(&b, "%s selected\n", count(len(a.Modules), "module"))
	for _, m := range a.Modules {
		fmt.Fprintf(&b, "\n%s\n", m.Name)
		writeReasons(&b, m.Reasons)
	}
	if len(a.unowned) > 0 {
		fmt.Fprintf(&b, "\nof no module\n")
		owned := map[string]bool{}
		for _, path := range a.unowned {
			owned[path] = true
		}
		for _, f := range a.Files {
			if owned[f.Path] {
				fmt.Fprintf(&b, "  %s\n", f)
			}
		}
	}
	return b.String()
}

// writeReasons writes a line a reason, of files only the first few.
func writeReasons(b *strings.Builder, reasons []changes.Reason) {
	files := 0
	for _, r := range reasons {
		if r.Kind == changes.ByFile {
			files++
		}
	}
	for i, r := range reasons {
		// Reasons are sorted: files come first.
		if i >= shownFiles && i < files {
			if i == shownFiles {
				fmt.Fprintf(b, "  and %d more\n", files-shownFiles)
			}
			continue
		}
		fmt.Fprintf(b, "  %s\n", r)
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

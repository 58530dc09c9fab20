// Ours prints the names that differ between two commits, by package changes:
//
//	ours [-direct] REPOSITORY BASE HEAD
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"github.com/mettel-automation/delivery/changes"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ours:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	r := changes.Range{}
	if len(args) > 0 && args[0] == "-direct" {
		r.Mode, args = changes.Direct, args[1:]
	}
	if len(args) != 3 {
		return fmt.Errorf("want a repository, a base and a head, not %d arguments", len(args))
	}
	r.Base, r.Head = args[1], args[2]
	repo, err := changes.Open(args[0])
	if err != nil {
		return err
	}
	diff, err := repo.Diff(ctx, r)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	for _, f := range diff.Files {
		_, _ = out.WriteString(f.Path) // Flush tells
		_ = out.WriteByte('\n')
	}
	return out.Flush()
}

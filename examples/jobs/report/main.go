// Report makes one HTML page of what the jobs of a pipeline have left.
//
//	report
//	report -run .delivery -out report.html
//
// It reads the records of the run directory, takes those of the environment and commit
// of the newest, and writes report.html there: stages, modules with their reasons,
// coverage, stacks, images, and the rollout with its critical path. A job that was killed
// is in it as one that is still running. It asks no service, and so needs neither
// credentials nor delivery.yaml.
//
// It prints where the page is or, with -json, the object that the page is made of; see
// Run of package report.
//
// Exit codes: 0 written, whatever the jobs came to; 2 wrong use, no record, or a file
// that cannot be written.
package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/internal/atomicfile"
)

func main() { cli.Main("report", run) }

const about = `
report makes one HTML page of what the jobs of a pipeline have left in the run
directory.

Exit codes: 0 written; 2 wrong use, no record, or a file that cannot be written.`

func run(_ context.Context, args []string, stdout, _ io.Writer) error {
	flags := cli.NewFlags("report", about, stdout)
	dir := flags.String("run", ".delivery", "`DIR`ectory that the jobs have left their outcome in")
	out := flags.String("out", "", "`FILE` to write; default report.html in that directory")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	run, err := job.Directory(*dir).Report()
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := run.WriteHTML(&page); err != nil {
		return err
	}
	path := cmp.Or(*out, filepath.Join(*dir, job.Page))
	if err := atomicfile.Write(path, page.Bytes()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if *asJSON {
		return cli.PrintJSON(stdout, run)
	}
	_, err = fmt.Fprintln(stdout, path)
	return err
}

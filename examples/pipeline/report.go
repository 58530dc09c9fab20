package main

import (
	"errors"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/cilog"
)

// report writes the report, where any stage has left something.
func (d *delivery) report(failure error) error {
	path, err := d.job.Dir.WriteReport()
	if errors.Is(err, job.ErrNoRecord) && failure != nil {
		return nil
	}
	if err != nil {
		return err
	}
	if cilog.Detect(d.job.Getenv) == cilog.Plain { // elsewhere the headings of the sections say it
		if err := d.recap(); err != nil {
			return err
		}
	}
	d.console.Printf("report: %s\n", path)
	return nil
}

// recap prints a line for each stage: what scrolled by was long.
func (d *delivery) recap() error {
	run, err := d.job.Dir.Report()
	if err != nil || len(run.Stages) < 2 {
		return err
	}
	if d.passed {
		d.console.Printf("\n")
	}
	d.console.Printf("summary\n-------\n")
	for _, s := range run.Stages {
		said := clean.Text(s.Summary)
		if s.State != progress.Done || said == "" {
			said = strings.TrimSuffix(string(s.State)+", "+said, ", ")
		}
		d.console.Printf("%-15s  %s\n", s.Name, said)
	}
	d.console.Printf("\n")
	return nil
}

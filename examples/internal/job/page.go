package job

import (
	"bytes"
	"fmt"
)

// Page is the file of the report in the run directory.
const Page = "report.html"

// WriteReport writes the report of the run into the directory, and returns its path.
func (d Directory) WriteReport() (string, error) {
	run, err := d.Report()
	if err != nil {
		return "", err
	}
	var page bytes.Buffer
	if err := run.WriteHTML(&page); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	return d.Write(Page, page.Bytes())
}

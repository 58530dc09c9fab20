// Package github turns the modules that package changes selects into the matrix
// of a GitHub Actions job: one job a module.
//
//	matrix, err := github.Matrix(selection.Modules)
//
// [Matrix] shows the workflow that takes it. A matrix cannot say that one of its jobs
// waits for another, and this package talks to no GitHub.
package github

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/changes"
)

// maxJobs is how many jobs a matrix may have.
// Source: GitHub, "Running variations of jobs in a workflow".
const maxJobs = 256

// Empty is the matrix of no module.
const Empty = `{"include":[]}`

// ErrTooMany is the error of a matrix that is larger than GitHub allows.
var ErrTooMany = errors.New("too many jobs for a matrix")

// ErrLabel is the error of a label that has the name of a key of the matrix.
var ErrLabel = errors.New("label is a key of the matrix")

// Matrix returns the matrix of modules, such as Modules or Deleted of a
// [changes.Selection]: JSON on one line, with an object for each module that has
// the keys module, status and the labels of the module. Equal input gives equal
// bytes. A workflow takes it from the job that has selected the modules:
//
//	jobs:
//	  modules:
//	    runs-on: ubuntu-latest
//	    outputs: {matrix: "${{ steps.changes.outputs.matrix }}"}
//	    steps:
//	      - uses: actions/checkout@v4
//	        with: {fetch-depth: 0}
//	      - id: changes
//	        run: echo "matrix=$(changes -ci -modules modules.yaml -matrix)" >> "$GITHUB_OUTPUT"
//	  test:
//	    needs: modules
//	    if: ${{ needs.modules.outputs.matrix != '{"include":[]}' }}
//	    strategy: {matrix: "${{ fromJSON(needs.modules.outputs.matrix) }}"}
//	    runs-on: ubuntu-latest
//	    steps:
//	      - run: make -C "$DIR" test
//	        env: {DIR: "${{ matrix.dir }}"} # the label "dir" of the module
//
// The if is needed: GitHub fails a job whose matrix is empty.
//
// The error is [ErrTooMany] for more than 256 modules, and [ErrLabel] for a label
// whose name is "module" or "status".
func Matrix(modules []changes.Selected) ([]byte, error) {
	if len(modules) > maxJobs {
		return nil, fmt.Errorf("make matrix: %w: %d modules are selected, and GitHub allows %d", ErrTooMany, len(modules), maxJobs)
	}
	include := make([]map[string]string, len(modules)) // keys are sorted when written
	for i, m := range modules {
		include[i] = map[string]string{"module": m.Name, "status": string(m.Status)}
		for label, value := range m.Labels {
			if label == "module" || label == "status" {
				return nil, fmt.Errorf("make matrix: module %s: %w: %s", m.Name, ErrLabel, label)
			}
			include[i][label] = value
		}
	}
	return json.Marshal(struct {
		Include []map[string]string `json:"include"`
	}{include})
}

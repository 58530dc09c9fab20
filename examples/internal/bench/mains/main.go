// Mains says what each main costs to build, from the graphs of actions of builds that share
// a cache which was empty at first:
//
//	go build -debug-actiongraph 1.json -o bin/ ./examples/...
//	mains 1.json 2.json
//
// For each it prints the import path, the packages that it links, and the CPU seconds, user
// and system, of compiling these and linking it. What mains share counts for each.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// action is one of the go command's. Its durations are nanoseconds in the file, and none
// where the cache had the result. Its id is its place in the file.
type action struct {
	Mode    string
	Package string
	Deps    []int
	CmdUser time.Duration
	CmdSys  time.Duration
}

func main() { cli.Main("mains", run) }

func run(_ context.Context, files []string, stdout, _ io.Writer) error {
	var graphs [][]action
	compiling := map[string]time.Duration{} // by package
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var graph []action
		if err := json.Unmarshal(text, &graph); err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		graphs = append(graphs, graph)
		for _, a := range graph {
			if a.Mode == "build" {
				compiling[a.Package] += a.CmdUser + a.CmdSys
			}
		}
	}
	var lines []string
	for _, graph := range graphs {
		for id, a := range graph {
			if a.Mode == "link" {
				packages := linked(graph, id)
				cpu := a.CmdUser + a.CmdSys
				for _, p := range packages {
					cpu += compiling[p]
				}
				lines = append(lines, fmt.Sprintf("%s %d %.0f\n", a.Package, len(packages), cpu.Seconds()))
			}
		}
	}
	if len(lines) == 0 {
		return errors.New("nothing was linked")
	}
	slices.Sort(lines)
	_, err := io.WriteString(stdout, strings.Join(lines, ""))
	return err
}

// linked are the packages that a link needs.
func linked(graph []action, link int) (packages []string) {
	seen := map[int]bool{link: true}
	for queue := []int{link}; len(queue) > 0; queue = queue[1:] {
		a := graph[queue[0]]
		if a.Mode == "build" && !slices.Contains(packages, a.Package) {
			packages = append(packages, a.Package)
		}
		for _, dep := range a.Deps {
			if !seen[dep] {
				seen[dep] = true
				queue = append(queue, dep)
			}
		}
	}
	return packages
}

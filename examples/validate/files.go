package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/mettel-automation/delivery/validate"
	"github.com/mettel-automation/delivery/validate/report"
)

// selection is what is read of the answer of examples/changes.
type selection struct {
	Files []struct {
		Path string `json:"path"`
	} `json:"files"`
	Modules []struct {
		Name    string `json:"name"`
		Reasons []struct {
			Kind string `json:"kind"`
		} `json:"reasons"`
	} `json:"modules"`
}

// selected returns those of modules that the changes select, in their order. A
// module that was selected for its files alone is limited to them.
func selected(r io.Reader, modules []validate.Module) ([]validate.Module, error) {
	var s selection
	dec := json.NewDecoder(r)
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read changes: there is something behind the JSON")
	}
	if s.Files == nil || s.Modules == nil {
		return nil, errors.New(`read changes: there are no "files" and "modules" in it`)
	}
	whole := map[string]bool{} // by name: whether to validate all of it
	for _, m := range s.Modules {
		whole[m.Name] = false
		for _, reason := range m.Reasons {
			whole[m.Name] = whole[m.Name] || reason.Kind != "file"
		}
	}
	kept := []validate.Module{}
	for _, m := range modules {
		all, ok := whole[m.Name]
		if !ok {
			continue
		}
		delete(whole, m.Name)
		if !all {
			m.Files = below(m.Dir, s.paths())
		}
		kept = append(kept, m)
	}
	for name := range whole {
		return nil, fmt.Errorf("read changes: module %s is selected, but there is no -module for it", name)
	}
	return kept, nil
}

func (s selection) paths() []string {
	paths := make([]string, len(s.Files))
	for i, f := range s.Files {
		paths[i] = f.Path
	}
	return paths
}

// below returns those of paths that are below dir, relative to it.
func below(dir string, paths []string) []string {
	dir = path.Clean(dir)
	var files []string
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(p, dir+"/"); ok {
			files = append(files, rest)
		} else if dir == "." {
			files = append(files, p)
		}
	}
	return files
}

// reports are the files to write; an empty name is none.
type reports struct{ sarif, codeQuality, junit string }

func (r reports) write(result validate.Result) error {
	return errors.Join(
		create(r.sarif, func(w io.Writer) error { return report.WriteSARIF(w, result) }),
		create(r.codeQuality, func(w io.Writer) error { return report.WriteCodeQuality(w, result) }),
		create(r.junit, func(w io.Writer) error { return report.WriteJUnit(w, result) }),
	)
}

func writeBaseline(name string, result validate.Result) error {
	known, err := result.Baseline()
	if err != nil {
		return err
	}
	return create(name, known.Write)
}

// create writes the file called name; none where name is empty.
func create(name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", name, err)
	}
	return f.Close()
}

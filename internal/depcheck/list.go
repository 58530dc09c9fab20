package depcheck

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// goPackage is what go list tells of a package; see go help list.
type goPackage struct {
	ImportPath string
	Standard   bool // part of the standard library
	DepOnly    bool // listed because others import it, not because it was named
	Imports    []string
	Module     *struct {
		Path string
		Main bool
	}
}

// thirdParty is the path of the module that p comes from, or "" for the
// standard library and the module that is being worked on.
func (p goPackage) thirdParty() string {
	if p.Standard || p.Module == nil || p.Module.Main {
		return ""
	}
	return p.Module.Path
}

// list returns the packages that pattern names and all that they import.
func list(ctx context.Context, pattern string) ([]goPackage, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps",
		"-json=ImportPath,Standard,DepOnly,Imports,Module", "--", pattern)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list imports of %s: %w\n%s", pattern, err, bytes.TrimSpace(stderr.Bytes()))
	}
	packages, err := parse(out)
	if err != nil {
		return nil, fmt.Errorf("list imports of %s: %w", pattern, err)
	}
	if len(packages) == 0 {
		// Go list only warns of a pattern that matches nothing.
		return nil, fmt.Errorf("list imports of %s: it names no package", pattern)
	}
	return packages, nil
}

// parse reads the stream of JSON objects that go list writes.
func parse(out []byte) ([]goPackage, error) {
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("parse go list: %w", err)
		}
		packages = append(packages, p)
	}
}

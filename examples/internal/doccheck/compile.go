package doccheck

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Compile type-checks snippets, each by itself, against the module at root. A fault is
// at the line of the page. The error is that of asking the go command.
func Compile(ctx context.Context, root string, snippets []Snippet) ([]Fault, error) {
	known, err := knownPackages(ctx, root)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var faults []Fault
	var files []*ast.File
	var wanted []string
	for _, s := range snippets {
		file, err := s.parse(fset, known)
		if err != nil {
			faults = append(faults, syntaxFaults(s, err)...)
			continue
		}
		files = append(files, file)
		for _, i := range file.Imports {
			if p, err := strconv.Unquote(i.Path.Value); err == nil {
				wanted = append(wanted, p)
			}
		}
	}
	imports, err := Importer(ctx, root, fset, wanted...)
	if err != nil {
		return faults, err
	}
	for _, file := range files {
		check := types.Config{Importer: imports, Error: func(err error) {
			if te, ok := errors.AsType[types.Error](err); ok {
				at := fset.Position(te.Pos)
				faults = append(faults, Fault{Path: at.Filename, Line: at.Line, Text: te.Msg})
			}
		}}
		_, _ = check.Check("snippet", fset, []*ast.File{file}, nil) // Error has heard of it
	}
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return faults, nil
}

func syntaxFaults(s Snippet, err error) []Fault {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return []Fault{{Path: s.Path, Line: s.Line, Text: err.Error()}}
	}
	faults := make([]Fault, len(list))
	for i, e := range list {
		faults[i] = Fault{Path: e.Pos.Filename, Line: e.Pos.Line, Text: e.Msg}
	}
	return faults
}

// Importer returns what imports the packages at these paths, and all that they need,
// as the go command has compiled them for the module at root.
func Importer(ctx context.Context, root string, fset *token.FileSet, paths ...string) (types.Importer, error) {
	slices.Sort(paths)
	listed, err := goList(ctx, root, append([]string{"-export", "-deps"}, slices.Compact(paths)...)...)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range listed {
		exports[p.ImportPath] = p.Export
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("package %s cannot be imported", path)
		}
		return os.Open(exports[path])
	}), nil
}

// knownPackages are the packages that a fragment may name without an import: the
// public ones of the module, where two have one name the one that is less deep, and others.
func knownPackages(ctx context.Context, root string) (map[string]string, error) {
	listed, err := goList(ctx, root, "./...")
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	depth := func(path string) int { return strings.Count(path, "/") }
	for _, p := range listed {
		if p.Name == "main" || strings.Contains(p.ImportPath, "/internal") || strings.Contains(p.ImportPath, "/examples") {
			continue
		}
		name := path.Base(p.ImportPath)
		if before, ok := known[name]; !ok || depth(p.ImportPath) < depth(before) {
			known[name] = p.ImportPath
		}
	}
	for name, path := range others {
		if _, ours := known[name]; !ours {
			known[name] = path
		}
	}
	return known, nil
}

// Package is what the go command tells of a package.
type Package struct {
	ImportPath, Name, Dir, Export string
	Standard                      bool
	Imports                       []string
	Module                        *struct{ Path string }
}

// goList is the answer of go list to these arguments, run at root. Packages that do
// not compile are listed as far as they are known.
func goList(ctx context.Context, root string, args ...string) ([]Package, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"list", "-e", "-json=ImportPath,Name,Dir,Export,Standard,Imports,Module"}, args...)...)
	command.Dir = root
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("run go list: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	var packages []Package
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p Package
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		packages = append(packages, p)
	}
}

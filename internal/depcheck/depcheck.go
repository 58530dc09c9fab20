// Package depcheck lets a test say which other modules a package may pull in.
//
// A program is as heavy as what its packages import, and an import is easily
// added three packages away. So each public package has one test:
//
//	func TestImports(t *testing.T) {
//		depcheck.Only(t, ".", "golang.org/x/sync")
//	}
//
// It asks the go command, which needs no network for what is already built.
// Imports of tests do not count, nor does what only another platform or build
// tag imports.
package depcheck

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Only fails t for each module from which pkg imports, directly or through
// others, and which is not in allowed. The standard library and the module
// that is being tested are always allowed.
//
// Pkg is a pattern of the go command: "." is the package under test. Allowed
// are whole module paths, such as "github.com/aws/aws-sdk-go-v2/service/ecs".
// A failure names the import and the shortest chain of imports that leads to it.
func Only(t testing.TB, pkg string, allowed ...string) {
	t.Helper()
	packages, err := list(t.Context(), pkg)
	if err != nil {
		t.Fatalf("depcheck: %v", err)
	}
	for _, s := range outside(packages, allowed) {
		t.Errorf("depcheck: %v", s)
	}
}

// Without fails t for each of the import paths that pkg links, or that are below one of
// them. It is for a main, whose list of all that it links would be long: "k8s.io/client-go"
// keeps out that module and all of its packages.
func Without(t testing.TB, pkg string, paths ...string) {
	t.Helper()
	packages, err := list(t.Context(), pkg)
	if err != nil {
		t.Fatalf("depcheck: %v", err)
	}
	for _, p := range packages {
		for _, path := range paths {
			if p.ImportPath == path || strings.HasPrefix(p.ImportPath, path+"/") {
				t.Errorf("depcheck: %s links %s, which it must not", pkg, p.ImportPath)
			}
		}
	}
}

// stray is a module that is reached and not allowed.
type stray struct {
	module string
	chain  []string // import paths, from the package under test to the module's
}

func (s stray) String() string {
	return fmt.Sprintf("%s imports from module %s, which its allow-list does not have:\n\t%s",
		s.chain[0], s.module, strings.Join(s.chain, "\n\t-> "))
}

// outside returns the strays of the named packages, sorted by module, each with
// a shortest chain.
func outside(packages []goPackage, allowed []string) []stray {
	byPath := make(map[string]goPackage, len(packages))
	via := make(map[string]string) // import path -> who imported it first
	var queue []string
	for _, p := range packages {
		byPath[p.ImportPath] = p
		if !p.DepOnly {
			via[p.ImportPath] = ""
			queue = append(queue, p.ImportPath)
		}
	}
	var strays []stray
	seen := make(map[string]bool)
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		p := byPath[path]
		if m := p.thirdParty(); m != "" && !seen[m] && !slices.Contains(allowed, m) {
			seen[m] = true
			strays = append(strays, stray{module: m, chain: chain(via, path)})
		}
		for _, imported := range p.Imports {
			_, queued := via[imported]
			if _, listed := byPath[imported]; listed && !queued {
				via[imported] = path
				queue = append(queue, imported)
			}
		}
	}
	slices.SortFunc(strays, func(a, b stray) int { return strings.Compare(a.module, b.module) })
	return strays
}

// chain walks back from path to the named package that led to it.
func chain(via map[string]string, path string) []string {
	var c []string
	for ; path != ""; path = via[path] {
		c = append(c, path)
	}
	slices.Reverse(c)
	return c
}

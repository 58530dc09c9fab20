package kre_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// TestImports holds what the engine links to the modules of testdata/modules.txt, a
// line each and sorted: nearly all of them are helm's.
func TestImports(t *testing.T) {
	text, err := os.ReadFile("testdata/modules.txt")
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(text))
	if !slices.IsSorted(modules) {
		t.Error("testdata/modules.txt is not sorted")
	}
	depcheck.Only(t, ".", modules...)
}

// TestNobodyElseLinksHelm looks at what each package of the module links: only those
// of kre, and the mains that are for them, may have helm.
func TestNobodyElseLinksHelm(t *testing.T) {
	const module = "github.com/mettel-automation/delivery/"
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", "{{.ImportPath}} {{join .Deps \" \"}}", module+"...")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module)
		if !slices.ContainsFunc(fields, func(dep string) bool { return strings.HasPrefix(dep, "helm.sh/") }) {
			continue
		}
		found = found || name == "kre"
		allowed := slices.ContainsFunc(fields, func(dep string) bool { return dep == module+"kre" }) && strings.HasPrefix(name, "examples/")
		if name != "kre" && !strings.HasPrefix(name, "kre/") && !allowed && !strings.HasPrefix(name, "internal/tmpdeps") {
			t.Errorf("%s links helm", name)
		}
	}
	if !found {
		t.Error("the engine itself was not found among what links helm")
	}
}

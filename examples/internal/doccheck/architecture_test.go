package doccheck

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

const modulePath = "github.com/mettel-automation/delivery"

// room is the first element of a package's path below the module; "" is the module.
func room(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, modulePath), "/"), "/")
	return first
}

// The rules of docs/architecture.md, "Who may import whom".
func TestNoPackageImportsWhatTheArchitectureForbids(t *testing.T) {
	packages, err := goList(t.Context(), root, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 50 {
		t.Fatalf("found %d packages, of at least 50", len(packages))
	}
	for _, p := range packages {
		from := room(p.ImportPath)
		for _, imported := range p.Imports {
			if imported != modulePath && !strings.HasPrefix(imported, modulePath+"/") || from == "examples" {
				continue
			}
			to := room(imported)
			switch {
			case to == from, to == "internal", to == "progress" && from != "internal":
			default:
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

var code = regexp.MustCompile("`([^`]+)`")

// The table of docs/architecture.md says what packages link.
func TestPackagesLinkWhatTheArchitectureSays(t *testing.T) {
	page, err := Read(root, "docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	inTable := false
	for _, line := range page.Lines {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if strings.HasPrefix(line, "| package | links |") {
			inTable = true
			continue
		}
		if inTable = inTable && strings.HasPrefix(line, "|"); !inTable || strings.HasPrefix(line, "|---") {
			continue
		}
		rows++
		for _, name := range codes(cells[0]) {
			checkLinks(t, name, strings.TrimSpace(cells[1]), codes(cells[2]))
		}
	}
	if rows < 8 {
		t.Errorf("found %d rows, of at least 8", rows)
	}
}

// checkLinks holds one package to its row.
func checkLinks(t *testing.T, name, links string, never []string) {
	t.Helper()
	linked := modulesOf(t, name)
	if links == "nothing" && len(linked) > 0 {
		t.Errorf("%s links %s", name, linked)
	}
	has := func(part string) bool {
		return slices.ContainsFunc(linked, func(m string) bool { return strings.Contains(m+"/", part+"/") || strings.Contains(m, part+"/v") })
	}
	for _, part := range codes(links) {
		if !has(part) {
			t.Errorf("%s does not link %s", name, part)
		}
	}
	for _, part := range never {
		if has(part) {
			t.Errorf("%s links %s", name, part)
		}
	}
}

func codes(cell string) []string {
	var found []string
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		found = append(found, m[1])
	}
	return found
}

// modulesOf are the modules of others that a package links.
func modulesOf(t *testing.T, name string) []string {
	t.Helper()
	packages, err := goList(t.Context(), root, "-deps", "./"+name)
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, p := range packages {
		if p.Module != nil && p.Module.Path != modulePath {
			modules = append(modules, p.Module.Path)
		}
	}
	slices.Sort(modules)
	return slices.Compact(modules)
}

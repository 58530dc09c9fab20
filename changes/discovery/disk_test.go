package discovery

import (
	"os"
	"path/filepath"
	"testing"
)

// A monorepo as they are: testdata/monorepo.
func TestMonorepo(t *testing.T) {
	check(t, os.DirFS("testdata/monorepo"), Options{},
		"infra/modules/network [terraform=main.tf]",
		"infra/modules/service [terraform=main.tf] -> infra/modules/service/logs",
		"infra/modules/service/logs [terraform=main.tf.json]",
		"infra/production [terraform=main.tf] -> infra/modules/network infra/modules/service",
		"libs/money [go=go.mod]",
		"libs/schemas [node=package.json]",
		"services/billing [docker=Dockerfile go=go.mod] -> libs/money",
		"services/routing [docker=Dockerfile python=pyproject.toml]",
		"services/tracking [go=go.mod] -> libs/money",
		"web/kit [node=package.json]",
		"web/portal [docker=Dockerfile node=package.json] -> libs/schemas web/kit",
	)
}

func TestWorkingTreesHoldOddThings(t *testing.T) {
	root := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, content string) {
		t.Helper()
		must(os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		must(os.WriteFile(filepath.Join(root, name), []byte(content), 0o644))
	}
	write("a/Dockerfile", "FROM scratch\n")
	must(os.Symlink(".", filepath.Join(root, "a", "loop")))            // not walked forever
	must(os.Symlink("a", filepath.Join(root, "also-a")))               // not a second module
	must(os.MkdirAll(filepath.Join(root, "b"), 0o755))                 //
	must(os.Symlink("nowhere", filepath.Join(root, "b", "go.mod")))    // a marker all the same
	must(os.MkdirAll(filepath.Join(root, "c", "package.json"), 0o755)) // a directory
	must(os.MkdirAll(filepath.Join(root, "empty"), 0o755))
	write("worktree/.git", "gitdir: elsewhere\n")
	write("worktree/Dockerfile", "")
	write("d\xff/Dockerfile", "")          // io/fs has no room for the name
	write("e/\xff.tf", "module \"x\" {\n") // nor for this one

	check(t, os.DirFS(root), Options{}, "a [docker=Dockerfile]", "b [go=go.mod]")
}

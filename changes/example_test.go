package changes_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/modulefile"
)

// What a feature branch changed since it left main, and which modules that
// concerns.
func Example() {
	dir := demoRepository()
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()

	config, err := modulefile.Read(strings.NewReader(`
global: [.gitlab-ci.yml]
modules:
  - name: billing
    paths: [services/billing]
    depends_on: [ledger]
  - name: ledger
    paths: [libs/ledger]
  - name: portal
    paths: [frontend/portal]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	repo, err := changes.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	diff, err := repo.Diff(ctx, changes.Range{Base: "main", Head: "feature"})
	if err != nil {
		fmt.Println(err)
		return
	}
	selection, err := config.Select(diff, changes.SelectOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(selection)
	// Output:
	// billing  dependent  depends on ledger, which changed
	// ledger   changed    libs/ledger/book.py modified, libs/ledger/page.py added
	// of no module: README.md
}

// Files may come from anywhere, and every module may be asked for.
func ExampleConfig_Select() {
	config := changes.Config{Modules: []changes.Module{
		{Name: "billing", Paths: []string{"services/billing"}, Exclude: []string{"**/*.md"}},
		{Name: "portal", Paths: []string{"frontend/portal"}, OnDemand: "TEST_PORTAL"},
	}}
	diff := changes.Diff{
		Files: []changes.File{{Path: "services/billing/README.md", Status: changes.Modified}},
		All:   "nightly run",
	}
	selection, err := config.Select(diff, changes.SelectOptions{
		Variables: func(name string) string { return map[string]string{"TEST_PORTAL": "true"}[name] },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range selection.Modules {
		fmt.Println(m.Name, m.Reasons)
	}
	// Output:
	// billing [all modules were asked for: nightly run]
	// portal [TEST_PORTAL asks for it]
}

// What a GitLab job is to compare: here, a new branch with the default branch.
func ExampleFromCI() {
	variables := map[string]string{
		"GITLAB_CI":            "true",
		"CI_PIPELINE_SOURCE":   "push",
		"CI_COMMIT_BRANCH":     "feature",
		"CI_DEFAULT_BRANCH":    "main",
		"CI_COMMIT_BEFORE_SHA": "0000000000000000000000000000000000000000",
	}
	between, err := changes.FromCI(func(name string) string { return variables[name] }, changes.CIOptions{})
	fmt.Println(between.Base, err)
	// Output:
	// origin/main <nil>
}

// With the modules as they were before, deleted ones are seen.
func ExampleSelectOptions() {
	before := changes.Config{Modules: []changes.Module{
		{Name: "billing", Paths: []string{"services/billing"}, DependsOn: []string{"ledger"}},
		{Name: "ledger", Paths: []string{"libs/ledger"}},
	}}
	now := changes.Config{Modules: []changes.Module{{Name: "billing", Paths: []string{"services/billing"}}}}
	diff := changes.Diff{Files: []changes.File{{Path: "libs/ledger/book.py", Status: changes.Deleted}}}
	selection, err := now.Select(diff, changes.SelectOptions{Before: &before})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(selection)
	// Output:
	// billing  dependent  depended on ledger, which was deleted
	// ledger   deleted    no module any more, libs/ledger/book.py deleted
}

// demoRepository makes a repository with the branches main and feature, which
// went on side by side.
func demoRepository() string {
	dir := must(os.MkdirTemp("", "changes"))
	repo := must(git.PlainInit(dir, false))
	tree := must(repo.Worktree())
	commit := func(files map[string]string) {
		for name, content := range files {
			path := filepath.Join(dir, name)
			must(0, os.MkdirAll(filepath.Dir(path), 0o755))
			must(0, os.WriteFile(path, []byte(content), 0o644))
			must(tree.Add(name))
		}
		who := &object.Signature{Name: "A", Email: "a@example.com", When: time.Unix(1, 0)}
		must(tree.Commit("change", &git.CommitOptions{Author: who}))
	}
	checkout := func(branch string, create bool) {
		must(0, tree.Checkout(&git.CheckoutOptions{Branch: plumbing.NewBranchReferenceName(branch), Create: create}))
	}
	commit(map[string]string{"libs/ledger/book.py": "1", "services/billing/app.py": "1", "frontend/portal/app.ts": "1"})
	checkout("main", true)
	checkout("feature", true)
	commit(map[string]string{"libs/ledger/book.py": "2", "libs/ledger/page.py": "1", "README.md": "1"})
	checkout("main", false)
	commit(map[string]string{"frontend/portal/app.ts": "2"})
	return dir
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

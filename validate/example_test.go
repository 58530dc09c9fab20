package validate_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/validate"
)

// linter stands for pycodestyle, which a machine that runs examples may not have.
func linter(_ context.Context, p validate.Program) (validate.Output, error) {
	if p.Name != "pycodestyle" {
		return validate.Output{}, &validate.MissingToolError{Tool: p.Name}
	}
	return validate.Output{Code: 1, Stdout: []byte("./app.py:1:2: E225 missing whitespace around operator\n./app.py:9:80: E501 line too long (81 > 79 characters)\n")}, nil
}

// repository makes a directory with one module.
func repository() (root string, remove func()) {
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	_ = os.Mkdir(filepath.Join(root, "billing"), 0o700)
	_ = os.WriteFile(filepath.Join(root, "billing", "app.py"), []byte("x=1\n"), 0o600)
	return root, func() { _ = os.RemoveAll(root) }
}

func ExampleRunner() {
	root, remove := repository()
	defer remove()
	runner := validate.Runner{
		Root:   root,
		Checks: []validate.Check{validate.PEP8{}, validate.NPM{}, validate.Command{Program: "hadolint", Remedy: "see its releases"}},
		Exec:   validate.ExecFunc(linter), // without it, programs run for real
	}
	result, err := runner.Run(context.Background(), []validate.Module{{Name: "billing", Dir: "billing"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(result)
	for _, v := range result.Failed() {
		fmt.Println(v.Check, "fails:", v.Outcome)
	}
	// Output:
	// billing/app.py:1:2: warning: missing whitespace around operator (pep8/E225)
	// billing/app.py:9:80: warning: line too long (81 > 79 characters) (pep8/E501)
	//
	// MODULE   CHECK     OUTCOME
	// billing  pep8      2 findings
	// billing  npm       nothing to validate: no package.json
	// billing  hadolint  missing tool: hadolint is not installed: see its releases
	// pep8 fails: findings
	// hadolint fails: missing tool
}

func ExampleParseDiff() {
	root, remove := repository()
	defer remove()
	changed, err := validate.ParseDiff(strings.NewReader("--- a/billing/app.py\n+++ b/billing/app.py\n@@ -1 +1 @@\n-x = 1\n+x=1\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	runner := validate.Runner{Root: root, Checks: []validate.Check{validate.PEP8{}}, Exec: validate.ExecFunc(linter), Changed: changed}
	result, err := runner.Run(context.Background(), []validate.Module{{Name: "billing", Dir: "billing", Files: []string{"app.py"}}})
	fmt.Println(result.Verdicts[0].Summary(), err)
	// Output:
	// 1 finding, 1 not on changed lines <nil>
}

func ExampleResult_Baseline() {
	root, remove := repository()
	defer remove()
	runner := validate.Runner{Root: root, Checks: []validate.Check{validate.PEP8{}}, Exec: validate.ExecFunc(linter)}
	modules := []validate.Module{{Name: "billing", Dir: "billing"}}

	first, err := runner.Run(context.Background(), modules)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner.Baseline, err = first.Baseline()
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := runner.Run(context.Background(), modules)
	fmt.Println(first.Pass(), second.Pass(), second.Verdicts[0].Summary(), err)
	// Output:
	// false true clean, 2 known <nil>
}

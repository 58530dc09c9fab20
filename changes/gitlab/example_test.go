package gitlab_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/gitlab"
)

var config = changes.Config{Modules: []changes.Module{
	{Name: "billing", Paths: []string{"services/billing"}, DependsOn: []string{"ledger"}},
	{Name: "ledger", Paths: []string{"libs/ledger"}},
	{Name: "portal", Paths: []string{"portal"}},
}}

func selectLedger() changes.Selection {
	diff := changes.Diff{Files: []changes.File{{Path: "libs/ledger/book.py", Status: changes.Modified}}}
	selection, err := config.Select(diff, changes.SelectOptions{})
	if err != nil {
		panic(err)
	}
	return selection
}

// One job for each selected module, in the order of their dependencies.
func ExampleTemplate_Pipeline() {
	template, err := gitlab.ReadTemplate(strings.NewReader(`
default: {image: "python:3.13"}
test $MODULE:
  script: ["pytest $MODULE"]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	pipeline, err := template.Pipeline(config, selectLedger(), gitlab.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(pipeline))
	// Output:
	// # Made from the modules that were selected:
	// # billing  dependent  depends on ledger, which changed
	// # ledger   changed    libs/ledger/book.py modified
	// default: {image: "python:3.13"}
	// test billing:
	//   script: ["pytest $MODULE"]
	//   variables:
	//     MODULE: billing
	//     MODULE_STATUS: dependent
	//   needs:
	//   - test ledger
	// test ledger:
	//   script: ["pytest $MODULE"]
	//   variables:
	//     MODULE: ledger
	//     MODULE_STATUS: changed
}

func ExampleWriteDotenv() {
	err := gitlab.WriteDotenv(os.Stdout, selectLedger(), gitlab.DotenvOptions{})
	fmt.Println(err)
	// Output:
	// CHANGED_MODULES=billing ledger
	// DELETED_MODULES=
	// <nil>
}

package terraform_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mettel-automation/delivery/validate"
	"github.com/mettel-automation/delivery/validate/terraform"
)

func ExampleCheck() {
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(root) }()
	main := "variable \"region\" {}\n\nlocals {\n  zone=\"${var.regoin}a\"\n}\n"
	if err := os.WriteFile(filepath.Join(root, "main.tf"), []byte(main), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	runner := validate.Runner{Root: root, Checks: []validate.Check{terraform.Check{}}}
	result, err := runner.Run(context.Background(), []validate.Module{{Name: "network", Dir: "."}})
	fmt.Print(result)
	fmt.Println(result.Pass(), err)
	// Output:
	// main.tf:4: error: not in canonical format; terraform fmt mends it (terraform/format)
	// main.tf:4:11: error: variable "regoin" is not declared in this module; did you mean var.region? (terraform/undeclared)
	//
	// MODULE   CHECK      OUTCOME
	// network  terraform  2 findings
	// note: terraform: types, functions and the arguments of resources are not checked; terraform validate does that
	// false <nil>
}

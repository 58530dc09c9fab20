// Package checks has the checks of package validate by the names that flags and
// delivery.yaml have for them.
//
//	check, err := checks.Named("pep8=ruff")
package checks

import (
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/validate"
	"github.com/mettel-automation/delivery/validate/terraform"
)

// Named is the check of that name: terraform, terraform-fmt, terraform-validate, pep8,
// pep8=TOOL, eslint, npm or npm=SCRIPT.
func Named(name string) (validate.Check, error) {
	kind, detail, given := strings.Cut(name, "=")
	switch {
	case given && detail == "":
	case kind == "pep8":
		return validate.PEP8{Tool: detail}, nil
	case kind == "npm":
		return validate.NPM{Script: detail}, nil
	case given:
	case kind == "eslint":
		return validate.ESLint{}, nil
	case kind == "terraform":
		return terraform.Check{}, nil
	case kind == "terraform-fmt":
		return terraform.Fmt{}, nil
	case kind == "terraform-validate":
		return terraform.Validate{}, nil
	}
	return nil, fmt.Errorf("there is no check %q; want terraform, terraform-fmt, terraform-validate, pep8, pep8=TOOL, eslint, npm or npm=SCRIPT", name)
}

package modulefile_test

import (
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/changes/modulefile"
)

// A fault says where it is.
func ExampleRead() {
	_, err := modulefile.Read(strings.NewReader(`
modules:
  - name: billing
    paths: [../billing]
    depends_on: [ledgr]
`))
	fmt.Println(err)
	// Output:
	// line 4, column 13: module billing: path "../billing": it contains ".."; paths are relative to the repository's root
	// line 5, column 18: module billing depends on "ledgr", which is no module
}

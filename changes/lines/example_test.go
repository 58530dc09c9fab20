package lines_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/lines"
)

func ExampleChanged() {
	before := fstest.MapFS{"main.py": {Data: []byte("import os\n\nprint(1)\n")}}
	after := fstest.MapFS{"main.py": {Data: []byte("import os\nimport sys\n\nprint(2)\n")}, "new.py": {Data: []byte("a = 1\nb = 2\n")}}
	files := []changes.File{
		{Path: "gone.py", Status: changes.Deleted},
		{Path: "main.py", Status: changes.Modified},
		{Path: "new.py", Status: changes.Added},
	}
	changed, err := lines.Changed(context.Background(), before, after, files)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range changed.Paths() {
		fmt.Println(path, changed[path])
	}
	// Output:
	// gone.py []
	// main.py [2 4]
	// new.py [1-2]
}

package report_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/coverage/report"
)

func ExampleFiles_Write() {
	dir, err := os.MkdirTemp("", "coverage")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	result, err := coverage.Gate{}.Check(context.Background(), []coverage.Input{{Module: "shop", Path: "../testdata/nyc.info"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = report.Files{
		JUnit:       filepath.Join(dir, "junit.xml"),
		CodeQuality: filepath.Join(dir, "gl-code-quality.json"),
		Cobertura:   filepath.Join(dir, "cobertura"),
	}.Write(result)
	if err != nil {
		fmt.Println(err)
		return
	}
	written, _ := filepath.Glob(dir + "/*")
	for _, path := range written {
		fmt.Println(filepath.Base(path))
	}
	// Output:
	// cobertura
	// gl-code-quality.json
	// junit.xml
}

func ExampleWriteCodeQuality() {
	result, err := coverage.Gate{}.Check(context.Background(), []coverage.Input{{Module: "shop", Path: "../testdata/nyc.info"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := report.WriteCodeQuality(os.Stdout, result); err != nil {
		fmt.Println(err)
	}
	// Output:
	// [{"description":"shop: 73.68% of lines (14/19), minimum 80%: 2 more lines needed","check_name":"coverage/module","fingerprint":"coverage/module/shop/below","severity":"major","location":{"path":"lib/cart.js","lines":{"begin":1}}}]
}

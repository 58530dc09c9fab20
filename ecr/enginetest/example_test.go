package enginetest_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/enginetest"
)

func Example() {
	ctx := context.Background()
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddRepository("automation/notifier")
	engine := enginetest.New(cloud, enginetest.Options{
		Before: func(_ context.Context, op, _ string) error {
			fmt.Println(op)
			return nil
		},
	})
	publisher := ecr.New(cloud.Client(), ecr.Options{Engine: engine})
	plan, err := publisher.Plan(ctx, []ecr.Image{{Repository: "automation/notifier", Context: "../testdata/notifier"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := publisher.Apply(ctx, plan); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(cloud.Images("automation/notifier")), "image")
	// Output:
	// build
	// inspect
	// push
	// remove
	// 1 image
}

// decode is the password in a token.
func decode(t *testing.T, text string) string {
	t.Helper()
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	_, password, _ := strings.Cut(string(plain), ":")
	return password
}

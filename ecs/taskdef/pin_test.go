package taskdef_test

import (
	"fmt"
	"strings"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/taskdef"
)

func digest(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

func running(images ...string) *awsecs.RegisterTaskDefinitionInput {
	td := &awsecs.RegisterTaskDefinitionInput{Family: new("web")}
	for i, image := range images {
		td.ContainerDefinitions = append(td.ContainerDefinitions, types.ContainerDefinition{Name: new(fmt.Sprint("c", i)), Image: &image})
	}
	return td
}

func TestPin(t *testing.T) {
	tests := map[string]struct {
		image   string
		want    string
		missing []string
	}{
		"a tag gives way to the digest":        {"app:1", "app@" + digest("a"), nil},
		"a registry's port is no tag":          {"registry:5000/app", "registry:5000/app@" + digest("b"), nil},
		"a tag behind a registry's port":       {"registry:5000/app:1", "registry:5000/app@" + digest("c"), nil},
		"a digest that is there already stays": {"app@" + digest("f"), "app@" + digest("f"), nil},
		"so does a tag with a digest":          {"app:1@" + digest("f"), "app:1@" + digest("f"), nil},
		"an image that nobody knows is told":   {"app:2", "app:2", []string{"app:2"}},
	}
	digests := map[string]string{"app:1": digest("a"), "registry:5000/app": digest("b"), "registry:5000/app:1": digest("c"), "other:1": digest("d")}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			td := running(tt.image)
			pinned, missing, err := taskdef.Pin(td, digests)
			if err != nil {
				t.Fatal(err)
			}
			if got := *pinned.ContainerDefinitions[0].Image; got != tt.want {
				t.Errorf("image %s, want %s", got, tt.want)
			}
			if d := cmp.Diff(tt.missing, missing); d != "" {
				t.Errorf("missing (-want +got):\n%s", d)
			}
			if got := *td.ContainerDefinitions[0].Image; got != tt.image {
				t.Errorf("Pin changed its argument to %s", got)
			}
		})
	}
	_, missing, err := taskdef.Pin(running("z", "a", "z"), nil)
	if d := cmp.Diff([]string{"a", "z"}, missing); d != "" || err != nil {
		t.Errorf("missing (-want +got):\n%s%v", d, err)
	}
	for _, bad := range []string{"", "sha256:", "latest", "sha512:" + strings.Repeat("a", 64), digest("g"), digest("a") + "a"} {
		if pinned, _, err := taskdef.Pin(running("app:1"), map[string]string{"app:1": bad}); err == nil || pinned != nil {
			t.Errorf("digest %q was taken", bad)
		}
	}
	if _, _, err := taskdef.Pin(nil, nil); err == nil {
		t.Error("nothing was pinned")
	}
}

func TestAMovedTagIsADifferenceOnlyWherePinned(t *testing.T) { // T54
	td := running("app:latest")
	if got := taskdef.Diff(td, registeredFrom(running("app:latest"))); got != nil {
		t.Errorf("the same tag differs: %v", got)
	}
	before, _, err := taskdef.Pin(td, map[string]string{"app:latest": digest("a")})
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := taskdef.Pin(td, map[string]string{"app:latest": digest("b")})
	if err != nil {
		t.Fatal(err)
	}
	if got := taskdef.Diff(before, registeredFrom(before)); got != nil {
		t.Errorf("the same digest differs: %v", got)
	}
	want := []string{"c0.image: app@" + digest("a") + " -> app@" + digest("b")}
	if d := cmp.Diff(want, taskdef.Diff(after, registeredFrom(before))); d != "" {
		t.Errorf("Diff (-want +got):\n%s", d)
	}
}

func ExamplePin() {
	td := &awsecs.RegisterTaskDefinitionInput{ContainerDefinitions: []types.ContainerDefinition{
		{Name: new("notifier"), Image: new("registry/notifier:42")},
		{Name: new("logs"), Image: new("fluent-bit:3")},
	}}
	pinned, missing, err := taskdef.Pin(td, map[string]string{
		"registry/notifier:42": "sha256:9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*pinned.ContainerDefinitions[0].Image)
	fmt.Println("not pinned:", missing)
	// Output:
	// registry/notifier@sha256:9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0
	// not pinned: [fluent-bit:3]
}

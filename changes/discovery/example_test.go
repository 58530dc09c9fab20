package discovery_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"testing/fstest"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/discovery"
)

// demo is a small monorepo; os.DirFS(".") is what to use of a real one.
func demo() fstest.MapFS {
	tree := fstest.MapFS{}
	for name, content := range map[string]string{
		"services/billing/go.mod":     "module example.org/billing\n\nrequire example.org/ledger v1.4.0\n",
		"services/billing/Dockerfile": "FROM scratch\n",
		"libs/ledger/go.mod":          "module example.org/ledger\n",
		"infra/main.tf":               "module \"network\" {\n  source = \"./modules/network\"\n}\n",
		"infra/modules/network/a.tf":  "",
	} {
		tree[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return tree
}

// Which modules there are.
func ExampleFind() {
	config, err := discovery.Find(context.Background(), demo(), discovery.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range config.Modules {
		fmt.Println(m.Name, m.Labels, m.DependsOn)
	}
	// Output:
	// infra map[terraform:main.tf] [infra/modules/network]
	// infra/modules/network map[terraform:a.tf] []
	// libs/ledger map[go:go.mod] []
	// services/billing map[docker:Dockerfile go:go.mod] [libs/ledger]
}

// Which modules a change concerns, among them one that it deletes.
func ExampleFind_change() {
	ctx := context.Background()
	tree := demo()
	before, err := discovery.Find(ctx, tree, discovery.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	delete(tree, "infra/modules/network/a.tf")
	after, err := discovery.Find(ctx, tree, discovery.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	after.Global = []string{".gitlab-ci.yml", "go.work"} // for the caller to say
	diff := changes.Diff{Files: []changes.File{
		{Path: "infra/modules/network/a.tf", Status: changes.Deleted},
		{Path: "libs/ledger/ledger.go", Status: changes.Modified},
	}}
	selection, err := after.Select(diff, changes.SelectOptions{Before: &before})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(selection)
	// Output:
	// infra                  changed    infra/modules/network/a.tf deleted
	// libs/ledger            changed    libs/ledger/ledger.go modified
	// services/billing       dependent  depends on libs/ledger, which changed
	// infra/modules/network  deleted    no module any more, infra/modules/network/a.tf deleted
}

// Helm charts count as well, examples do not, and modules have short names.
func ExampleOptions() {
	tree := demo()
	tree["charts/portal/Chart.yaml"] = &fstest.MapFile{}
	tree["libs/ledger/examples/go.mod"] = &fstest.MapFile{Data: []byte("module example.org/demo\n")}

	config, err := discovery.Find(context.Background(), tree, discovery.Options{
		Markers: append(discovery.DefaultMarkers(), discovery.Marker{Kind: "helm", Files: []string{"Chart.yaml"}}),
		Ignore:  append(discovery.DefaultIgnore(), "**/examples"),
		Name:    path.Base,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range config.Modules {
		fmt.Println(m.Name, m.Paths)
	}
	// Output:
	// billing [services/billing]
	// infra [infra]
	// ledger [libs/ledger]
	// network [infra/modules/network]
	// portal [charts/portal]
}

// What is wrong with the tree before a change cannot be mended any more, so
// one may go on without the dependencies that a faulty file would have named.
func ExampleFileError() {
	tree := demo()
	tree["services/billing/go.mod"] = &fstest.MapFile{Data: []byte("module example.org/billing\n\n<<<<<<< HEAD\n")}

	config, err := discovery.Find(context.Background(), tree, discovery.Options{})
	if err != nil && !errors.Is(err, discovery.ErrIncomplete) {
		fmt.Println(err)
		return
	}
	fmt.Println("warning:", err)
	fmt.Println(len(config.Modules), "modules")
	// Output:
	// warning: services/billing/go.mod:3: malformed go.mod: unknown directive: <<<<<<<
	// 4 modules
}

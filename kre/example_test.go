package kre_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
)

// greeter is a small chart; most are directories, archives, or in a repository.
var greeter = fstest.MapFS{
	"Chart.yaml":  {Data: []byte("apiVersion: v2\nname: greeter\nversion: 1.0.0\n")},
	"values.yaml": {Data: []byte("greeting: hello\ntoken: none\n")},
	"templates/config.yaml": {Data: []byte(`apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  greeting: {{ .Values.greeting }}
  token: {{ .Values.token }}
`)},
}

func ExampleEngine() {
	ctx := context.Background()
	cluster := kubetest.New(kubetest.Options{Timing: kubetest.Quick()}) // in memory; else a real one's configuration
	engine, err := kre.New(cluster.Config(), kre.Options{Run: "pipeline-17"})
	if err != nil {
		fmt.Println(err)
		return
	}
	release := kre.Release{
		Name: "greeter", Namespace: "demo", Chart: kre.Chart{Files: greeter},
		Secrets: map[string]any{"token": "s3cret"},
	}
	for _, greeting := range []string{"hello", "good morning", "good morning"} {
		release.Values = map[string]any{"greeting": greeting}
		plan, err := engine.Plan(ctx, []kre.Release{release})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(plan)
		result, err := engine.Apply(ctx, plan)
		fmt.Print(result)
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// install demo/greeter: greeter 1.0.0
	//   ! namespace demo is made first
	//   + ConfigMap demo/greeter
	// install demo/greeter: deployed, revision 1
	// upgrade demo/greeter: greeter 1.0.0 (revision 1 is deployed)
	//   ~ ConfigMap demo/greeter
	//       @@ -1,5 +1,5 @@
	//        apiVersion: v1
	//        data:
	//       -  greeting: hello
	//       +  greeting: good morning
	//          token: (secret)
	//        kind: ConfigMap
	// upgrade demo/greeter: deployed, revision 2
	// 1 release unchanged
	// keep demo/greeter: deployed, revision 2
}

func ExampleEngine_Render() {
	engine, err := kre.New(nil, kre.Options{}) // needs no cluster
	if err != nil {
		fmt.Println(err)
		return
	}
	manifest, err := engine.Render(context.Background(), kre.Release{
		Name: "greeter", Namespace: "demo", Chart: kre.Chart{Files: greeter}, Values: map[string]any{"greeting": "hi"},
	})
	fmt.Print(string(manifest))
	fmt.Println(err)
	// Output:
	// ---
	// # Source: greeter/templates/config.yaml
	// apiVersion: v1
	// kind: ConfigMap
	// metadata: {name: greeter}
	// data:
	//   greeting: hi
	//   token: none
	// <nil>
}

func ExampleValueError() {
	engine, err := kre.New(nil, kre.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = engine.Render(context.Background(), kre.Release{
		Name: "greeter", Namespace: "demo", Chart: kre.Chart{Files: greeter}, Values: map[string]any{"greetings": "hi"},
	})
	if value, is := errors.AsType[*kre.ValueError](err); is {
		fmt.Println(value)
	}
	// Output:
	// value greetings: the chart does not know it: did you mean greeting? (greeter/values.yaml:1)
}

func ExampleEngine_ApplyUninstall() {
	ctx := context.Background()
	cluster := kubetest.New(kubetest.Options{Timing: kubetest.Quick()})
	engine, err := kre.New(cluster.Config(), kre.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	releases := []kre.Release{
		{Name: "one", Namespace: "demo", Chart: kre.Chart{Files: greeter}},
		{Name: "two", Namespace: "demo", Chart: kre.Chart{Files: greeter}, Needs: []string{"one"}},
	}
	plan, err := engine.Plan(ctx, releases)
	if err == nil {
		_, err = engine.Apply(ctx, plan)
	}
	if err == nil {
		plan, err = engine.PlanUninstall(ctx, releases)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	result, err := engine.ApplyUninstall(ctx, plan)
	fmt.Print(result)
	fmt.Println(err)
	// Output:
	// uninstall demo/two: greeter 1.0.0 (revision 1 is deployed)
	//   - ConfigMap demo/two
	// uninstall demo/one: greeter 1.0.0 (revision 1 is deployed)
	//   - ConfigMap demo/one
	// uninstall demo/two: not installed
	// uninstall demo/one: not installed
	// <nil>
}

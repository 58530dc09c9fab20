package kremock_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/golang/mock/gomock"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/kremock"
)

func TestWaiter(t *testing.T) {
	waiter := kremock.NewMockWaiter(gomock.NewController(t))
	never := errors.New("it never will be")
	waiter.EXPECT().Wait(gomock.Any(), gomock.Any()).DoAndReturn(func(_ context.Context, objects []*unstructured.Unstructured) error {
		if len(objects) != 1 || objects[0].GetKind() != "ConfigMap" || objects[0].GetNamespace() != "default" {
			t.Errorf("waits for %v", objects)
		}
		return never
	})
	engine, err := kre.New(kubetest.New(kubetest.Options{}).Config(), kre.Options{
		Waiter: func(kre.Cluster, func(string) string) kre.Waiter { return waiter },
	})
	if err != nil {
		t.Fatal(err)
	}
	chart := fstest.MapFS{
		"Chart.yaml":       {Data: []byte("apiVersion: v2\nname: c\nversion: 1.0.0\n")},
		"templates/a.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")},
	}
	plan, err := engine.Plan(t.Context(), []kre.Release{{Name: "c", Namespace: "default", Chart: kre.Chart{Files: chart}}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := engine.Apply(t.Context(), plan)
	if !errors.Is(err, never) || result.Releases[0].After != "failed" {
		t.Errorf("%v, %v", result, err)
	}
}

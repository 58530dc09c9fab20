package readiness_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/kre/readiness"
)

// A job whose pod has failed is not waited for any longer.
func ExampleWaiter_Wait() {
	job := object(`
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop, uid: job-1}
status: {conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded, message: Job has reached the specified backoff limit}]}`)
	pod := object(`
apiVersion: v1
kind: Pod
metadata: {name: migrate-x7k2p, namespace: shop, ownerReferences: [{controller: true, kind: Job, name: migrate, uid: job-1}]}
status: {phase: Failed, containerStatuses: [{name: app, state: {terminated: {exitCode: 3, reason: Error}}}]}`)

	// A real cluster has dynamic.NewForConfig and restmapper.NewDeferredDiscoveryRESTMapper.
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		{Version: "v1", Resource: "pods"}: "PodList", {Version: "v1", Resource: "events"}: "EventList",
	}, job, pod)
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(job.GroupVersionKind(), meta.RESTScopeNamespace)

	waiter := readiness.New(client, mapper, readiness.Options{PollInterval: time.Millisecond})
	err := waiter.Wait(context.Background(), []*unstructured.Unstructured{job})
	fmt.Println(errors.Is(err, readiness.ErrFailed))
	if e, ok := errors.AsType[*readiness.NotReadyError](err); ok {
		for _, u := range e.Unready {
			fmt.Println(u)
		}
	}
	// Output:
	// true
	// Job shop/migrate: BackoffLimitExceeded: failed: Job has reached the specified backoff limit; pod migrate-x7k2p: container app: Error, last exit code 3
}

func object(text string) *unstructured.Unstructured {
	var fields map[string]any
	if err := yaml.Unmarshal([]byte(text), &fields); err != nil {
		fmt.Println(err)
	}
	return &unstructured.Unstructured{Object: fields}
}

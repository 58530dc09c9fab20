package kubetest_test

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

func ExampleCluster() {
	ctx := context.Background()
	cluster := kubetest.New(kubetest.Options{Timing: kubetest.Quick()})
	err := cluster.Add(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := kubernetes.NewForConfig(cluster.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	watching, err := client.AppsV1().Deployments("shop").Watch(ctx, metav1.ListOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer watching.Stop()
	for event := range watching.ResultChan() {
		if d := event.Object.(*appsv1.Deployment); d.Status.AvailableReplicas == *d.Spec.Replicas {
			fmt.Println(d.Name, "is available")
			break
		}
	}
	fmt.Println(cluster.Writes())
	// Output:
	// web is available
	// []
}

func ExampleCluster_Inject() {
	cluster := kubetest.New(kubetest.Options{Timing: kubetest.Quick()})
	cluster.Inject("shop", "web", kubetest.Fault{Kind: kubetest.Unschedulable, Message: "0/1 nodes are available: 1 Insufficient cpu."})
	err := cluster.Add("{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {containers: [{name: web, image: web}]}}")
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := kubernetes.NewForConfig(cluster.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	watching, err := client.CoreV1().Events("shop").Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer watching.Stop()
	<-watching.ResultChan()
	events, err := client.CoreV1().Events("shop").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(events.Items[0].Reason, events.Items[0].Message)
	// Output:
	// FailedScheduling 0/1 nodes are available: 1 Insufficient cpu.
}

func ExampleCluster_Fail() {
	cluster := kubetest.New(kubetest.Options{})
	cluster.Fail(kubetest.Match{Verb: "list", Resource: "pods", Times: 1}, kubetest.Unauthorized())
	client, err := kubernetes.NewForConfig(cluster.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		_, err = client.CoreV1().Pods("default").List(context.Background(), metav1.ListOptions{})
		fmt.Println(err)
	}
	// Output:
	// Unauthorized
	// <nil>
}

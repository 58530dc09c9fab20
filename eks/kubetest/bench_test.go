package kubetest_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		kubetest.New(kubetest.Options{})
	}
}

func BenchmarkRequests(b *testing.B) {
	_, client := start(b, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	n := 0
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			n++
			if _, err := maps.Create(b.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("a", n)}}, metav1.CreateOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			if _, err := maps.Get(b.Context(), "a1", metav1.GetOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("list of a thousand", func(b *testing.B) {
		for b.Loop() {
			if _, err := maps.List(b.Context(), metav1.ListOptions{Limit: 1000}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

package kre

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/mettel-automation/delivery/kre/readiness"
	"github.com/mettel-automation/delivery/progress"
)

//go:generate go tool mockgen -source=wait.go -destination=kremock/kremock.go -package=kremock -write_package_comment=false

// Waiter waits until objects of a release are ready. It returns promptly when
// ctx ends; then, and where an object cannot become ready, its error says which ones are
// not and why. Reasons of a [*readiness.NotReadyError] come out in the result.
type Waiter interface {
	Wait(ctx context.Context, objects []*unstructured.Unstructured) error
}

// Cluster is what a Waiter is made of. Its requests end with the operation on a release.
type Cluster struct {
	Client    dynamic.Interface
	Mapper    meta.RESTMapper
	Namespace string        // of objects that name none
	Progress  progress.Func // hears of objects
}

func waitByReadiness(c Cluster, redact func(string) string) Waiter {
	return readiness.New(c.Client, c.Mapper, readiness.Options{Namespace: c.Namespace, Progress: c.Progress, Redact: redact})
}

// unready returns the reasons that an error of a Waiter has.
func unready(err error) []readiness.Unready {
	if e, found := errors.AsType[*readiness.NotReadyError](err); found {
		return e.Unready
	}
	return nil
}

// Package readiness waits until Kubernetes objects are ready, and knows why
// they are not.
//
//	waiter := readiness.New(client, mapper, readiness.Options{Progress: events})
//	err := waiter.Wait(ctx, objects)
//	if e, ok := errors.AsType[*readiness.NotReadyError](err); ok {
//		for _, u := range e.Unready {
//			fmt.Println(u) // Deployment shop/web: Progressing: 0 of 1 replicas ...; pod web-1: container app: ImagePullBackOff
//		}
//	}
//
// A wait lasts until all objects are ready in one look, an object has failed for
// good, the API server refuses, or the context ends; it has no timeout of its own.
// What ready means for each kind, and how to add custom resources, is in package
// readiness/status.
//
// It changes nothing in the cluster, reads no logs of containers, and does not ask
// whether what is ready does its work.
package readiness

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/kre/readiness/status"
	"github.com/mettel-automation/delivery/progress"
)

// Op is the operation of the events of a wait. Their subject is an object, as
// "Deployment shop/web".
const Op = "kre.readiness"

// Options tune a Waiter. The zero value is ready to use.
type Options struct {
	// Rules add to what is known of kinds; default nothing.
	Rules status.Rules
	// Progress hears of an object when the reason changes for which it is not
	// ready, when it becomes ready, and when the wait ends without it. What is
	// ready as it exists, and is there at the first look, is not told. Nil is silence.
	Progress progress.Func
	// Namespace is that of namespaced objects that name none; default "default".
	Namespace string
	// PollInterval is the pause between two looks, default 1 second. While nothing
	// changes it grows by half each time, up to MaxPollInterval, default 5 seconds.
	PollInterval, MaxPollInterval time.Duration
	// Warnings is how many warning events are kept for each object; default 3.
	Warnings int
	// Redact, where it is not nil, sees each text that came from the cluster before
	// anybody else does, and returns it without secrets.
	Redact func(string) string
}

// Waiter waits for objects of one cluster. It is safe for several waits at once.
//
// A look asks for the objects that were not ready at the look before: one GET for
// a single object of a kind and namespace, and for what is ready as it exists; one
// paged LIST for several of a kind. For each namespace with unready objects it
// lists the warning events, and where there are workloads the pods and, for
// Deployments, the ReplicaSets; with unready claims, the storage classes. So a
// release of 10 kinds in one namespace costs at most some 15 requests a look. They
// are made one after the other.
type Waiter struct {
	client dynamic.Interface
	mapper meta.RESTMapper
	opts   Options
}

// New returns a Waiter that reads through client. Mapper tells the resources of
// kinds; where it can be reset, it is, when it does not know one: its
// CustomResourceDefinition may be younger than what the mapper has seen.
func New(client dynamic.Interface, mapper meta.RESTMapper, opts Options) *Waiter {
	opts.Namespace = cmp.Or(opts.Namespace, "default")
	opts.PollInterval = cmp.Or(opts.PollInterval, time.Second)
	opts.MaxPollInterval = max(opts.PollInterval, cmp.Or(opts.MaxPollInterval, 5*time.Second))
	opts.Warnings = cmp.Or(opts.Warnings, 3)
	return &Waiter{client: client, mapper: mapper, opts: opts}
}

// Wait returns nil when all objects are ready in one and the same look. Of
// objects only kind, namespace, name and UID are read; the rest comes from the
// cluster. One that does not exist is waited for; one that existed (by its UID, or at
// an earlier look) and is gone has failed.
//
// Else the error is a [*NotReadyError]. It wraps [ErrFailed] where an object has
// failed (in two looks, since a controller may be about to take it back), the error
// and cause of ctx where that ended, or what the API server has refused. An API
// server that cannot be reached, is overloaded or fails is asked again until
// ctx ends. Input without kind or name is [ErrInvalid], before any request.
func (w *Waiter) Wait(ctx context.Context, objects []*unstructured.Unstructured) error {
	targets, err := newTargets(objects)
	if err != nil {
		return err
	}
	r := &run{Waiter: w, targets: targets, started: time.Now()}
	for pause := w.opts.PollInterval; ; {
		confirmed := r.confirming
		changed, err := r.look(ctx)
		switch {
		case ctx.Err() != nil:
			return r.end(ended(ctx))
		case err != nil:
			return r.end(err)
		case r.hopeless():
			return r.end(ErrFailed)
		case r.settled():
			return nil
		case r.confirming && !confirmed:
			continue // at once: all were ready, if not at the same time
		case changed:
			pause = w.opts.PollInterval
		}
		if wait.For(ctx, pause) != nil {
			return r.end(ended(ctx))
		}
		pause = min(pause*3/2, w.opts.MaxPollInterval)
	}
}

// newTargets checks the input; the same object twice counts once.
func newTargets(objects []*unstructured.Unstructured) ([]*target, error) {
	var targets []*target
	seen := make(map[string]bool, len(objects))
	for i, o := range objects {
		if o == nil || o.GetKind() == "" || o.GetAPIVersion() == "" || o.GetName() == "" {
			return nil, fmt.Errorf("wait for object %d of %d: %w: it needs apiVersion, kind and metadata.name", i+1, len(objects), ErrInvalid)
		}
		t := &target{gvk: o.GroupVersionKind(), namespace: o.GetNamespace(), name: o.GetName(), uid: o.GetUID()}
		t.status = status.Status{State: status.InProgress, Reason: notSeen, Message: "has not been looked at yet"}
		key := t.gvk.GroupKind().String() + " " + t.namespace + "/" + t.name
		if !seen[key] {
			seen[key] = true
			targets = append(targets, t)
		}
	}
	return targets, nil
}

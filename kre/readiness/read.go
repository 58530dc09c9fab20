package readiness

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/mettel-automation/delivery/kre/readiness/status"
)

const (
	// pageSize is how many objects a LIST returns at once, as kubectl has it.
	pageSize = 500
	// patience is how long one request may take.
	patience = 30 * time.Second
)

// batch is targets of one resource and namespace.
type batch struct {
	resource  schema.GroupVersionResource
	namespace string
	targets   []*target
}

// batches groups what is due, in the order of the targets. Kinds that cannot be
// resolved are left out of this look, and the errors say why.
func (r *run) batches(ctx context.Context) (batches []*batch, errs []error) {
	type key struct {
		resource  schema.GroupVersionResource
		namespace string
	}
	byKey := make(map[key]*batch)
	unknown := make(map[schema.GroupKind]error) // asked in this look, in vain
	for _, t := range r.due() {
		if err := r.resolve(ctx, t, unknown); err != nil {
			errs = append(errs, err)
		}
		if t.mapping == nil {
			continue
		}
		k := key{t.mapping.Resource, t.namespace}
		if byKey[k] == nil {
			byKey[k] = &batch{resource: k.resource, namespace: k.namespace}
			batches = append(batches, byKey[k])
		}
		byKey[k].targets = append(byKey[k].targets, t)
	}
	return batches, errs
}

// resolve finds the resource of t. A kind that is not served is no error: it
// may come.
func (r *run) resolve(ctx context.Context, t *target, unknown map[schema.GroupKind]error) error {
	if t.mapping != nil {
		return nil
	}
	kind := t.gvk.GroupKind()
	if _, asked := unknown[kind]; !asked {
		mapping, err := meta.ToRESTMapperWithContext(r.mapper).RESTMappingWithContext(ctx, kind, t.gvk.Version)
		if err == nil {
			t.mapping = mapping
			switch {
			case mapping.Scope.Name() == meta.RESTScopeNameRoot:
				t.namespace = ""
			case t.namespace == "":
				t.namespace = r.opts.Namespace
			}
			return nil
		}
		if meta.IsNoMatchError(err) {
			meta.MaybeResetRESTMapper(r.mapper)
			err = nil
		}
		unknown[kind] = err
		if err != nil {
			return fmt.Errorf("find the resource of kind %s: %w", t.gvk.Kind, err)
		}
	}
	if unknown[kind] == nil {
		r.set(t, status.Status{
			State: status.InProgress, Reason: "NotServed",
			Message: fmt.Sprintf("the API server does not serve %s in %s yet", t.gvk.Kind, t.gvk.GroupVersion()),
		})
	}
	return nil
}

// read looks at the targets of b.
func (r *run) read(ctx context.Context, b *batch) error {
	rules := r.opts.Rules
	kind := b.targets[0].gvk.GroupKind()
	if kind == kindClaim {
		rules.LateBinding = append(r.lateBinding(ctx), rules.LateBinding...)
	}
	if len(b.targets) == 1 || !rules.Know(kind) {
		return r.get(ctx, b, rules)
	}
	missing := make(map[string]*target, len(b.targets))
	for _, t := range b.targets {
		missing[t.name] = t
	}
	err := r.each(ctx, b.resource, b.namespace, metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		if t := missing[o.GetName()]; t != nil {
			r.saw(t, o, rules)
			delete(missing, t.name)
		}
	})
	if err != nil {
		return err
	}
	for _, t := range missing {
		r.missed(t)
	}
	return nil
}

// get reads targets one by one, so that no list of what is merely there, such
// as all Secrets of a namespace, is ever read.
func (r *run) get(ctx context.Context, b *batch, rules status.Rules) error {
	for _, t := range b.targets {
		var object *unstructured.Unstructured
		err := call(ctx, func(ctx context.Context) (err error) {
			object, err = r.resource(b.resource, b.namespace).Get(ctx, t.name, metav1.GetOptions{})
			return err
		})
		switch {
		case apierrors.IsNotFound(err):
			r.missed(t)
		case err != nil:
			return fmt.Errorf("read %s: %w", t.id(), err)
		default:
			r.saw(t, object, rules)
		}
	}
	return nil
}

// each visits what a LIST returns, page by page. Where the list expires between
// two pages (410), or a page fails, the next look begins anew.
func (r *run) each(ctx context.Context, resource schema.GroupVersionResource, namespace string, opts metav1.ListOptions, visit func(*unstructured.Unstructured)) error {
	opts.Limit = pageSize
	for {
		var page *unstructured.UnstructuredList
		err := call(ctx, func(ctx context.Context) (err error) {
			page, err = r.resource(resource, namespace).List(ctx, opts)
			return err
		})
		if err != nil {
			where := ""
			if namespace != "" {
				where = " in namespace " + namespace
			}
			return fmt.Errorf("list %s%s: %w", resource.Resource, where, err)
		}
		for i := range page.Items {
			visit(&page.Items[i])
		}
		if opts.Continue = page.GetContinue(); opts.Continue == "" {
			return nil
		}
	}
}

func (r *run) resource(resource schema.GroupVersionResource, namespace string) dynamic.ResourceInterface {
	if namespace == "" {
		return r.client.Resource(resource)
	}
	return r.client.Resource(resource).Namespace(namespace)
}

// call makes one request, which may not take longer than patience.
func call(ctx context.Context, request func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := request(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("no answer within %s", patience)
	}
	return err
}

// refusal reports whether the API server has answered that the same request
// will not succeed later: who asks is not known or not allowed, or the server is
// not the one that was meant.
func refusal(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	return apierrors.IsUnauthorized(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) ||
		apierrors.IsMethodNotSupported(err) || apierrors.IsNotAcceptable(err)
}

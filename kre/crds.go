package kre

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/kre/internal/manifest"
)

// fieldManager is whose the fields of custom resource definitions are.
const fieldManager = "delivery-kre"

// applyCRDs applies the definitions of crds folders, which helm only ever installs
// and never upgrades, and waits until the cluster serves their kinds. Server-side apply
// writes nothing where nothing differs.
func (s *session) applyCRDs(ctx context.Context, files []helm.File) error {
	parsed, err := parseCRDs(files)
	if err != nil || len(parsed) == 0 {
		return err
	}
	var crds []*unstructured.Unstructured
	for _, o := range parsed {
		applied, err := s.serverApply(ctx, o)
		if err != nil {
			return fmt.Errorf("apply %s (%s): %w", o.ID(), o.Source, err)
		}
		crds, s.folder = append(crds, applied), append(s.folder, o.GetName())
	}
	if err := s.ready(ctx, crds); err != nil {
		return err
	}
	s.access.Reset()
	mapper, err := s.access.ToRESTMapper()
	if err != nil {
		return err
	}
	for _, kind := range manifest.CRDs(parsed) { // established is a moment before it is told by discovery
		for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
			_, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
			if err == nil {
				break
			}
			if !meta.IsNoMatchError(err) && !passing(err) {
				return fmt.Errorf("look up kind %s: %w", kind.Kind, err)
			}
			if wait.For(ctx, pause) != nil {
				return fmt.Errorf("wait for kind %s to be served: %w", kind.Kind, context.Cause(ctx))
			}
			s.access.Reset()
		}
	}
	return nil
}

func (s *session) serverApply(ctx context.Context, o manifest.Object) (*unstructured.Unstructured, error) {
	resource, err := s.resource(o)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(o.Object)
	if err != nil {
		return nil, err
	}
	force := true // helm and kubectl have applied it under names of their own
	return resource.Patch(ctx, o.GetName(), types.ApplyPatchType, text, metav1.PatchOptions{FieldManager: fieldManager, Force: &force})
}

// resource is where o is kept in the cluster.
func (s *session) resource(o manifest.Object) (dynamic.ResourceInterface, error) {
	mapper, err := s.access.ToRESTMapper()
	if err != nil {
		return nil, err
	}
	gvk := o.GroupVersionKind()
	mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	all := s.objects.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return all.Namespace(o.GetNamespace()), nil
	}
	return all, nil
}

// removeCRDs deletes definitions and waits until they are gone, which takes until
// the last object of their kinds is.
func (s *session) removeCRDs(ctx context.Context, crds []string) error {
	all := s.objects.Resource(crdResource)
	for _, name := range crds {
		if err := all.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !isGone(err) {
			return fmt.Errorf("delete CustomResourceDefinition %s: %w", name, err)
		}
	}
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		left := ""
		for _, name := range crds {
			if _, err := all.Get(ctx, name, metav1.GetOptions{}); err == nil {
				left = name
			} else if !isGone(err) && !passing(err) {
				return fmt.Errorf("read CustomResourceDefinition %s: %w", name, err)
			}
		}
		if left == "" {
			return nil
		}
		if err := wait.For(ctx, pause); err != nil {
			return fmt.Errorf("%w: CustomResourceDefinition %s is still there", err, left)
		}
	}
}

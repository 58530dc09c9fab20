package kubetest

import (
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

func listOptionsKind() schema.GroupKind {
	return schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}
}

// listOptions are those of the query.
func (k *call) listOptions() (metav1.ListOptions, error) {
	var opts metav1.ListOptions
	query := k.http.URL.Query()
	if err := metav1.Convert_url_Values_To_v1_ListOptions(&query, &opts, nil); err != nil {
		return opts, apierrors.NewBadRequest(err.Error())
	}
	at := field.NewPath("resourceVersionMatch")
	switch match := opts.ResourceVersionMatch; {
	case match != "" && opts.ResourceVersion == "" && (opts.SendInitialEvents == nil || match != metav1.ResourceVersionMatchNotOlderThan):
		return opts, apierrors.NewInvalid(listOptionsKind(), "", field.ErrorList{
			field.Forbidden(at, "resourceVersionMatch is forbidden unless resourceVersion is provided"),
		})
	case match != "" && match != metav1.ResourceVersionMatchExact && match != metav1.ResourceVersionMatchNotOlderThan:
		return opts, apierrors.NewInvalid(listOptionsKind(), "", field.ErrorList{
			field.NotSupported(at, match, []metav1.ResourceVersionMatch{metav1.ResourceVersionMatchExact, metav1.ResourceVersionMatchNotOlderThan, ""}),
		})
	}
	return opts, nil
}

// selector returns what tells the objects that a list or watch is about.
func (k *call) selector(opts metav1.ListOptions) (func(store.Object) bool, error) {
	byLabel, err := labels.Parse(opts.LabelSelector)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	byField, err := fields.ParseSelector(opts.FieldSelector)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	for _, r := range byField.Requirements() {
		if !k.selectable(r.Field) {
			text := "field label not supported: " + r.Field
			if selectableFields(k.resource.Storage()) == nil {
				text = fmt.Sprintf("%q is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", r.Field)
			}
			return nil, apierrors.NewBadRequest(text)
		}
	}
	name := k.Name // a watch of one object
	return func(o store.Object) bool {
		return (name == "" || o.GetName() == name) &&
			byLabel.Matches(labels.Set(o.GetLabels())) && byField.Matches(fieldSet{o})
	}, nil
}

// selectable reports whether a field can be selected by.
func (k *call) selectable(name string) bool {
	if name == "metadata.name" || (name == "metadata.namespace" && k.resource.Namespaced) {
		return true
	}
	return slices.Contains(selectableFields(k.resource.Storage()), name)
}

// selectableFields are those of built-in resources beside name and namespace.
// Source: the AddFieldLabelConversionFunc calls of k8s.io/kubernetes, release 1.36.
func selectableFields(storage string) []string {
	switch storage {
	case "pods":
		return []string{
			"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
			"status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
		}
	case "nodes":
		return []string{"spec.unschedulable"}
	case "namespaces":
		return []string{"status.phase"}
	case "secrets":
		return []string{"type"}
	case "services":
		return []string{"spec.clusterIP", "spec.type"}
	case "events":
		return []string{
			"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
			"involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
			"reason", "reportingComponent", "source", "type",
		}
	case "jobs.batch":
		return []string{"status.successful"}
	case "replicasets.apps":
		return []string{"status.replicas"}
	case "replicationcontrollers":
		return []string{"status.replicas"}
	case "certificatesigningrequests.certificates.k8s.io":
		return []string{"spec.signerName"}
	}
	return nil
}

// fieldSet shows the fields of an object to a selector.
type fieldSet struct{ o store.Object }

func (f fieldSet) Has(name string) bool { return f.Get(name) != "" }

func (f fieldSet) Get(name string) string {
	switch name {
	case "source":
		name = "source.component"
	case "status.successful":
		name = "status.succeeded"
	}
	var path []string
	start := 0
	for i := range name {
		if name[i] == '.' {
			path, start = append(path, name[start:i]), i+1
		}
	}
	v, ok, err := unstructured.NestedFieldNoCopy(f.o.Object, append(path, name[start:])...)
	if !ok || err != nil || v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

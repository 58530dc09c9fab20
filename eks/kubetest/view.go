package kubetest

import (
	"fmt"
	"maps"
	"mime"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/types"
)

// view is how a client wants to see objects.
type view struct {
	as     string // "", "PartialObjectMetadata" or "Table"
	rows   string // of a table: what stands in each row's object: "Metadata", "Object" or "None"
	accept string
	now    time.Time
}

// view is what the Accept header asks for: the first of its choices that is
// JSON. A client that accepts only something else gets JSON all the same, which
// it can tell by its Content-Type.
func (k *call) view() view {
	v := view{now: k.now, rows: k.http.URL.Query().Get("includeObject")}
	for choice := range strings.SplitSeq(strings.Join(k.http.Header.Values("Accept"), ","), ",") {
		kind, params, err := mime.ParseMediaType(choice)
		if err != nil || (kind != "application/json" && kind != "*/*") {
			continue
		}
		switch as := strings.TrimSuffix(params["as"], "List"); as {
		case "":
			return v
		case "PartialObjectMetadata", "Table":
			v.as, v.accept = as, strings.TrimSpace(choice)
			return v
		}
	}
	return v
}

// mediaType is that of the answer.
func (v view) mediaType() string {
	if v.as == "" {
		return ""
	}
	return v.accept
}

// object shows one object.
func (v view) object(r *catalog.Resource, o store.Object) any {
	switch v.as {
	case "PartialObjectMetadata":
		return partial(o, true)
	case "Table":
		return v.table(r, []store.Object{o}, metav1.ListMeta{ResourceVersion: o.GetResourceVersion()})
	}
	return types.WireKind(r, o).Object
}

// list shows a list of objects.
func (v view) list(r *catalog.Resource, items []store.Object, meta metav1.ListMeta) any {
	out := make([]any, len(items))
	kind, version := r.ListKind(), r.GroupVersion().String()
	switch v.as {
	case "Table":
		return v.table(r, items, meta)
	case "PartialObjectMetadata":
		kind, version = "PartialObjectMetadataList", "meta.k8s.io/v1"
		if len(items) == 0 {
			out = nil
		}
		for i, o := range items {
			out[i] = partial(o, true)
		}
	default:
		for i, o := range items {
			out[i] = element(r, o)
		}
	}
	return map[string]any{"kind": kind, "apiVersion": version, "metadata": meta, "items": out}
}

// element is an object within a list, where built-in ones show no kind.
func element(r *catalog.Resource, o store.Object) map[string]any {
	if r.Custom != nil {
		return types.WireKind(r, o).Object
	}
	fields := maps.Clone(o.Object)
	delete(fields, "kind")
	delete(fields, "apiVersion")
	return fields
}

// partial shows the metadata of an object and nothing else.
func partial(o store.Object, kind bool) map[string]any {
	p := map[string]any{"metadata": o.Object["metadata"]}
	if kind {
		p["kind"], p["apiVersion"] = "PartialObjectMetadata", "meta.k8s.io/v1"
	}
	return p
}

// table shows objects as rows of name and age, which all kinds have.
func (v view) table(r *catalog.Resource, items []store.Object, meta metav1.ListMeta) metav1.Table {
	t := metav1.Table{
		TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"},
		ListMeta: meta,
		ColumnDefinitions: []metav1.TableColumnDefinition{
			{Name: "Name", Type: "string", Format: "name", Description: "Name must be unique within a namespace."},
			{Name: "Age", Type: "string", Description: "CreationTimestamp is a timestamp representing the server time when this object was created."},
		},
		Rows: []metav1.TableRow{},
	}
	for _, o := range items {
		row := metav1.TableRow{Cells: []any{o.GetName(), age(o, v.now)}}
		switch v.rows {
		case "None":
		case "Object":
			row.Object.Object = types.WireKind(r, o)
		default:
			row.Object.Raw = rawJSON(partial(o, true))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func age(o store.Object, now time.Time) string {
	made := o.GetCreationTimestamp()
	if made.IsZero() {
		return "<unknown>"
	}
	return fmt.Sprint(duration.HumanDuration(now.Sub(made.Time)))
}

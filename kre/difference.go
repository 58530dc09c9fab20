package kre

import (
	"cmp"
	"reflect"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/kre/internal/manifest"
	"github.com/mettel-automation/delivery/kre/internal/mask"
)

// keepPolicy is the annotation that keeps an object when its release does without it.
// Source: helm.sh, "Chart Development Tips and Tricks".
const keepPolicy = "helm.sh/resource-policy"

// lost is what goes with an object of a kind.
var lost = map[string]string{
	"CustomResourceDefinition": "all objects of its kind go with it",
	"Namespace":                "all that is in it goes with it",
	"PersistentVolumeClaim":    "its data goes with it, unless the storage class retains it",
}

// difference tells which objects are created, updated and deleted, sorted by kind,
// namespace and name, with what hidden knows left out. Notes are said of the objects
// after.
func difference(before, after []manifest.Object, hidden mask.Mask, notes map[manifest.Key]string) []ObjectChange {
	old := make(map[manifest.Key]manifest.Object, len(before))
	for _, o := range before {
		old[o.Key()] = o
	}
	var out []ObjectChange
	for _, o := range after {
		was, existed := old[o.Key()]
		delete(old, o.Key())
		switch {
		case !existed:
			out = append(out, objectChange(Create, o, hidden, manifest.Unified("", text(hidden.Object(o.Object, nil, false))), notes[o.Key()]))
		case !reflect.DeepEqual(was.Object, o.Object):
			diff := manifest.Unified(text(hidden.Object(was.Object, o.Object, false)), text(hidden.Object(o.Object, was.Object, true)))
			out = append(out, objectChange(Update, o, hidden, diff, notes[o.Key()]))
		}
	}
	for _, o := range before {
		if _, gone := old[o.Key()]; !gone {
			continue
		}
		note := ""
		switch {
		case o.GetAnnotations()[keepPolicy] == "keep":
			note = "stays in the cluster, by its " + keepPolicy
		case o.Hook != "":
			note = "is not applied any more"
		default:
			note = lost[o.GetKind()]
		}
		out = append(out, objectChange(Delete, o, hidden, "", note))
	}
	slices.SortStableFunc(out, func(a, b ObjectChange) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Hook, b.Hook))
	})
	return out
}

func objectChange(action Action, o manifest.Object, hidden mask.Mask, diff, note string) ObjectChange {
	return ObjectChange{
		Action: action, APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: hidden.Text(o.GetName()),
		Hook: o.Hook, Diff: diff, Note: note,
	}
}

// text is an object as people read it: YAML with sorted keys.
func text(object map[string]any) string {
	out, err := yaml.Marshal(object)
	if err != nil { // what was read from YAML can be written
		return err.Error()
	}
	return string(out)
}

// parseCRDs reads the files of crds folders.
func parseCRDs(files []helm.File) ([]manifest.Object, error) {
	var out []manifest.Object
	for _, f := range files {
		found, err := manifest.Parse(string(f.Data))
		if err != nil {
			return nil, &RenderError{File: f.Name, Err: err}
		}
		for i := range found {
			found[i].Source = f.Name
		}
		out = append(out, found...)
	}
	return out, nil
}

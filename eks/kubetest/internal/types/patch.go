package types

import (
	"fmt"
	"net/http"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kinds "k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
)

// maxOperations is the most that one JSON patch may hold.
// Source: maxJSONPatchOperations of k8s.io/apiserver.
const maxOperations = 10_000

// Patch returns the JSON of live after a JSON patch, a merge patch or a
// strategic merge patch; the last is only for types that have Go types.
func (t *Types) Patch(r *catalog.Resource, live Object, kind kinds.PatchType, body []byte) ([]byte, error) {
	current, err := JSONOf(live)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	switch {
	case kind == kinds.JSONPatchType:
		return jsonPatch(current, body)
	case kind == kinds.MergePatchType:
		patched, err := jsonpatch.MergePatch(current, body)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		return patched, nil
	case kind == kinds.StrategicMergePatchType && t.Knows(r.GroupVersionKind):
		return t.strategic(r, current, body)
	}
	if r.Custom != nil {
		return nil, unsupportedMediaType([]string{string(kinds.JSONPatchType), string(kinds.MergePatchType), string(kinds.ApplyYAMLPatchType)})
	}
	return nil, &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnsupportedMediaType, Reason: metav1.StatusReasonUnsupportedMediaType,
		Message: "415: Unsupported Media Type", Details: &metav1.StatusDetails{},
	}}
}

func jsonPatch(current, body []byte) ([]byte, error) {
	patch, err := jsonpatch.DecodePatch(body)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if len(patch) > maxOperations {
		return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
			"The allowed maximum operations in a JSON patch is %d, got %d", maxOperations, len(patch)))
	}
	patched, err := patch.Apply(current)
	if err != nil {
		return nil, apierrors.NewGenericServerResponse(422, "", schema.GroupResource{}, "", err.Error(), 0, false)
	}
	return patched, nil
}

func (t *Types) strategic(r *catalog.Resource, current, body []byte) ([]byte, error) {
	shape, err := t.scheme.New(r.GroupVersionKind)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	var original, patch map[string]any
	if err := json.Unmarshal(current, &original); err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	if err := json.Unmarshal(body, &patch); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	merged, err := strategicpatch.StrategicMergeMapPatch(original, patch, shape)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return json.Marshal(merged)
}

package kubetest

import (
	"fmt"
	"net/http"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kinds "k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// subresource answers a call for a part of an object other than its status.
func (c *Cluster) subresource(k *call) (answer, error) {
	switch k.Subresource {
	case "finalize":
		data, err := c.registry.Types.JSON(k.body, k.mediaType())
		if err != nil {
			return answer{}, err
		}
		return k.one(c.registry.Finalize(k.request(), data))
	case "scale":
		return c.scale(k)
	case "eviction":
		return c.evict(k)
	case "log":
		if _, err := c.registry.Get(k.request()); err != nil {
			return answer{}, err
		}
		return answer{code: http.StatusOK, text: c.control.Log(k.Namespace, k.Name), mediaType: "text/plain"}, nil
	case "token":
		return c.token(k)
	case "approval", "ephemeralcontainers", "resize":
		whole := *k
		whole.Subresource = ""
		return c.verb(&whole)
	}
	return answer{}, &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotImplemented, Reason: metav1.StatusReasonMethodNotAllowed,
		Message: fmt.Sprintf("%s/%s is not served: no container runs in this cluster", k.Resource, k.Subresource),
	}}
}

// scale shows or sets how many replicas an object wants.
func (c *Cluster) scale(k *call) (answer, error) {
	whole := *k
	whole.Subresource = ""
	live, err := c.registry.Get(whole.request())
	if err != nil {
		return answer{}, err
	}
	if k.Verb == "get" {
		return okay(scaleOf(k, live)), nil
	}
	data, err := c.scaleBody(k, live)
	if err != nil {
		return answer{}, err
	}
	var wanted autoscalingv1.Scale
	if err := json.Unmarshal(data, &wanted); err != nil {
		return answer{}, apierrors.NewBadRequest(err.Error())
	}
	if n := wanted.Spec.Replicas; n < 0 {
		return answer{}, apierrors.NewBadRequest(fmt.Sprintf("spec.replicas: Invalid value: %d: must be greater than or equal to 0", n))
	}
	merge, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": wanted.ResourceVersion}, "spec": map[string]any{"replicas": wanted.Spec.Replicas},
	})
	if err != nil {
		return answer{}, err
	}
	o, _, err := c.registry.Patch(whole.request(), kinds.MergePatchType, merge)
	if err != nil {
		return answer{}, err
	}
	return okay(scaleOf(k, o)), nil
}

// scaleBody is the scale that an update or patch wants.
func (c *Cluster) scaleBody(k *call, live store.Object) ([]byte, error) {
	if k.Verb == "update" {
		return c.registry.Types.JSON(k.body, k.mediaType())
	}
	text, err := json.Marshal(scaleOf(k, live))
	if err != nil {
		return nil, err
	}
	shown := &unstructured.Unstructured{}
	if err := shown.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	r := *k.resource
	r.GroupVersionKind = autoscalingv1.SchemeGroupVersion.WithKind("Scale")
	return c.registry.Types.Patch(&r, shown, kinds.PatchType(k.mediaType()), k.body)
}

func scaleOf(k *call, o store.Object) autoscalingv1.Scale {
	specPath, statusPath := []string{"spec", "replicas"}, []string{"status", "replicas"}
	want, _, _ := unstructured.NestedInt64(o.Object, specPath...)
	have, _, _ := unstructured.NestedInt64(o.Object, statusPath...)
	s := autoscalingv1.Scale{
		TypeMeta: metav1.TypeMeta{Kind: "Scale", APIVersion: "autoscaling/v1"},
		ObjectMeta: metav1.ObjectMeta{
			Name: o.GetName(), Namespace: o.GetNamespace(), UID: o.GetUID(),
			ResourceVersion: o.GetResourceVersion(), CreationTimestamp: o.GetCreationTimestamp(),
		},
		Spec: autoscalingv1.ScaleSpec{Replicas: int32(want)}, Status: autoscalingv1.ScaleStatus{Replicas: int32(have)},
	}
	var selector metav1.LabelSelector
	if m, ok, _ := unstructured.NestedMap(o.Object, "spec", "selector"); ok && k.resource.Custom == nil {
		if text, err := json.Marshal(m); err == nil && json.Unmarshal(text, &selector) == nil {
			s.Status.Selector = metav1.FormatLabelSelector(&selector)
		}
	}
	return s
}

// evict deletes a pod. Disruption budgets are not looked at.
func (c *Cluster) evict(k *call) (answer, error) {
	var e policyv1.Eviction
	data, err := c.registry.Types.JSON(k.body, k.mediaType())
	if err != nil {
		return answer{}, err
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return answer{}, apierrors.NewBadRequest(err.Error())
	}
	opts := metav1.DeleteOptions{}
	if e.DeleteOptions != nil {
		opts = *e.DeleteOptions
	}
	whole := *k
	whole.Subresource = ""
	if _, _, err := c.registry.Delete(whole.request(), opts); err != nil {
		return answer{}, err
	}
	return answer{code: http.StatusCreated, value: metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess,
	}}, nil
}

// token answers with a token that looks like one and proves nothing.
func (c *Cluster) token(k *call) (answer, error) {
	whole := *k
	whole.Subresource = ""
	if _, err := c.registry.Get(whole.request()); err != nil {
		return answer{}, err
	}
	data, err := c.registry.Types.JSON(k.body, k.mediaType())
	if err != nil {
		return answer{}, err
	}
	var r authenticationv1.TokenRequest
	if err := json.Unmarshal(data, &r); err != nil {
		return answer{}, apierrors.NewBadRequest(err.Error())
	}
	seconds := int64(3600)
	if r.Spec.ExpirationSeconds != nil {
		seconds = *r.Spec.ExpirationSeconds
	}
	r.Status.Token = "kubetest." + k.Namespace + "." + k.Name
	r.Status.ExpirationTimestamp = metav1.NewTime(k.now.Add(time.Duration(seconds) * time.Second))
	return answer{code: http.StatusCreated, value: r}, nil
}

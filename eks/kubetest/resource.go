package kubetest

import (
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kinds "k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// serveResource answers a call for a resource.
func (c *Cluster) serveResource(k *call) (answer, error) {
	r := k.resource
	verbs := r.Verbs
	if k.Subresource != "" {
		sub := r.Subresource(k.Subresource)
		if sub == nil {
			return c.unknown(k)
		}
		verbs = sub.Verbs
	}
	everywhere := k.Verb == "list" || k.Verb == "watch"
	named := k.Verb == "update" || k.Verb == "patch"
	switch {
	case !slices.Contains(verbs, k.Verb), r.Namespaced && k.Namespace == "" && !everywhere, k.Name == "" && named:
		return unsupported()
	case r.Virtual():
		return c.review(k)
	case k.Subresource != "" && k.Subresource != "status":
		return c.subresource(k)
	}
	return c.verb(k)
}

// verb answers a call for an object, a list of them, or the status of one.
func (c *Cluster) verb(k *call) (answer, error) {
	switch k.Verb {
	case "get":
		return k.one(c.registry.Get(k.request()))
	case "list":
		return c.list(k)
	case "watch":
		return c.watch(k)
	case "create":
		return c.create(k)
	case "update":
		return c.update(k)
	case "patch":
		return c.patch(k)
	case "delete":
		return c.delete(k)
	}
	return c.deleteCollection(k)
}

// one is the answer that shows an object.
func (k *call) one(o store.Object, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return k.shown(http.StatusOK, o), nil
}

func (c *Cluster) create(k *call) (answer, error) {
	data, err := c.registry.Types.JSON(k.body, k.mediaType())
	if err != nil {
		return answer{}, err
	}
	if k.Name != "" {
		return unsupported()
	}
	if err := c.confirm(k, data); err != nil {
		return answer{}, err
	}
	o, err := c.registry.Create(k.request(), data)
	if err != nil {
		return answer{}, err
	}
	k.Name = o.GetName()
	return k.shown(http.StatusCreated, o), nil
}

func (c *Cluster) update(k *call) (answer, error) {
	data, err := c.registry.Types.JSON(k.body, k.mediaType())
	if err != nil {
		return answer{}, err
	}
	if err := c.confirm(k, data); err != nil {
		return answer{}, err
	}
	return k.one(c.registry.Update(k.request(), data))
}

func (c *Cluster) patch(k *call) (answer, error) {
	o, created, err := c.registry.Patch(k.request(), kinds.PatchType(k.mediaType()), k.body)
	if err != nil {
		return answer{}, err
	}
	code := http.StatusOK
	if created {
		code = http.StatusCreated
	}
	return k.shown(code, o), nil
}

// deleteOptions are those of the body, or of the query where there is none.
func (c *Cluster) deleteOptions(k *call) (metav1.DeleteOptions, error) {
	var opts metav1.DeleteOptions
	if len(k.body) > 0 {
		data, err := c.registry.Types.JSON(k.body, k.mediaType())
		if err != nil {
			return opts, err
		}
		if err := json.Unmarshal(data, &opts); err != nil {
			return opts, apierrors.NewBadRequest(err.Error())
		}
	} else if err := metav1.Convert_url_Values_To_v1_DeleteOptions(new(k.http.URL.Query()), &opts, nil); err != nil {
		return opts, apierrors.NewBadRequest(err.Error())
	}
	//nolint:staticcheck // deprecated, and still understood by every server
	if orphan := opts.OrphanDependents; orphan != nil && opts.PropagationPolicy == nil {
		policy := metav1.DeletePropagationBackground
		if *orphan {
			policy = metav1.DeletePropagationOrphan
		}
		opts.OrphanDependents, opts.PropagationPolicy = nil, &policy
	}
	k.DryRun = k.DryRun || slices.Contains(opts.DryRun, metav1.DryRunAll)
	return opts, nil
}

func (c *Cluster) delete(k *call) (answer, error) {
	opts, err := c.deleteOptions(k)
	if err != nil {
		return answer{}, err
	}
	o, gone, err := c.registry.Delete(k.request(), opts)
	if err != nil {
		return answer{}, err
	}
	if !gone || k.resource.ReturnsDeleted {
		return k.shown(http.StatusOK, o), nil
	}
	r := k.resource
	return answer{code: http.StatusOK, value: metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusSuccess,
		Details:  &metav1.StatusDetails{Name: o.GetName(), Group: r.Group, Kind: r.Plural, UID: o.GetUID()},
	}}, nil
}

func (c *Cluster) deleteCollection(k *call) (answer, error) {
	opts, err := c.deleteOptions(k)
	if err != nil {
		return answer{}, err
	}
	page, err := c.find(k)
	if err != nil {
		return answer{}, err
	}
	for _, o := range page.items {
		q := k.request()
		q.Namespace, q.Name = o.GetNamespace(), o.GetName()
		if _, _, err := c.registry.Delete(q, opts); err != nil && !apierrors.IsNotFound(err) {
			return answer{}, err
		}
	}
	return k.listed(page), nil
}

package kubetest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// page is a part of a list.
type page struct {
	items     []store.Object
	revision  uint64
	next      string // token of the page after it
	remaining int
	countable bool // no selector makes it hard to say how many remain
}

// token is where a list goes on.
type token struct {
	Revision uint64 `json:"rv"`
	After    string `json:"start"`
}

func (c *Cluster) list(k *call) (answer, error) {
	p, err := c.find(k)
	if err != nil {
		return answer{}, err
	}
	return k.listed(p), nil
}

// find returns the objects that a list, or the deletion of a collection, is about.
func (c *Cluster) find(k *call) (page, error) {
	opts, err := k.listOptions()
	if err != nil {
		return page{}, err
	}
	match, err := k.selector(opts)
	if err != nil {
		return page{}, err
	}
	at, after, err := c.listPosition(opts)
	if err != nil {
		return page{}, err
	}
	namespace := ""
	if k.resource.Namespaced {
		namespace = k.Namespace
	}
	objects, err := c.registry.Store.ListAt(k.resource.Storage(), namespace, at)
	if err != nil {
		return page{}, gone(err, at)
	}
	p := page{revision: at, countable: opts.LabelSelector == "" && opts.FieldSelector == ""}
	for _, o := range objects {
		if !match(o) || (after != "" && place(o) <= after) {
			continue
		}
		if opts.Limit > 0 && int64(len(p.items)) == opts.Limit {
			p.remaining++
			continue
		}
		p.items = append(p.items, o)
	}
	if p.remaining > 0 {
		text, err := json.Marshal(token{at, place(p.items[len(p.items)-1])})
		if err != nil {
			return page{}, apierrors.NewInternalError(err)
		}
		p.next = base64.RawURLEncoding.EncodeToString(text)
	}
	return p, nil
}

// place orders the objects of a resource.
func place(o store.Object) string { return o.GetNamespace() + "\x00" + o.GetName() }

// listPosition is the revision that a list shows, and the last object of the page before.
func (c *Cluster) listPosition(opts metav1.ListOptions) (revision uint64, after string, _ error) {
	now := c.registry.Store.Revision()
	if opts.Continue != "" {
		var t token
		text, err := base64.RawURLEncoding.DecodeString(opts.Continue)
		if err == nil {
			err = json.Unmarshal(text, &t)
		}
		if err != nil || t.Revision == 0 {
			return 0, "", apierrors.NewBadRequest("invalid continue token: continue key is not valid: " + fmt.Sprint(err))
		}
		return t.Revision, t.After, nil
	}
	if opts.ResourceVersion == "" || opts.ResourceVersion == "0" {
		return now, "", nil
	}
	wanted, err := parseRevision(opts.ResourceVersion)
	if err != nil {
		return 0, "", err
	}
	if wanted > now {
		return 0, "", tooLarge(wanted, now)
	}
	if opts.ResourceVersionMatch == metav1.ResourceVersionMatchExact {
		return wanted, "", nil
	}
	return now, "", nil
}

func parseRevision(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, apierrors.NewBadRequest("invalid resource version: " + field.Invalid(field.NewPath("resourceVersion"), text, err.Error()).Error())
	}
	return n, nil
}

// tooLarge is what a list or watch hears that asks for the future.
func tooLarge(wanted, now uint64) error {
	err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", wanted, now), 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version"}}
	return err
}

// gone is what a list or watch hears that asks for a past that is forgotten.
func gone(err error, revision uint64) error {
	if errors.Is(err, store.ErrCompacted) {
		return apierrors.NewResourceExpired(fmt.Sprintf("The provided resource version %d is too old: the history before it is gone", revision))
	}
	return apierrors.NewInternalError(err)
}

// listed is the answer that shows a page.
func (k *call) listed(p page) answer {
	meta := metav1.ListMeta{ResourceVersion: strconv.FormatUint(p.revision, 10), Continue: p.next}
	if p.next != "" && p.countable {
		n := int64(p.remaining)
		meta.RemainingItemCount = &n
	}
	return answer{code: http.StatusOK, value: k.view().list(k.resource, p.items, meta), mediaType: k.view().mediaType()}
}

// shown is the answer that shows one object.
func (k *call) shown(code int, o store.Object) answer {
	return answer{code: code, value: k.view().object(k.resource, o), mediaType: k.view().mediaType()}
}

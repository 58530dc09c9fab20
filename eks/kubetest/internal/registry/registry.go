// Package registry does what the generic registry of an API server does: it
// creates, changes and deletes objects by the rules that all of them share, and
// by those of their kind.
package registry

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kinds "k8s.io/apimachinery/pkg/types"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/types"
)

// Object is an object in its wire form.
type Object = store.Object

// Registry holds the objects of all resources. It is not safe for concurrent use.
type Registry struct {
	Catalog *catalog.Catalog
	Types   *types.Types
	Store   *store.Store

	names   *rand.Rand // always of the same seed, so that runs are alike
	objects uint64     // numbers what is created
	ips     uint32     // addresses of services given out
	ports   int32      // node ports given out
}

// New returns a Registry of what s holds.
func New(c *catalog.Catalog, t *types.Types, s *store.Store) *Registry {
	return &Registry{Catalog: c, Types: t, Store: s, names: rand.New(rand.NewPCG(1, 2))}
}

// Request says what a write is about.
type Request struct {
	Resource              *catalog.Resource
	Subresource           string
	Namespace, Name       string
	Manager               string // whom managedFields name
	DryRun                bool
	Strict, Ignore, Force bool // of field validation, and of server-side apply
	Now                   time.Time
	Warn                  func(string) // hears of what the server warns; nil is nobody
}

func (q Request) key() store.Key {
	return store.Key{Resource: q.Resource.Storage(), Namespace: q.Namespace, Name: q.Name}
}

func (q Request) warn(format string, args ...any) {
	if q.Warn != nil {
		q.Warn(fmt.Sprintf(format, args...))
	}
}

// Get returns the object that q names.
func (g *Registry) Get(q Request) (Object, error) {
	o := g.Store.Get(q.key())
	if o == nil {
		return nil, apierrors.NewNotFound(q.Resource.GroupResource(), q.Name)
	}
	return types.WireKind(q.Resource, o), nil
}

// decode reads an object and tells what it did not know, as the request wishes.
func (g *Registry) decode(q Request, data []byte) (Object, error) {
	o, unknown, err := g.Types.Decode(q.Resource, data)
	if err != nil || len(unknown) == 0 || q.Ignore {
		return o, err
	}
	if !q.Strict {
		for _, u := range unknown {
			q.warn("%v", u)
		}
		return o, nil
	}
	gvk := q.Resource.GroupVersionKind
	texts := make([]string, len(unknown))
	for i, u := range unknown {
		texts[i] = u.Error()
	}
	return nil, apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: strict decoding error: %s",
		gvk.Kind, gvk.Version, gvk.Kind, strings.Join(texts, ", ")))
}

// uid returns the next identifier of an object.
func (g *Registry) uid() kinds.UID {
	g.objects++
	return kinds.UID(fmt.Sprintf("%08x-0000-4000-8000-%012x", g.names.Uint32(), g.objects))
}

// suffix is what is appended to a generateName, of the letters that the server uses.
func (g *Registry) suffix() string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	b := make([]byte, 5)
	for i := range b {
		b[i] = letters[g.names.IntN(len(letters))]
	}
	return string(b)
}

// stamp is a time as metadata has it, in whole seconds.
func stamp(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }

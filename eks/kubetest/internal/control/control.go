// Package control is what brings the objects of a cluster where they should
// go: the controllers, the scheduler and the kubelets of one that runs no
// container.
//
// Nothing runs by itself: [Manager.CatchUp] does all that was due until a time,
// each at its own time. A controller looks at an object and does the next step;
// what it changes lets others look again.
package control

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kinds "k8s.io/apimachinery/pkg/types"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/registry"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/types"
)

// Timing says how long things take.
type Timing struct {
	React, Schedule, Pull, Ready, Run, Crash, Backoff, Stop, Volume, Balance, Ingress time.Duration
}

// Options say what there is to control, and how.
type Options struct {
	Timing   Timing
	Off      bool // no controller of the controller manager runs, only those of the server itself
	Nodes    int  // with none, pods are never scheduled
	Hostname func(kind, namespace, name string) string
}

// Manager runs the controllers of a cluster. It is not safe for concurrent use.
type Manager struct {
	opts   Options
	reg    *registry.Registry
	now    time.Time
	queue  map[store.Key]due
	serial int                     // numbers what is queued, so that order is kept
	born   map[kinds.UID]birth     // when objects were made, more exactly than they say
	faults map[store.Key]injection // by namespace and name of a workload
	runs   map[kinds.UID]*run      // of pods

	controllers map[string]func(store.Key) // by resource
}

// due is when an object is to be looked at.
type due struct {
	at     time.Time
	serial int
}

type birth struct {
	at     time.Time
	serial int
}

// New returns a Manager of what reg holds.
func New(reg *registry.Registry, opts Options) *Manager {
	m := &Manager{
		opts: opts, reg: reg, queue: make(map[store.Key]due), born: make(map[kinds.UID]birth),
		faults: make(map[store.Key]injection), runs: make(map[kinds.UID]*run),
	}
	m.controllers = map[string]func(store.Key){
		"namespaces":                  m.namespace,
		"deployments.apps":            m.deployment,
		"replicasets.apps":            m.replicaSet,
		"statefulsets.apps":           m.statefulSet,
		"daemonsets.apps":             m.daemonSet,
		"jobs.batch":                  m.job,
		"pods":                        m.pod,
		"persistentvolumeclaims":      m.claim,
		"persistentvolumes":           m.volume,
		"services":                    m.service,
		"ingresses.networking.k8s.io": m.ingress,
	}
	return m
}

// Changed hears of each write, and lets those look at it whom it concerns.
func (m *Manager) Changed(c store.Change) {
	o := c.After
	if o == nil {
		o = c.Before
		m.forget(o.GetUID())
		m.dependents(o.GetUID(), m.soon)
	} else if _, known := m.born[o.GetUID()]; !known {
		m.serial++
		m.born[o.GetUID()] = birth{m.now, m.serial}
	}
	m.soon(c.Key)
	m.owners(o)
	if ns := m.reg.Namespace(c.Key.Namespace); c.Key.Namespace != "" && ns != nil && ns.GetDeletionTimestamp() != nil {
		m.soon(store.Key{Resource: "namespaces", Name: c.Key.Namespace})
	}
	m.others(c)
}

// owners lets those look that own an object, and those that own them: a
// Deployment that recreates its pods waits for the last of them.
func (m *Manager) owners(o store.Object) {
	for _, ref := range o.GetOwnerReferences() {
		if k, ok := m.owner(o.GetNamespace(), ref); ok {
			m.soon(k)
			if owner := m.reg.Store.Get(k); owner != nil && k.Resource == "replicasets.apps" {
				m.owners(owner)
			}
		}
	}
}

// others lets those look that depend on an object without owning it.
func (m *Manager) others(c store.Change) {
	var waiting []string
	switch c.Key.Resource {
	case "configmaps", "secrets":
		waiting = []string{"pods"}
	case "persistentvolumeclaims":
		waiting = []string{"pods", "persistentvolumes"}
	case "pods":
		waiting = []string{"persistentvolumeclaims"}
	case "persistentvolumes", "storageclasses.storage.k8s.io":
		waiting = []string{"persistentvolumeclaims"}
	case "nodes":
		waiting = []string{"pods", "daemonsets.apps"}
	}
	for _, resource := range waiting {
		namespace := c.Key.Namespace
		if resource == "persistentvolumes" {
			namespace = ""
		}
		for _, o := range m.reg.Store.List(resource, namespace) {
			if unsettled(o) {
				m.soon(keyOf(resource, o))
			}
		}
	}
	if r := m.reg.Catalog.Stored(c.Key.Resource); c.After == nil && r != nil && r.Custom != nil {
		m.soon(store.Key{Resource: definitions, Name: c.Key.Resource})
	}
}

// unsettled reports whether an object may be waiting for another.
func unsettled(o store.Object) bool {
	phase := text(o, "status", "phase")
	return o.GetDeletionTimestamp() != nil || (phase != "Running" && phase != "Succeeded")
}

func keyOf(resource string, o store.Object) store.Key {
	return store.Key{Resource: resource, Namespace: o.GetNamespace(), Name: o.GetName()}
}

func (m *Manager) soon(k store.Key) { m.at(k, m.now.Add(m.opts.Timing.React)) }

// at lets the controllers look at an object at a time, or earlier if they are to already.
func (m *Manager) at(k store.Key, t time.Time) {
	if d, ok := m.queue[k]; ok && !t.Before(d.at) {
		return
	}
	m.serial++
	m.queue[k] = due{t, m.serial}
}

// Next is when there is something to do; false is never.
func (m *Manager) Next() (time.Time, bool) {
	k, ok := m.first()
	return m.queue[k].at, ok
}

func (m *Manager) first() (store.Key, bool) {
	var found store.Key
	ok := false
	for k, d := range m.queue {
		if best := m.queue[found]; !ok || cmp.Or(d.at.Compare(best.at), cmp.Compare(d.serial, best.serial)) < 0 {
			found, ok = k, true
		}
	}
	return found, ok
}

// CatchUp does all that was due until now.
func (m *Manager) CatchUp(now time.Time) {
	for {
		k, ok := m.first()
		if !ok || m.queue[k].at.After(now) {
			m.now = now
			return
		}
		if at := m.queue[k].at; at.After(m.now) {
			m.now = at // never back, though times in objects are in whole seconds
		}
		delete(m.queue, k)
		m.look(k)
	}
}

// look does the next step of one object.
func (m *Manager) look(k store.Key) {
	if k.Resource == definitions {
		m.definition(k)
		return
	}
	o := m.reg.Store.Get(k)
	if o == nil || m.opts.Off || m.collect(k, o) {
		return
	}
	if control := m.controllers[k.Resource]; control != nil {
		control(k)
	}
}

// read returns an object as a Go value; nil where it is not there.
func read[T any](m *Manager, k store.Key) *T {
	o := m.reg.Store.Get(k)
	if o == nil {
		return nil
	}
	v, err := types.Into[T](o)
	if err != nil {
		return nil // what cannot be read was refused when it was written
	}
	return v
}

// list returns the objects of a resource as Go values.
func list[T any](m *Manager, resource, namespace string) []*T {
	var out []*T
	for _, o := range m.reg.Store.List(resource, namespace) {
		if v, err := types.Into[T](o); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// modify lets do change an object, and stores it if that made a difference.
func modify[T any](m *Manager, k store.Key, do func(*T)) {
	live := m.reg.Store.Get(k)
	if live == nil {
		return
	}
	next := live.DeepCopy()
	if types.Change(next, do) == nil && !reflect.DeepEqual(live.Object, next.Object) {
		m.reg.Store.Put(k, next)
	}
}

// create makes an object from a Go value, as the API server would. What the
// server refuses, as in a namespace that ends, is not made.
func (m *Manager) create(resource string, v metav1.Object) {
	r := m.reg.Catalog.Stored(resource)
	data, err := json.Marshal(v)
	if err != nil {
		return
	}
	fields := make(map[string]any)
	if json.Unmarshal(data, &fields) != nil {
		return
	}
	fields["apiVersion"], fields["kind"] = r.GroupVersion().String(), r.Kind
	if data, err = json.Marshal(fields); err != nil {
		return
	}
	q := registry.Request{Resource: r, Namespace: v.GetNamespace(), Manager: "kube-controller-manager", Now: m.now}
	_, _ = m.reg.Create(q, data)
}

// remove deletes an object in the background.
func (m *Manager) remove(k store.Key) {
	policy := metav1.DeletePropagationBackground
	q := registry.Request{Resource: m.reg.Catalog.Stored(k.Resource), Namespace: k.Namespace, Name: k.Name, Now: m.now}
	_, _, _ = m.reg.Delete(q, metav1.DeleteOptions{PropagationPolicy: &policy}) // gone is as good
}

// dropFinalizer takes a finalizer away, and the object with it when it was the last.
func (m *Manager) dropFinalizer(k store.Key, name string) {
	live := m.reg.Store.Get(k)
	if live == nil || !slices.Contains(live.GetFinalizers(), name) {
		return
	}
	next := live.DeepCopy()
	next.SetFinalizers(slices.DeleteFunc(slices.Clone(live.GetFinalizers()), func(f string) bool { return f == name }))
	grace := next.GetDeletionGracePeriodSeconds()
	if next.GetDeletionTimestamp() != nil && len(next.GetFinalizers()) == 0 && (grace == nil || *grace == 0) {
		m.reg.Store.Delete(k)
		return
	}
	m.reg.Store.Put(k, next)
}

// age is how long ago an object was made.
func (m *Manager) age(o metav1.Object) time.Duration {
	if b, ok := m.born[o.GetUID()]; ok {
		return m.now.Sub(b.at)
	}
	return m.now.Sub(o.GetCreationTimestamp().Time)
}

// all returns the keys of all objects that fit.
func (m *Manager) all(fits func(store.Object) bool) []store.Key {
	var keys []store.Key
	for _, resource := range m.reg.Store.Resources() {
		for _, o := range m.reg.Store.List(resource, "") {
			if fits(o) {
				keys = append(keys, keyOf(resource, o))
			}
		}
	}
	return keys
}

func (m *Manager) stamp() metav1.Time { return metav1.NewTime(m.now.UTC().Truncate(time.Second)) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

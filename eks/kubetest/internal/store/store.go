// Package store keeps objects with their revisions, and the history that
// watches and consistent lists read.
package store

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Object is what is stored. It is shared with whoever reads it, so it must be
// copied before it is changed.
type Object = *unstructured.Unstructured

// Key names an object.
type Key struct {
	Resource  string // "pods", "deployments.apps"
	Namespace string // "" in a cluster-scoped resource
	Name      string
}

func (k Key) String() string {
	if k.Namespace == "" {
		return k.Resource + "/" + k.Name
	}
	return k.Resource + "/" + k.Namespace + "/" + k.Name
}

// Compare orders keys by resource, namespace and name.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Resource, other.Resource), cmp.Compare(k.Namespace, other.Namespace), cmp.Compare(k.Name, other.Name))
}

// Change is one write. Before is nil for a creation, After for a deletion.
type Change struct {
	Revision      uint64
	Key           Key
	Before, After Object
}

// ErrCompacted says that a revision is older than the history that is kept.
var ErrCompacted = errors.New("the provided resource version is too old")

// ErrFuture says that a revision has not been reached yet.
var ErrFuture = errors.New("the provided resource version is in the future")

// kept is the length of the history in changes. The real store keeps five minutes.
const kept = 20_000

// Store holds objects by key. It is not safe for concurrent use.
type Store struct {
	revision  uint64
	compacted uint64 // no change up to this one is in the history
	objects   map[string]map[Key]Object
	history   []Change
	changed   func(Change) // hears of each change; nil is nobody
}

// New returns an empty Store that tells changed of each write.
func New(changed func(Change)) *Store {
	return &Store{revision: 1, compacted: 1, objects: make(map[string]map[Key]Object), changed: changed}
}

// Revision is that of the last write.
func (s *Store) Revision() uint64 { return s.revision }

// Get returns an object, or nil.
func (s *Store) Get(k Key) Object { return s.objects[k.Resource][k] }

// List returns the objects of a resource in a namespace, or in all of them where
// namespace is "", sorted by namespace and name.
func (s *Store) List(resource, namespace string) []Object {
	var keys []Key
	for k := range s.objects[resource] {
		if namespace == "" || k.Namespace == namespace {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, Key.Compare)
	out := make([]Object, len(keys))
	for i, k := range keys {
		out[i] = s.objects[resource][k]
	}
	return out
}

// ListAt is List as it was at a revision.
func (s *Store) ListAt(resource, namespace string, revision uint64) ([]Object, error) {
	if revision == s.revision {
		return s.List(resource, namespace), nil
	}
	changes, err := s.Since(resource, namespace, revision)
	if err != nil {
		return nil, err
	}
	at := make(map[Key]Object)
	for _, o := range s.List(resource, namespace) {
		at[Key{resource, o.GetNamespace(), o.GetName()}] = o
	}
	for _, c := range slices.Backward(changes) {
		if c.Before == nil {
			delete(at, c.Key)
		} else {
			at[c.Key] = c.Before
		}
	}
	out := make([]Object, 0, len(at))
	for _, o := range at {
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return out, nil
}

// Put stores o, which it takes over, and gives it the next revision.
func (s *Store) Put(k Key, o Object) Object {
	before := s.Get(k)
	s.revision++
	o.SetResourceVersion(strconv.FormatUint(s.revision, 10))
	if s.objects[k.Resource] == nil {
		s.objects[k.Resource] = make(map[Key]Object)
	}
	s.objects[k.Resource][k] = o
	s.note(Change{Revision: s.revision, Key: k, Before: before, After: o})
	return o
}

// Delete removes an object and returns it as it was, with the revision of the
// deletion; nil where there is none.
func (s *Store) Delete(k Key) Object {
	before := s.Get(k)
	if before == nil {
		return nil
	}
	s.revision++
	delete(s.objects[k.Resource], k)
	s.note(Change{Revision: s.revision, Key: k, Before: before})
	last := before.DeepCopy()
	last.SetResourceVersion(strconv.FormatUint(s.revision, 10))
	return last
}

// Since returns the changes of a resource after a revision, oldest first.
func (s *Store) Since(resource, namespace string, revision uint64) ([]Change, error) {
	switch {
	case revision < s.compacted:
		return nil, ErrCompacted
	case revision > s.revision:
		return nil, ErrFuture
	}
	start, _ := slices.BinarySearchFunc(s.history, revision+1, func(c Change, r uint64) int { return cmp.Compare(c.Revision, r) })
	var out []Change
	for _, c := range s.history[start:] {
		if c.Key.Resource == resource && (namespace == "" || c.Key.Namespace == namespace) {
			out = append(out, c)
		}
	}
	return out, nil
}

// Compact forgets the history, as the real store does after some minutes.
func (s *Store) Compact() { s.history, s.compacted = nil, s.revision }

func (s *Store) note(c Change) {
	s.history = append(s.history, c)
	if over := len(s.history) - kept; over > kept/10 {
		s.compacted = s.history[over-1].Revision
		s.history = slices.Clone(s.history[over:])
	}
	if s.changed != nil {
		s.changed(c)
	}
}

// Resources are those that hold any object, sorted.
func (s *Store) Resources() []string {
	var names []string
	for name, objects := range s.objects {
		if len(objects) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

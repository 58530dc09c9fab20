package hits

import (
	"maps"
	"slices"
)

// table is a map for keys that mostly come in ascending order, and come again in
// the same order, as the lines and blocks of reports do. Such keys cost a
// comparison each and no hashing. Any other order is right too, and only slower.
type table[K key[K], V any] struct {
	entries []entry[K, V] // each key once, in the order in which the keys came
	index   map[K]int     // of entries; nil as long as they are in ascending order
	last    int           // the entry that was used last
}

type entry[K, V any] struct {
	key   K
	value V
}

type key[K any] interface {
	comparable
	compare(K) int
}

// at returns the value of k, and whether it was known. It is added where it was not.
// The pointer is valid until the next call.
func (t *table[K, V]) at(k K) (value *V, known bool) {
	for i := t.last; i < min(t.last+2, len(t.entries)); i++ {
		if t.entries[i].key == k {
			t.last = i
			return &t.entries[i].value, true
		}
	}
	i, known := t.find(k)
	if !known {
		i = t.add(k)
	}
	t.last = i
	return &t.entries[i].value, known
}

// find returns where k is. Where it is not, and the entries are in order, it
// returns where it would have to be.
func (t *table[K, V]) find(k K) (int, bool) {
	if t.index != nil {
		i, known := t.index[k]
		return i, known
	}
	if n := len(t.entries); n == 0 || t.entries[n-1].key.compare(k) < 0 {
		return n, false
	}
	return slices.BinarySearchFunc(t.entries, k, func(e entry[K, V], k K) int { return e.key.compare(k) })
}

func (t *table[K, V]) add(k K) int {
	n := len(t.entries)
	if t.index == nil && n > 0 && t.entries[n-1].key.compare(k) > 0 {
		t.index = make(map[K]int, 2*n)
		for i := range t.entries {
			t.index[t.entries[i].key] = i
		}
	}
	if t.index != nil {
		t.index[k] = n
	}
	t.entries = append(t.entries, entry[K, V]{key: k})
	return n
}

// all returns the entries in the order in which their keys came. A nil table has none.
func (t *table[K, V]) all() []entry[K, V] {
	if t == nil {
		return nil
	}
	return t.entries
}

// ordered returns the entries in ascending order. They must not be changed.
func (t *table[K, V]) ordered() []entry[K, V] {
	if t == nil || t.index == nil {
		return t.all()
	}
	return slices.SortedFunc(slices.Values(t.entries), func(a, b entry[K, V]) int { return a.key.compare(b.key) })
}

func (t *table[K, V]) clone() *table[K, V] {
	if t == nil {
		return nil
	}
	c := t.copied()
	return &c
}

// copied is clone for a table that is not behind a pointer.
func (t *table[K, V]) copied() table[K, V] {
	return table[K, V]{entries: slices.Clone(t.entries), index: maps.Clone(t.index)}
}

// reset empties t and keeps its memory.
func (t *table[K, V]) reset() {
	if t != nil {
		t.entries, t.index, t.last = t.entries[:0], nil, 0
	}
}

package hits

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTableIsAMap holds tables against maps, with keys in several orders.
func TestTableIsAMap(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	orders := map[string]func(i int) index{
		"ascending":                   func(i int) index { return index(i) },
		"descending":                  func(i int) index { return index(1000 - i) },
		"ascending, again and again":  func(i int) index { return index(i % 50) },
		"ascending, each twice":       func(i int) index { return index(i / 2) },
		"ascending, then between":     func(i int) index { return index(i*7) % 3000 },
		"random":                      func(int) index { return index(rnd.IntN(300)) },
		"random, with large numbers":  func(int) index { return index(rnd.Uint64() >> rnd.IntN(64)) },
		"ascending, but now and then": func(i int) index { return index(i - rnd.IntN(1+i/200*3)) },
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			var table table[index, int]
			model := map[index]int{}
			for i := range 1000 {
				k := order(i)
				v, known := table.at(k)
				if _, want := model[k]; known != want {
					t.Fatalf("key %d: known is %v, want %v", k, known, want)
				}
				*v += i
				model[k] += i
			}
			clone := table.clone()
			table.reset()
			if v, known := table.at(7); known || *v != 0 || len(table.all()) != 1 {
				t.Fatalf("after reset it has %d entries, known %v", len(table.all()), known)
			}
			got := map[index]int{}
			var keys []index
			for _, e := range clone.ordered() {
				got[e.key] = e.value
				keys = append(keys, e.key)
			}
			if d := cmp.Diff(model, got); d != "" {
				t.Errorf("entries (-want +got):\n%s", d)
			}
			if !slices.Equal(keys, slices.Sorted(maps.Keys(model))) {
				t.Error("entries are not in ascending order, each once")
			}
		})
	}
}

package changes

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDamagedPacksAreErrors flips bytes of packs and their indexes: whatever
// comes of it, reading must not panic.
func TestDamagedPacksAreErrors(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 2))
	t.Logf("seed %d", seed) // also shown when it panics
	f := newFixture(t)
	f.history("a:\nb: a\nc: b\nd: a\nmain: c d")
	f.pack()
	want, err := f.diff("a", "main", MergeBase)
	if err != nil {
		t.Fatal(err)
	}
	for _, glob := range []string{"*.pack", "*.idx"} {
		paths, err := filepath.Glob(filepath.Join(f.dir, "objects/pack", glob))
		if err != nil || len(paths) != 1 {
			t.Fatalf("%s: %v, %v", glob, paths, err)
		}
		sound, err := os.ReadFile(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(paths[0], 0o644); err != nil {
			t.Fatal(err)
		}
		failures := 0
		for range 100 {
			damaged := append([]byte(nil), sound...)
			for range 1 + rng.IntN(4) {
				damaged[rng.IntN(len(damaged))] = byte(rng.Uint32())
			}
			if rng.IntN(8) == 0 {
				damaged = damaged[:rng.IntN(len(damaged))]
			}
			writeFile(t, paths[0], string(damaged))
			got, err := f.diff("a", "main", MergeBase)
			if err != nil {
				failures++
			} else if got.Head != want.Head {
				t.Errorf("diff = %s", cmp.Diff(want, got))
			}
		}
		if failures == 0 {
			t.Errorf("seed %d: no damage to %s was noticed", seed, glob)
		}
		writeFile(t, paths[0], string(sound))
	}
}

func TestAnUnreadableIndexStaysAnError(t *testing.T) {
	f := newFixture(t)
	f.history("a:\nmain: a")
	f.pack()
	paths, err := filepath.Glob(filepath.Join(f.dir, "objects/pack/*.idx"))
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	content, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(paths[0], 0o644); err != nil {
		t.Fatal(err)
	}
	content[7] = 1 // the version
	writeFile(t, paths[0], string(content))
	r := f.open()
	for range 2 {
		if _, err := r.Diff(t.Context(), Range{Base: "a", Head: "main"}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("error = %v, want ErrUnsupported", err)
		}
	}
}

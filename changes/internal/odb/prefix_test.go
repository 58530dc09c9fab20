package odb_test

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/odb"
)

func TestPrefix(t *testing.T) {
	rng := seeded(t)
	own, alternate := newObjects(t), newObjects(t)
	own.write("info/alternates", alternate.dir)
	all := map[git.Hash]bool{}
	for i := range 8 {
		o := []objects{own, alternate}[i%2]
		var contents []string
		for range 500 {
			contents = append(contents, fmt.Sprint(rng.IntN(3000))) // so that some are there twice
		}
		slices.Sort(contents)
		hashes, _ := o.packed(slices.Compact(contents)...)
		for _, h := range hashes {
			all[h] = true
		}
		for range 20 {
			all[o.loose(git.Blob, fmt.Sprint(rng.IntN(3000)))] = true
		}
	}
	own.write("0a/something-else", "")
	s := own.open(odb.Options{})
	sorted := slices.SortedFunc(maps.Keys(all), git.Hash.Compare)
	for _, h := range sorted {
		digits := h.String()[:4+rng.IntN(37)]
		var wants []git.Hash
		for _, h := range sorted {
			if strings.HasPrefix(h.String(), digits) {
				wants = append(wants, h)
			}
		}
		if rng.IntN(2) == 0 {
			digits = strings.ToUpper(digits)
		}
		got, err := s.Prefix(digits)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(wants, got); d != "" {
			t.Fatalf("Prefix(%q) (-want +got):\n%s", digits, d)
		}
	}
	for _, digits := range []string{"", "abc", "abcg", "main", "äöü", strings.Repeat("a", 41)} {
		if got, err := s.Prefix(digits); got != nil || err != nil {
			t.Errorf("Prefix(%q) = %v, %v; want none", digits, got, err)
		}
	}
	late, _ := own.packed("a late one")
	if got, err := s.Prefix(hex.EncodeToString(late[0][:10])); err != nil || !slices.Equal(got, late) {
		t.Errorf("Prefix of what came late = %v, %v", got, err)
	}
}

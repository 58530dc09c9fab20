//go:build unix

package pack_test

import (
	"os"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/pack"
	"github.com/mettel-automation/delivery/changes/internal/pack/packtest"
)

// TestCutOffMeanwhile cuts files off that are mapped, which is a fault of
// memory and no error of any call.
func TestCutOffMeanwhile(t *testing.T) {
	for _, ext := range []string{".pack", ".idx"} {
		var w packtest.Writer
		randomObjects(seeded(t), &w, 500)
		idx := w.Write(t, t.TempDir())
		p := open(t, idx)
		var r pack.Reader
		for h := range w.Objects() {
			if _, _, err := read(&r, p, h); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Truncate(strings.TrimSuffix(idx, ".idx")+ext, 100); err != nil {
			t.Fatal(err)
		}
		failures := 0
		for h := range w.Objects() {
			if _, content, err := read(&r, p, h); err != nil {
				failures++
			} else if content != string(w.Objects()[h]) {
				t.Errorf("object %s of a file that was cut off differs", h)
			}
		}
		if failures == 0 {
			t.Errorf("no object of a cut %s failed", ext)
		}
	}
}

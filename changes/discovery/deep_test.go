package discovery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
	"github.com/mettel-automation/delivery/changes/internal/treefs"
)

// deepTree returns a commit's tree with directories nested so deep, all called
// d, each with the same files.
func deepTree(t *testing.T, depth int, files map[string]string) fs.FS {
	t.Helper()
	o := gittest.New()
	marks := ""
	for _, name := range slices.Sorted(maps.Keys(files)) { // all of them before d, as a tree is sorted
		marks += gittest.Entry("100644", name, o.Put(git.Blob, files[name]))
	}
	h := o.Put(git.Tree, marks)
	for range depth {
		h = o.Put(git.Tree, marks+gittest.Entry("40000", "d", h))
	}
	return treefs.New(t.Context(), o, h)
}

func TestADeepTreeIsFound(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"of images":   {"Dockerfile": ""},
		"of packages": {"package.json": `{"name": "x"}`},
		"of both":     {"Dockerfile": "", "package.json": `{"dependencies": {"x": "../../x"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			config, err := Find(t.Context(), deepTree(t, maxDepth, files), Options{})
			if err != nil || len(config.Modules) != maxDepth+1 {
				t.Errorf("%d modules, %.200v; want %d", len(config.Modules), err, maxDepth+1)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			} else {
				t.Log(took)
			}
		})
	}
}

func TestATreeThatIsTooDeepIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		tree    fs.FS
		damaged bool
	}{
		"a commit's":               {deepTree(t, maxDepth+1, nil), true},
		"a commit's, far too deep": {deepTree(t, 20_000, nil), true},
		"another's":                {endless{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := Find(t.Context(), tt.tree, Options{})
			if err == nil || len(config.Modules) > 0 || errors.Is(err, ErrIncomplete) || errors.Is(err, changes.ErrDamaged) != tt.damaged {
				t.Errorf("%d modules, error = %.300v", len(config.Modules), err)
			}
			text := fmt.Sprint(err)
			if len(text) > 300 || !strings.Contains(text, "find modules: read directory d/d/d") || !strings.Contains(text, "nested more than 4096 deep") {
				t.Errorf("error = %.600s", text)
			}
		})
	}
}

// endless has a directory d in every directory.
type endless struct{}

func (endless) Open(string) (fs.File, error) {
	return fstest.MapFS{"d/f": {}}.Open(".")
}

// Workspaces within one another can list more than anyone can wait for.
func TestTheContextEndsWhatTheWalkHasBegun(t *testing.T) {
	tree := deepTree(t, maxDepth, map[string]string{"package.json": `{"workspaces": ["**/[!x]*[!x]/**/x", "**/d"]}`})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	_, err := Find(ctx, tree, Options{})
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > time.Minute {
		t.Errorf("error = %.200v after %v, want that of the context", err, took)
	}
}

package lines_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/lines"
)

// commitFiles writes files into the working tree at root, removes those without
// content, and commits; it returns the commit.
func commitFiles(t *testing.T, repo *git.Repository, root string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil && content == "" {
			err = os.Remove(path)
		} else if err == nil {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tree, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	h, err := tree.Commit("a commit", &git.CommitOptions{Author: &object.Signature{Name: "a", Email: "a@example.org", When: time.Unix(1, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// Both sides are read from one repository, file by file.
func TestChangedInARepository(t *testing.T) {
	root := t.TempDir()
	made, err := git.PlainInit(root, false)
	if err != nil {
		t.Fatal(err)
	}
	first, second := map[string]string{"gone.py": "x\n", "same.py": "x\n"}, map[string]string{"gone.py": "", "new.py": "x\ny\n"}
	want := lines.Lines{"gone.py": {}, "new.py": {{First: 1, Last: 2}}}
	for i := range 50 {
		name, text := fmt.Sprintf("src/%d/%d.py", i%7, i), strings.Repeat("line\n", i)
		first[name], second[name] = text+"old\n"+text, text+fmt.Sprintf("new %d\n", i)+text
		want[name] = []lines.Range{{First: i + 1, Last: i + 1}}
	}
	base := commitFiles(t, made, root, first)
	commitFiles(t, made, root, second)

	repo, err := changes.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := repo.Close(); err != nil {
			t.Error(err)
		}
	}()
	for name, span := range map[string]changes.Range{
		"between commits":          {Base: base, Head: "HEAD"},
		"between commits, direct":  {Base: base, Head: "HEAD", Mode: changes.Direct},
		"up to the working tree":   {Base: base, Head: changes.WorkTree},
		"from a commit, as a hash": {Base: base[:12], Head: "HEAD"},
	} {
		t.Run(name, func(t *testing.T) {
			diff, err := repo.Diff(t.Context(), span)
			if err != nil {
				t.Fatal(err)
			}
			before, err := repo.FS(t.Context(), diff.From)
			if err != nil {
				t.Fatal(err)
			}
			after, err := repo.FS(t.Context(), diff.Head)
			if err != nil {
				t.Fatal(err)
			}
			got, err := lines.Changed(t.Context(), before, after, diff.Files)
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("%v; lines (-want +got):\n%s", err, d)
			}
		})
	}
}

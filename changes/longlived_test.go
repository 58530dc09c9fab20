package changes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestARepositorySeesThatItWasDeepened is what git fetch --unshallow does while
// a Repository is open.
func TestARepositorySeesThatItWasDeepened(t *testing.T) {
	f := newFixture(t)
	c := f.history("a:\nb: a\nmain: b\nother: a")
	f.write("shallow", c["main"].String()+"\n"+c["other"].String()+"\n")
	r := f.open()
	between := Range{Base: "other", Head: "main"}
	if _, err := r.Diff(t.Context(), between); !errors.Is(err, ErrShallow) {
		t.Fatalf("error = %v, want ErrShallow", err)
	}
	if err := os.Remove(filepath.Join(f.dir, "shallow")); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Diff(t.Context(), between); err != nil || got.MergeBase != c["a"].String() {
		t.Errorf("merge base = %q, %v; want a, %s", got.MergeBase, err, c["a"])
	}
	f.write("shallow", "nonsense\n")
	if _, err := r.Diff(t.Context(), between); !errors.Is(err, ErrDamaged) {
		t.Errorf("error = %v, want ErrDamaged", err)
	}
}

// TestAnAncestorBeyondTheCutIsNotCalledRewritten: the merge of a branch that
// left at the root lets the histories meet, but not where the base is.
func TestAnAncestorBeyondTheCutIsNotCalledRewritten(t *testing.T) {
	f := newFixture(t)
	c := f.history("root:\nbase: root\nc: base\nd: c\nside: root\nhead: d side")
	f.write("shallow", c["d"].String()+"\n")
	_, err := f.open().Diff(t.Context(), Range{Base: "base", Head: "head", Ancestor: true})
	if !errors.Is(err, ErrShallow) || errors.Is(err, ErrRewritten) || !strings.Contains(err.Error(), "fetch-depth: 0") {
		t.Errorf("error = %v, want ErrShallow with its remedy", err)
	}
	if got, err := f.open().Diff(t.Context(), Range{Base: "side", Head: "head", Ancestor: true}); err != nil || got.MergeBase != c["side"].String() {
		t.Errorf("of an ancestor that is held: %q, %v", got.MergeBase, err)
	}
	f.write("shallow", "")
	if got, err := f.open().Diff(t.Context(), Range{Base: "base", Head: "head", Ancestor: true}); err != nil || got.MergeBase != c["base"].String() {
		t.Errorf("of a full clone: %q, %v", got.MergeBase, err)
	}
	if _, err := f.open().Diff(t.Context(), Range{Base: "side", Head: "d", Ancestor: true}); !errors.Is(err, ErrRewritten) {
		t.Errorf("error = %v, want ErrRewritten", err)
	}
}

func TestExcludesFileOfTheRepository(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "rules")
	writeFile(t, outside, "new\n")
	tests := map[string]struct {
		value string
		want  []File
		is    error
	}{
		"none":                                 {value: "", want: []File{{Path: "new", Status: Added}, {Path: "rules", Status: Added}}},
		"one that is not there":                {value: "nowhere", want: []File{{Path: "new", Status: Added}, {Path: "rules", Status: Added}}},
		"an absolute path":                     {value: outside, want: []File{{Path: "rules", Status: Added}}},
		"a path relative to the working tree":  {value: "rules", want: []File{}},
		"no file at all":                       {value: os.DevNull, want: []File{{Path: "new", Status: Added}, {Path: "rules", Status: Added}}},
		"a path in a home, which is not known": {value: "~/rules", is: ErrUnsupported},
		"a path in another home, likewise":     {value: "~git/rules", is: ErrUnsupported},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir, f, _ := workTree(t)
			f.write("config", "[core]\n\texcludesFile = \""+strings.ReplaceAll(tt.value, `\`, `\\`)+"\"\n")
			writeFile(t, filepath.Join(dir, "a"), "1")
			writeFile(t, filepath.Join(dir, "new"), "")
			writeFile(t, filepath.Join(dir, "rules"), "new\nrules\n")
			t.Chdir(t.TempDir()) // what is relative has nothing to do with it
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Diff(t.Context(), Range{Base: "main", Head: WorkTree})
			if tt.is != nil {
				if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), "OpenGit") {
					t.Errorf("error = %v, want %v that names OpenGit", err, tt.is)
				}
				return
			}
			if d := cmp.Diff(tt.want, got.Files); err != nil || d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestSeveralFilesystemsAndDiffsInTurn(t *testing.T) {
	f := newFixture(t)
	f.history("a:\nb: a\nmain: b")
	f.pack()
	r := f.open()
	files := map[string]fs.FS{}
	for _, rev := range []string{"a", "b", "main"} {
		var err error
		if files[rev], err = r.FS(t.Context(), rev); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for rev, content := range files {
			if got, err := fs.ReadFile(content, rev); err != nil || string(got) != rev {
				t.Errorf("%s holds %q, %v", rev, got, err)
			}
			if _, err := r.Diff(t.Context(), Range{Base: "a", Head: "main"}); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestARepositoryThatWasNotOpened(t *testing.T) {
	var r Repository
	if _, err := r.Diff(t.Context(), Range{Base: "main"}); !errors.Is(err, ErrNotRepository) {
		t.Errorf("Diff: %v", err)
	}
	for _, rev := range []string{"HEAD", WorkTree} {
		if _, err := r.FS(t.Context(), rev); !errors.Is(err, ErrNotRepository) {
			t.Errorf("FS of %s: %v", rev, err)
		}
	}
	if err := r.Close(); !errors.Is(err, ErrNotRepository) || r.Dir() != "" {
		t.Errorf("Close: %v", err)
	}
}

func TestErrorsSayWhatIsThereOnce(t *testing.T) {
	f := newFixture(t)
	f.history("a:\nmain: a")
	zeros := strings.Repeat("0", 40)
	_, err := f.open().Diff(t.Context(), Range{Base: zeros})
	if err == nil || strings.Count(err.Error(), zeros) != 1 || strings.Count(err.Error(), f.dir) != 1 {
		t.Errorf("error = %v, want base and repository once", err)
	}
	if _, ok := errors.AsType[*RevisionError](err); !ok {
		t.Errorf("error = %v, want a RevisionError within", err)
	}
	f.write("config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n")
	if _, err := Open(f.dir); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "(OpenGit has git read it)") {
		t.Errorf("error = %v, want one that names OpenGit", err)
	}
}

package gitdir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

func write(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		tb.Fatal(err)
	}
}

// tempDir is a directory whose path has no symbolic links.
func tempDir(tb testing.TB) string {
	tb.Helper()
	dir, err := filepath.EvalSymlinks(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

// gitDir makes a Git directory without objects.
func gitDir(tb testing.TB, dir string) {
	tb.Helper()
	write(tb, filepath.Join(dir, "HEAD"), "ref: refs/heads/main\n")
	for _, d := range []string{"objects", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			tb.Fatal(err)
		}
	}
}

func TestDiscover(t *testing.T) {
	tests := map[string]struct {
		prepare func(t *testing.T, root string) // on top of root/work with root/work/.git
		open    string                          // relative to root
		want    Layout                          // relative to root
		tree    string                          // Format.WorkTree, relative to root; "" for none
	}{
		"the root of a working tree": {
			open: "work", want: Layout{"work", "work/.git", "work/.git"}, tree: "work",
		},
		"a directory within": {
			prepare: func(t *testing.T, root string) { write(t, root+"/work/x/y/z", "") },
			open:    "work/x/y", want: Layout{"work", "work/.git", "work/.git"}, tree: "work",
		},
		"a directory with a .git directory that is none": {
			prepare: func(t *testing.T, root string) { write(t, root+"/work/x/.git/info", "") },
			open:    "work/x", want: Layout{"work", "work/.git", "work/.git"}, tree: "work",
		},
		"the .git directory itself": {
			open: "work/.git/refs", want: Layout{"work/.git", "work/.git", "work/.git"},
		},
		"a symbolic link to a working tree": {
			prepare: func(t *testing.T, root string) { link(t, "work", root+"/link") },
			open:    "link", want: Layout{"work", "work/.git", "work/.git"}, tree: "work",
		},
		"a .git that is a symbolic link": {
			prepare: func(t *testing.T, root string) {
				gitDir(t, root+"/elsewhere")
				write(t, root+"/other/file", "")
				link(t, "../elsewhere", root+"/other/.git")
			},
			open: "other", want: Layout{"other", "other/.git", "other/.git"}, tree: "other",
		},
		"a bare repository": {
			prepare: func(t *testing.T, root string) {
				gitDir(t, root+"/bare.git")
				write(t, root+"/bare.git/config", "[core]\n\tbare = true\n")
			},
			open: "bare.git/objects", want: Layout{"bare.git", "bare.git", "bare.git"},
		},
		"a linked worktree": {
			prepare: func(t *testing.T, root string) { linked(t, root, root+"/work/.git/worktrees/linked") },
			open:    "linked", want: Layout{"linked", "work/.git/worktrees/linked", "work/.git"}, tree: "linked",
		},
		"a worktree that is linked by a relative path": {
			prepare: func(t *testing.T, root string) { linked(t, root, "../work/.git/worktrees/linked") },
			open:    "linked", want: Layout{"linked", "work/.git/worktrees/linked", "work/.git"}, tree: "linked",
		},
		"a worktree that is linked to a bare repository": {
			prepare: func(t *testing.T, root string) {
				linked(t, root, root+"/work/.git/worktrees/linked")
				write(t, root+"/work/.git/config", "[core]\n\tbare = true\n\tworktree = ../nowhere\n")
			},
			open: "linked", want: Layout{"linked", "work/.git/worktrees/linked", "work/.git"}, tree: "linked",
		},
		"a worktree with a config of its own": {
			prepare: func(t *testing.T, root string) {
				linked(t, root, root+"/work/.git/worktrees/linked")
				write(t, root+"/work/.git/config", "[extensions]\n\tworktreeConfig\n")
				write(t, root+"/work/.git/worktrees/linked/config.worktree", "[core]\n\tbare\n")
			},
			open: "linked", want: Layout{"linked", "work/.git/worktrees/linked", "work/.git"},
		},
		"a submodule": {
			prepare: func(t *testing.T, root string) {
				gitDir(t, root+"/work/.git/modules/sub")
				write(t, root+"/work/.git/modules/sub/config", "[core]\n\tbare = false\n\tworktree = ../../../sub\n")
				write(t, root+"/work/sub/.git", "gitdir: ../.git/modules/sub\n")
			},
			open: "work/sub", want: Layout{"work/sub", "work/.git/modules/sub", "work/.git/modules/sub"}, tree: "work/sub",
		},
		"a .git directory whose core.worktree is elsewhere": {
			prepare: func(t *testing.T, root string) {
				write(t, root+"/work/.git/config", "[core]\n\tworktree = \""+filepath.ToSlash(root)+"/elsewhere\"\n")
			},
			open: "work/.git", want: Layout{"work/.git", "work/.git", "work/.git"}, tree: "elsewhere",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := tempDir(t)
			gitDir(t, filepath.Join(root, "work/.git"))
			if tt.prepare != nil {
				tt.prepare(t, root)
			}
			at := func(p string) string { return filepath.Join(root, filepath.FromSlash(p)) }
			got, err := Discover(at(tt.open))
			want := Layout{at(tt.want.Dir), at(tt.want.GitDir), at(tt.want.CommonDir)}
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Fatalf("%v (-want +got):\n%s", err, d)
			}
			if got.Objects() != filepath.Join(want.CommonDir, "objects") {
				t.Errorf("objects in %s", got.Objects())
			}
			f := mustFormat(t, got)
			if tt.tree != "" {
				tt.tree = at(tt.tree)
			}
			if f.WorkTree != tt.tree {
				t.Errorf("working tree = %q, want %q", f.WorkTree, tt.tree)
			}
		})
	}
}

func mustFormat(t *testing.T, l Layout) Format {
	t.Helper()
	c, err := ReadConfig(l)
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Format()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// linked makes root/linked, a worktree of root/work.
func linked(t *testing.T, root, target string) {
	t.Helper()
	write(t, root+"/linked/.git", "gitdir: "+target+"\n")
	write(t, root+"/work/.git/worktrees/linked/HEAD", "ref: refs/heads/linked\n")
	write(t, root+"/work/.git/worktrees/linked/commondir", "../..\n")
}

func TestDiscoverRefusesWhatIsNoRepository(t *testing.T) {
	empty := tempDir(t)
	write(t, filepath.Join(empty, "file"), "")
	write(t, filepath.Join(empty, "odd/.git"), "not a link")
	write(t, filepath.Join(empty, "moved/.git"), "gitdir: /nowhere/at/all\n")
	write(t, filepath.Join(empty, "half/HEAD"), "ref: refs/heads/main\n")
	tests := map[string]struct {
		path, want string
		is         error
	}{
		"a directory without one":         {empty, "neither it nor a directory above it holds .git", nil},
		"a Git directory without objects": {filepath.Join(empty, "half"), "neither it nor", nil},
		"a path that is not there":        {filepath.Join(empty, "none"), "does not exist", fs.ErrNotExist},
		"a path below a file":             {filepath.Join(empty, "file/x"), "does not exist", fs.ErrNotExist},
		"a file":                          {filepath.Join(empty, "file"), "it is a file", nil},
		"a .git file of another kind":     {filepath.Join(empty, "odd"), `does not say "gitdir: <directory>"`, nil},
		"a link to one that is no more":   {filepath.Join(empty, "moved"), "points at /nowhere/at/all, which is none", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Discover(tt.path)
			if !errors.Is(err, git.ErrNotRepository) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want ErrNotRepository with %q", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error = %v, want %v", err, tt.is)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	tests := map[string]struct {
		config  string
		want    string // of the error; "" for none
		partial bool
	}{
		"an empty config":              {config: ""},
		"version 0":                    {config: "[core]\n\trepositoryformatversion = 0\n"},
		"version 1 without extensions": {config: "[core]\n\trepositoryformatversion = 1\n"},
		"version 2":                    {config: "[core]\n\trepositoryformatversion = 2\n", want: "unsupported repository: repository format version 2"},
		"a version that is no number":  {config: "[core]\n\trepositoryformatversion = one\n", want: `"one" is not a number`},
		"a bare that is neither":       {config: "[core]\n\tbare = perhaps\n", want: `core.bare "perhaps" is neither true nor false`},
		"worktreeConfig, version 0":    {config: "[extensions]\n\tworktreeConfig = true\n"},
		"worktreeConfig, version 1":    {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n"},
		"relativeWorktrees":            {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trelativeWorktrees = true\n"},
		"preciousObjects and noop":     {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpreciousObjects = true\n\tnoop\n\tnoop-v1 = x\n"},
		"objects of SHA-1, said aloud": {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = SHA1\n"},
		"SHA-1 with names of SHA-256":  {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha1\n\tcompatObjectFormat = sha256\n"},
		"refs in files, said aloud":    {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = files\n"},
		"SHA-256":                      {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n", want: "extensions.objectformat is sha256"},
		"reftable":                     {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n", want: "extensions.refstorage is reftable"},
		"SHA-256 in version 0":         {config: "[extensions]\n\tobjectformat = sha256\n", want: "extensions.objectformat is sha256"},
		"an unknown one in version 1":  {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tfuture = true\n", want: "unsupported repository: extensions.future"},
		"an unknown one in version 0":  {config: "[extensions]\n\tfuture = true\n"},
		"a partial clone":              {config: "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n", partial: true},
		"a promisor":                   {config: "[remote \"Ori.gin\"]\n\tpromisor = true\n", partial: true},
		"a promisor that is none":      {config: "[remote \"origin\"]\n\tpromisor = false\n"},
		"a promisor of a kind":         {config: "[remote \"origin\"]\n\tpromisor = sometimes\n", want: `remote.origin.promisor "sometimes" is neither`},
		"a filter":                     {config: "[remote \"origin\"]\n\tpartialCloneFilter = blob:none\n", partial: true},
		"a config that is none":        {config: "[core\n", want: "config: line 1: a section is written"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := tempDir(t)
			write(t, filepath.Join(dir, "config"), tt.config)
			c, err := ReadConfig(Layout{Dir: dir, GitDir: dir, CommonDir: dir})
			var f Format
			if err == nil {
				f, err = c.Format()
			}
			if tt.want == "" {
				if err != nil || f.Partial != tt.partial {
					t.Errorf("= %+v, %v; want partial %v", f, err, tt.partial)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
			if strings.Contains(tt.want, "extensions.") && !errors.Is(err, git.ErrUnsupported) {
				t.Errorf("error = %v, want ErrUnsupported", err)
			}
		})
	}
}

func TestWithoutAConfigTheFormatIsThatOfOldRepositories(t *testing.T) {
	dir := tempDir(t)
	if f := mustFormat(t, Layout{Dir: dir, GitDir: filepath.Join(dir, ".git"), CommonDir: filepath.Join(dir, ".git")}); f.Partial || f.WorkTree != dir {
		t.Errorf("= %+v", f)
	}
}

func TestShallow(t *testing.T) {
	dir := tempDir(t)
	s := OpenShallow(Layout{CommonDir: dir})
	if changed, err := s.Refresh(); changed || len(s.Commits()) > 0 || err != nil {
		t.Errorf("without a file: %v, %v, %v", changed, s.Commits(), err)
	}
	write(t, filepath.Join(dir, "shallow"), strings.Repeat("b", 40)+"\n"+strings.Repeat("a", 40)+"\n")
	changed, err := s.Refresh()
	if got := s.Commits(); !changed || err != nil || len(got) != 2 || got[0].String() != strings.Repeat("a", 40) || got[1].String() != strings.Repeat("b", 40) {
		t.Errorf("= %v, %v, %v; want both, sorted", changed, got, err)
	}
	if changed, err := s.Refresh(); changed || len(s.Commits()) != 2 || err != nil {
		t.Errorf("of the same file: %v, %v, %v", changed, s.Commits(), err)
	}
	write(t, filepath.Join(dir, "shallow"), strings.Repeat("b", 40)+"\nnonsense\n")
	if _, err := s.Refresh(); !errors.Is(err, git.ErrDamaged) || !strings.Contains(err.Error(), `shallow:2: repository is damaged: "nonsense" is no commit hash`) {
		t.Errorf("error = %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "shallow")); err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Refresh(); !changed || len(s.Commits()) > 0 || err != nil {
		t.Errorf("of a clone that is full now: %v, %v, %v", changed, s.Commits(), err)
	}
}

package changes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// worktree returns a directory with a .git directory in it that has one commit
// on main, and the hash of the commit.
func workTree(t *testing.T) (dir string, f *fixture, head hash) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "work")
	f = newFixtureAt(t, filepath.Join(dir, ".git"))
	head = f.commit(files{"a": file("1")}, 1)
	f.ref("refs/heads/main", head)
	return dir, f, head
}

func TestOpenFindsTheRepository(t *testing.T) {
	tests := map[string]func(t *testing.T, dir string, f *fixture, head hash) (open, want string){
		"at the root of the working tree": func(_ *testing.T, dir string, _ *fixture, _ hash) (string, string) { return dir, dir },
		"from a directory within": func(t *testing.T, dir string, _ *fixture, _ hash) (string, string) {
			writeFile(t, filepath.Join(dir, "x/y/z"), "")
			return filepath.Join(dir, "x/y"), dir
		},
		"past a .git directory that is none": func(t *testing.T, dir string, _ *fixture, _ hash) (string, string) {
			writeFile(t, filepath.Join(dir, "x/.git/info"), "")
			return filepath.Join(dir, "x"), dir
		},
		"from within .git": func(_ *testing.T, dir string, _ *fixture, _ hash) (string, string) {
			return filepath.Join(dir, ".git", "refs"), filepath.Join(dir, ".git")
		},
		"through a symbolic link": func(t *testing.T, dir string, _ *fixture, _ hash) (string, string) {
			l := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(dir, l); err != nil {
				t.Fatal(err)
			}
			return l, dir
		},
		"in a bare repository": func(t *testing.T, dir string, _ *fixture, _ hash) (string, string) {
			bare := filepath.Join(filepath.Dir(dir), "bare.git")
			if err := os.Rename(filepath.Join(dir, ".git"), bare); err != nil {
				t.Fatal(err)
			}
			return bare, bare
		},
		"in a linked worktree, with its own HEAD": func(t *testing.T, dir string, f *fixture, head hash) (string, string) {
			linked := filepath.Join(filepath.Dir(dir), "linked")
			writeFile(t, filepath.Join(linked, ".git"), "gitdir: "+filepath.Join(dir, ".git/worktrees/linked")+"\n")
			f.write("worktrees/linked/HEAD", head.String()+"\n")
			f.write("worktrees/linked/commondir", "../..\n")
			f.write("HEAD", "ref: refs/heads/none\n") // the main one's HEAD is of no use here
			return linked, linked
		},
		"in a worktree linked by relative paths": func(t *testing.T, dir string, f *fixture, head hash) (string, string) {
			f.write("config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trelativeWorktrees = true\n")
			linked := filepath.Join(filepath.Dir(dir), "linked")
			writeFile(t, filepath.Join(linked, ".git"), "gitdir: ../work/.git/worktrees/linked")
			f.write("worktrees/linked/HEAD", head.String()+"\n")
			f.write("worktrees/linked/commondir", "../..")
			return linked, linked
		},
		"in a submodule": func(t *testing.T, dir string, _ *fixture, _ hash) (string, string) {
			outer := t.TempDir()
			outer, err := filepath.EvalSymlinks(outer)
			if err != nil {
				t.Fatal(err)
			}
			newFixtureAt(t, filepath.Join(outer, ".git"))
			if err := os.MkdirAll(filepath.Join(outer, ".git/modules"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(dir, ".git"), filepath.Join(outer, ".git/modules/sub")); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(outer, "sub/.git"), "gitdir: ../.git/modules/sub\n")
			return filepath.Join(outer, "sub"), filepath.Join(outer, "sub")
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			dir, f, head := workTree(t)
			path, want := prepare(t, dir, f, head)
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Diff(t.Context(), Range{Base: head.String(), Head: "HEAD", Mode: Direct})
			if err != nil || got.Head != head.String() || r.dir != want {
				t.Errorf("diff = %+v, %v in %s; want head %s in %s", got, err, r.dir, head, want)
			}
		})
	}
}

func TestOpenRefusesWhatIsNoRepository(t *testing.T) {
	empty := t.TempDir()
	writeFile(t, filepath.Join(empty, "file"), "")
	writeFile(t, filepath.Join(empty, "odd/.git"), "not a link")
	writeFile(t, filepath.Join(empty, "moved/.git"), "gitdir: /nowhere/at/all\n")
	tests := map[string]struct {
		path, want string
		is         error
	}{
		"a directory without one":       {empty, "neither it nor a directory above it holds .git", nil},
		"a path that is not there":      {filepath.Join(empty, "none"), "does not exist", fs.ErrNotExist},
		"a path below a file":           {filepath.Join(empty, "file/x"), "does not exist", fs.ErrNotExist},
		"a file":                        {filepath.Join(empty, "file"), "it is a file", nil},
		"a .git file of another kind":   {filepath.Join(empty, "odd"), `does not say "gitdir: <directory>"`, nil},
		"a link to one that is no more": {filepath.Join(empty, "moved"), "points at /nowhere/at/all, which is none", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Open(tt.path)
			if !errors.Is(err, ErrNotRepository) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) {
				t.Errorf("error = %v, want ErrNotRepository with %q", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error = %v, want %v", err, tt.is)
			}
		})
	}
}

func TestOpenChecksTheFormat(t *testing.T) {
	tests := map[string]struct {
		config string
		want   string // of the error; "" for none
	}{
		"an empty config":                      {"", ""},
		"version 0":                            {"[core]\n\trepositoryformatversion = 0\n", ""},
		"version 1 without extensions":         {"[core]\n\trepositoryformatversion = 1\n", ""},
		"version 2":                            {"[core]\n\trepositoryformatversion = 2\n", "unsupported repository: repository format version 2"},
		"a version that is no number":          {"[core]\n\trepositoryformatversion = one\n", `"one" is not a number`},
		"worktreeConfig, version 0":            {"[extensions]\n\tworktreeConfig = true\n", ""},
		"worktreeConfig, version 1":            {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n", ""},
		"relativeWorktrees":                    {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\trelativeWorktrees = true\n", ""},
		"a partial clone":                      {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n", ""},
		"preciousObjects and noop":             {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpreciousObjects = true\n\tnoop = x\n", ""},
		"objects of SHA-1, said aloud":         {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha1\n", ""},
		"refs in files, said aloud":            {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = files\n", ""},
		"SHA-256":                              {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n", "extensions.objectformat is sha256"},
		"reftable":                             {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n", "extensions.refstorage is reftable"},
		"SHA-256 in version 0":                 {"[extensions]\n\tobjectformat = sha256\n", "extensions.objectformat is sha256"},
		"an unknown one in version 1":          {"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tfuture = true\n", "unsupported repository: extensions.future"},
		"an unknown one in version 0, ignored": {"[extensions]\n\tfuture = true\n", ""},
		"a config that is none":                {"[core\n", "config: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.history("main:")
			f.write("config", tt.config)
			r, err := Open(f.dir)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := r.Diff(t.Context(), Range{Base: "main", Head: "HEAD"}); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
			if strings.Contains(tt.want, "extensions.") && !errors.Is(err, ErrUnsupported) {
				t.Errorf("error = %v, want ErrUnsupported", err)
			}
		})
	}
}

func TestAlternates(t *testing.T) {
	tests := map[string]func(lender string) string{
		"by an absolute path":          func(l string) string { return l + "\n" },
		"by a relative path":           func(string) string { return "../../lender.git/objects\n" },
		"after comments and blanks":    func(l string) string { return "# comment\n\n" + l },
		"after one that is not there":  func(l string) string { return "/nowhere/objects\n" + l },
		"that lead back are no circle": func(l string) string { return "../../borrower.git/objects\n" + l },
	}
	for name, lines := range tests {
		for _, packed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, packed %v", name, packed), func(t *testing.T) {
				root := t.TempDir()
				// The borrower reads from the lender, which reads from the source.
				source := newFixtureAt(t, filepath.Join(root, "source.git"))
				base := source.commit(files{"a": file("1")}, 1)
				lender := newFixtureAt(t, filepath.Join(root, "lender.git"))
				lender.write("objects/info/alternates", filepath.Join(source.dir, "objects")+"\n")
				head := lender.commit(files{"a": file("2")}, 2, base)
				if packed {
					source.pack()
					lender.pack()
				}
				f := newFixtureAt(t, filepath.Join(root, "borrower.git"))
				f.write("objects/info/alternates", lines(filepath.Join(lender.dir, "objects")))
				f.ref("refs/heads/main", head)
				r, err := Open(f.dir)
				if err != nil {
					t.Fatal(err)
				}
				got, err := r.Diff(t.Context(), Range{Base: base.String()[:10], Head: "main"})
				if err != nil || got.MergeBase != base.String() || len(got.Files) != 1 {
					t.Errorf("diff = %+v, %v; want one file since %s", got, err, base)
				}
			})
		}
	}
}

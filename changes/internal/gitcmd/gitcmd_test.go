package gitcmd

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

const (
	hashA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hashB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	hashC = "cccccccccccccccccccccccccccccccccccccccc"
)

func TestEnvironment(t *testing.T) {
	got := environment([]string{
		"PATH=/bin", "HOME=/h", "GIT_DIR=/x", "GIT_WORK_TREE=/x", "GIT_INDEX_FILE=/x", "GIT_OBJECT_DIRECTORY=/x",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=/x", "GIT_COMMON_DIR=/x", "GIT_NAMESPACE=x", "GIT_CEILING_DIRECTORIES=/", "GIT_EXTERNAL_DIFF=x",
		"GIT_DIFF_OPTS=x", "GIT_TRACE=1", "GIT_LITERAL_PATHSPECS=1", "GIT_PREFIX=x", "GIT_SHALLOW_FILE=/x", "GIT_REPLACE_REF_BASE=x",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", "GIT_CONFIG_GLOBAL=/g", "GIT_SSH_COMMAND=ssh -v", "GIT_SSL_CAINFO=/c",
		"LC_ALL=de_DE.UTF-8", "GIT_TERMINAL_PROMPT=1",
	})
	want := []string{
		"PATH=/bin", "HOME=/h",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", "GIT_CONFIG_GLOBAL=/g", "GIT_SSH_COMMAND=ssh -v", "GIT_SSL_CAINFO=/c",
		"LC_ALL=de_DE.UTF-8", // the last one of a name counts
		"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE=/dev/null",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestGitRunsAtTheTopInACleanEnvironment(t *testing.T) {
	f := newFake(t, call{Args: []string{"rev-parse", "--is-shallow-repository"}, Stdout: "true\n"})
	below := filepath.Join(f.dir, "below")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	f.opts.Dir = below
	f.opts.Env = append(f.opts.Env, "GIT_DIR=/elsewhere", "LANGUAGE=de")
	r := f.open()
	if !r.Shallow(t.Context()) || r.Dir() != f.dir {
		t.Errorf("Shallow = false or Dir = %s", r.Dir())
	}
	last := f.runs()[0]
	if last.Dir != f.dir || !slices.Contains(last.Env, "LC_ALL=C") || slices.Contains(last.Env, "GIT_DIR=/elsewhere") {
		t.Errorf("git ran in %s with %q", last.Dir, last.Env)
	}
}

func TestOpenFails(t *testing.T) {
	tests := map[string]struct {
		call call // takes the place of one of opening
		want string
		is   error
	}{
		"outside of a repository": {
			call{Args: []string{"rev-parse", "--is-inside-work-tree"}, Stderr: "fatal: not a git repository (or any of the parent directories): .git\n", Code: 128},
			"not a git repository (or any", git.ErrNotRepository,
		},
		"in one that someone else owns": {
			call{Args: []string{"rev-parse", "--is-inside-work-tree"}, Stderr: "fatal: detected dubious ownership in repository at '/r'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /r\n", Code: 128},
			"detected dubious ownership in repository at '/r': git config --global --add safe.directory", nil,
		},
		"with a git that is too old": {
			call{Args: []string{"version"}, Stdout: "git version 2.30.2\n"},
			"is git version 2.30.2; version 2.31 or newer is needed", git.ErrUnsupported,
		},
		"with an extension that git does not know": {
			call{Args: []string{"rev-parse", "--is-inside-work-tree"}, Stderr: "fatal: unknown repository extension found:\n\trefstorage\n", Code: 128},
			"unsupported repository: unknown repository extension found: refstorage: a newer git may know it", git.ErrUnsupported,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), newFake(t, tt.call).opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("outside of any directory", func(t *testing.T) {
		f := newFake(t)
		f.opts.Dir = filepath.Join(f.dir, "none")
		if _, err := Open(t.Context(), f.opts); !errors.Is(err, git.ErrNotRepository) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error = %v, want ErrNotRepository and ErrNotExist", err)
		}
		f.opts.Dir = f.opts.Binary
		if _, err := Open(t.Context(), f.opts); !errors.Is(err, git.ErrNotRepository) || !strings.Contains(err.Error(), "it is a file") {
			t.Errorf("error = %v, want ErrNotRepository of a file", err)
		}
	})
	t.Run("without git", func(t *testing.T) {
		_, err := Open(t.Context(), Options{Binary: filepath.Join(t.TempDir(), "git")})
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "install git") {
			t.Errorf("error = %v, want one that says to install git", err)
		}
	})
}

func TestTooOld(t *testing.T) {
	for version, want := range map[string]bool{
		"git version 2.39.5 (Apple Git-154)": false, "git version 2.31.0.windows.1": false, "git version 2.30.9": true, "git version 1.8.3": true, "git version 3.0.0": false, "git": false, "git version next": false,
	} {
		if got := tooOld(version); got != want {
			t.Errorf("tooOld(%q) = %v", version, got)
		}
	}
}

func TestRefusedRevisionsNeverReachGit(t *testing.T) {
	f := newFake(t)
	r := f.open()
	ctx := t.Context()
	zeros := strings.Repeat("0", 40)
	for rev, want := range map[string]error{
		"": git.ErrNoRevision, "  ": git.ErrNoRevision, zeros: git.ErrNoRevision, zeros + zeros[:24]: git.ErrNoRevision,
		"-q": git.ErrUnknownRevision, "--all": git.ErrUnknownRevision, "--output=/tmp/x": git.ErrUnknownRevision, "^main": git.ErrUnknownRevision,
		"a..b": git.ErrUnknownRevision, "a...b": git.ErrUnknownRevision, "HEAD@{1}": git.ErrUnknownRevision, "@{u}": git.ErrUnknownRevision, "@{-1}": git.ErrUnknownRevision,
		":/text": git.ErrUnknownRevision, ":0:file": git.ErrUnknownRevision, "HEAD:file": git.ErrUnknownRevision, "HEAD^{/text}": git.ErrUnknownRevision, "HEAD^{tree}": git.ErrUnknownRevision,
		"HEAD^@": git.ErrUnknownRevision, "HEAD^!": git.ErrUnknownRevision, "HEAD^-": git.ErrUnknownRevision, "a b": git.ErrUnknownRevision, "a\x00b": git.ErrUnknownRevision, "ma*n": git.ErrUnknownRevision,
		"HEAD~99999999999999999999": git.ErrUnknownRevision, "HEAD~4294967296": git.ErrUnknownRevision, "\n": git.ErrNoRevision, "HEAD\n": git.ErrUnknownRevision,
	} {
		for method, err := range map[string]error{
			"Resolve":    second(r.Resolve(ctx, rev)),
			"MergeBases": second(r.MergeBases(ctx, "HEAD", rev)),
			"Diff":       second(r.Diff(ctx, rev, "HEAD")),
			"WorkTree":   second(r.WorkTree(ctx, rev)),
			"FS":         second(r.FS(ctx, rev)),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%s %q: %v, want %v", method, rev, err, want)
			}
		}
	}
	f.wantRuns()
}

func second[T any](_ T, err error) error { return err }

func verify(rev string) []string {
	return []string{"rev-parse", "--verify", "--quiet", "--end-of-options", rev}
}

func TestResolve(t *testing.T) {
	raw := func(hash, headers string) string {
		return hash + " commit " + strconv.Itoa(len(headers)) + "\n" + headers + "\n"
	}
	batch := []string{"cat-file", "--batch"}
	shallow := call{Args: []string{"rev-parse", "--is-shallow-repository"}, Stdout: "true\n"}
	full := call{Args: shallow.Args, Stdout: "false\n"}
	noKind := call{Args: []string{"cat-file", "-t", "--end-of-options", "x^{}"}, Stderr: "fatal: Not a valid object name x^{}\n", Code: 128}
	notX := call{Args: verify("x^{commit}"), Code: 1}
	single := call{Args: []string{"rev-parse", "--verify", "--end-of-options", "x^{commit}"}, Stderr: "fatal: Needed a single revision\n", Code: 128}
	stepFails := []call{
		{Args: verify("x~3^{commit}"), Code: 1},
		{Args: verify("x^{commit}"), Stdout: hashA + "\n"},
		{Args: verify(hashA + "~3^{commit}"), Code: 1},
		{Args: []string{"rev-list", "--first-parent", "--max-count=3", "--end-of-options", hashA, "--"}, Stdout: hashA + "\n" + hashB + "\n"},
	}
	tests := map[string]struct {
		rev   string
		calls []call
		want  string
		err   string
		is    error
	}{
		"a name": {rev: "x", calls: []call{{Args: verify("x^{commit}"), Stdout: hashA + "\n"}}, want: hashA},
		"steps":  {rev: "@~2^2", calls: []call{{Args: verify("@~2^2^{commit}"), Stdout: hashA + "\n"}}, want: hashA},
		"a name of no ref that git describe might have written": {
			rev: "v1-gabcdef", calls: []call{full, {Args: []string{"rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", "v1-gabcdef"}}},
			err: "no branch, tag or commit of this name; if the remote has it", is: git.ErrUnknownRevision,
		},
		"an unknown name": {rev: "x", calls: []call{notX, noKind, single, full}, err: "if the remote has it, fetch it first", is: git.ErrUnknownRevision},
		"an unknown name in a shallow clone": {
			rev: "x", calls: []call{notX, noKind, single, shallow}, err: "the clone is shallow, and may hold only one branch", is: git.ErrUnknownRevision,
		},
		"an abbreviation that several commits have": {
			rev: "x", calls: []call{notX, noKind, {Args: single.Args, Stderr: "error: short object ID x is ambiguous\nhint: the candidates are\nfatal: Needed a single revision\n", Code: 128}},
			err: "several commits begin with it", is: git.ErrUnknownRevision,
		},
		"a tag of a blob": {rev: "x", calls: []call{notX, {Args: noKind.Args, Stdout: "blob\n"}}, err: "it names a blob, not a commit", is: git.ErrUnknownRevision},
		"a step beyond the cut": {
			rev: "x~3", calls: append(slices.Clone(stepFails),
				call{Args: batch, Stdin: hashB + "\n", Stdout: raw(hashB, "tree t\nparent p\n\n")},
				call{Args: []string{"rev-list", "--parents", "--max-count=1", "--end-of-options", hashB, "--"}, Stdout: hashB + "\n"}),
			err: "at commit " + hashB + ", whose parents it does not hold: fetch the full history", is: git.ErrShallow,
		},
		"a step beyond the first commit": {
			rev: "x~3", calls: append(slices.Clone(stepFails),
				call{Args: batch, Stdin: hashB + "\n", Stdout: raw(hashB, "tree t\n\n")},
				call{Args: []string{"rev-list", "--parents", "--max-count=1", "--end-of-options", hashB, "--"}, Stdout: hashB + "\n"}),
			err: "commit " + hashB + " is the first one and has no parent", is: git.ErrUnknownRevision,
		},
		"a parent that is not there": {
			rev: "x^2", calls: []call{
				{Args: verify("x^2^{commit}"), Code: 1},
				{Args: verify("x^{commit}"), Stdout: hashA + "\n"},
				{Args: verify(hashA + "^2^{commit}"), Code: 1},
				{Args: batch, Stdin: hashA + "\n", Stdout: raw(hashA, "tree t\nparent p\n\n")},
				{Args: []string{"rev-list", "--parents", "--max-count=1", "--end-of-options", hashA, "--"}, Stdout: hashA + " " + hashB + "\n"},
			},
			err: "commit " + hashA + " has no parent 2, only 1", is: git.ErrUnknownRevision,
		},
		"a repository that is broken": {
			rev: "x", calls: []call{{Args: verify("x^{commit}"), Stderr: "error: inflate: data stream error (incorrect header check)\nfatal: loose object " + hashA + " (stored in .git/objects/aa/a) is corrupt\n", Code: 128}},
			err: "is corrupt (inflate: data stream error (incorrect header check)): git fsck tells more", is: git.ErrDamaged,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := newFake(t, tt.calls...).open().Resolve(t.Context(), tt.rev)
			if tt.err == "" && (err != nil || got != tt.want) {
				t.Fatalf("= %s, %v; want %s", got, err, tt.want)
			}
			if tt.err != "" && (!errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error = %v, want %q", err, tt.err)
			}
		})
	}
}

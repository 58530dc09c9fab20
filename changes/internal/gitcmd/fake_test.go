package gitcmd

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// script is what the fake git does: the test binary, run again.
type script struct {
	Calls []call
	Log   string // file that gets a line of JSON for each run
}

// call is one run of git: its exact arguments, without those that all runs
// have, and what git says then.
type call struct {
	Args   []string
	Stdin  string
	Stdout string
	Stderr string
	Code   int
	Hang   string // a named pipe to open, before waiting to be killed
}

// ran is what the fake saw of one run.
type ran struct {
	Args []string
	Env  []string
	Dir  string
}

// The variables that make the test binary something else.
const (
	scriptVariable = "FAKE_GIT_SCRIPT"
	childVariable  = "FAKE_GIT_CHILD"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(scriptVariable); file != "" {
		code, err := fake(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, "fake git:", err)
			code = 99
		}
		os.Exit(code)
	}
	if pipe := os.Getenv(childVariable); pipe != "" {
		fmt.Fprintln(os.Stderr, child(pipe))
		os.Exit(99)
	}
	os.Exit(m.Run())
}

// always are the arguments of all runs.
var always = []string{
	"--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "maintenance.auto=false", "-c", "gc.auto=0", "-c", "diff.autoRefreshIndex=true",
}

func fake(file string) (int, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var s script
	if err := gob.NewDecoder(bytes.NewReader(content)).Decode(&s); err != nil { // JSON holds Unicode only
		return 0, err
	}
	args := os.Args[1:]
	if len(args) < len(always) || !slices.Equal(args[:len(always)], always) {
		return 0, fmt.Errorf("arguments %q do not begin with %q", args, always)
	}
	args = args[len(always):]
	log, err := os.OpenFile(s.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	if err := json.NewEncoder(log).Encode(ran{Args: args, Env: os.Environ(), Dir: dir}); err != nil {
		return 0, err
	}
	i := slices.IndexFunc(s.Calls, func(c call) bool { return slices.Equal(c.Args, args) })
	if i < 0 {
		return 0, fmt.Errorf("unexpected arguments %q", args)
	}
	c := s.Calls[i]
	if c.Hang != "" {
		return 0, hang(c.Hang)
	}
	if c.Stdin != "" {
		stdin, err := io.ReadAll(os.Stdin)
		if err != nil || string(stdin) != c.Stdin {
			return 0, fmt.Errorf("stdin is %q, want %q", stdin, c.Stdin)
		}
	}
	_, err = io.WriteString(os.Stdout, c.Stdout)
	fmt.Fprint(os.Stderr, c.Stderr)
	return c.Code, err
}

// opening are the runs of Open for a working tree at dir.
func opening(dir string) []call {
	return []call{
		{Args: []string{"version"}, Stdout: "git version 2.39.5\n"},
		{Args: []string{"rev-parse", "--is-inside-work-tree"}, Stdout: "true\n"},
		{Args: []string{"rev-parse", "--show-toplevel"}, Stdout: dir + "\n"},
	}
}

// fakeGit is a fake git in use.
type fakeGit struct {
	t    *testing.T
	dir  string
	log  string
	opts Options
}

func newFake(t *testing.T, calls ...call) *fakeGit {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeGit{t: t, dir: dir, log: filepath.Join(t.TempDir(), "log")}
	var content bytes.Buffer
	if err := gob.NewEncoder(&content).Encode(script{Calls: append(calls, opening(dir)...), Log: f.log}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f.opts = Options{Binary: binary, Dir: dir, Env: append(os.Environ(), scriptVariable+"="+file, "GORACE=atexit_sleep_ms=0")} // or each run takes a second under the race detector
	return f
}

func (f *fakeGit) open() *Repo {
	f.t.Helper()
	r, err := Open(f.t.Context(), f.opts)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// runs returns the runs so far, without those of Open.
func (f *fakeGit) runs() []ran {
	f.t.Helper()
	content, err := os.ReadFile(f.log)
	if err != nil {
		f.t.Fatal(err)
	}
	var all []ran
	for line := range strings.Lines(string(content)) {
		var r ran
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all[min(len(all), len(opening(""))):]
}

// wantRuns compares the arguments of the runs so far.
func (f *fakeGit) wantRuns(want ...[]string) {
	f.t.Helper()
	var got [][]string
	for _, r := range f.runs() {
		got = append(got, r.Args)
	}
	if d := cmp.Diff(want, got); d != "" {
		f.t.Errorf("runs of git (-want +got):\n%s", d)
	}
}

package gitcmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// settings override what the repository or the user may have configured, that
// would run programs or change the output.
var settings = [...]string{
	"core.fsmonitor=false",       // runs a program
	"core.hooksPath=/dev/null",   // no hooks
	"maintenance.auto=false",     // not after the fetch of a missing object either
	"gc.auto=0",                  // the same, by its older name
	"diff.autoRefreshIndex=true", // or files that were touched show as modified
}

// overrides are environment variables that git gets in any case.
var overrides = [...]string{
	"LC_ALL=C", // its messages are read
	"GIT_TERMINAL_PROMPT=0",
	"GIT_OPTIONAL_LOCKS=0",
	"GIT_NO_REPLACE_OBJECTS=1",
	"GIT_GRAFT_FILE=/dev/null",
}

// kept are the beginnings of those variables of git that are passed on: they
// say how the user wants git to be configured and to reach remotes. All others
// point git to another repository, or change what it prints.
var kept = [...]string{"GIT_CONFIG_", "GIT_SSH", "GIT_SSL_", "GIT_ASKPASS", "GIT_PROXY_", "GIT_HTTP_", "GIT_EXEC_PATH", "GIT_ALLOW_PROTOCOL"}

// environment returns the environment that git gets: base, or where it is nil
// that of this process, without what would lead git astray.
func environment(base []string) []string {
	if base == nil {
		base = os.Environ()
	}
	env := make([]string, 0, len(base)+len(overrides))
	for _, v := range base {
		if !strings.HasPrefix(v, "GIT_") || hasPrefix(v, kept[:]) {
			env = append(env, v)
		}
	}
	return append(env, overrides[:]...)
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// patience is how long git's output may stay open once git was killed: a
// program that it ran may hold it.
const patience = 5 * time.Second

// command returns git with arguments, ready to start.
func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	all := []string{"--no-pager"}
	for _, s := range settings {
		all = append(all, "-c", s)
	}
	cmd := exec.CommandContext(ctx, r.binary, append(all, args...)...)
	cmd.Dir, cmd.Env = r.dir, r.env
	cmd.WaitDelay = patience
	isolate(cmd)
	return cmd
}

// run runs git and returns what it prints.
func (r *Repo) run(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	return finish(ctx, r.command(ctx, args...), stdin, args)
}

func finish(ctx context.Context, cmd *exec.Cmd, stdin io.Reader, args []string) ([]byte, error) {
	var stdout bytes.Buffer
	stderr := &limited{left: maxMessage}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, stderr
	err := cmd.Run()
	if err == nil {
		return stdout.Bytes(), nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], cause)
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return nil, fmt.Errorf("run git %s: %w", args[0], err)
	}
	return nil, &commandError{command: args[0], code: exit.ExitCode(), stderr: stderr.String()}
}

// line runs git and returns the one line that it prints. Only the last line
// break is cut off: names of directories may hold others.
func (r *Repo) line(ctx context.Context, args ...string) (string, error) {
	out, err := r.run(ctx, nil, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// maxMessage is how many bytes are kept of what git says on stderr.
const maxMessage = 16 << 10

// limited keeps the first bytes that are written to it.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.Buffer.Write(p[:n])
	return len(p), nil
}

// commandError is a git that ended with another exit code than 0.
type commandError struct {
	command string
	code    int
	stderr  string
}

func (e *commandError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "git %s: ", e.command)
	known := e.classify()
	text := e.message()
	if known.kind != nil && !strings.HasPrefix(strings.ToLower(text), strings.ToLower(known.kind.Error())) {
		fmt.Fprintf(&b, "%v: ", known.kind)
	}
	b.WriteString(text)
	if known.remedy != "" {
		fmt.Fprintf(&b, ": %s", known.remedy)
	}
	return b.String()
}

// message returns the last line that says what went wrong, and in brackets the
// first one where it is another, without what does not print: names of files
// are input.
func (e *commandError) message() string {
	var faults []string
	last := ""
	for line := range strings.Lines(e.stderr) {
		if n := len(faults); n > 0 && strings.HasSuffix(faults[n-1], ":") && line[0] == '\t' { // a list below it
			faults[n-1] += " " + strings.TrimSpace(line)
			continue
		}
		if line = strings.TrimSpace(line); line != "" {
			last = line
		}
		for _, mark := range []string{"fatal: ", "error: "} {
			if rest, ok := strings.CutPrefix(line, mark); ok {
				faults = append(faults, rest)
			}
		}
	}
	text := last
	switch n := len(faults); {
	case n > 1 && faults[0] != faults[n-1]:
		text = fmt.Sprintf("%s (%s)", faults[n-1], faults[0])
	case n > 0:
		text = faults[n-1]
	case text == "":
		text = fmt.Sprintf("exit code %d", e.code)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// Unwrap returns the kind of the error, where it is known.
func (e *commandError) Unwrap() error { return e.classify().kind }

// complaint is something that git says, what it means, and what to do.
type complaint struct {
	text   string
	kind   error
	remedy string
}

// complaints are those that are known, the more special first.
var complaints = [...]complaint{
	{"dubious ownership", nil, "git config --global --add safe.directory <that directory> tells git to trust it"},
	{"not a git repository", git.ErrNotRepository, ""},
	{"unknown repository extension", git.ErrUnsupported, "a newer git may know it"},
	{"Expected git repo version", git.ErrUnsupported, "a newer git may know it"},
	{"unknown ref storage format", git.ErrUnsupported, "a newer git may know it"},
	{"is corrupt", git.ErrDamaged, "git fsck tells more"},
	{"inflate: ", git.ErrDamaged, "git fsck tells more"},
	{"index file corrupt", git.ErrDamaged, "remove the index, and git reset writes a new one"},
	{"bad signature 0x", git.ErrDamaged, "remove the index, and git reset writes a new one"},
	{"promisor remote", git.ErrMissingObject, "the clone is partial, and its remote does not give the object"},
	{"read from remote repository", git.ErrMissingObject, "the clone is partial, and its remote cannot be reached"},
	{"unable to read", git.ErrMissingObject, "the repository may be damaged (git fsck tells)"},
	{"Not a valid object name", git.ErrUnknownRevision, ""},
	{"unknown revision", git.ErrUnknownRevision, ""},
	{"bad revision", git.ErrUnknownRevision, ""},
	{"bad object", git.ErrMissingObject, "the repository may be damaged (git fsck tells)"},
}

func (e *commandError) classify() complaint {
	for _, c := range complaints {
		if strings.Contains(e.stderr, c.text) {
			return c
		}
	}
	return complaint{}
}

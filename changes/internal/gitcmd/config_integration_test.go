//go:build integration

package gitcmd

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// hostile is configuration that would change what git prints or does.
func hostile(t *testing.T, dir string) (ran func() bool) {
	t.Helper()
	mark := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	hooks := t.TempDir()
	for _, name := range []string{"post-index-change", "reference-transaction", "pre-auto-gc"} {
		if err := os.Symlink(script, filepath.Join(hooks, name)); err != nil {
			t.Fatal(err)
		}
	}
	for key, value := range map[string]string{
		"core.fsmonitor": script, "core.hooksPath": hooks, "core.pager": script, "diff.external": script, "core.quotePath": "true",
		"diff.noprefix": "true", "diff.mnemonicPrefix": "true", "diff.orderFile": "/nowhere", "diff.relative": "true", "diff.renames": "copies",
		"diff.ignoreSubmodules": "all", "diff.submodule": "log", "diff.autoRefreshIndex": "false", "color.ui": "always", "color.diff": "always",
		"status.showUntrackedFiles": "no", "status.relativePaths": "false", "core.abbrev": "7", "submodule.recurse": "true", "log.showSignature": "true",
		"core.warnAmbiguousRefs": "true", "submodule.sub.ignore": "all", "pager.diff": "true", "diff.x.textconv": script, "diff.x.command": script,
	} {
		run(t, dir, "", "config", key, value)
	}
	return func() bool {
		_, err := os.Stat(mark)
		return err == nil
	}
}

// snapshot is all files of a directory with their times.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			files[path] = fmt.Sprint(info.Size(), info.Mode(), info.ModTime())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestConfigurationChangesNothing(t *testing.T) {
	sub := filepath.Join(t.TempDir(), "origin")
	dir := filepath.Join(t.TempDir(), "w")
	write := func(dir, name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(dir string) {
		t.Helper()
		run(t, dir, "", "add", "-A")
		run(t, dir, "", "commit", "-q", "-m", "x")
	}
	for _, d := range []string{sub, dir} {
		run(t, "", "", "init", "-q", "-b", "main", d)
		write(d, "a/moved", strings.Repeat("line\n", 20))
		write(d, "touched", "x")
		write(d, "tab\tand\nline \"break\"", "x")
		write(d, "modified", "x")
		write(d, ".gitattributes", "modified diff=x\n")
		commit(d)
	}
	run(t, dir, "", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", sub, "sub")
	commit(dir)
	from := run(t, dir, "", "rev-parse", "HEAD")
	write(filepath.Join(dir, "sub"), "new", "x")
	commit(filepath.Join(dir, "sub"))
	if err := os.Rename(filepath.Join(dir, "a/moved"), filepath.Join(dir, "a/there")); err != nil {
		t.Fatal(err)
	}
	write(dir, "modified", "y")
	write(dir, "latin-\xe9", "x")
	commit(dir)
	to := run(t, dir, "", "rev-parse", "HEAD")
	want := []git.Change{
		{Path: "a/moved", Status: git.Deleted},
		{Path: "a/there", Status: git.Added},
		{Path: "latin-\xe9", Status: git.Added},
		{Path: "modified", Status: git.Modified},
		{Path: "sub", Status: git.Modified},
	}
	ran := hostile(t, dir)
	write(dir, "touched", "x")
	before := snapshot(t, dir)

	r := open(t, filepath.Join(dir, "a"))
	if r.Dir() != dir {
		t.Errorf("Dir = %s, want %s", r.Dir(), dir)
	}
	got, err := r.Diff(t.Context(), from, to)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("diff: %v (-want +got):\n%s", err, d)
	}
	got, err = r.WorkTree(t.Context(), from)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("working tree: %v (-want +got):\n%s", err, d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	files, err := r.FS(ctx, to)
	if err != nil {
		t.Fatal(err)
	}
	if content, err := fs.ReadFile(files, "modified"); err != nil || string(content) != "y" {
		t.Errorf("modified = %q, %v", content, err)
	}
	if ran() {
		t.Error("a program of the configuration was run")
	}
	if d := cmp.Diff(before, snapshot(t, dir)); d != "" {
		t.Errorf("the repository was written (-before +after):\n%s", d)
	}
}

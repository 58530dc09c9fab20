package buildcontext_test

import (
	"context"
	"errors"
	"fmt"
	gofs "io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

func TestIgnore(t *testing.T) {
	files := map[string]string{
		"Dockerfile": "FROM scratch\n", "README.md": "", "app/main.go": "", "app/main_test.go": "",
		"app/web/node_modules/left-pad/index.js": "", "app/web/node_modules/README.md": "", "app/web/index.html": "",
		"docs/a/b/c.md": "", "docs/README.md": "", "empty/": "",
	}
	tests := map[string]struct {
		ignore string
		more   map[string]string
		file   string // the Dockerfile
		want   string
	}{
		"without an ignore file all is sent": {
			want: "Dockerfile README.md app/ app/main.go app/main_test.go app/web/ app/web/index.html app/web/node_modules/ app/web/node_modules/README.md " +
				"app/web/node_modules/left-pad/ app/web/node_modules/left-pad/index.js docs/ docs/README.md docs/a/ docs/a/b/ docs/a/b/c.md empty/",
		},
		"a directory takes all below it along": {
			ignore: ".dockerignore\napp\ndocs/",
			want:   "Dockerfile README.md empty/",
		},
		"two stars match any depth": {
			ignore: ".dockerignore\n**/node_modules\n**/*.md\ndocs\nempty",
			want:   "Dockerfile app/ app/main.go app/main_test.go app/web/ app/web/index.html",
		},
		"one star stays in its directory": {
			ignore: ".dockerignore\n*.md\napp\n*/*.md\nempty",
			want:   "Dockerfile docs/ docs/a/ docs/a/b/ docs/a/b/c.md",
		},
		"an exception brings back a file and the directories above it, and no empty ones": {
			ignore: "*\n!docs/a/b/c.md",
			want:   "docs/ docs/a/ docs/a/b/ docs/a/b/c.md",
		},
		"an exception with two stars reaches into directories that are left out": {
			ignore: "*\n!**/README.md",
			want:   "README.md app/ app/web/ app/web/node_modules/ app/web/node_modules/README.md docs/ docs/README.md",
		},
		"an exception with two stars reaches below a directory that is left out by two stars": { // BuildKit 0.25; not so with Docker 20.10
			ignore: "*\n!docs\ndocs/**\n!docs/**/c.md",
			want:   "docs/ docs/a/ docs/a/b/ docs/a/b/c.md",
		},
		"an exception with a star in the middle does so too": {
			ignore: "*\n!app/*/index.html",
			want:   "app/ app/web/ app/web/index.html",
		},
		"the last pattern that matches counts": {
			ignore: "*\n!app\napp/web\n!app/web/index.html",
			want:   "app/ app/main.go app/main_test.go app/web/ app/web/index.html",
		},
		"comments, blank lines, a mark of the byte order, slashes and spaces are no part of a pattern": {
			ignore: "\ufeff# all\n\n  /docs/  \n#app\n./app/../app\n  empty\n.dockerignore",
			want:   "Dockerfile README.md",
		},
		"the Dockerfile and the ignore file can be left out": {
			ignore: "Dockerfile\n.dockerignore\napp\ndocs\nempty",
			want:   "README.md",
		},
		"the ignore file is sent unless it names itself": {
			ignore: "app\ndocs\nempty",
			want:   ".dockerignore Dockerfile README.md",
		},
		"the ignore file of the Dockerfile beats that of the context": {
			ignore: "*",
			more:   map[string]string{"docker/prod": "FROM scratch", "docker/prod.dockerignore": "app\nempty\ndocs/*\n**/*.md"},
			file:   "docker/prod",
			want:   ".dockerignore Dockerfile docker/ docker/prod docker/prod.dockerignore docs/",
		},
		"also where it is empty": {
			ignore: "*",
			more:   map[string]string{"Dockerfile.dockerignore": "# nothing"},
			want: ".dockerignore Dockerfile Dockerfile.dockerignore README.md app/ app/main.go app/main_test.go app/web/ app/web/index.html app/web/node_modules/ " +
				"app/web/node_modules/README.md app/web/node_modules/left-pad/ app/web/node_modules/left-pad/index.js docs/ docs/README.md docs/a/ docs/a/b/ docs/a/b/c.md empty/",
		},
		"escaped characters and ranges": {
			ignore: "*\n!app\napp/main\\.go\napp/main_[s-u]*",
			want: "app/ app/web/ app/web/index.html app/web/node_modules/ app/web/node_modules/README.md app/web/node_modules/left-pad/ " +
				"app/web/node_modules/left-pad/index.js",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, files)
			if tt.ignore != "" {
				add(t, dir, map[string]string{".dockerignore": tt.ignore})
			}
			add(t, dir, tt.more)
			c := open(t, dir, buildcontext.Options{Dockerfile: tt.file})
			if d := cmp.Diff(strings.Fields(tt.want), paths(c)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
}

func TestIgnoreFaults(t *testing.T) {
	tests := map[string]struct {
		ignore string
		want   string
	}{
		"an open range":                       {"app\nnode[a-", `.dockerignore: malformed pattern "node[a-"`},
		"an open range behind":                {"!node[a-", `.dockerignore: malformed pattern "!node[a-"`},
		"an escape that means something else": {`app/\main.go`, `.dockerignore: malformed pattern "app/\\main.go"`},
		"an empty exception":                  {"!", `.dockerignore: malformed pattern "!"`},
		"what only the matcher finds, which else tells it at the first file": {"a[b-a]c", `.dockerignore: malformed pattern "a[b-a]c"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{".dockerignore": tt.ignore})
			_, err := buildcontext.Open(t.Context(), dir, buildcontext.Options{})
			if !errors.Is(err, buildcontext.ErrPattern) || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("got %v, want it to end in %s", err, tt.want)
			}
		})
	}
}

// TestIgnoreAsBuildKit holds the walk to the one of BuildKit, which decides
// what a build sees, over random trees and patterns.
func TestIgnoreAsBuildKit(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range 150 {
		dir := t.TempDir()
		add(t, dir, randomTree(r))
		ignore := randomIgnore(r)
		add(t, dir, map[string]string{".dockerignore": ignore})
		if err := sameAsBuildKit(dir); err != nil {
			t.Fatalf("seed %d, round %d, .dockerignore %q: %v", seed, i, ignore, err)
		}
	}
}

func FuzzIgnore(f *testing.F) {
	dir := f.TempDir()
	r := rand.New(rand.NewPCG(1, 0))
	add(f, dir, randomTree(r))
	add(f, dir, map[string]string{"Dockerfile": "FROM scratch", "a/b/c/d/e": "", "b/b/b/b": "", "a.b/c.b": "", "-a/*/[b]": "", "é/\n": ""})
	for _, s := range []string{
		"a", "*\n!a/b", "**/b\n!b/b", "!**/b", "*\n!**/c", "a/**\n!a/b/c", "a/b\n!a\na", "a/*/c\n!a\n!*/b", "[a-b]*\n!?/b", "*\n!a/**/e",
		"*\n!**/*.b", "**\n!a/\\b", "-a\n!-a/\\*", "é", "a//b\n!/a/./b", "***\n!a/***", "*/..\n!a/../a/b", "*\n!*\na/b/*\n!a/b/c/**",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ignore string) {
		must(t, os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte(ignore), 0o644))
		if err := sameAsBuildKit(dir); err != nil {
			t.Errorf(".dockerignore %q: %v", ignore, err)
		}
	})
}

func randomTree(r *rand.Rand) map[string]string {
	names := []string{"a", "b", "c", "a.b", "ab", "d e"}
	files := map[string]string{"Dockerfile": "FROM scratch"}
	taken := map[string]bool{"Dockerfile": false} // whether it is a directory
	for range 1 + r.IntN(25) {
		path := ""
		for range 1 + r.IntN(5) {
			if isDir, known := taken[path]; known && !isDir {
				break
			}
			taken[path] = true
			path = filepath.ToSlash(filepath.Join(path, names[r.IntN(len(names))]))
		}
		if _, known := taken[path]; known {
			continue
		}
		taken[path] = r.IntN(6) == 0
		if taken[path] {
			path += "/"
		}
		files[path] = ""
	}
	return files
}

func randomIgnore(r *rand.Rand) string {
	segments := []string{"a", "b", "c", "a.b", "*", "**", "?", "a*", "[ab]", `\a`, "ab", "d e", "*.b", "..", "."}
	var lines []string
	for range 1 + r.IntN(5) {
		var parts []string
		for range 1 + r.IntN(4) {
			parts = append(parts, segments[r.IntN(len(segments))])
		}
		line := strings.Join(parts, "/")
		if r.IntN(3) == 0 {
			line = "!" + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// sameAsBuildKit compares what we find in dir with what BuildKit's client sends.
func sameAsBuildKit(dir string) error {
	want, wantErr := buildKitFiles(dir)
	c, err := buildcontext.Open(context.Background(), dir, buildcontext.Options{})
	if errors.Is(err, buildcontext.ErrPattern) {
		return nil // BuildKit tells it only when a file makes it look at the pattern
	}
	if (err != nil) != (wantErr != nil) {
		return fmt.Errorf("error %w, BuildKit's is %w", err, wantErr)
	}
	if err != nil {
		return nil
	}
	if d := cmp.Diff(want, paths(c)); d != "" {
		return fmt.Errorf("files (-BuildKit +ours):\n%s", d)
	}
	return nil
}

func buildKitFiles(dir string) (files []string, err error) {
	file, err := os.Open(filepath.Join(dir, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	if err != nil {
		return nil, err
	}
	all, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, err
	}
	filtered, err := fsutil.NewFilterFS(all, &fsutil.FilterOpt{ExcludePatterns: patterns})
	if err != nil {
		return nil, err
	}
	err = filtered.Walk(context.Background(), "", func(path string, e gofs.DirEntry, err error) error {
		if e != nil && e.IsDir() {
			path += "/"
		}
		files = append(files, path)
		return err
	})
	return files, err
}

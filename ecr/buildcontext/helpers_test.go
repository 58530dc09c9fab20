package buildcontext_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

// tree makes a directory of files by their paths: a path that ends in a slash is
// a directory, content that begins with "-> " a link. It has a Dockerfile.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	add(t, dir, map[string]string{"Dockerfile": "FROM scratch\n"})
	add(t, dir, files)
	return dir
}

func add(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for path, content := range files {
		full := filepath.Join(dir, filepath.FromSlash(path))
		parent := filepath.Dir(full)
		if strings.HasSuffix(path, "/") {
			parent = full
		}
		must(t, os.MkdirAll(parent, 0o755))
		switch target, isLink := strings.CutPrefix(content, "-> "); {
		case isLink:
			must(t, os.Symlink(target, full))
		case parent != full:
			must(t, os.WriteFile(full, []byte(content), 0o644))
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, dir string, opts buildcontext.Options) *buildcontext.Context {
	t.Helper()
	c, err := buildcontext.Open(t.Context(), dir, opts)
	must(t, err)
	return c
}

func paths(c *buildcontext.Context) []string {
	var all []string
	for _, f := range c.Files() {
		path := f.Path
		if f.Mode.IsDir() {
			path += "/"
		}
		all = append(all, path)
	}
	return all
}

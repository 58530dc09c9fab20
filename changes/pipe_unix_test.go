//go:build unix

package changes

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipesInPlaceOfFilesDoNotHang holds that nothing waits for the writer of a
// pipe that stands where Git has a file: nobody could cancel that.
func TestPipesInPlaceOfFilesDoNotHang(t *testing.T) {
	tests := map[string]string{ // what the error names; "" where the file does not count
		".git/HEAD":                      "HEAD: not a regular file",
		".git/config":                    "config: not a regular file",
		".git/commondir":                 "commondir: not a regular file",
		".git/refs/heads/main":           "main: not a regular file",
		".git/packed-refs":               "packed-refs: not a regular file",
		".git/shallow":                   "shallow: not a regular file",
		".git/objects/info/alternates":   "alternates: not a regular file",
		".git/objects/info/commit-graph": "",
		".git/objects/pack/pack-1.idx":   "",
		".git/objects/<head>":            "not a regular file",
		".git/index":                     "index: not a regular file",
		".git/info/exclude":              "exclude: not a regular file",
		".gitignore":                     "",
		"a":                              "",
		"sub/.git":                       "",
		"nested/.git/HEAD":               "HEAD: not a regular file",
		".git/objects/info/commit-graphs/commit-graph-chain": "",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			dir, f, head := workTree(t)
			f.write("config", "")
			nested := newFixtureAt(t, filepath.Join(dir, "nested/.git"))
			nested.ref("refs/heads/main", head)
			path := filepath.Join(dir, strings.Replace(name, "<head>", head.String()[:2]+"/"+head.String()[2:], 1))
			if name == ".git/packed-refs" {
				if err := os.Remove(filepath.Join(f.dir, "refs/heads/main")); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(dir)
			if err == nil {
				_, err = r.Diff(t.Context(), Range{Base: "main", Head: WorkTree})
			}
			switch {
			case want == "" && err != nil:
				t.Errorf("error = %v, want none", err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("error = %v, want %q", err, want)
			}
		})
	}
}

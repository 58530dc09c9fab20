package buildcontext_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

// inputs are some, with one of each kind.
func inputs() buildcontext.Inputs {
	return buildcontext.Inputs{
		Target: "prod", Platform: "linux/amd64", Network: "none", Epoch: "2026-03",
		Args:    map[string]string{"A": "1", "B": "2"},
		Bases:   map[string]string{"alpine:3": "sha256:1"},
		Labels:  map[string]string{"team": "automation"},
		Secrets: []string{"npm", "pip"},
	}
}

func hash(t testing.TB, c *buildcontext.Context, in buildcontext.Inputs) string {
	t.Helper()
	h, err := c.Hash(t.Context(), in)
	must(t, err)
	return h
}

// TestHashFormat notices what changes the hash of every image: it makes all of
// them be built anew, so that hashFormat is to change with it.
func TestHashFormat(t *testing.T) {
	dir := tree(t, map[string]string{"a/run": "echo", "a/link": "-> /etc/passwd", "empty/": ""})
	must(t, os.Chmod(filepath.Join(dir, "a/run"), 0o755))
	const want = "09902e962afb5e1efaec38c4ae3697fb126d53deaae533f0af4a5524e01e4a7d"
	if got := hash(t, open(t, dir, buildcontext.Options{}), inputs()); got != want {
		t.Errorf("hash is %s, want %s", got, want)
	}
}

// TestHashInputs changes one input after the other: each gives a hash that no
// other has.
func TestHashInputs(t *testing.T) {
	in := func(change func(*buildcontext.Inputs)) func(string, *buildcontext.Inputs) error {
		return func(_ string, i *buildcontext.Inputs) error { change(i); return nil }
	}
	write := func(path, content string) func(string, *buildcontext.Inputs) error {
		return func(dir string, _ *buildcontext.Inputs) error {
			return os.WriteFile(filepath.Join(dir, path), []byte(content), 0o644)
		}
	}
	changes := map[string]func(dir string, in *buildcontext.Inputs) error{
		"nothing":                    func(string, *buildcontext.Inputs) error { return nil },
		"the target":                 in(func(i *buildcontext.Inputs) { i.Target = "test" }),
		"the platform":               in(func(i *buildcontext.Inputs) { i.Platform = "linux/arm64" }),
		"the network":                in(func(i *buildcontext.Inputs) { i.Network = "host" }),
		"the epoch":                  in(func(i *buildcontext.Inputs) { i.Epoch = "2026-04" }),
		"the epoch for the network":  in(func(i *buildcontext.Inputs) { i.Network, i.Epoch = "", "none2026-03" }),
		"an argument":                in(func(i *buildcontext.Inputs) { i.Args["A"] = "3" }),
		"one argument more":          in(func(i *buildcontext.Inputs) { i.Args["C"] = "" }),
		"one argument less":          in(func(i *buildcontext.Inputs) { delete(i.Args, "A") }),
		"where an argument begins":   in(func(i *buildcontext.Inputs) { i.Args = map[string]string{"A1": "", "B": "2"} }),
		"an argument that is a base": in(func(i *buildcontext.Inputs) { i.Args["alpine:3"], i.Bases = "sha256:1", nil }),
		"a base":                     in(func(i *buildcontext.Inputs) { i.Bases["alpine:3"] = "sha256:2" }),
		"a label":                    in(func(i *buildcontext.Inputs) { i.Labels["team"] = "" }),
		"a secret":                   in(func(i *buildcontext.Inputs) { i.Secrets = []string{"npm"} }),
		"two secrets in one":         in(func(i *buildcontext.Inputs) { i.Secrets = []string{"npmpip"} }),
		"the Dockerfile":             write("Dockerfile", "FROM scratch\nUSER 1\n"),
		"a file":                     write("a", "2"),
		"one file more":              write("b", ""),
		"one file less":              func(dir string, _ *buildcontext.Inputs) error { return os.Remove(filepath.Join(dir, "a")) },
		"the name of a file": func(dir string, _ *buildcontext.Inputs) error {
			return os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "z"))
		},
		"that it may be executed": func(dir string, _ *buildcontext.Inputs) error { return os.Chmod(filepath.Join(dir, "a"), 0o755) },
		"that it runs as its owner": func(dir string, _ *buildcontext.Inputs) error {
			return os.Chmod(filepath.Join(dir, "a"), 0o644|os.ModeSetuid)
		},
		"an empty directory": func(dir string, _ *buildcontext.Inputs) error { return os.Mkdir(filepath.Join(dir, "d"), 0o755) },
		"where a link leads": func(dir string, _ *buildcontext.Inputs) error {
			return os.Symlink("a", filepath.Join(dir, "to-a"))
		},
		"where it leads else": func(dir string, _ *buildcontext.Inputs) error {
			return os.Symlink("b", filepath.Join(dir, "to-a"))
		},
		"a copy for a link": write("to-a", "a"),
		"what the ignore file leaves out": func(dir string, _ *buildcontext.Inputs) error {
			return os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte("a\n.dockerignore"), 0o644)
		},
	}
	seen := make(map[string]string)
	for name, change := range changes {
		dir, in := tree(t, map[string]string{"a": "1", "sub/x": ""}), inputs()
		must(t, change(dir, &in))
		h := hash(t, open(t, dir, buildcontext.Options{}), in)
		if len(h) != 64 || strings.Trim(h, "0123456789abcdef") != "" {
			t.Errorf("%s: hash is %q", name, h)
		}
		// What leaves a file out is as if it were not there.
		if name == "what the ignore file leaves out" {
			name = "one file less"
		}
		if other, taken := seen[h]; taken && other != name {
			t.Errorf("a change of %s gives the hash of a change of %s", name, other)
		}
		seen[h] = name
	}
	if len(seen) != len(changes)-1 {
		t.Errorf("%d hashes of %d changes", len(seen), len(changes))
	}
}

func TestHashIgnoresWhatDoesNotCount(t *testing.T) {
	base := func() (string, buildcontext.Inputs) {
		return tree(t, map[string]string{"a": "1", "b/run": "2", ".dockerignore": "tmp\n.dockerignore", "tmp/x": "3"}), inputs()
	}
	dir, in := base()
	want := hash(t, open(t, dir, buildcontext.Options{}), in)
	tests := map[string]func(dir string, in *buildcontext.Inputs) error{
		"another directory": func(string, *buildcontext.Inputs) error { return nil },
		"times": func(dir string, _ *buildcontext.Inputs) error {
			return os.Chtimes(filepath.Join(dir, "a"), time.Unix(1, 0), time.Unix(1, 0))
		},
		"what a umask takes": func(dir string, _ *buildcontext.Inputs) error { return os.Chmod(filepath.Join(dir, "a"), 0o600) },
		"rights to a directory": func(dir string, _ *buildcontext.Inputs) error {
			return os.Chmod(filepath.Join(dir, "b"), 0o700|os.ModeSetgid)
		},
		"files that are left out": func(dir string, _ *buildcontext.Inputs) error {
			return os.WriteFile(filepath.Join(dir, "tmp/y"), nil, 0o644)
		},
		"words of the ignore file": func(dir string, _ *buildcontext.Inputs) error {
			return os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte("# a comment\n.dockerignore\ntmp/\n"), 0o644)
		},
		"one more right to execute":    func(dir string, _ *buildcontext.Inputs) error { return os.Chmod(filepath.Join(dir, "a"), 0o655) },
		"another name of the platform": func(_ string, in *buildcontext.Inputs) error { in.Platform = "Linux/x86_64/v1"; return nil },
		"proxies": func(_ string, in *buildcontext.Inputs) error {
			for _, name := range []string{"HTTP_PROXY", "https_proxy", "no_proxy", "ALL_PROXY", "FTP_PROXY"} {
				in.Args[name] = "http://user:password@proxy"
			}
			return nil
		},
		"the order of secrets": func(_ string, in *buildcontext.Inputs) error { slices.Reverse(in.Secrets); return nil },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			dir, in := base()
			must(t, change(dir, &in))
			if got := hash(t, open(t, dir, buildcontext.Options{}), in); got != want {
				t.Error("it changes the hash")
			}
		})
	}
	t.Run("how many files are hashed at once", func(t *testing.T) {
		dir := manyFiles(t, 500)
		one := hash(t, open(t, dir, buildcontext.Options{Hashing: 1}), in)
		for _, n := range []int{2, 7, 64} {
			if got := hash(t, open(t, dir, buildcontext.Options{Hashing: n}), in); got != one {
				t.Errorf("%d at once give another hash", n)
			}
		}
	})
	t.Run("the default network", func(t *testing.T) {
		c := open(t, dir, buildcontext.Options{})
		if hash(t, c, buildcontext.Inputs{Network: "default"}) != hash(t, c, buildcontext.Inputs{}) {
			t.Error("its name changes the hash")
		}
	})
	t.Run("proxies that the Dockerfile declares do count", func(t *testing.T) {
		c := open(t, tree(t, map[string]string{"Dockerfile": "FROM scratch\nARG HTTP_PROXY\n"}), buildcontext.Options{})
		one := buildcontext.Inputs{Args: map[string]string{"HTTP_PROXY": "1", "NO_PROXY": "1", "Http_Proxy": "1"}}
		if hash(t, c, one) == hash(t, c, buildcontext.Inputs{Args: map[string]string{"HTTP_PROXY": "2", "Http_Proxy": "1"}}) {
			t.Error("another value does not change the hash")
		}
		if hash(t, c, one) == hash(t, c, buildcontext.Inputs{Args: map[string]string{"HTTP_PROXY": "1", "Http_Proxy": "2"}}) {
			t.Error("an argument of another case is no proxy")
		}
	})
	t.Run("nil and empty maps", func(t *testing.T) {
		c := open(t, dir, buildcontext.Options{})
		empty := buildcontext.Inputs{Args: map[string]string{}, Bases: map[string]string{}, Labels: map[string]string{}, Secrets: []string{}}
		if hash(t, c, buildcontext.Inputs{}) != hash(t, c, empty) {
			t.Error("they differ")
		}
	})
}

func TestPlatforms(t *testing.T) {
	tests := map[string]string{
		"linux/arm64": "linux/arm64/v8 linux/aarch64 LINUX/ARM64/8",
		"linux/amd64": "linux/x86-64 linux/x86_64 linux/amd64/v1",
		"linux/arm":   "linux/arm/v7 linux/arm/7 linux/armhf",
		"linux/armel": "linux/arm/v6 linux/arm/6",
		"linux/386":   "linux/i386",
		"darwin/x":    "macos/x",
	}
	c := open(t, tree(t, nil), buildcontext.Options{})
	seen := make(map[string]string)
	for platform, others := range tests {
		want := hash(t, c, buildcontext.Inputs{Platform: platform})
		if other, taken := seen[want]; taken {
			t.Errorf("%s and %s have one hash", platform, other)
		}
		seen[want] = platform
		for other := range strings.FieldsSeq(others) {
			if hash(t, c, buildcontext.Inputs{Platform: other}) != want {
				t.Errorf("%s is another platform than %s", other, platform)
			}
		}
	}
	if hash(t, c, buildcontext.Inputs{Platform: "linux/amd64/v2"}) == hash(t, c, buildcontext.Inputs{Platform: "linux/amd64"}) {
		t.Error("amd64/v2 is no amd64")
	}
}

// manyFiles makes n files of 1 to 19 kB in directories of fifty.
func manyFiles(t testing.TB, n int) string {
	files := make(map[string]string, n)
	for i := range n {
		files[fmt.Sprintf("src/%03d/file-%d", i/50, i)] = strings.Repeat(fmt.Sprintf("%07d\n", i), 128+i*37%2304)
	}
	return tree(t, files)
}

// BenchmarkHash hashes 4,000 files (some 40 MB, in the page cache), and tells the
// time that reading and hashing the same files one after the other takes, in
// rounds by turns, as the ratio plain/ours: 1 is as fast as that, more is faster.
func BenchmarkHash(b *testing.B) {
	dir := manyFiles(b, 4000)
	for _, n := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("hashing=%d", n), func(b *testing.B) {
			var ours, plain time.Duration
			for b.Loop() {
				c := open(b, dir, buildcontext.Options{Hashing: n}) // a context reads its files once
				start := time.Now()
				hash(b, c, buildcontext.Inputs{})
				ours += time.Since(start)
				start = time.Now()
				plainHash(b, c)
				plain += time.Since(start)
			}
			b.ReportMetric(float64(plain)/float64(ours), "plain/ours")
		})
	}
}

// plainHash is what hashing costs without all that makes it safe.
func plainHash(t testing.TB, c *buildcontext.Context) {
	h, buffer := sha256.New(), make([]byte, 64<<10)
	for _, f := range c.Files() {
		if !f.Mode.IsRegular() {
			continue
		}
		file, err := os.Open(filepath.Join(c.Dir(), f.Path))
		must(t, err)
		_, err = io.CopyBuffer(h, struct{ io.Reader }{file}, buffer)
		must(t, err)
		file.Close()
	}
	h.Sum(nil)
}

package discovery

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/changes"
)

var seed = flag.Uint64("seed", 0, "seed of the random trees; 0 takes one from the clock")

func newRandom(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("run again with -args -seed %d", s)
		}
	})
	return rand.New(rand.NewPCG(s, 0))
}

// randomDir returns a path of up to four directories, some oddly called.
func randomDir(random *rand.Rand) string {
	names := []string{"a", "b", "c", "app", "[id]", "{x,y}", "*", "?", "!a", `back\slash`, " ", "é", "new\nline", "..a", "-", "a]", "}", "^a", "node_modules"}
	dir := "."
	for range random.IntN(5) {
		dir = path.Join(dir, names[random.IntN(len(names))])
	}
	return dir
}

// Whatever the directories are called, changes takes the Config, and gives
// each file to the nearest module.
func TestEachFileBelongsToTheNearestModule(t *testing.T) {
	random := newRandom(t)
	for range 200 {
		tree, dirs := files{}, map[string]bool{}
		for range random.IntN(20) {
			dir := randomDir(random)
			dirs[dir] = true
			tree[path.Join(dir, "Dockerfile")] = ""
		}
		config, err := Find(t.Context(), tree.tree(), Options{Ignore: []string{}})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			at := randomDir(random)
			file := path.Join(at, "file")
			var want []string
			for dir := at; ; dir = path.Dir(dir) {
				if dirs[dir] {
					want = append(want, dir)
				}
				if dirs[dir] || dir == "." {
					break
				}
			}
			selection, err := config.Select(changes.Diff{Files: []changes.File{{Path: file, Status: changes.Modified}}}, changes.SelectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range selection.Modules {
				got = append(got, m.Name)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("modules of %q among %q (-want +got):\n%s", file, slices.Sorted(maps.Keys(dirs)), d)
			}
		}
	}
}

// A graph of modules that is written down in one of the ways that Find reads
// comes back as it was.
func TestGraphsComeBack(t *testing.T) {
	ways := map[string]struct {
		root  string // package.json at the root
		file  string
		write func(dir string, needs []string) string
	}{
		"go.mod by require": {file: "go.mod", write: func(dir string, needs []string) string {
			return "module x.org/" + dir + "\n" + each(needs, "require x.org/%s v1.0.0\n")
		}},
		"go.mod by replace": {file: "go.mod", write: func(dir string, needs []string) string {
			return "module x.org/" + dir + "\n" + each(relative(dir, needs), "replace y.org/z%[2]d => %[1]s\n")
		}},
		"package.json by name": {root: `{"workspaces": ["**"]}`, file: "package.json", write: func(dir string, needs []string) string {
			return fmt.Sprintf(`{"name": %q, "dependencies": {%s}}`, dir, strings.Trim(each(needs, `%q: "workspace:^",`), ","))
		}},
		"package.json by path": {file: "package.json", write: func(dir string, needs []string) string {
			return fmt.Sprintf(`{"dependencies": {%s}}`, strings.Trim(each(relative(dir, needs), `"z%[2]d": "link:%[1]s",`), ","))
		}},
		"Terraform": {file: "main.tf", write: func(dir string, needs []string) string {
			return each(relative(dir, needs), "module \"z%[2]d\" {\n  source = %[1]q\n}\n")
		}},
		"Terraform in JSON": {file: "main.tf.json", write: func(dir string, needs []string) string {
			return `{"module": {` + strings.Trim(each(relative(dir, needs), `"z%[2]d": {"source": %[1]q},`), ",") + `}}`
		}},
	}
	random := newRandom(t)
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				graph := randomGraph(random)
				tree := files{}
				if way.root != "" {
					tree["package.json"] = way.root
				}
				for dir, needs := range graph {
					tree[path.Join(dir, way.file)] = way.write(dir, needs)
				}
				config, err := Find(t.Context(), tree.tree(), Options{})
				if err != nil {
					t.Fatal(err)
				}
				got := map[string][]string{}
				for _, m := range config.Modules {
					got[m.Name] = m.DependsOn
				}
				if d := cmp.Diff(graph, got, cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("graph (-want +got):\n%s", d)
				}
			}
		})
	}
}

// randomGraph returns directories and those that each needs, sorted.
func randomGraph(random *rand.Rand) map[string][]string {
	var dirs []string
	for i := range 2 + random.IntN(12) {
		dir := fmt.Sprintf("m%02d", i)
		if len(dirs) > 0 && random.IntN(2) == 0 {
			dir = path.Join(dirs[random.IntN(len(dirs))], dir)
		}
		dirs = append(dirs, dir)
	}
	graph := map[string][]string{}
	for _, dir := range dirs {
		graph[dir] = nil
		for _, other := range dirs {
			if other != dir && random.IntN(4) == 0 {
				graph[dir] = append(graph[dir], other)
			}
		}
		slices.Sort(graph[dir])
	}
	return graph
}

// each formats every text with its index.
func each(texts []string, format string) string {
	var b strings.Builder
	for i, text := range texts {
		if strings.Contains(format, "[2]") {
			fmt.Fprintf(&b, format, text, i)
		} else {
			fmt.Fprintf(&b, format, text)
		}
	}
	return b.String()
}

// relative returns paths as seen from dir, each with dots in front.
func relative(dir string, targets []string) []string {
	var paths []string
	for _, target := range targets {
		rel, err := filepath.Rel(dir, target)
		if err != nil {
			panic(err)
		}
		switch rel = filepath.ToSlash(rel); {
		case rel == "..":
			rel = "../" // for Terraform, ".." would be no local path
		case !strings.HasPrefix(rel, "../"):
			rel = "./" + rel
		}
		paths = append(paths, rel)
	}
	return paths
}

// 2,000 modules in a working tree of 27,000 files.
func BenchmarkFind(b *testing.B) {
	root := b.TempDir()
	for i := range 2000 {
		dir := filepath.Join(root, "services", fmt.Sprint(i%40), fmt.Sprint(i))
		if err := os.MkdirAll(filepath.Join(dir, "src"), 0o755); err != nil {
			b.Fatal(err)
		}
		content := fmt.Sprintf("module x.org/m%d\n\nrequire (\n\tx.org/m%d v1.0.0\n\tx.org/m%d v1.0.0\n)\n", i, i/2, i/3)
		for name, text := range map[string]string{"go.mod": content, "Dockerfile": "FROM scratch\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				b.Fatal(err)
			}
		}
		for j := range 11 {
			if err := os.WriteFile(filepath.Join(dir, "src", fmt.Sprintf("file%d.go", j)), nil, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		config, err := Find(b.Context(), os.DirFS(root), Options{})
		if err != nil || len(config.Modules) != 2000 {
			b.Fatal(len(config.Modules), err)
		}
	}
}

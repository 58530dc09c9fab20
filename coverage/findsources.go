package coverage

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// FindSources lists the repository at dir: its files, its own directory as a
// prefix, and for each go.mod the path of that module as a prefix, which is Shared
// where several name it. What is below
// node_modules and directories whose name begins with a dot is left out, and so is
// what is no regular file.
func FindSources(ctx context.Context, dir string) (Sources, error) {
	s := Sources{Prefixes: map[string]string{}}
	modules := map[string][]string{} // directories by the path of the Go module
	own, err := filepath.Abs(dir)
	if err != nil {
		return Sources{}, fmt.Errorf("find sources: %w", err)
	}
	s.Prefixes[filepath.ToSlash(own)] = "."
	root := os.DirFS(dir)
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		s.Files = append(s.Files, name)
		if entry.Name() == "go.mod" {
			return addGoModule(modules, root, name)
		}
		return nil
	})
	if err != nil {
		return Sources{}, fmt.Errorf("find sources in %s: %w", dir, err)
	}
	for module, dirs := range modules {
		if len(dirs) == 1 {
			s.Prefixes[module] = dirs[0]
			continue
		}
		if s.Shared == nil {
			s.Shared = map[string][]string{}
		}
		s.Shared[module] = dirs
	}
	return s, nil
}

func addGoModule(modules map[string][]string, root fs.FS, name string) error {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	if module := modulePath(string(text)); module != "" {
		modules[module] = append(modules[module], path.Dir(name))
	}
	return nil
}

// modulePath returns what the module directive of a go.mod says; "" where it has
// none. See https://go.dev/ref/mod#go-mod-file-module.
func modulePath(gomod string) string {
	block := false
	for line := range strings.Lines(gomod) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
			continue
		case fields[0] == ")":
			block = false
			continue
		case block:
		case fields[0] == "module" && len(fields) == 2 && fields[1] == "(":
			block = true
			continue
		case fields[0] == "module" && len(fields) == 2:
			fields = fields[1:]
		default:
			continue
		}
		if unquoted, err := strconv.Unquote(fields[0]); err == nil {
			return unquoted
		}
		return fields[0]
	}
	return ""
}

package validate

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// ESLint checks JavaScript and TypeScript by the module's own eslint, with the
// module's own configuration.
type ESLint struct {
	// Program is eslint; default the one in node_modules/.bin of the module or of
	// a directory above it up to the root, or else the one in PATH.
	Program string
	Args    []string // further arguments, such as "--max-warnings=0"
}

// Name returns "eslint".
func (ESLint) Name() string { return "eslint" }

// frontEnd matches the files that eslint looks at, by itself or by its usual plugins.
func frontEnd(name string) bool {
	return suffix(".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte")(name)
}

// Run checks the files of the module: all, or those that changed.
func (e ESLint) Run(ctx context.Context, t Target) (Report, error) {
	files, err := filesFor(t, "JavaScript or TypeScript file", frontEnd)
	if err != nil || files.nothing != "" {
		return Report{Nothing: files.nothing}, err
	}
	in := invocation{
		program: Program{Name: e.Program, Args: slices.Concat([]string{"--format", "json"}, e.Args), Dir: t.Dir()},
		format:  ESLintFormat,
		remedy:  "run npm ci in " + t.Module.Dir + ", or npm install --save-dev eslint",
	}
	if in.program.Name == "" {
		in.program.Name = nodeProgram(t, "eslint")
	}
	var rep Report
	if len(t.Module.Files) > 0 {
		rep, err = in.runOver(ctx, t, files.names)
	} else {
		in.program.Args = append(in.program.Args, ".")
		rep, err = in.run(ctx, t)
	}
	return rep, explainNoFiles(err, files.names)
}

// explainNoFiles says what it means that eslint looked at no file of a module
// that has some. That is no crash of eslint, and must not pass either.
func explainNoFiles(err error, names []string) error {
	crash, ok := errors.AsType[*CrashError](err)
	if !ok || crash.Code != 2 {
		return err
	}
	ignored := slices.ContainsFunc(crash.Stderr, func(line string) bool {
		return strings.Contains(line, "No files matching") || strings.Contains(line, "are ignored")
	})
	if !ignored {
		return err
	}
	crash.Reason = fmt.Sprintf("its configuration matches none of the module's files, of which there are %d (%s)", len(names), clean.Text(path.Clean(names[0])))
	crash.Stderr = nil
	return crash
}

// nodeProgram finds the program that a package of the module installed.
func nodeProgram(t Target, name string) string {
	for dir := t.Module.Dir; ; dir = path.Dir(dir) {
		file := filepath.Join(t.Root, filepath.FromSlash(dir), "node_modules", ".bin", name)
		if isFile(file) {
			return file
		}
		if dir == "." {
			return name
		}
	}
}

package validate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// NPM runs a script of the module's package.json: "npm run lint".
//
// Where the script is a plain call of eslint, it is asked for JSON, so that its
// findings have places. Where Format is not set and the script is anything else,
// its exit code decides: 1 is one finding, and the end of its output is shown.
type NPM struct {
	Script string // default "lint"
	// Format is how the script prints its findings, if it does so in a known
	// form; Args are handed to the script.
	Format Format
	Args   []string
}

// Name returns "npm", and behind a colon the script where it is not lint.
func (n NPM) Name() string {
	if n.Script == "" || n.Script == "lint" {
		return "npm"
	}
	return "npm:" + n.Script
}

// maxPackageJSON is far more than a package.json that people write.
const maxPackageJSON = 4 << 20

// Run runs the script in the directory of the module.
func (n NPM) Run(ctx context.Context, t Target) (Report, error) {
	script := n.Script
	if script == "" {
		script = "lint"
	}
	command, nothing, err := packageScript(filepath.Join(t.Dir(), "package.json"), script)
	if err != nil || nothing != "" {
		return Report{Nothing: nothing}, err
	}
	in := invocation{
		program: Program{Name: "npm", Args: []string{"run", script, "--silent"}, Dir: t.Dir(), Env: []string{"NO_UPDATE_NOTIFIER=1"}},
		format:  n.Format, anyText: true,
		remedy: "install Node.js, which npm comes with",
	}
	args := n.Args
	switch {
	case in.format != "":
	case plainESLint(command) && len(args) == 0:
		in.format, args = ESLintFormat, []string{"--format", "json"}
	default:
		in.format = ExitCodeFormat
	}
	if len(args) > 0 {
		in.program.Args = slices.Concat(in.program.Args, []string{"--"}, args)
	}
	rep, err := in.run(ctx, t)
	return rep, explainScript(err, script, t)
}

// explainScript says what the exit code of a shell means that did not find a program.
func explainScript(err error, script string, t Target) error {
	crash, ok := errors.AsType[*CrashError](err)
	if !ok || crash.Code != 127 {
		return err
	}
	return &MissingToolError{Tool: "a program of npm script " + script, Remedy: "run npm ci in " + t.Module.Dir, Err: crash}
}

// packageScript returns the command of a script, or why there is none.
func packageScript(file, script string) (command, nothing string, err error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "no package.json", nil
	case err != nil:
		return "", "", fmt.Errorf("read package.json: %w", err)
	case !info.Mode().IsRegular() || info.Size() > maxPackageJSON:
		return "", "", errors.New("read package.json: it is no file of a usual size")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", "", fmt.Errorf("read package.json: %w", err)
	}
	var pkg struct{ Scripts map[string]string }
	if err := json.Unmarshal(data, &pkg); err != nil {
		return "", "", fmt.Errorf("read package.json: %w", err)
	}
	command, ok := pkg.Scripts[script]
	if !ok {
		return "", "package.json has no script " + script, nil
	}
	return command, "", nil
}

// plainESLint reports whether command is one call of eslint, without a format
// of its own, to which arguments can be appended.
func plainESLint(command string) bool {
	words := strings.Fields(command)
	if len(words) == 0 || words[0] != "eslint" || strings.ContainsAny(command, "&|;<>`$()#\n") {
		return false
	}
	return !slices.ContainsFunc(words, func(w string) bool {
		return w == "-f" || w == "-o" || w == "--" || strings.HasPrefix(w, "--format") || strings.HasPrefix(w, "--output-file")
	})
}

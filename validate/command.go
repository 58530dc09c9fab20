package validate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/validate/internal/parse"
)

// Command is a check by any program whose findings have a [Format]. Name and
// Program must be set.
//
//	validate.Command{Label: "shellcheck", Program: "shellcheck", Args: []string{"-f", "checkstyle"},
//		Format: validate.CheckstyleFormat, Files: []string{"*.sh"}, AppendFiles: true}
//
// The program runs in the directory of the module. It is clean where it prints
// no finding and its exit code is 0. An exit code that is neither 0 nor one of
// FindingCodes, one of FindingCodes without a finding, and output that is not of
// the format are a crash: what looks like a finding then may be half the truth.
type Command struct {
	Label   string // name of the check; default Program
	Program string // looked up in PATH; one with a slash is relative to the module
	Args    []string
	Format  Format // default LinesFormat
	// FromStderr says that findings are on standard error, as those of go vet.
	FromStderr bool
	// FindingCodes are the exit codes that mean that there are findings; default 1.
	FindingCodes []int
	// Files are the files that it is for, as patterns of path.Match: "*.sh" is for
	// the names in any directory, and a pattern with a slash, such as
	// "scripts/*.sh", for paths relative to the module. None means that it is for
	// every module.
	Files []string
	// AppendFiles adds the files that are to be looked at to the arguments. It
	// needs Files.
	AppendFiles bool
	Remedy      string // how to get the program, for the message where it is missing
}

// Name returns the label.
func (c Command) Name() string {
	if c.Label == "" {
		return c.Program
	}
	return c.Label
}

// Run runs the program over the module.
func (c Command) Run(ctx context.Context, t Target) (Report, error) {
	if c.Program == "" {
		return Report{}, fmt.Errorf("command %q has no program", c.Label)
	}
	if c.AppendFiles && len(c.Files) == 0 {
		return Report{}, fmt.Errorf("command %s appends files, but does not say which", c.Name())
	}
	if err := checkPatterns(c.Files); err != nil {
		return Report{}, fmt.Errorf("command %s: %w", c.Name(), err)
	}
	in := invocation{
		program: Program{Name: c.Program, Args: c.Args, Dir: t.Dir()},
		format:  c.Format, anyText: true, fromStderr: c.FromStderr, findingCodes: c.FindingCodes, remedy: c.Remedy,
	}
	if len(c.Files) == 0 {
		return in.run(ctx, t)
	}
	files, err := filesFor(t, strings.Join(c.Files, " or ")+" file", matchAny(c.Files))
	if err != nil || files.nothing != "" {
		return Report{Nothing: files.nothing}, err
	}
	if !c.AppendFiles {
		return in.run(ctx, t)
	}
	return in.runOver(ctx, t, files.names)
}

// invocation is a program to run, and how to take what it says.
type invocation struct {
	program      Program
	format       Format
	anyText      bool // what it prints is not known: a line may only look like a finding
	fromStderr   bool
	findingCodes []int
	remedy       string
	judge        func(Output, []parse.Message) error // finds reasons of its own to call it a crash; may be nil
}

// maxArgs bounds the bytes of file names in one call. Systems take at least
// 128 KiB for arguments and environment together; Windows 32 KiB.
const maxArgs = 24 << 10

// runOver runs the program once for as many files as fit in one call. It stops
// at the first call that fails.
func (in invocation) runOver(ctx context.Context, t Target, files []string) (Report, error) {
	var all Report
	for batch := range batches(files, maxArgs) {
		call := in
		call.program.Args = slices.Concat(in.program.Args, batch)
		rep, err := call.run(ctx, t)
		all.Findings = append(all.Findings, rep.Findings...)
		all.Notes = append(all.Notes, rep.Notes...)
		all.Output = append(all.Output, rep.Output...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// run runs the program and reads its findings.
func (in invocation) run(ctx context.Context, t Target) (Report, error) {
	out, err := t.Exec.Run(ctx, in.program)
	if err != nil {
		if missing, ok := errors.AsType[*MissingToolError](err); ok && missing.Remedy == "" {
			missing.Remedy = in.remedy
		}
		return Report{}, err
	}
	data := out.Stdout
	if in.fromStderr {
		data = out.Stderr
	}
	ms, err := in.format.parse(data)
	if in.anyText && in.format.lines() && err == nil {
		ms, err = existing(t, ms)
	}
	rep := Report{Findings: findings(t, slices.DeleteFunc(slices.Clone(ms), func(m parse.Message) bool { return m.Ignored }))}
	if n := len(ms) - len(rep.Findings); n > 0 {
		rep.Notes = append(rep.Notes, fmt.Sprintf("its configuration ignores %s of those that changed", english.Count(n, "file")))
	}
	return in.verdict(t, rep, out, ms, err)
}

// verdict tells findings from a crash.
func (in invocation) verdict(t Target, rep Report, out Output, ms []parse.Message, parsed error) (Report, error) {
	if reason, crashed := in.crashed(out, parsed); crashed {
		return rep, in.crash(out, reason)
	}
	if in.judge != nil {
		if err := in.judge(out, ms); err != nil {
			return rep, err
		}
	}
	switch {
	case out.Code != 0 && in.format == ExitCodeFormat:
		rep.Findings = []Finding{{Path: t.Module.Dir, Severity: Error, Rule: fmt.Sprintf("exit-code-%d", out.Code), Message: in.commandLine() + " failed", Scope: OfModule, Blanket: true}}
		rep.Output = tail(out)
	case out.Code != 0 && len(rep.Findings) == 0 && !in.tooManyWarnings(ms):
		return rep, in.crash(out, "no finding in its output")
	}
	return rep, nil
}

// crashed reports whether the program did not do its work, or what it printed
// cannot be read, and why where the exit code or the signal does not say it.
func (in invocation) crashed(out Output, parsed error) (reason string, crashed bool) {
	silent := errors.Is(parsed, parse.ErrEmpty) && in.format == CheckstyleFormat && out.Code == 0
	switch incomplete := out.Incomplete(); {
	case out.Signal != "", out.Code != 0 && !in.isFinding(out.Code):
		return "", true
	case incomplete != "" && in.format != ExitCodeFormat: // half the findings may look like none
		return incomplete, true
	case parsed != nil && !silent: // many programs print checkstyle only where there are findings
		return parsed.Error(), true
	}
	return "", false
}

// tooManyWarnings reports whether eslint failed only for warnings that it was told
// to look at files that its configuration ignores.
func (in invocation) tooManyWarnings(ms []parse.Message) bool {
	return len(ms) > 0 && slices.ContainsFunc(in.program.Args, func(a string) bool { return strings.HasPrefix(a, "--max-warnings") })
}

// isFinding reports whether an exit code means that there are findings.
func (in invocation) isFinding(code int) bool {
	codes := in.findingCodes
	if len(codes) == 0 {
		codes = []int{1}
	}
	return code != 0 && slices.Contains(codes, code)
}

// commandLine names the program and what it was told to do, up to the first
// argument that is an option.
func (in invocation) commandLine() string {
	words := []string{in.program.Name}
	for _, a := range in.program.Args {
		if strings.HasPrefix(a, "-") {
			break
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// tailLines is how many lines of output are shown.
const tailLines = 15

func tail(out Output) []string {
	return cleanLines(string(out.Stdout)+"\n"+string(out.Stderr), tailLines)
}

func (in invocation) crash(out Output, reason string) error {
	err := NewCrash(in.program.Name, out, reason)
	if len(err.Stderr) == 0 && (in.format == ExitCodeFormat || out.Code > 1) {
		err.Stderr = cleanLines(string(out.Stdout), tailLines)
	}
	return err
}

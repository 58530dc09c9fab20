package coverage

import (
	"errors"
	"fmt"
	"strings"
)

// Sources are the files of a repository, so that the paths of reports can be
// told for them. A report names a file as it was called where the tests ran: by an
// import path, relative to a module, or absolute within a container. The zero
// value leaves paths as they are.
//
// [FindSources] makes one of a directory. A path is what the first of these
// rules makes of it that gives a file of the repository:
//
//  1. Prefixes and Shared, the longest that fits.
//  2. Relative to the Root of its [Input].
//  3. Relative to one of the roots that the report names ([Report.Roots]).
//  4. Relative to the repository.
//  5. The longest tail: the file ends as the path ends, by whole names, so that all
//     of the one (without the Root, where the file is below it) is the end of the other.
//
// A path that no rule gives a file stays as it is. A path for which a rule gives
// several files is ambiguous, which is an error and no guess.
type Sources struct {
	// Files are all that reports may name, relative to the repository, with slashes:
	// what git ls-files prints. Where there are none, rules 1, 2 and 4 hold for
	// every path.
	Files []string
	// Prefixes say for what paths in reports begin with which directory of the
	// repository that is, "." for its root: {"/builds/acme/shop": ".", "/app":
	// "billing", "example.com/shop/cart": "cart"}. Whole names count.
	Prefixes map[string]string
	// Shared are such prefixes that stand for several directories, as where two go.mod
	// files name one module. The Root of the Input tells which of them is meant: that
	// which is the Root itself, else those below it. A prefix of Prefixes goes before.
	Shared map[string][]string
}

func (s Sources) isZero() bool {
	return len(s.Files) == 0 && len(s.Prefixes) == 0 && len(s.Shared) == 0
}

// Map returns report with the paths of the repository. Root is the directory of
// it that paths of the report are relative to; "" is none. Files of the report
// that turn out to be one are merged.
//
// Its errors are [*AmbiguousError] values, joined, and those of files that cannot be merged.
func (s Sources) Map(report Report, root string) (Report, error) {
	return newMapper(s).report(report, root)
}

// AmbiguousError is a path of a report that may be several files, or several
// paths that may be one.
type AmbiguousError struct {
	Paths []string // as the report has them; one, or two that may be the one candidate
	Files []string // of the repository, sorted
}

func (e *AmbiguousError) Error() string {
	const most = 5
	files := strings.Join(e.Files[:min(most, len(e.Files))], ", ")
	if more := len(e.Files) - most; more > 0 {
		files += fmt.Sprintf(" and %d more", more)
	}
	if len(e.Paths) > 1 {
		return fmt.Sprintf("map %s: both may be %s: name the root of the report, or a prefix", strings.Join(e.Paths, " and "), files)
	}
	return fmt.Sprintf("map %s: it may be any of %s: name the root of the report, or a prefix", strings.Join(e.Paths, ""), files)
}

// firstOf joins the first of errs, and says how many more there are.
func firstOf(errs []error) error {
	const most = 3
	if more := len(errs) - most; more > 0 {
		errs = append(errs[:most:most], fmt.Errorf("and %d more paths like these", more))
	}
	return errors.Join(errs...)
}

package discovery

import (
	"errors"
	"fmt"
	"strings"
)

// ErrIncomplete is matched by every [*FileError]. A Config that [Find] returns
// beside it is of use: it has the modules, but may lack dependencies. Where the
// workspaces of a package.json or a pnpm-workspace.yaml are what could not be
// read, packages below it may also count as modules that are none.
//
// A caller may go on with such a Config for the tree before a change, which it
// cannot mend, and insist on a complete one for the tree after it.
var ErrIncomplete = errors.New("modules are incomplete")

// FileError is a marker that cannot be read or understood. It matches [ErrIncomplete].
type FileError struct {
	File string // path within the tree
	Line int    // counted from 1; 0 where it is not known
	Err  error
}

func (e *FileError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.File, e.Err)
}

// Is reports whether target is ErrIncomplete.
func (e *FileError) Is(target error) bool { return target == ErrIncomplete }

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// NameError is a name that Options.Name gave to several modules, or an empty
// one that it gave to any.
type NameError struct {
	Name string
	Dirs []string // sorted
}

func (e *NameError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("name modules: Options.Name has no name for %s", strings.Join(e.Dirs, ", "))
	}
	return fmt.Sprintf("name modules: %s would all be called %q; let Options.Name tell them apart", strings.Join(e.Dirs, ", "), e.Name)
}

// fault is what is wrong with the content of a file; line is 0 where it is not known.
type fault struct {
	line int
	err  error
}

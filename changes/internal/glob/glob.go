// Package glob matches paths against globs that a stranger may have written.
//
//	if err := glob.Check(pattern); err != nil { ... }
//	ok := glob.Match(pattern, "services/a/main.go")
//
// The globs are those of package doublestar: "*" and "?" stay within a name,
// "**" crosses directories, {a,b} and [a-z] are choices. That package tries every
// combination of choices, which for some globs is longer than anyone can wait;
// Check refuses these. To match what remains takes time that is at most
// proportional to the length of the path, times [MaxSize].
package glob

import (
	"errors"
	"fmt"

	"github.com/bmatcuk/doublestar/v4"
)

// The largest globs that Check lets pass. Those that people write have some
// dozens of bytes and choices.
const (
	MaxLength = 1 << 10 // bytes
	MaxSize   = 1 << 16 // bytes of all globs without braces that it stands for
)

// ErrInvalid is the error of what is no glob.
var ErrInvalid = errors.New("it is no valid glob: a bracket or brace is not closed, or a range is empty")

// Check reports what is wrong with a glob. Its errors say nothing of the glob
// itself; the caller names it.
func Check(glob string) error {
	if len(glob) > MaxLength {
		return fmt.Errorf("it is a glob of %d bytes, and %d are allowed; split it into several", len(glob), MaxLength)
	}
	if !doublestar.ValidatePattern(glob) {
		return ErrInvalid
	}
	if most := MaxSize / max(1, len(glob)); choices(glob, most) > most {
		return fmt.Errorf("its braces stand for more than %d globs; split it into several", most)
	}
	return nil
}

// Match reports whether a glob that passed Check matches all of name.
func Match(glob, name string) bool { return doublestar.MatchUnvalidated(glob, name) }

// choices returns how many globs without braces a valid glob stands for, or
// some number above most.
func choices(glob string, most int) int {
	type level struct{ sum, product int } // of the alternatives that are done, and of the present one
	at := level{product: 1}
	var outer []level
	for i := 0; i < len(glob); i++ {
		switch glob[i] {
		case '\\':
			i++
		case '[':
			i = classEnd(glob, i)
		case '{':
			outer = append(outer, at)
			at = level{product: 1}
		case ',':
			if len(outer) > 0 {
				at.sum, at.product = at.sum+at.product, 1
			}
		case '}':
			offered := at.sum + at.product
			at, outer = outer[len(outer)-1], outer[:len(outer)-1]
			at.product = min(at.product*offered, most+1)
		}
	}
	return at.product
}

// classEnd returns where the class that begins at i ends.
func classEnd(glob string, i int) int {
	for i++; i < len(glob) && glob[i] != ']'; i++ {
		if glob[i] == '\\' {
			i++
		}
	}
	return i
}

package validate

import (
	"io"

	"github.com/mettel-automation/delivery/internal/linediff"
)

// LineRanges are changed lines by file: a path relative to the root, and
// ascending ranges of lines as they are after the change. It has no file that
// only lost lines; [Module.Files] has, and both count.
type LineRanges = linediff.Lines

// LineRange is a range of lines, both ends included, counted from 1.
type LineRange = linediff.Range

// ParseDiff reads the changed lines from a unified diff, such as git diff -U0
// prints. Its paths must be relative to the root, as those of git diff are
// to the top of the repository.
func ParseDiff(r io.Reader) (LineRanges, error) { return linediff.Parse(r) }

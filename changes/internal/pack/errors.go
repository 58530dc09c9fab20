package pack

import (
	"errors"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// ErrTooLarge is the error of an object that is larger than Reader.MaxSize.
var ErrTooLarge = errors.New("object is too large")

var errClosed = errors.New("pack is closed")

// damage is the error of a file that is not as it should be: what is wrong.
type damage string

const (
	errHeader = damage("an object has no valid header")
	errBase   = damage("what a delta is a delta of lies outside of the pack")
	errDelta  = damage("a delta does not fit what it is a delta of")
	errChain  = damage("deltas depend on one another in a circle, or there are too many")
)

func (d damage) Error() string { return git.ErrDamaged.Error() + ": " + string(d) }

// Unwrap returns [git.ErrDamaged].
func (damage) Unwrap() error { return git.ErrDamaged }

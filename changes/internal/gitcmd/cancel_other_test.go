//go:build !unix

package gitcmd

import "errors"

// Without named pipes and process groups there is no test that hangs.
func hang(string) error  { return errors.ErrUnsupported }
func child(string) error { return errors.ErrUnsupported }

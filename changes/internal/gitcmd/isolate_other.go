//go:build !unix

package gitcmd

import "os/exec"

// isolate does nothing where there are no process groups: git alone is killed.
func isolate(*exec.Cmd) {}

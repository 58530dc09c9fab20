//go:build unix

package gitcmd

import (
	"os/exec"
	"syscall"
)

// isolate gives git a session of its own, so that it and what it runs (ssh, a
// filter) can be killed together, and none of them asks on the terminal.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

//go:build unix

package validate

import (
	"os"
	"os/exec"
	"syscall"
)

// group makes the program the leader of a process group of its own, and the
// end of the context the end of that group.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// killGroup ends what the program has left running. The group keeps its number
// for as long as it has a member; without one, there is nothing to kill.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// signal names the signal that ended a program, if one did.
func signal(state *os.ProcessState) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}

//go:build !unix

package validate

import (
	"os"
	"os/exec"
)

func group(*exec.Cmd)                {}
func killGroup(*exec.Cmd)            {}
func signal(*os.ProcessState) string { return "" }

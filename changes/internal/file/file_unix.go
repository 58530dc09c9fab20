//go:build unix

package file

import (
	"io/fs"
	"os"
	"syscall"
)

// open opens a file without waiting for it, since a pipe without a writer would
// hold the program for ever. To os it looks as if it could wait, or the network
// poller would be told of it: for a file that takes several system calls and
// gives nothing.
func open(path string) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		switch err { //nolint:errorlint // a bare errno
		case nil:
			_ = syscall.SetNonblock(fd, false) // a regular file does not care
			return os.NewFile(uintptr(fd), path), nil
		case syscall.EINTR:
		default:
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

func (f *File) mapAll() ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, int(f.Size), syscall.PROT_READ, syscall.MAP_SHARED)
}

func unmap(data []byte) error { return os.NewSyscallError("munmap", syscall.Munmap(data)) }

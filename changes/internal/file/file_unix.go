//go:build unix

package file

import (
	"io/fs"
	"os"
	"syscall"
)

// open opens a file without telling the network poller of it: for a file that
// takes several system calls and gives nothing.
func open(path string) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		switch err { //nolint:errorlint // a bare errno
		case nil:
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

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package mmap

import (
	"os"
	"syscall"
)

// Map maps an open file, which may be closed afterwards.
func Map(f *os.File) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	switch {
	case !info.Mode().IsRegular():
		return nil, &os.PathError{Op: "map", Path: f.Name(), Err: syscall.EINVAL}
	case size == 0: // an empty mapping is an error to the system
		return &File{}, nil
	case int64(int(size)) != size:
		return nil, &os.PathError{Op: "map", Path: f.Name(), Err: syscall.EFBIG}
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, &os.PathError{Op: "map", Path: f.Name(), Err: err}
	}
	return &File{data: data, mapped: true}, nil
}

func unmap(data []byte) error { return syscall.Munmap(data) }

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package mmap

import (
	"io"
	"os"
)

// Map reads an open file, which may be closed afterwards.
func Map(f *os.File) (*File, error) {
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return &File{data: data}, nil
}

func unmap([]byte) error { return nil }

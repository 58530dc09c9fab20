// Package file opens files as the readers of a repository need them: cheaply,
// and mapped into memory where that pays.
//
//	f, err := file.Open(path)
//	...
//	defer f.Close()
//	data, err := f.Map()
//	...
//	defer file.Unmap(data)
//
// [ReadAll] is for files that are small, and [StampOf] tells when to read one again.
//
// [Rescue] makes an error of what else would end the program: the fault of a
// mapped file that cannot be read, or that another program has cut off.
//
// It does not write.
package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
)

// File is a regular file that is open for reading.
type File struct {
	*os.File
	Size int64 // in bytes, when it was opened
}

// ErrNotRegular is the error of what is no regular file: a directory, a pipe, a
// device.
var ErrNotRegular = errors.New("not a regular file")

// Open opens a regular file. It never waits, as for the writer of a pipe.
func Open(path string) (*File, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &File{File: f, Size: info.Size()}, nil
}

// Map maps the whole file into memory; it stays mapped when the file is closed,
// until [Unmap]. On systems that cannot do this it reads the file. A file that
// is empty gives nil.
func (f *File) Map() ([]byte, error) {
	if f.Size == 0 {
		return nil, nil
	}
	if f.Size != int64(int(f.Size)) {
		return nil, &fs.PathError{Op: "map", Path: f.Name(), Err: errors.New("larger than memory can be")}
	}
	data, err := f.mapAll()
	if err != nil {
		return nil, &fs.PathError{Op: "map", Path: f.Name(), Err: err}
	}
	return data, nil
}

// Unmap gives back what Map returned.
func Unmap(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	return unmap(data)
}

// ErrFault is the error of mapped memory that cannot be read.
var ErrFault = errors.New("the file could not be read, or was cut off meanwhile")

// Rescue turns a fault of mapped memory into [ErrFault]. It is deferred by a
// function that reads mapped memory:
//
//	defer file.Rescue(debug.SetPanicOnFault(true), &err)
func Rescue(before bool, err *error) {
	debug.SetPanicOnFault(before)
	const firstPage = 4096 // faults there are nil pointers
	switch p := recover().(type) {
	case nil:
	case interface {
		runtime.Error
		Addr() uintptr
	}:
		if p.Addr() < firstPage {
			panic(p)
		}
		*err = fmt.Errorf("read mapped file: %w", ErrFault)
	default:
		panic(p)
	}
}

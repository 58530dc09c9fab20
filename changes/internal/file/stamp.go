package file

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Stamp tells whether a file is the one that it was. The zero value is that of
// a file that is not there.
type Stamp struct{ info fs.FileInfo }

// StampOf takes the stamp of a file. It is taken before the file is read, so
// that what is written meanwhile is noticed.
func StampOf(path string) (Stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Stamp{}, IgnoreAbsent(err)
	}
	return Stamp{info}, nil
}

// IsZero reports whether there was no file.
func (s Stamp) IsZero() bool { return s.info == nil }

// Same reports whether a file has neither been replaced nor written since.
func (s Stamp) Same(now Stamp) bool {
	if s.info == nil || now.info == nil {
		return s.info == nil && now.info == nil
	}
	return os.SameFile(s.info, now.info) && s.info.Size() == now.info.Size() && s.info.ModTime().Equal(now.info.ModTime())
}

// IsAbsent reports whether err is that of a path where nothing is, or not even
// its directory.
func IsAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// IgnoreAbsent returns err, or nil where it is one of IsAbsent.
func IgnoreAbsent(err error) error {
	if IsAbsent(err) {
		return nil
	}
	return err
}

package file

import "io"

// Content is a whole file, mapped.
//
// It is meant for files that are replaced and never written in place, as Git's
// are: see [Rescue] for others.
type Content struct{ data []byte }

// Read maps the file at path, which may be replaced or removed afterwards.
func Read(path string) (*Content, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := f.Map()
	if err != nil {
		return nil, err
	}
	return &Content{data}, nil
}

// Bytes is the content. It must not be written to, nor used after Close.
func (c *Content) Bytes() []byte { return c.data }

// Close gives the memory back. A second call does nothing.
func (c *Content) Close() error {
	data := c.data
	c.data = nil
	return Unmap(data)
}

// ReadAll reads the regular file at path into memory of its own.
func ReadAll(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content := make([]byte, f.Size)
	n, err := io.ReadFull(f, content)
	if err == io.EOF || err == io.ErrUnexpectedEOF { //nolint:errorlint // ReadFull returns them bare
		err = nil // it was cut off meanwhile, as if before
	}
	return content[:n], err
}

package gittest

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"path/filepath"
)

// WriteLoose writes all objects below an object directory, so that git itself
// can read them.
func (o *Objects) WriteLoose(dir string) error {
	for h, object := range o.objects {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		if _, err := fmt.Fprintf(w, "%s %d\x00%s", object.kind, len(object.content), object.content); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		digits := h.String()
		if err := os.MkdirAll(filepath.Join(dir, digits[:2]), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, digits[:2], digits[2:]), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

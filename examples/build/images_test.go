package main

import (
	"strings"
	"testing"
)

// FuzzImages: a file has images, or one line says why not.
func FuzzImages(f *testing.F) {
	f.Add(images)
	f.Add("images: [{repository: app, context: ., args: {A: 1}, bases: {a: b}, secrets: [{id: a, env: B}]}]")
	f.Add("epoch: x\n---\n")
	f.Add("images: [")
	f.Add("images: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := decode(strings.NewReader(text))
		if err == nil && len(file.Images) == 0 {
			t.Errorf("%d images, %v", len(file.Images), err)
		}
		for _, entry := range file.Images {
			if i := file.image(entry, "/repo", func(string) string { return "" }); entry.Context != "" && !strings.HasPrefix(i.Context, "/") {
				t.Errorf("context %q of %q", i.Context, entry.Context)
			}
		}
	})
}

package validate

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
)

// maxSource is the largest file whose lines go into fingerprints; findings of
// larger ones are told apart by message alone.
const maxSource = 8 << 20

// lineReader reads lines of the files below root. Findings come sorted by place,
// so holding one file, and of it one line, is enough.
type lineReader struct {
	done  func() bool // nobody waits for the lines any more
	root  string
	path  string   // of the file that is held
	lines [][]byte // its lines
	n     int      // the line that text is, from 1
	text  string
}

// line returns line n of the file in normal form, or "" where there is none.
func (l *lineReader) line(path string, n int) string {
	if n <= 0 || l.done() {
		return ""
	}
	if path != l.path || l.lines == nil {
		l.path, l.lines, l.n = path, l.read(path), 0
	}
	switch {
	case n > len(l.lines):
		return ""
	case n != l.n:
		l.n, l.text = n, normal(string(l.lines[n-1]))
	}
	return l.text
}

func (l *lineReader) read(path string) [][]byte {
	none := [][]byte{}
	name := filepath.FromSlash(path)
	if !filepath.IsLocal(name) {
		return none
	}
	name = filepath.Join(l.root, name)
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
		return none
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return none
	}
	return bytes.Split(data, []byte("\n"))
}

// standIn returns a file of the module in dir, relative to root, for those who
// must name one where a finding is about the module: the file that people look
// at first, or else the first of all; dir where there is none.
func standIn(root, dir string) string {
	for _, name := range []string{"package.json", "pyproject.toml", "go.mod", "main.tf", "README.md"} {
		if isFile(filepath.Join(root, filepath.FromSlash(dir), name)) {
			return path.Join(dir, name)
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
	if err != nil {
		return dir
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			return path.Join(dir, e.Name())
		}
	}
	return dir
}

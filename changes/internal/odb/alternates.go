package odb

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
)

// maxAlternates is how many alternates may follow one another, as in git
// (object-file.c, link_alt_odb_entry).
const maxAlternates = 5

// objectDirs returns an object directory and its alternates, each once.
// Source: gitrepository-layout(5), objects/info/alternates.
func objectDirs(own string) ([]string, error) {
	dirs := []string{own}
	level := dirs
	for range maxAlternates {
		var next []string
		for _, dir := range level {
			alternates, err := readAlternates(dir)
			if err != nil {
				return nil, err
			}
			for _, a := range alternates {
				if !slices.Contains(dirs, a) {
					dirs, next = append(dirs, a), append(next, a)
				}
			}
		}
		level = next
	}
	return dirs, nil
}

// readAlternates returns the directories that an object directory borrows from,
// one a line. A relative one is relative to the object directory.
func readAlternates(dir string) ([]string, error) {
	content, err := file.ReadAll(filepath.Join(dir, "info", "alternates"))
	if err != nil {
		if file.IsAbsent(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read alternates: %w", err)
	}
	var dirs []string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := unquote(line); ok {
			line = name
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(dir, line)
		}
		if info, err := os.Stat(line); err == nil && info.IsDir() { // git passes over others
			dirs = append(dirs, filepath.Clean(line))
		}
	}
	return dirs, nil
}

// unquote undoes git's quoting of a path. It is not ok for what is not quoted,
// or not well, which git takes as it is. Source: quote.c, unquote_c_style.
func unquote(s string) (_ string, ok bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; {
		c := s[0]
		s = s[1:]
		if c == '"' {
			return "", false
		}
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		if c, s, ok = unescape(s); !ok {
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// unescape reads what is behind a backslash.
func unescape(s string) (c byte, rest string, ok bool) {
	if s == "" {
		return 0, "", false
	}
	const letters, bytes = `abfnrtv\"`, "\a\b\f\n\r\t\v\\\""
	if i := strings.IndexByte(letters, s[0]); i >= 0 {
		return bytes[i], s[1:], true
	}
	if len(s) < 3 || s[0] > '3' {
		return 0, "", false
	}
	for i := range 3 {
		if s[i] < '0' || s[i] > '7' {
			return 0, "", false
		}
		c = c<<3 | (s[i] - '0')
	}
	return c, s[3:], true
}

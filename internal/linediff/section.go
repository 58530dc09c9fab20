package linediff

import (
	"fmt"
	"strings"
)

// section is what the diff says of one file.
type section struct {
	git                 string // what follows "diff --git "
	renamedFrom         string // what follows "rename from "
	renamed             string // what follows "rename to " or "copy to "
	oldName, newName    string // what follows --- and +++
	path                string // on the new side; "" where there is none
	inFile, hunks       bool   // there is a +++ line; and a hunk
	created, deleted    bool   // "new file mode", "deleted file mode"
	moded, binary, open bool   // "new mode"; binary; within the lines of a binary patch
	similarity          string // of a rename, such as "100%"
	index               string // what follows "index ", such as "1..2 100644"
	lastHunk            int    // the last line of the hunks before
}

// header takes the lines between "diff --git" and the hunks. It reports whether
// line is one.
func (s *section) header(line string) bool {
	key := func(prefix string, to *string) bool {
		rest, found := strings.CutPrefix(line, prefix)
		if found {
			*to = rest
		}
		return found
	}
	switch {
	case s.git == "" || s.inFile:
		return false
	case key("rename from ", &s.renamedFrom), key("rename to ", &s.renamed), key("copy to ", &s.renamed),
		key("similarity index ", &s.similarity), key("index ", &s.index):
	case strings.HasPrefix(line, "new file mode "):
		s.created = true
	case strings.HasPrefix(line, "deleted file mode "):
		s.deleted = true
	case strings.HasPrefix(line, "new mode "):
		s.moded = true
	default:
		return s.patch(line)
	}
	return true
}

// patch is header for what stands in place of the hunks of a binary file.
func (s *section) patch(line string) bool {
	switch {
	case strings.HasPrefix(line, "Binary files ") && strings.HasSuffix(line, " differ"):
		s.binary = true
	case line == "GIT binary patch":
		s.binary, s.open = true, true
	case s.binary && (strings.HasPrefix(line, "literal ") || strings.HasPrefix(line, "delta ")):
		s.open = true
	case s.open && line == "":
		s.open = false
	default:
		return false
	}
	return true
}

// gap says what is missing of a section that is over; "" where it is whole.
func (s *section) gap() string {
	switch {
	case s.inFile && !s.hunks:
		return fmt.Sprintf("%s has no hunk behind its +++ line", s.newName)
	case !s.inFile && s.git != "" && (s.oldName != "" || !s.isWhole()):
		return fmt.Sprintf("the diff ends within the header of %s", s.git)
	}
	return ""
}

// isWhole reports whether a section may end without hunks. Git does so where only
// the mode or the name of a file changes, where the file is binary, where it is new
// and empty, and where it is deleted, if it was empty or the lines of deleted files
// are left out (--irreversible-delete).
func (s *section) isWhole() bool {
	switch {
	case s.binary:
		return !s.open
	case s.deleted:
		return isNoBlob(s.index)
	case s.created:
		return isEmptyBlob(s.index)
	case s.index != "":
		return false
	case s.renamed != "":
		named := strings.HasSuffix(s.git, strings.TrimPrefix(s.renamed, `"`))
		return named && (s.similarity == "" || s.similarity == "100%")
	}
	return s.moded
}

// isEmptyBlob reports whether "OLD..NEW MODE" goes to the object of no bytes, by
// its SHA-1 or SHA-256, however much they are shortened.
func isEmptyBlob(index string) bool {
	_, blob, _ := strings.Cut(index, "..")
	blob, _, _ = strings.Cut(blob, " ")
	const sha1, sha256 = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
	return len(blob) >= 4 && (strings.HasPrefix(sha1, blob) || strings.HasPrefix(sha256, blob))
}

// isNoBlob reports whether "OLD..NEW" goes to no object, which is all zeros.
func isNoBlob(index string) bool {
	old, blob, _ := strings.Cut(index, "..")
	return blob != "" && len(blob) == len(old) && strings.Trim(blob, "0") == ""
}

// touched returns the paths that a section which is over is about, on either side.
func (s *section) touched() ([]string, error) {
	var paths []string
	for _, name := range []string{s.renamedFrom, s.renamed} {
		if name == "" {
			continue
		}
		path, err := unquote(name)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	switch {
	case s.path != "":
		return append(paths, s.path), nil
	case len(paths) > 0:
		return paths, nil
	case s.git != "":
		path, err := s.ownName()
		return []string{path}, err
	case s.inFile: // deleted, as diff -u says it
		old, err := unquote(s.oldName)
		return []string{strings.TrimPrefix(old, "a/")}, err
	}
	return nil, nil
}

// ownName returns the path in "OLD NEW", which are one but for their prefixes
// where nothing else names the file. So they are of one length.
func (s *section) ownName() (string, error) {
	middle := len(s.git) / 2
	if s.git[middle] == ' ' {
		old, err1 := unquote(s.git[:middle])
		name, err2 := unquote(s.git[middle+1:])
		switch {
		case err1 != nil || err2 != nil:
		case old == name:
			return name, nil
		case isPrefixed(old, name) && old[len("a/"):] == name[len("b/"):]:
			return name[len("b/"):], nil
		}
	}
	return "", fmt.Errorf("the file in %q cannot be told: make the diff with the prefixes of git, or with none", s.git)
}

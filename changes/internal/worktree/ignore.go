package worktree

import (
	"bytes"
	"slices"
	"strings"
)

// ruleList is the rules of one file, such as the .gitignore of a directory.
// Source: gitignore(5) and, where that is silent, Git's dir.c.
type ruleList struct {
	dir   string // that the rules are about: "", or with a "/" at its end
	rules []*rule
}

// rule is one line of a file of rules.
type rule struct {
	negative bool // what it matches is not ignored
	dirOnly  bool
	anywhere bool // it has no slash, and is about names at any depth

	prefix string  // how what it matches begins, to the letter
	rest   pattern // of what follows
	suffix string  // how what it matches ends, to spare most names the pattern
}

// parseRules reads the rules of the directory dir.
func parseRules(dir string, content []byte) *ruleList {
	list := &ruleList{dir: dir}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")) // a byte order mark
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		line, _, _ = strings.Cut(line, "\x00") // git's strings end there
		if line = trimSpaces(line); line != "" && line[0] != '#' {
			list.rules = append(list.rules, parseRule(line))
		}
	}
	return list
}

// trimSpaces removes spaces from the end, but for one after a backslash.
func trimSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			continue
		case '\\':
			if i++; i == len(line) {
				return line
			}
		}
		end = i + 1
	}
	return line[:end]
}

func parseRule(line string) *rule {
	r := &rule{}
	line, r.negative = strings.CutPrefix(line, "!")
	line, r.dirOnly = strings.CutSuffix(line, "/")
	r.anywhere = !strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	literal := strings.IndexAny(line, `*?[\`)
	if literal < 0 {
		literal = len(line)
	}
	// Git compares the literal part first, so that "**" right after it counts
	// as if it stood after a slash.
	r.prefix, r.rest = line[:literal], compile(line[literal:], !r.anywhere)
	// The slash of "**/" may be passed over.
	r.suffix = strings.TrimPrefix(line[max(literal, strings.LastIndexAny(line, `*?[]\`)+1):], "/")
	return r
}

func (r *rule) match(name string) bool {
	rest, ok := strings.CutPrefix(name, r.prefix)
	return ok && strings.HasSuffix(rest, r.suffix) && r.rest.match(rest)
}

// ignored reports whether the rules ignore a path. Of the lists the last one
// that has something to say decides, and in it the last rule that matches.
func ignored(lists []*ruleList, path string, isDir bool) bool {
	base := path[strings.LastIndexByte(path, '/')+1:]
	for _, list := range slices.Backward(lists) {
		for _, r := range slices.Backward(list.rules) {
			name := path[len(list.dir):]
			if r.anywhere {
				name = base
			}
			if (isDir || !r.dirOnly) && r.match(name) {
				return !r.negative
			}
		}
	}
	return false
}

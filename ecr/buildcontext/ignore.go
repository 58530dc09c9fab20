package buildcontext

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/mettel-automation/delivery/internal/clean"
)

// defaultIgnore is the ignore file of a context, and the end of the name of the
// one that belongs to a single Dockerfile.
const defaultIgnore = ".dockerignore"

// ignore is what an ignore file says. Its matcher is nil where it says nothing.
type ignore struct {
	path    string // as it is told to people; "" where there is no such file
	matcher *patternmatcher.PatternMatcher
	// again holds, for each pattern that takes files in again, the directories
	// that it begins with as plain text.
	again []exception
}

type exception struct {
	prefix string // "" where the pattern may match anywhere
	whole  bool   // the pattern is no more than the prefix
}

// readIgnore reads the ignore file that holds for the Dockerfile: its own, or
// that of the context.
func readIgnore(dir, dockerfile string) (ignore, error) {
	for _, name := range []string{dockerfile + defaultIgnore, defaultIgnore} {
		path := filepath.FromSlash(name)
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		content, _, err := readSmall(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return ignore{}, fmt.Errorf("read %s: %w", clean.Text(name), cause(err))
		}
		i, err := parseIgnore(content)
		if err != nil {
			return ignore{}, fmt.Errorf("read %s: %w", clean.Text(name), err)
		}
		i.path = name
		return i, nil
	}
	return ignore{}, nil
}

func parseIgnore(content []byte) (ignore, error) {
	patterns, err := ignorefile.ReadAll(bytes.NewReader(content))
	if err != nil {
		return ignore{}, err
	}
	for _, p := range patterns {
		if err := checkPattern(p); err != nil {
			return ignore{}, err
		}
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return ignore{}, err
	}
	i := ignore{matcher: matcher}
	for _, p := range matcher.Patterns() {
		if p.Exclusion() {
			i.again = append(i.again, newException(filepath.ToSlash(p.String())))
		}
	}
	return i, nil
}

// checkPattern finds what the matcher would otherwise find at the first file
// that it looks at.
func checkPattern(pattern string) error {
	plain := strings.TrimPrefix(pattern, "!")
	m, err := patternmatcher.New([]string{plain})
	if err == nil {
		_, err = m.MatchesOrParentMatches("x")
	}
	if plain == "" || err != nil {
		return fmt.Errorf("%w %q", ErrPattern, pattern)
	}
	return nil
}

func newException(pattern string) exception {
	var plain []string
	segments := strings.Split(pattern, "/")
	for _, s := range segments {
		if strings.ContainsAny(s, `*?[]^\`) {
			break
		}
		plain = append(plain, s)
	}
	return exception{prefix: strings.Join(plain, "/"), whole: len(plain) == len(segments)}
}

// match reports whether the file called path is left out, given what the patterns
// said of the directory that it is in.
func (i ignore) match(path string, parent patternmatcher.MatchInfo) (bool, patternmatcher.MatchInfo, error) {
	if i.matcher == nil {
		return false, parent, nil
	}
	return i.matcher.MatchesUsingParentResults(path, parent)
}

// prunes reports whether nothing below dir, which is left out, can be taken in
// again, so that there is no need to look. Only a pattern that matches something
// below dir itself can do that: what else matched dir has lost to a later one,
// which matches all below dir just as well.
func (i ignore) prunes(dir string) bool {
	for _, e := range i.again {
		below := strings.HasPrefix(e.prefix, dir+"/")
		above := !e.whole && (e.prefix == "" || e.prefix == dir || strings.HasPrefix(dir, e.prefix+"/"))
		if below || above {
			return false
		}
	}
	return true
}

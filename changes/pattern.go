package changes

import (
	"errors"
	"path"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/glob"
)

// pattern is a checked entry of Paths, Exclude or Global.
type pattern struct {
	text string // a clean path, "" for the root; or a glob
	glob bool
	dir  string // of a glob: the directory above its first wildcard, "" for the root
}

// wildcards are the characters that make an entry a glob.
const wildcards = "*?[{"

// escapable are the characters before which a backslash may stand.
const escapable = `*?[]{}\,-^!`

func parsePattern(entry string) (pattern, error) {
	switch {
	case strings.TrimSpace(entry) == "":
		return pattern{}, errors.New(`it is empty ("." is the whole repository)`)
	case strings.HasPrefix(entry, "/"):
		return pattern{}, errors.New("it is absolute; paths are relative to the repository's root")
	}
	if strings.Contains("/"+entry+"/", "/../") {
		return pattern{}, errors.New(`it contains ".."; paths are relative to the repository's root`)
	}
	plain, isPlain, err := entry, true, error(nil)
	if strings.ContainsAny(entry, wildcards+`\`) {
		plain, isPlain, err = unescape(entry)
	}
	switch {
	case err != nil:
		return pattern{}, err
	case isPlain:
		plain = path.Clean(plain)
		if plain == "." {
			plain = ""
		}
		return pattern{text: plain}, nil
	}
	return parseGlob(entry)
}

// unescape returns entry without its backslashes; it is plain where it has no
// other wildcards.
func unescape(entry string) (text string, isPlain bool, err error) {
	var b strings.Builder
	isPlain = true
	for i := 0; i < len(entry); i++ {
		switch {
		case entry[i] == '\\' && (i+1 == len(entry) || !strings.Contains(escapable, entry[i+1:i+2])):
			return "", false, errors.New(`a backslash stands before no wildcard; directories are separated by "/"`)
		case entry[i] == '\\':
			i++
		case strings.Contains(wildcards, entry[i:i+1]):
			isPlain = false
		}
		b.WriteByte(entry[i])
	}
	return b.String(), isPlain, nil
}

func parseGlob(entry string) (pattern, error) {
	text := path.Clean(entry)
	if strings.HasSuffix(entry, "/") {
		text += "/**"
	}
	if err := glob.Check(text); err != nil {
		return pattern{}, err
	}
	dir := text[:strings.IndexAny(text, wildcards+`\`)]
	return pattern{text: text, glob: true, dir: strings.TrimSuffix(dir[:strings.LastIndexByte(dir, '/')+1], "/")}, nil
}

// matches reports whether file is the path, or below it, or fits the glob.
func (p pattern) matches(file string) bool {
	if p.glob {
		return glob.Match(p.text, file)
	}
	rest, ok := strings.CutPrefix(file, p.text)
	return ok && (rest == "" || p.text == "" || rest[0] == '/')
}

func matchesAny(patterns []pattern, file string) bool {
	for _, p := range patterns {
		if p.matches(file) {
			return true
		}
	}
	return false
}

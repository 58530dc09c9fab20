package changes

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Status is what happened to a file.
type Status string

// The statuses of git diff --no-renames.
const (
	Added       Status = "added"        // git's A
	Modified    Status = "modified"     // git's M: content or executable bit; for a submodule, its commit
	Deleted     Status = "deleted"      // git's D
	TypeChanged Status = "type-changed" // git's T: between file, symbolic link and submodule
)

// File is a file that differs.
//
// Where a file becomes a directory, or the reverse, the one is deleted and the
// files of the other are added.
type File struct {
	// Path is relative to the repository's root and "/"-separated, with the
	// bytes that Git holds: neither quoted nor necessarily UTF-8.
	Path   string
	Status Status
}

// String returns the path and the status. A path with characters that do not
// print, or that is not UTF-8, is quoted as Go does, so that it stays on one line.
func (f File) String() string { return fmt.Sprintf("%s %s", printable(f.Path), f.Status) }

// fileJSON is the form of a file in JSON.
type fileJSON struct {
	Path   string `json:"path"`
	Raw    []byte `json:"path_base64,omitempty"`
	Status Status `json:"status"`
}

// MarshalJSON writes an object with the keys path and status. JSON holds
// Unicode only: where the path is not UTF-8, path has U+FFFD in place of each
// byte that is not, and a third key, path_base64, holds the path's bytes.
func (f File) MarshalJSON() ([]byte, error) {
	path, raw := jsonPath(f.Path)
	return json.Marshal(fileJSON{Path: path, Raw: raw, Status: f.Status})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *File) UnmarshalJSON(b []byte) error {
	var in fileJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*f = File{Path: in.Path, Status: in.Status}
	if len(in.Raw) > 0 {
		f.Path = string(in.Raw)
	}
	return nil
}

func jsonPath(path string) (text string, raw []byte) {
	if utf8.ValidString(path) {
		return path, nil
	}
	return string([]rune(path)), []byte(path)
}

// printable returns path as it may stand in a log: file names are input, and
// must not forge lines or move the cursor.
func printable(path string) string {
	if utf8.ValidString(path) && strings.IndexFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return path
	}
	return strconv.Quote(path)
}

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

// String returns the path, as [Printable] shows it, and the status.
func (f File) String() string { return fmt.Sprintf("%s %s", Printable(f.Path), f.Status) }

// fileJSON is the form of a file in JSON.
type fileJSON struct {
	Path   string `json:"path"`
	Raw    []byte `json:"pathBase64,omitempty"`
	Status Status `json:"status"`
}

// MarshalJSON writes an object with the keys path and status. JSON holds
// Unicode only: where the path is not UTF-8, path has U+FFFD in place of each
// byte that is not, and a third key, pathBase64, holds the path's bytes.
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

// Printable returns text as it may stand in a log. Names of files and modules are
// input: they must not forge lines, move the cursor, or give orders to the CI
// system that reads the log.
//
// Text that is not UTF-8, has characters that do not print, begins with "::", or
// holds "##", is quoted as Go does, with \x23 for the second "#". All other text
// is returned as it is. The String methods of this package use it.
//
// GitHub's runner takes a line that begins with "::", after blanks, for a command,
// and one that holds "##[" anywhere; Azure Pipelines and TeamCity look for "##vso["
// and "##teamcity[". Source: actions/runner, ActionCommand.cs, TryParseV2 and TryParse.
func Printable(text string) string {
	orders := strings.HasPrefix(strings.TrimLeft(text, " "), "::") || strings.Contains(text, "##")
	if !orders && utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return text
	}
	return strings.ReplaceAll(strconv.Quote(text), "##", `#\x23`)
}

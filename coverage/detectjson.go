package coverage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/mettel-automation/delivery/coverage/internal/coveragepy"
	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/istanbul"
	"github.com/mettel-automation/delivery/coverage/internal/simplecov"
)

// detectJSON finds out the format of a report that begins with head by the first
// keys in it; whole says that head is all of it.
func detectJSON(head []byte, whole bool) (reader, error) {
	as := func(format Format, parse func(io.Reader) (*hits.Set, error)) (reader, error) {
		return of(format, func(r *bufio.Reader) (*hits.Set, error) { return parse(r) }), nil
	}
	outer, inner, err := firstKeys(head)
	has := func(keys ...string) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(inner, key) })
	}
	switch {
	case outer == "meta" && has("simplecov_version"), outer == "coverage":
		return as(SimpleCov, simplecov.ParseFormatted)
	case outer == "meta", outer == "files", outer == "totals":
		return as(CoveragePyJSON, coveragepy.Parse)
	case outer == "result" && has("line", "covered_percent"):
		return nil, fmt.Errorf("%w: this is SimpleCov's .last_run.json, a percentage without counts; give .resultset.json", ErrUnknownFormat)
	case has("statementMap", "branchMap", "fnMap", "inputSourceMap", "data"), has("path") && has("all"):
		return as(IstanbulJSON, istanbul.Parse)
	case has("lines", "statements", "functions", "branches"):
		return as(IstanbulSummary, istanbul.ParseSummary)
	case has("coverage", "timestamp"):
		return as(SimpleCov, simplecov.ParseResultset)
	case whole && bytes.Equal(bytes.Join(bytes.Fields(head), nil), []byte("{}")):
		return nil, fmt.Errorf("%w ({}): no file was measured", ErrEmpty)
	case whole && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return nil, fmt.Errorf("%w: the JSON ends before it tells what it is", ErrTruncated)
	}
	return nil, fmt.Errorf("%w: this is JSON of another kind; that of coverage.py, istanbul and SimpleCov is read", ErrUnknownFormat)
}

// firstKeys returns the first key of the object that begins with head, and the
// keys of its value. The error is what ends head before that value ends.
func firstKeys(head []byte) (outer string, inner []string, err error) {
	d := json.NewDecoder(bytes.NewReader(head))
	depth, isKey := 0, false
	for {
		token, err := d.Token()
		if err != nil {
			return outer, inner, err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			if isKey = token == json.Delim('{'); !isKey && depth == 2 {
				return outer, inner, nil
			}
			continue
		case json.Delim('}'), json.Delim(']'):
			if depth--; depth < 2 {
				return outer, inner, nil
			}
			isKey = true
			continue
		}
		key, _ := token.(string)
		switch {
		case isKey && depth == 1:
			outer = key
		case isKey && depth == 2:
			inner = append(inner, key)
		}
		isKey = !isKey
	}
}

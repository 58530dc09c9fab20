package coverage

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/mettel-automation/delivery/coverage/internal/clover"
	"github.com/mettel-automation/delivery/coverage/internal/cobertura"
	"github.com/mettel-automation/delivery/coverage/internal/gocover"
	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/jacoco"
	"github.com/mettel-automation/delivery/coverage/internal/lcov"
	"github.com/mettel-automation/delivery/coverage/internal/xmlscan"
)

// headSize is how many bytes tell the format. JSON may have long paths before
// anything that tells more.
const headSize = 16 << 10

// reader reads a report of a format that was found out, or of XML, whose format
// it finds out itself.
type reader func(*bufio.Reader) (*hits.Set, Format, error)

func of(format Format, parse func(*bufio.Reader) (*hits.Set, error)) reader {
	return func(r *bufio.Reader) (*hits.Set, Format, error) {
		set, err := parse(r)
		return set, format, err
	}
}

// detect finds out the format by content; names tell nothing, as "coverage.xml"
// shows. It consumes a byte order mark of UTF-8 and nothing else.
func detect(r *bufio.Reader) (reader, error) {
	if bom, _ := r.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = r.Discard(3) // cannot fail after that Peek
	}
	head, err := r.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	text := bytes.TrimSpace(head)
	for bytes.HasPrefix(text, []byte("#")) { // a comment of LCOV 2
		_, text, _ = bytes.Cut(text, []byte("\n"))
		text = bytes.TrimSpace(text)
	}
	switch {
	case len(head) == 0:
		return nil, fmt.Errorf("%w (0 bytes)", ErrEmpty)
	case len(bytes.TrimSpace(head)) == 0 && err != nil:
		return nil, fmt.Errorf("%w (white space alone)", ErrEmpty)
	case startsWith(text, "mode:"):
		return of(GoProfile, gocover.Parse), nil
	case startsWith(text, "TN:"), startsWith(text, "SF:"):
		return of(LCOV, lcov.Parse), nil
	case startsWith(text, "{"):
		return detectJSON(text, err != nil)
	case startsWith(text, "<") && !isHTML(text) && !isUTF16(text):
		return parseXML, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknownFormat, describe(bytes.TrimSpace(head)))
}

// parseXML finds out which XML it is by its first elements.
func parseXML(r *bufio.Reader) (*hits.Set, Format, error) {
	x := xmlscan.New(r)
	head, err := x.Head()
	format := xmlFormat(head)
	if err != nil {
		return nil, format, err
	}
	var set *hits.Set
	switch format {
	case Cobertura:
		set, err = cobertura.Parse(x, head)
	case Clover:
		set, err = clover.Parse(x)
	case JaCoCo:
		set, err = jacoco.Parse(x)
	default:
		err = x.Errorf("%w: XML whose root is <%s>", ErrUnknownFormat, head.Root)
	}
	return set, format, err
}

// xmlFormat is the format whose documents begin with head; "" is none.
func xmlFormat(head xmlscan.Head) Format {
	switch {
	case head.Root == "coverage" && head.Child == "project":
		return Clover
	case head.Root == "coverage":
		return Cobertura
	case head.Root != "report":
		return ""
	}
	switch head.Child {
	case "", "sessioninfo", "group", "package", "counter":
		return JaCoCo
	}
	return ""
}

// describe says what text looks like, and what to do about it.
func describe(text []byte) string {
	switch {
	case isHTML(text):
		return "this is an HTML page, such as a download that failed or a report for people"
	case isUTF16(text):
		return "this is UTF-16 text, as PowerShell's > writes it; write UTF-8"
	case startsWith(text, "["):
		return "this is a JSON array, which no tool writes as a report"
	case startsWith(text, "\x1f\x8b"):
		return "this is gzip within gzip: it was packed twice; unpack it once"
	case startsWith(text, "PK\x03\x04"):
		return "this is a zip archive; unpack it first"
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return fmt.Sprintf("it begins with %q; a Go profile begins with mode:, LCOV with TN: or SF:, XML with <, JSON with {", line[:min(len(line), 40)])
}

// isHTML looks at what stands behind comments and the declaration of XML.
func isHTML(text []byte) bool {
	for _, around := range [][2]string{{"<?xml", "?>"}, {"<!--", "-->"}} {
		for startsWith(text, around[0]) {
			_, text, _ = bytes.Cut(text, []byte(around[1]))
			text = bytes.TrimSpace(text)
		}
	}
	lower := bytes.ToLower(text[:min(len(text), 64)])
	return startsWith(lower, "<!doctype html") || startsWith(lower, "<html")
}

// isUTF16 looks for the byte order mark, or else for the zero byte that one of the
// first two is where the first character is ASCII.
func isUTF16(text []byte) bool {
	return startsWith(text, "\xff\xfe") || startsWith(text, "\xfe\xff") || bytes.IndexByte(text[:min(len(text), 2)], 0) >= 0
}

func startsWith(text []byte, prefix string) bool { return bytes.HasPrefix(text, []byte(prefix)) }

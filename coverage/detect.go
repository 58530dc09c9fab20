package coverage

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// detect finds out the format by content; names tell nothing, as "coverage.xml"
// shows. It consumes a byte order mark of UTF-8 and nothing else. Cobertura
// stands for all XML: its parser knows more once it sees the elements.
func detect(r *bufio.Reader) (Format, error) {
	if bom, _ := r.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = r.Discard(3) // cannot fail after that Peek
	}
	head, err := r.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	text := bytes.TrimSpace(head)
	for bytes.HasPrefix(text, []byte("#")) { // a comment of LCOV 2
		_, text, _ = bytes.Cut(text, []byte("\n"))
		text = bytes.TrimSpace(text)
	}
	switch {
	case len(head) == 0:
		return "", fmt.Errorf("%w (0 bytes)", ErrEmpty)
	case len(bytes.TrimSpace(head)) == 0 && err != nil:
		return "", fmt.Errorf("%w (white space alone)", ErrEmpty)
	case startsWith(text, "mode:"):
		return GoProfile, nil
	case startsWith(text, "TN:"), startsWith(text, "SF:"):
		return LCOV, nil
	case startsWith(text, "<") && !isHTML(text) && !isUTF16(text):
		return Cobertura, nil
	}
	return "", fmt.Errorf("%w: %s", ErrUnknownFormat, describe(bytes.TrimSpace(head)))
}

// describe says what text looks like, and what to do about it.
func describe(text []byte) string {
	switch {
	case isHTML(text):
		return "this is an HTML page, such as a download that failed or a report for people"
	case isUTF16(text):
		return "this is UTF-16 text, as PowerShell's > writes it; write UTF-8"
	case startsWith(text, "{"), startsWith(text, "["):
		return "this is JSON; have the tool write Cobertura XML or LCOV"
	case startsWith(text, "PK\x03\x04"):
		return "this is a zip archive; unpack it first"
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return fmt.Sprintf("it begins with %q; a Go profile begins with mode:, LCOV with TN: or SF:, Cobertura with <", line[:min(len(line), 40)])
}

func isHTML(text []byte) bool {
	lower := bytes.ToLower(text[:min(len(text), 64)])
	return startsWith(lower, "<!doctype html") || startsWith(lower, "<html")
}

// isUTF16 looks for the byte order mark, or else for the zero byte that one of the
// first two is where the first character is ASCII.
func isUTF16(text []byte) bool {
	return startsWith(text, "\xff\xfe") || startsWith(text, "\xfe\xff") || bytes.IndexByte(text[:min(len(text), 2)], 0) >= 0
}

func startsWith(text []byte, prefix string) bool { return bytes.HasPrefix(text, []byte(prefix)) }

package awsauth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// rewrite returns text after ops, one for each of its entries, and with add at its
// end. It may be wrong about a text that only looks plain: its caller reads the
// result again.
func rewrite(text string, ops []op, add []Entry) (string, error) {
	if trimmed := strings.TrimSpace(text); skipped(text) && trimmed != "" || trimmed == "null" || trimmed == "~" {
		text = "" // says nothing, and nothing could follow it
	}
	if list, ok := readJSON(text); ok && len(list.spans) == len(ops) {
		return list.rewrite(ops, add), nil
	}
	b, err := readBlock(text)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w (%w)", ErrForm, err)
	case len(b.dashes) != len(ops):
		return "", fmt.Errorf("%w (%d lines look like an entry, and the cluster reads %d entries)", ErrForm, len(b.dashes), len(ops))
	}
	return b.rewrite(ops, add), nil
}

// block is a YAML list with a dash for each entry.
type block struct {
	lines  []string // with their ends
	dashes []int    // indices of the lines at which entries begin
	indent string   // before each dash
	eol    string
}

var dash = regexp.MustCompile(`^( *)-(?:[ \t\r\n]|$)`)

func readBlock(text string) (block, error) {
	b := block{lines: splitLines(text), eol: "\n"}
	if oddBreak(text) {
		return b, fmt.Errorf("it has line breaks that are neither LF nor CR LF")
	}
	if len(b.lines) > 0 && strings.HasSuffix(b.lines[0], "\r\n") {
		b.eol = "\r\n"
	}
	for i, line := range b.lines {
		if isRemark(line) || len(b.dashes) == 0 && (hasMarker(line, "---") && isRemark(line[3:]) || line[0] == '%') {
			continue
		}
		found := dash.FindStringSubmatch(line)
		switch {
		case found == nil && len(b.dashes) == 0:
			return b, fmt.Errorf("line %d begins no entry", i+1)
		case found == nil || len(b.dashes) > 0 && found[1] != b.indent:
			continue // within an entry
		}
		b.indent = found[1]
		b.dashes = append(b.dashes, i)
	}
	return b, nil
}

// oddBreak reports whether text has line breaks that only YAML 1.1 knows.
func oddBreak(text string) bool {
	return strings.ContainsAny(strings.ReplaceAll(text, "\r\n", ""), "\r\u0085\u2028\u2029")
}

// isRemark reports whether line is empty or a comment.
func isRemark(line string) bool {
	trimmed := strings.TrimSpace(line)
	return trimmed == "" || trimmed[0] == '#'
}

// end is the index of the line after the last one of entry i. What is between
// two entries, such as the comment above the second, belongs to neither.
func (b block) end(i int) int {
	end := len(b.lines)
	if i+1 < len(b.dashes) {
		end = b.dashes[i+1]
	}
	for end > b.dashes[i]+1 && isRemark(b.lines[end-1]) {
		end--
	}
	return end
}

func (b block) rewrite(ops []op, add []Entry) string {
	whole := len(b.lines) == 0 || strings.HasSuffix(b.lines[len(b.lines)-1], "\n")
	var out []string
	next := 0
	for i, o := range ops {
		if !o.touch {
			continue
		}
		out = append(out, b.lines[next:b.dashes[i]]...)
		next = b.end(i)
		if o.with != nil {
			out = append(out, b.render(*o.with)...)
		}
	}
	out = append(out, b.lines[next:]...)
	if last := len(out) - 1; last >= 0 && len(add) > 0 && !strings.HasSuffix(out[last], "\n") {
		out[last] += b.eol
	}
	for _, e := range add {
		out = append(out, b.render(e)...)
	}
	text := strings.Join(out, "")
	if whole {
		return text
	}
	text = strings.TrimSuffix(text, "\n") // a text without a final line break keeps being one
	return strings.TrimSuffix(text, "\r")
}

func (b block) render(e Entry) []string {
	lines := []string{
		b.indent + "- rolearn: " + scalar(e.RoleARN) + b.eol,
		b.indent + "  username: " + scalar(e.Username) + b.eol,
	}
	if len(e.Groups) == 0 {
		return append(lines, b.indent+"  groups: []"+b.eol)
	}
	lines = append(lines, b.indent+"  groups:"+b.eol)
	for _, group := range e.Groups {
		lines = append(lines, b.indent+"  - "+scalar(group)+b.eol)
	}
	return lines
}

var plainScalar = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9:/._+=,@{}-]*[A-Za-z0-9}]$`)

// scalar writes s as YAML, without quotes where it reads the same without them.
func scalar(s string) string {
	var read any
	if plainScalar.MatchString(s) && yaml.Unmarshal([]byte(s), &read) == nil && read == s {
		return s
	}
	return quote(s)
}

// list is a JSON array, and where in the text its elements are.
type list struct {
	text  string
	open  int      // offset after the bracket
	spans [][2]int // offsets of each element
}

func readJSON(text string) (list, bool) {
	l := list{text: text}
	dec := json.NewDecoder(strings.NewReader(text))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('[') {
		return l, false
	}
	l.open = int(dec.InputOffset())
	for dec.More() {
		var element json.RawMessage
		if err := dec.Decode(&element); err != nil {
			return l, false
		}
		end := int(dec.InputOffset())
		l.spans = append(l.spans, [2]int{end - len(element), end})
	}
	if _, err := dec.Token(); err != nil {
		return l, false
	}
	_, err := dec.Token()
	return l, err == io.EOF
}

func (l list) rewrite(ops []op, add []Entry) string {
	keep := make([]string, 0, len(ops)+len(add)) // elements
	gaps := make([]string, 0, len(ops)+len(add)) // what stands before each
	for i, o := range ops {
		gap, element := l.gap(i), l.text[l.spans[i][0]:l.spans[i][1]]
		if o.touch && o.with == nil {
			continue
		}
		if o.touch {
			element = render(*o.with)
		}
		if len(keep) == 0 {
			gap = l.text[l.open:l.start()]
		}
		keep, gaps = append(keep, element), append(gaps, gap)
	}
	for _, e := range add {
		gap := l.separator()
		if len(keep) == 0 {
			gap = l.text[l.open:l.start()]
		}
		keep, gaps = append(keep, render(e)), append(gaps, gap)
	}
	var b strings.Builder
	b.WriteString(l.text[:l.open])
	for i, element := range keep {
		b.WriteString(gaps[i] + element)
	}
	if n := len(l.spans); n > 0 {
		b.WriteString(l.text[l.spans[n-1][1]:])
	} else {
		b.WriteString(l.text[l.open:])
	}
	return b.String()
}

// start is the offset of the first element, or where it would be.
func (l list) start() int {
	if len(l.spans) == 0 {
		return l.open
	}
	return l.spans[0][0]
}

// gap is what stands between element i and the one before it, or the bracket.
func (l list) gap(i int) string {
	if i == 0 {
		return l.text[l.open:l.spans[0][0]]
	}
	return l.text[l.spans[i-1][1]:l.spans[i][0]]
}

// separator is what stands between elements, as the text has it.
func (l list) separator() string {
	if n := len(l.spans); n > 1 {
		return l.gap(n - 1)
	}
	return "," + l.text[l.open:l.start()]
}

func render(e Entry) string {
	groups := make([]string, len(e.Groups))
	for i, g := range e.Groups {
		groups[i] = quote(g)
	}
	return fmt.Sprintf(`{"rolearn":%s,"username":%s,"groups":[%s]}`, quote(e.RoleARN), quote(e.Username), strings.Join(groups, ","))
}

// quote writes s as JSON, which is YAML as well.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// splitLines cuts text after each LF.
func splitLines(text string) []string { return slices.Collect(strings.Lines(text)) }

package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// context is how many unchanged lines are shown round a change.
const context = 2

// maxCells bounds the comparison of two texts: what differs by more lines than
// that is shown as replaced as a whole.
const maxCells = 4 << 20

// Unified returns the lines in which after differs from before, with two lines of
// context, as diff -u shows them without its header; "" where nothing does.
func Unified(before, after string) string {
	if before == after {
		return ""
	}
	edits := compare(lines(before), lines(after))
	var b strings.Builder
	for start := 0; start < len(edits); {
		first, end := hunk(edits, start)
		if first == end {
			break
		}
		writeHunk(&b, edits, first, end)
		start = end
	}
	return b.String()
}

// edit is one line of a comparison.
type edit struct {
	mark byte // ' ', '-' or '+'
	text string
}

// lines splits s; a missing newline at its end is no difference.
func lines(s string) []string {
	if s = strings.TrimSuffix(s, "\n"); s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// compare turns a into b by a longest common subsequence of lines.
func compare(a, b []string) []edit {
	var head, tail []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	head = append(head, middle(a, b)...)
	slices.Reverse(tail)
	return append(head, tail...)
}

func middle(a, b []string) []edit {
	if len(a)*len(b) > maxCells {
		return replaced(a, b)
	}
	width := len(b) + 1
	common := make([]int32, (len(a)+1)*width) // longest common subsequence of a[i:] and b[j:]
	for i, x := range slices.Backward(a) {
		for j, y := range slices.Backward(b) {
			if x == y {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	var out []edit
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, edit{' ', a[i]})
			i, j = i+1, j+1
		case common[(i+1)*width+j] >= common[i*width+j+1]:
			out = append(out, edit{'-', a[i]})
			i++
		default:
			out = append(out, edit{'+', b[j]})
			j++
		}
	}
	return append(out, replaced(a[i:], b[j:])...)
}

func replaced(a, b []string) []edit {
	var out []edit
	for _, line := range a {
		out = append(out, edit{'-', line})
	}
	for _, line := range b {
		out = append(out, edit{'+', line})
	}
	return out
}

// hunk returns the next changes from start on, with their context: edits[first:end];
// first is end where there are none.
func hunk(edits []edit, start int) (first, end int) {
	i := start
	for i < len(edits) && edits[i].mark == ' ' {
		i++
	}
	if i == len(edits) {
		return i, i
	}
	last := i
	for j := i; j < len(edits) && j <= last+2*context+1; j++ {
		if edits[j].mark != ' ' {
			last = j
		}
	}
	return max(start, i-context), min(len(edits), last+context+1)
}

func writeHunk(b *strings.Builder, edits []edit, first, end int) {
	oldLine, newLine := 1, 1
	for _, e := range edits[:first] {
		if e.mark != '+' {
			oldLine++
		}
		if e.mark != '-' {
			newLine++
		}
	}
	oldLines, newLines := 0, 0
	for _, e := range edits[first:end] {
		if e.mark != '+' {
			oldLines++
		}
		if e.mark != '-' {
			newLines++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span(oldLine, oldLines), span(newLine, newLines))
	for _, e := range edits[first:end] {
		fmt.Fprintf(b, "%c%s\n", e.mark, e.text)
	}
}

// span is a range of lines as diff -u writes it.
func span(first, count int) string {
	switch count {
	case 0:
		return fmt.Sprintf("%d,0", first-1)
	case 1:
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d,%d", first, count)
}

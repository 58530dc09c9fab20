package term

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// emulator is a terminal of the few sequences that screen uses. It knows two
// habits of real ones that break naive renderers: after the last cell of a line
// the cursor stays on it until the next character, and a terminal that becomes
// narrower folds the lines that it holds.
type emulator struct {
	mu            sync.Mutex
	width, height int
	history       []string   // lines that were scrolled off the top
	cells         [][]string // what each cell of the screen holds; "" right of a wide character
	row, col      int
	pending       bool // the cursor is beyond the last cell
	noWrap        bool
	hidden        bool
	overflow      bool // a line was longer than the width while wrapping was off
	writes        int
	unknown       []string
}

func newEmulator(width, height int) *emulator {
	return &emulator{width: width, height: height, cells: [][]string{nil}}
}

func (t *emulator) size() (int, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.width, t.height
}

// resize changes the size, and folds lines that no longer fit.
func (t *emulator) resize(width, height int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var folded [][]string
	row := 0
	for i, line := range t.cells {
		if i == t.row {
			row = len(folded)
		}
		for len(line) > width {
			folded, line = append(folded, line[:width:width]), line[width:]
		}
		folded = append(folded, line)
	}
	t.cells, t.row, t.width, t.height, t.pending = folded, row, width, height, false
	t.scroll()
}

var sequence = regexp.MustCompile(`^\x1b\[(\?)?([0-9;]*)([A-Za-z])`)

func (t *emulator) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	for s := string(p); s != ""; {
		if s[0] == '\x1b' {
			if m := sequence.FindStringSubmatch(s); m != nil {
				t.control(m[1]+m[2]+m[3], m[2])
				s = s[len(m[0]):]
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n':
			t.row, t.col, t.pending = t.row+1, 0, false
			t.scroll()
		case r == '\r':
			t.col, t.pending = 0, false
		case r < ' ' || r >= 0x7f && r < 0xa0:
			t.unknown = append(t.unknown, fmt.Sprintf("%q", r))
		default:
			size = clusterSize(s)
			t.print(s[:size])
		}
		s = s[size:]
	}
	return len(p), nil
}

// put shows what another program writes.
func (t *emulator) put(s string) { _, _ = t.Write([]byte(s)) } // which never fails

// clusterSize returns the length of the first character as people see it, which
// may be several code points.
func clusterSize(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if r < 0x300 || width(s[:n+size]) > max(width(s[:n]), 1) { // none joins the one before
			break
		}
		n += size
	}
	return n
}

func (t *emulator) print(char string) {
	wide := width(char)
	if t.pending || t.col+wide > t.width {
		if t.noWrap {
			t.overflow = true
			return
		}
		t.row, t.col, t.pending = t.row+1, 0, false
		t.scroll()
	}
	for len(t.cells[t.row]) < t.col+wide {
		t.cells[t.row] = append(t.cells[t.row], " ")
	}
	if wide > 0 {
		t.cells[t.row][t.col] = char
	}
	if wide == 2 {
		t.cells[t.row][t.col+1] = ""
	}
	t.col += wide
	if t.col == t.width {
		t.col, t.pending = t.width-1, true
	}
}

func (t *emulator) control(code, argument string) {
	n, _ := strconv.Atoi(argument)
	switch code {
	case argument + "A":
		t.row, t.pending = max(0, t.row-n), false
	case "2K":
		t.cells[t.row] = nil
	case "J":
		t.cells[t.row] = t.cells[t.row][:min(t.col, len(t.cells[t.row]))]
		t.cells = t.cells[:t.row+1]
	case "?7l", "?7h":
		t.noWrap = code == "?7l"
	case "?25l", "?25h":
		t.hidden = code == "?25l"
	case argument + "m":
	default:
		t.unknown = append(t.unknown, code)
	}
}

func (t *emulator) scroll() {
	for t.row >= len(t.cells) {
		t.cells = append(t.cells, nil)
	}
	for len(t.cells) > t.height {
		t.history = append(t.history, shown(t.cells[0]))
		t.cells = t.cells[1:]
		t.row--
	}
	t.row = max(0, t.row)
}

func shown(cells []string) string { return strings.TrimRight(strings.Join(cells, ""), " ") }

// frames returns how often something was written.
func (t *emulator) frames() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.writes
}

// screen returns what a person sees now.
func (t *emulator) screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.visible()
}

func (t *emulator) visible() string {
	var lines []string
	for _, line := range t.cells {
		lines = append(lines, shown(line))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// all returns what a person sees after scrolling up to the beginning.
func (t *emulator) all() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.history) == 0 {
		return t.visible()
	}
	return strings.Join(t.history, "\n") + "\n" + t.visible()
}

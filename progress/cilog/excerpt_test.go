package cilog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExcerpt(t *testing.T) {
	tests := map[string]struct {
		limit  int
		writes []string
		want   []string
	}{
		"nothing":                                 {1 << 20, nil, nil},
		"lines":                                   {1 << 20, []string{"a\nb\n"}, []string{"a", "b"}},
		"a line in pieces":                        {1 << 20, []string{"a", "", "b\nc", "d"}, []string{"ab", "cd"}},
		"empty lines":                             {1 << 20, []string{"\n\na\n\n"}, []string{"", "", "a", ""}},
		"lines that end as on Windows":            {1 << 20, []string{"a\r\nb\r", "\nc"}, []string{"a", "b", "c"}},
		"of a bar that fills, the last":           {1 << 20, []string{"1%\r50", "%\r", "99%\rdone\n"}, []string{"done"}},
		"a bar that is interrupted":               {1 << 20, []string{"1%\r50%\r"}, []string{"50%"}},
		"of a huge text, the beginning and end":   {400, []string{strings.Repeat("0123456789\n", 100)}, append(append(times("0123456789", 5), "… 90 lines left out …"), times("0123456789", 5)...)},
		"of a huge line, the beginning":           {400, []string{strings.Repeat("x", 1000) + "\na"}, []string{strings.Repeat("x", 100) + " … and 900 bytes", "a"}},
		"a huge line at the end is kept":          {80, []string{"a\n" + strings.Repeat("x", 1000)}, []string{"a", strings.Repeat("x", 20) + " … and 980 bytes"}},
		"a short line after a huge one is whole":  {400, []string{strings.Repeat("x", 1000) + "\rok\n"}, []string{"ok"}},
		"lines of no text take room as well":      {240, []string{strings.Repeat("\n", 50)}, append(append(times("", 5), "… 40 lines left out …"), times("", 5)...)},
		"what is short comes last after all else": {130, []string{"aaaa\nbbbb\ncccc\ndddd\neeee\nffff\n"}, []string{"aaaa", "bbbb", "… 2 lines left out …", "eeee", "ffff"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x := excerpt{limit: tt.limit}
			for _, w := range tt.writes {
				x.write([]byte(w))
			}
			if d := cmp.Diff(tt.want, x.lines()); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
		})
	}
}

func times(s string, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = s
	}
	return lines
}

func TestLatest(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing":                        {"", ""},
		"the line under way":             {"a\nb", "b"},
		"the last that holds something":  {"a\nb\n\n\n", "b"},
		"the last state of a bar":        {"1%\r2%\r", "2%"},
		"that of a text that is cut off": {strings.Repeat("a\n", 99) + "z\n", "z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x := excerpt{limit: 400}
			x.write([]byte(tt.in))
			if got := x.latest(); got != tt.want {
				t.Errorf("latest = %q, want %q", got, tt.want)
			}
		})
	}
}

// However a text is cut into writes, what is kept is the same, begins and ends
// as the text does, and accounts for every line.
func FuzzExcerpt(f *testing.F) {
	f.Add("a\nb\r\nc\rd", uint64(1), 200)
	f.Add(strings.Repeat("line\n", 99), uint64(2), 300)
	f.Add("\r\n\r\n\r", uint64(3), 100)
	f.Fuzz(func(t *testing.T, s string, seed uint64, limit int) {
		limit = 100 + max(0, limit)%5000
		whole, pieces := excerpt{limit: limit}, excerpt{limit: limit}
		whole.write([]byte(s))
		rng := rand.New(rand.NewPCG(seed, 0))
		for rest := s; rest != ""; {
			n := 1 + rng.IntN(len(rest))
			pieces.write([]byte(rest[:n]))
			rest = rest[n:]
		}
		got, size := whole.lines(), 0
		if d := cmp.Diff(got, pieces.lines()); d != "" {
			t.Errorf("whole and in pieces (-whole +pieces):\n%s", d)
		}
		for _, line := range got {
			size += len(line) + lineCost
		}
		if most := limit + limit/4 + 3*lineCost + 60; size > most {
			t.Errorf("%d bytes are kept, more than %d", size, most)
		}
		kept := len(whole.head) + len(whole.tail) + whole.lost
		if n := strings.Count(s, "\n"); kept != n && kept != n+1 {
			t.Errorf("%d lines are accounted for, want %d or one more", kept, n)
		}
		if whole.lost > 0 && !strings.Contains(strings.Join(got, "\n"), fmt.Sprintf("… %d lines left out …", whole.lost)) {
			t.Errorf("%d lost lines are not told: %q", whole.lost, got)
		}
	})
}

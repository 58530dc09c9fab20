package job

import (
	"fmt"
	"strings"
	"testing"
)

func TestATerminalShowsWhatItHasRoomFor(t *testing.T) {
	var long strings.Builder
	for i := range 60 {
		fmt.Fprintf(&long, "line %d\n", i+1)
	}
	image := "registry/automation/notifier@sha256:" + strings.Repeat("0a", 32) + "\n"
	tests := map[string]struct {
		text  string
		width int
		whole bool
		want  string
	}{
		"a short text stays":            {"a\nb\n", 80, false, "a\nb\n"},
		"a long line ends at the edge":  {strings.Repeat("x", 90) + "\ny\n", 80, false, strings.Repeat("x", 78) + "…\ny\n"},
		"wide letters count twice":      {strings.Repeat("世", 10) + "\n", 11, false, "世世世世…\n"},
		"digests are short":             {image, 80, false, "registry/automation/notifier@sha256:0a0a0a0a0a0a\n"},
		"all of it, where that is said": {long.String(), 80, true, long.String()},
		"a long text has two ends": {long.String(), 80, false, "line 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\nline 10\n" +
			"line 11\nline 12\n  … 45 more lines: the report has them\nline 58\nline 59\nline 60\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fold(tt.text, tt.width, tt.whole); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

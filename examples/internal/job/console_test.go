package job

import (
	"context"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/config"
)

func TestWhatAContainerLogsSteersNoTerminal(t *testing.T) {
	var out, live strings.Builder
	j := &Job{Config: &config.File{}, Dir: Directory(t.TempDir())}
	console := NewConsole(&out, &live, func(string) string { return "" }, false)
	err := j.Do(t.Context(), console, Stage{Name: "a", Do: func(_ context.Context, _ *Job, r *Record) error {
		r.Say("the last lines:\n  %s", "\x1b]0;owned\a\x1b[2Jgone\r\n  \tnext")
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "the last lines:\n  \\x1b]0;owned\\a\\x1b[2Jgone\n      next\n"; !strings.Contains(out.String(), want) {
		t.Errorf("%q lacks %q", out.String(), want)
	}
}

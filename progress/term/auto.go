package term

import (
	"os"

	"golang.org/x/term"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/plain"
)

// Auto returns the renderer that suits out: a live view on a terminal, and the
// lines of package progress/plain anywhere else. It reads three variables
// through getenv, which is usually [os.Getenv]:
//
//   - CI, where it is set and not "false", means lines, as a CI log keeps every
//     frame of a view.
//   - TERM, where it is empty or "dumb", means lines, as that terminal knows no
//     cursor movement.
//   - NO_COLOR, where it is set, means no colours. Source: https://no-color.org
func Auto(out *os.File, getenv func(string) string) progress.Renderer {
	return Options{}.Auto(out, getenv)
}

// Auto is the function [Auto], with options for the live view. NO_COLOR leaves the
// colours out in any case.
func (o Options) Auto(out *os.File, getenv func(string) string) progress.Renderer {
	if !live(term.IsTerminal(int(out.Fd())), getenv) {
		return plain.New(out, plain.Options{})
	}
	o.NoColor = o.NoColor || getenv("NO_COLOR") != ""
	return New(out, o)
}

func live(terminal bool, getenv func(string) string) bool {
	ci, kind := getenv("CI"), getenv("TERM")
	return terminal && (ci == "" || ci == "false") && kind != "" && kind != "dumb"
}

package cli

import (
	"io"
	"os"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/plain"
	"github.com/mettel-automation/delivery/progress/term"
)

// View returns what shows progress on w: live where w is a terminal, lines
// otherwise. The caller closes it.
func View(w io.Writer, getenv func(string) string) progress.Renderer {
	return view(w, getenv, term.Options{})
}

// BriefView is View, but that on a terminal what is well is counted in the end.
func BriefView(w io.Writer, getenv func(string) string) progress.Renderer {
	return view(w, getenv, term.Options{Brief: true})
}

func view(w io.Writer, getenv func(string) string, options term.Options) progress.Renderer {
	if file, ok := w.(*os.File); ok {
		return options.Auto(file, getenv)
	}
	return plain.New(w, plain.Options{})
}

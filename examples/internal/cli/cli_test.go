package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/progress"
)

func TestRun(t *testing.T) {
	job := func(_ context.Context, args []string, stdout, _ io.Writer) error {
		flags := cli.NewFlags("demo", "\ndemo shows.\n", stdout)
		name := flags.String("name", "", "`NAME` of it")
		if err := flags.Parse(args); err != nil {
			return err
		}
		if err := flags.Required("name"); err != nil {
			return err
		}
		if *name == "odd" {
			return errors.New("read a\x1b[2Jb\x9b: no\nwrite c: no")
		}
		if *name == "told" {
			return cli.Told(cli.Failed(errors.New("shown above")))
		}
		if *name == "bad" {
			return fmt.Errorf("wrapped: %w", cli.Failed(errors.New("the gate failed")))
		}
		return cli.Failed(cli.PrintJSON(stdout, map[string]string{"name": *name}))
	}
	tests := map[string]struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		"success prints the result":           {[]string{"-name", "<a>"}, cli.OK, "{\n  \"name\": \"<a>\"\n}\n", ""},
		"help goes to stdout":                 {[]string{"-h"}, cli.OK, "demo shows.\n\nFlags:\n  -name NAME\n    \tNAME of it\n", ""},
		"a failure is one line and code 1":    {[]string{"-name", "bad"}, cli.ExitFailed, "", "demo: wrapped: the gate failed\n"},
		"what was told is not repeated":       {[]string{"-name", "told"}, cli.ExitFailed, "", ""},
		"an error steers no terminal":         {[]string{"-name", "odd"}, cli.ExitUsage, "", "demo: read a\\x1b[2Jb\\x9b: no; write c: no\n"},
		"a missing flag is code 2":            {nil, cli.ExitUsage, "", "demo: -name is required (-h lists the flags)\n"},
		"an unknown flag prints nothing else": {[]string{"-x"}, cli.ExitUsage, "", "demo: flag provided but not defined: -x (-h lists the flags)\n"},
		"an argument is refused":              {[]string{"-name", "a", "b"}, cli.ExitUsage, "", "demo: unexpected argument \"b\" (-h lists the flags)\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := cli.Run(t.Context(), "demo", job, tt.args, &stdout, &stderr)
			if code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("code %d, stdout %q, stderr %q; want %d, %q, %q", code, stdout.String(), stderr.String(), tt.code, tt.stdout, tt.stderr)
			}
		})
	}
}

func TestViewOfAPipeIsLines(t *testing.T) {
	var out strings.Builder
	view := cli.View(&out, func(string) string { return "" })
	view.Emit(progress.Event{Op: "demo", Subject: "a", State: progress.Done})
	if err := view.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "done") || strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q", out.String())
	}
}

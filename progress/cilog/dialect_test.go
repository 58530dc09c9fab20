package cilog

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/progress"
)

func TestDetect(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want Dialect
	}{
		"a GitLab runner":           {map[string]string{"CI": "true", "GITLAB_CI": "true"}, GitLab},
		"gitlab-ci-local":           {map[string]string{"CI": "true", "GITLAB_CI": "false"}, Plain},
		"a GitHub runner":           {map[string]string{"CI": "true", "GITHUB_ACTIONS": "true"}, GitHub},
		"some other service":        {map[string]string{"CI": "true"}, Plain},
		"a person's own terminal":   {nil, Plain},
		"GitLab with GitHub's name": {map[string]string{"GITLAB_CI": "true", "GITHUB_ACTIONS": "true"}, GitLab},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Detect(func(key string) string { return tt.env[key] }); got != tt.want {
				t.Errorf("Detect = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	tests := map[string]struct {
		dialect  Dialect
		colors   bool
		in, want string
	}{
		"plain text stays":                             {GitHub, true, "2 of 3: a::b #[x]", "2 of 3: a::b #[x]"},
		"colours stay where there are any":             {GitLab, true, "\x1b[38;5;1ma\x1b[0m", "\x1b[38;5;1ma\x1b[0m"},
		"colours go where there are none":              {Plain, false, "\x1b[31ma\x1b[0m b", "a b"},
		"colours end with the line":                    {GitLab, true, "\x1b[1;31ma", "\x1b[1;31ma\x1b[0m"},
		"an empty colour is the end of one":            {GitLab, true, "\x1b[31ma\x1b[m", "\x1b[31ma\x1b[m"},
		"other sequences go":                           {GitLab, true, "a\x1b[2Jb\x1b[?25l\x1b[1;1Hc", "abc"},
		"a sequence that never ends goes":              {GitLab, true, "a\x1b[12;", "a"},
		"one that breaks off too":                      {GitLab, true, "a\x1b[1\x07b", `a\ab`},
		"a title of the window is shown":               {GitLab, true, "\x1b]0;x\a", `\x1b]0;x\a`},
		"no sequence arises from what is left":         {GitLab, true, "\x1b\x1b[K[2J", `\x1b[2J`},
		"a forged section of GitLab":                   {GitLab, true, "\x1b[0Ksection_end:1:a\r\x1b[0K", `section_end:1:a\r`},
		"an 8-bit sequence is shown":                   {GitLab, true, "\u009b2J", `\u009b2J`},
		"a command of GitHub":                          {GitHub, true, "::set-output name=a::b", `\x3a:set-output name=a::b`},
		"a command after space":                        {GitHub, true, " \t\u3000::endgroup::", "     \u3000" + `\x3a:endgroup::`},
		"a command after colours":                      {GitHub, true, "\x1b[0m::stop-commands::x", "\x1b[0m" + `\x3a:stop-commands::x`},
		"a command after what is taken out":            {GitHub, true, "\x1b[2K::error::x", `\x3a:error::x`},
		"a command after what has no width":            {GitHub, true, "\ufeff\u200b::error::x", "\ufeff\u200b" + `\x3a:error::x`},
		"colons later in a line are no command":        {GitHub, true, "std::vector", "std::vector"},
		"a command of the older form, wherever":        {GitHub, true, "a ##[add-path]/x", `a \x23#[add-path]/x`},
		"a command of Azure Pipelines":                 {Plain, false, "a ##vso[task.setvariable variable=x]y", `a \x23#vso[task.setvariable variable=x]y`},
		"a section of Azure Pipelines":                 {Plain, false, "##[group]x", `\x23#[group]x`},
		"a message of TeamCity":                        {Plain, false, " ##teamcity[buildStop]", ` \x23#teamcity[buildStop]`},
		"commands of GitHub are text elsewhere":        {GitLab, true, "::group::a", "::group::a"},
		"tabs become spaces, those at the end go":      {Plain, false, "\ta\t ", "    a"},
		"bytes that are no text are shown":             {Plain, false, "a\xffb", `a\xffb`},
		"a sequence before a byte that is no text":     {Plain, false, "\x1b[3\xff", `\xff`},
		"what looks like a colour with letters inside": {GitLab, true, "\x1b[?31ma", "a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.dialect.line(tt.in, tt.colors); got != tt.want {
				t.Errorf("line(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// obeyed returns the lines of a log that its service would take for commands or
// markers, as the services' own parsers do.
func obeyed(d Dialect, log string) []string {
	var found []string
	for line := range strings.SplitSeq(log, "\n") {
		switch d {
		case GitLab:
			for _, m := range marker.FindAllStringSubmatch(line, -1) {
				found = append(found, m[1])
			}
		case GitHub:
			line = strings.TrimLeftFunc(line, unicode.IsSpace)
			if strings.HasPrefix(line, "::") {
				found = append(found, strings.Split(line, "::")[1])
			} else if _, after, is := strings.Cut(line, "##["); is {
				found = append(found, after)
			}
		}
	}
	return found
}

var hostile = []string{
	"\x1b[0Ksection_end:1:x\r\x1b[0K", "section_start:1:x[collapsed=true]\r\x1b[0K", "::endgroup::", "\n::error::x", "\r::error::x",
	"##[endgroup]", "::stop-commands::x\n", "%0A::warning::x", "\u0085::x::", "\u2028::x::", "\x1b\x1b[K[0Ksection_end:1:x\x1b[K\r\x1b[0K", ": :group::x", "\x1b[1m::x::",
}

func FuzzNothingIsObeyed(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s)
	}
	f.Add("plain", "text")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, d := range []Dialect{Plain, GitLab, GitHub} {
			for _, err := range []error{nil, errors.New(b)} {
				checkHostile(t, d, a, b, err)
			}
		}
	})
}

func checkHostile(t *testing.T, d Dialect, a, b string, err error) {
	t.Helper()
	var out strings.Builder
	l := New(&out, Options{Dialect: d, Heartbeat: -1, Verbose: true})
	s := l.Section(a)
	say(s, a+"\n"+b+"\n")
	s.Emit(progress.Event{Op: a, Subject: b, State: progress.State(b), Message: a})
	s.Emit(progress.Event{Op: "o", Subject: b, State: progress.Failed, Message: a, Err: errors.New(b)})
	s.Emit(progress.Event{Op: b, State: progress.Done, Message: a})
	_ = s.End(b, err)
	want := map[Dialect]string{GitLab: "start end"}
	if d == GitHub && err == nil {
		want[d] = "group endgroup"
	}
	got := obeyed(d, out.String())
	if d == GitHub && err != nil {
		if len(got) != 1 || !strings.HasPrefix(got[0], "error title=") {
			t.Errorf("%q in a failed section is obeyed: %q\n%q", a, got, out.String())
		}
	} else if strings.Join(got, " ") != want[d] {
		t.Errorf("%q in a section of %s is obeyed: %q\n%q", a, d, got, out.String())
	}
	rest := marker.ReplaceAllString(out.String(), "")
	rest = strings.ReplaceAll(rest, "\x1b[0K", "")
	for _, r := range sequences(strings.ReplaceAll(rest, "\n", " "), false) {
		if unicode.IsControl(r) {
			t.Errorf("%U reaches the log: %q", r, out.String())
		}
	}
	if !utf8.ValidString(out.String()) || strings.ContainsAny(rest, "\r\a\u202e") {
		t.Errorf("unsafe text reaches the log: %q", rest)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range []Dialect{Plain, GitHub} {
			once := d.line(s, true)
			if again := d.line(once, true); again != once {
				t.Errorf("line(%q) = %q, and again %q", s, once, again)
			}
			if plain := d.line(s, false); strings.ContainsFunc(plain, unicode.IsControl) {
				t.Errorf("line(%q) = %q", s, plain)
			}
		}
	})
}

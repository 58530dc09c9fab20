package cilog

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/mettel-automation/delivery/progress/internal/text"
)

// Dialect is how a CI service marks sections in a log.
type Dialect string

// The dialects that this package writes.
const (
	// Plain marks nothing and has no colours: of a step that went well, its
	// title is all. The zero value of a Dialect means the same.
	Plain Dialect = "plain"
	// GitLab knows sections that are open or collapsed.
	// Source: https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections
	GitLab Dialect = "gitlab"
	// GitHub knows groups, which are always collapsed, and annotations.
	// Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
	GitHub Dialect = "github"
)

// Detect returns the dialect of the CI service that runs the process. It reads
// GITLAB_CI and GITHUB_ACTIONS through getenv, which is usually [os.Getenv];
// the services set them to "true". (gitlab-ci-local, which runs jobs on one's
// own machine, says GITLAB_CI=false, and means that its output is a terminal.)
func Detect(getenv func(string) string) Dialect {
	switch {
	case getenv("GITLAB_CI") == "true":
		return GitLab
	case getenv("GITHUB_ACTIONS") == "true":
		return GitHub
	}
	return Plain
}

// collapses reports whether a reader can open what is collapsed.
func (d Dialect) collapses() bool { return d == GitLab || d == GitHub }

// open returns what stands before title, which begins the section.
func (d Dialect) open(id string, began time.Time, title string, collapsed bool) string {
	switch {
	case d == GitLab && collapsed:
		return fmt.Sprintf("\x1b[0Ksection_start:%d:%s[collapsed=true]\r\x1b[0K%s\n", began.Unix(), id, title)
	case d == GitLab:
		return fmt.Sprintf("\x1b[0Ksection_start:%d:%s\r\x1b[0K%s\n", began.Unix(), id, title)
	case d == GitHub && collapsed:
		return "::group::" + data(title) + "\n"
	}
	return title + "\n"
}

// close returns what ends the section that open began.
func (d Dialect) close(id string, ended time.Time, collapsed bool) string {
	switch {
	case d == GitLab:
		return fmt.Sprintf("\x1b[0Ksection_end:%d:%s\r\x1b[0K\n", ended.Unix(), id)
	case d == GitHub && collapsed:
		return "::endgroup::\n"
	}
	return ""
}

// line returns one line of foreign text as the log shows it and obeys nothing
// of it. Of its control sequences the colours stay where there are any; those
// that move a cursor go, as they mean nothing in a log.
func (d Dialect) line(s string, colors bool) string {
	s = strings.TrimRight(sequences(s, colors), " \t")
	if d == GitLab {
		return s
	}
	// The runner of GitHub takes a command of the older form wherever it stands, as
	// do Azure Pipelines, of which that is, and TeamCity, where the log is plain;
	// and one of the present form at the beginning of a line, after space.
	// Source: github.com/actions/runner, src/Runner.Common/ActionCommand.cs;
	// Azure Pipelines documentation, "Logging commands"; that of TeamCity, "Service
	// messages".
	s = strings.NewReplacer("##[", `\x23#[`, "##vso[", `\x23#vso[`, "##teamcity[", `\x23#teamcity[`).Replace(s)
	if d != GitHub {
		return s
	}
	if i := strings.Index(s, "::"); i >= 0 && blank(s[:i]) {
		s = s[:i] + `\x3a` + s[i+1:]
	}
	return s
}

// annotation is a GitHub command that shows message as an error in the log and
// beside the run.
func annotation(title, message string) string {
	title = strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(title))
	return "::error title=" + title + "::" + data(message) + "\n"
}

// data escapes s for a GitHub command.
// Source: github.com/actions/toolkit, packages/core/src/command.ts, escapeData.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// blank reports whether s shows nothing that would keep a command after it from
// standing at the beginning of its line.
func blank(s string) bool {
	return !strings.ContainsFunc(sequences(s, false), func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r)
	})
}

// sequences returns s without the control sequences of ECMA-48, section 5.4,
// but for the colours (SGR) where they are kept, and with all that could still
// steer a terminal escaped. Colours end with the line.
func sequences(s string, colors bool) string {
	var b strings.Builder
	colored := false
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(text.Safe(strings.ReplaceAll(before, "\t", "    ")))
		if !found {
			break
		}
		n := strings.IndexFunc(after, func(r rune) bool { return r < ' ' || r > '?' })
		switch {
		case n < 0: // it never ends
			n = len(after)
		case after[n] < '@' || after[n] > '~': // it breaks off
		default:
			if colors && after[n] == 'm' && strings.Trim(after[:n], "0123456789;:") == "" {
				b.WriteString("\x1b[" + after[:n+1])
				colored = strings.Trim(after[:n], "0;") != ""
			}
			n++
		}
		s = after[n:]
	}
	if colored {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

package report

import (
	"cmp"
	"strings"

	"github.com/mettel-automation/delivery/progress"
)

// mark is a state as the page shows it: Slug names its shape and its colour,
// Word says it.
type mark struct {
	Slug string // as in the template "symbols" and in style.css
	Word string
}

func markOf(s progress.State) mark {
	slug := "other"
	switch s {
	case progress.Waiting, progress.Running, progress.Done, progress.Unchanged, progress.Failed, progress.Skipped:
		slug = string(s)
	case progress.RollingBack, progress.RolledBack:
		slug = "back"
	}
	return mark{Slug: slug, Word: cmp.Or(string(s), "unknown")}
}

// markOfOutcome is that of an image.
func markOfOutcome(outcome string) mark {
	m := mark{Slug: "other", Word: cmp.Or(outcome, "unknown")}
	switch outcome {
	case "built", "pushed":
		m.Slug = "done"
	case "unchanged", "failed":
		m.Slug = outcome
	case "not begun", "skipped":
		m.Slug = "skipped"
	}
	return m
}

// markOfSeverity is that of a finding.
func markOfSeverity(severity string) mark {
	m := mark{Slug: "other", Word: cmp.Or(severity, "finding")}
	switch severity {
	case "error":
		m.Slug = "failed"
	case "warning":
		m.Slug = "warning"
	case "note", "info":
		m.Slug = "note"
	}
	return m
}

// markOfStack tells from its status how a stack fared. CloudFormation ends
// each status in what it means.
// Source: CloudFormation User Guide, "Stack status codes".
func markOfStack(s Stack) mark {
	m := mark{Word: cmp.Or(s.Status, "planned")}
	switch {
	case s.Error != "" || strings.Contains(s.Status, "FAILED") || strings.Contains(s.Status, "ROLLBACK"):
		m.Slug = "failed"
	case strings.HasSuffix(s.Status, "_IN_PROGRESS"):
		m.Slug = "running"
	case nothing(s.Action):
		m.Slug, m.Word = "unchanged", cmp.Or(s.Status, "unchanged")
	case s.Status == "":
		m.Slug = "waiting"
	default:
		m.Slug = "done"
	}
	return m
}

// sign is an action as the page shows it.
type sign struct {
	Slug string // add, modify, replace, delete or none
	Sign string
	Word string
}

func signOf(action string) sign {
	s := sign{Slug: "none", Sign: "=", Word: cmp.Or(action, "none")}
	switch strings.ToLower(action) {
	case "add", "added", "create", "created", "import":
		s.Slug, s.Sign = "add", "+"
	case "modify", "modified", "update", "updated", "move", "moved":
		s.Slug, s.Sign = "modify", "~"
	case "replace", "replaced":
		s.Slug, s.Sign = "replace", "±"
	case "delete", "deleted", "remove", "removed":
		s.Slug, s.Sign = "delete", "−"
	case "affected":
		s.Slug, s.Sign = "modify", "→"
	}
	return s
}

// nothing reports whether action changes nothing.
func nothing(action string) bool { return signOf(action).Slug == "none" }

// deletes reports whether action takes something away.
func deletes(action string) bool { return signOf(action).Slug == "delete" }

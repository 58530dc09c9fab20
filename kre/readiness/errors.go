package readiness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/english"
)

// ErrFailed is that an object will not become ready by waiting: it has failed,
// is being deleted, or is gone.
var ErrFailed = errors.New("an object has failed for good")

// ErrInvalid is that what was handed in cannot be waited for; nothing was asked
// of the API server.
var ErrInvalid = errors.New("invalid object")

// NotReadyError is how a wait ends that does not succeed.
type NotReadyError struct {
	// Unready are the objects that are not ready, the most telling first: those
	// that have failed, then those with a reason that a person can act on.
	Unready []Unready
	Objects int           // how many were waited for
	Waited  time.Duration // how long
	// Err is what ended the wait: [ErrFailed], the error and cause of the context,
	// or what the API server has refused (as an expired token, or a missing right).
	Err error
	// LastLook is what went wrong with the newest look where it brought no answer:
	// what Unready tells is older then.
	LastLook error
	// Undiagnosed is why pods, events or storage classes could not be read. Then
	// reasons are missing from Unready.
	Undiagnosed error
}

// Unready is one object that is not ready.
type Unready struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"` // empty for one of the cluster
	Name      string `json:"name"`
	// Failed is that waiting does not help.
	Failed  bool   `json:"failed,omitempty"`
	Reason  string `json:"reason"`  // one word, as in status.Status
	Message string `json:"message"` // the same for people
	// Pods are the reasons of its pods, the most telling first; at most 10.
	Pods []PodReason `json:"pods,omitempty"`
	// Warnings are the last warning events of the object and its pods, each once
	// and the newest last: "FailedMount: ... (3 times)".
	Warnings []string `json:"warnings,omitempty"`
}

// Texts are bounded, so that an error stays one screen.
const (
	linesShown    = 10 // objects
	groupsShown   = 2  // different reasons of pods, per object
	warningsShown = 2  // per object
)

// Error is a line that says what ended the wait, and a line per object that was
// looked at, at most ten and "and N more". What the cluster's texts hold is on
// one line each and steers no terminal.
func (e *NotReadyError) Error() string {
	var b strings.Builder
	state := fmt.Sprintf("%d not ready", len(e.Unready))
	if len(e.Unready) == 0 {
		state = "each was ready, but not yet all at once"
	}
	precision := time.Second
	if e.Waited < 10*time.Second {
		precision = 100 * time.Millisecond
	}
	fmt.Fprintf(&b, "wait for %s: %s after %s: %v", english.Count(e.Objects, "object"), state, e.Waited.Round(precision), e.Err)
	if e.LastLook != nil {
		fmt.Fprintf(&b, "; the last look failed: %v", e.LastLook)
	}
	seen := slices.DeleteFunc(slices.Clone(e.Unready), func(u Unready) bool { return u.Reason == notSeen })
	for _, u := range seen[:min(linesShown, len(seen))] {
		b.WriteString("\n" + u.String())
	}
	if more := len(seen) - linesShown; more > 0 {
		fmt.Fprintf(&b, "\nand %d more", more)
	}
	if unseen := len(e.Unready) - len(seen); unseen > 0 {
		fmt.Fprintf(&b, "\n%s not looked at yet", english.Count(unseen, "object"))
	}
	if e.Undiagnosed != nil {
		fmt.Fprintf(&b, "\nreasons may be missing: %s", strings.ReplaceAll(e.Undiagnosed.Error(), "\n", "; "))
	}
	return b.String()
}

// Unwrap returns what ended the wait, and how the last look failed.
func (e *NotReadyError) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Err, e.LastLook}, func(err error) bool { return err == nil })
}

// ended is why a context is over, in a way that matches its error and its cause.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// ID is the object in words: "Deployment shop/web".
func (u Unready) ID() string { return id(u.Kind, u.Namespace, u.Name) }

func id(kind, namespace, name string) string {
	if namespace == "" {
		return kind + " " + name
	}
	return kind + " " + namespace + "/" + name
}

// String is the object and why it is not ready, in one line. Reasons that
// several pods share are told once.
func (u Unready) String() string {
	parts := []string{u.Message}
	groups := groupPods(u.Pods)
	for _, g := range groups[:min(groupsShown, len(groups))] {
		text := g.String()
		if u.Kind == kindPod.Kind {
			text = g.first.cause() // its own
		}
		parts = append(parts, text)
	}
	if more := len(groups) - groupsShown; more > 0 {
		parts = append(parts, fmt.Sprintf("%d other reasons of pods", more))
	}
	warnings := slices.DeleteFunc(slices.Clone(u.Warnings), func(w string) bool {
		return strings.HasPrefix(w, u.Reason+": ") // the message has told it
	})
	for _, w := range warnings[max(0, len(warnings)-warningsShown):] {
		parts = append(parts, "event "+w)
	}
	head := u.ID()
	if u.Reason != "" {
		head += ": " + u.Reason
	}
	return head + ": " + strings.Join(parts, "; ")
}

// podGroup is pods that share a reason.
type podGroup struct {
	first PodReason
	pods  int
}

func groupPods(reasons []PodReason) []podGroup {
	var groups []podGroup
	for _, r := range reasons {
		i := slices.IndexFunc(groups, func(g podGroup) bool { return g.first.cause() == r.cause() })
		if i < 0 {
			groups = append(groups, podGroup{first: r, pods: 1})
		} else {
			groups[i].pods++
		}
	}
	return groups
}

func (g podGroup) String() string {
	if g.pods == 1 {
		return g.first.String()
	}
	return fmt.Sprintf("pod %s and %d more: %s", g.first.Pod, g.pods-1, g.first.cause())
}

// rank orders objects by how much they tell: the lower, the more.
func (u Unready) rank() int {
	switch {
	case u.Failed:
		return 0
	case slices.ContainsFunc(u.Pods, PodReason.telling):
		return 1
	case len(u.Warnings) > 0:
		return 2
	}
	return 3
}

package readiness

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/kre/readiness/status"
	"github.com/mettel-automation/delivery/progress"
)

// run is one wait.
type run struct {
	*Waiter
	targets    []*target
	started    time.Time
	looks      int
	confirming bool // all were ready, each at some look: the next look is at all of them

	lastLook    error // what the newest look could not read
	undiagnosed error // what the newest diagnosis could not read
}

// target is one object that is waited for, as the newest look has found it.
type target struct {
	gvk             schema.GroupVersionKind
	namespace, name string
	mapping         *meta.RESTMapping // nil while the API server does not serve the kind
	uid             types.UID         // empty while it has not been seen
	expires         bool              // a Job that is deleted some time after it has ended

	status   status.Status
	failures int // looks in a row that found it failed
	pods     []PodReason
	warnings []string

	selector string // of its pods
	revision string // of a Deployment: which of its ReplicaSets is the newest

	told string // what was reported last
}

func (t *target) id() string { return id(t.gvk.Kind, t.namespace, t.name) }

func (t *target) ready() bool { return t.status.State == status.Ready }

// due are the targets that a look is at.
func (r *run) due() []*target {
	if r.confirming {
		return r.targets
	}
	return r.unready()
}

func (r *run) unready() []*target {
	return slices.DeleteFunc(slices.Clone(r.targets), (*target).ready)
}

// settled reports whether all targets are ready and were so in the look that is
// over; where only the first is true it asks for a look at all of them.
func (r *run) settled() bool {
	if len(r.unready()) > 0 {
		r.confirming = false
		return false
	}
	together := (r.confirming || r.looks == 1) && r.lastLook == nil
	r.confirming = !together
	return together
}

// confirmations is how many looks in a row must find an object failed. One does
// not suffice: a controller that has just seen a new spec may still carry
// the condition of the old one.
const confirmations = 2

func (r *run) hopeless() bool {
	return slices.ContainsFunc(r.targets, func(t *target) bool { return t.failures >= confirmations })
}

// saw takes in what the API server returned for t.
func (r *run) saw(t *target, object *unstructured.Unstructured, rules status.Rules) {
	t.uid = object.GetUID()
	_, t.expires, _ = unstructured.NestedFieldNoCopy(object.Object, "spec", "ttlSecondsAfterFinished")
	t.revision = object.GetAnnotations()[revisionAnnotation]
	t.selector = selectorOf(object)
	if t.gvk.GroupKind() == kindPod {
		var p corev1.Pod
		if runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &p) == nil {
			t.pods = r.quote(podReasons(&p))
		}
	}
	r.set(t, status.Assess(object, rules))
}

// missed takes in that t does not exist.
func (r *run) missed(t *target) {
	if t.uid == "" {
		r.set(t, status.Status{State: status.InProgress, Reason: "NotFound", Message: "does not exist yet"})
		return
	}
	message := "was deleted while it was waited for"
	if t.expires {
		if t.ready() {
			return // it is complete, and its time is over
		}
		message += ", perhaps by its ttlSecondsAfterFinished before one could see how it ended: set that to 60 or more"
	}
	t.failures = confirmations // nothing takes that back
	r.set(t, status.Status{State: status.Failed, Reason: "Gone", Message: message})
}

func (r *run) set(t *target, s status.Status) {
	s.Reason, s.Message = r.text(s.Reason), r.text(s.Message)
	t.status = s
	if s.State == status.Failed {
		t.failures++
	} else {
		t.failures = 0
	}
}

// longest is how much of a text from the cluster is kept, in bytes.
const longest = 300

// text makes what came from the cluster safe to show, and short.
func (r *run) text(s string) string {
	if r.opts.Redact != nil {
		s = r.opts.Redact(s)
	}
	s = clean.Text(strings.TrimSpace(s))
	if len(s) <= longest {
		return s
	}
	cut := longest
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

func (r *run) quote(reasons []PodReason) []PodReason {
	for i := range reasons {
		p := &reasons[i]
		p.Reason, p.Message, p.ExitReason = r.text(p.Reason), r.text(p.Message), r.text(p.ExitReason)
	}
	return reasons
}

// report tells what has changed since it told last, and whether something had.
func (r *run) report() (changed bool) {
	for _, t := range r.targets {
		event := progress.Event{Op: Op, Subject: t.id(), State: progress.Running, Message: t.news()}
		if t.ready() {
			event.State, event.Message = progress.Done, t.status.Message
		}
		told := string(event.State) + event.Message
		if told == t.told {
			continue
		}
		silent := t.told == "" && t.status.Reason == status.Exists
		t.told, changed = told, true
		if !silent {
			r.opts.Progress.Emit(event)
		}
	}
	return changed
}

// news is why t is not ready in the fewest words: those that do not change from
// look to look, as a back-off does that is counted down.
func (t *target) news() string {
	if len(t.pods) == 0 || !t.pods[0].telling() {
		return t.status.Message
	}
	first := t.pods[0]
	first.Message, first.Restarts = "", 0
	return t.status.Message + "; " + first.String()
}

// notSeen is the reason of what no look has found out about.
const notSeen = "NotSeen"

// end is the error of a wait that err has ended.
func (r *run) end(err error) error {
	e := &NotReadyError{
		Objects: len(r.targets), Waited: time.Since(r.started),
		Err: err, LastLook: r.lastLook, Undiagnosed: r.undiagnosed,
	}
	for _, t := range r.unready() {
		u := Unready{
			Kind: t.gvk.Kind, Namespace: t.namespace, Name: t.name, Failed: t.status.State == status.Failed,
			Reason: t.status.Reason, Message: t.status.Message, Pods: t.pods, Warnings: t.warnings,
		}
		e.Unready = append(e.Unready, u)
		r.opts.Progress.Emit(progress.Event{Op: Op, Subject: t.id(), State: progress.Failed, Err: errors.New(u.String())})
	}
	slices.SortStableFunc(e.Unready, func(a, b Unready) int { return cmp.Compare(a.rank(), b.rank()) })
	return e
}

// look reads what is due, finds reasons, and reports. Its error is one that
// asking again does not help. A look that the context cuts off leaves what went
// wrong with the one before it.
func (r *run) look(ctx context.Context) (changed bool, err error) {
	lastLook, undiagnosed := r.lastLook, r.undiagnosed
	defer func() {
		if ctx.Err() != nil {
			r.lastLook, r.undiagnosed = lastLook, undiagnosed
		}
	}()
	r.looks++
	r.undiagnosed = nil
	batches, errs := r.batches(ctx)
	for _, b := range batches {
		errs = append(errs, r.read(ctx, b))
	}
	for _, err := range errs {
		if refusal(err) {
			return false, err
		}
	}
	r.lastLook = errors.Join(errs...)
	if slices.Contains(errs, nil) { // else nobody answers, and diagnosing would only wait, too
		r.diagnose(ctx)
	}
	return r.report(), nil
}

package readiness

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// warnings are events by what they say, without the name of the pod that they
// are about: the same trouble of ten pods is one warning.
type warnings map[string]warning

type warning struct {
	text  string
	count int32
	last  time.Time
}

// warningsRead is how many different warnings of an object are looked at.
const warningsRead = 200

func (d *diagnosis) readEvents(ctx context.Context) error {
	options := metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning}
	return d.each(ctx, eventResource, d.namespace, options, func(o *unstructured.Unstructured) {
		var e corev1.Event
		if runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &e) != nil || e.Type != corev1.EventTypeWarning {
			return
		}
		t := d.owners[e.InvolvedObject.UID]
		if t == nil {
			return
		}
		if d.warnings[t] == nil {
			d.warnings[t] = make(warnings)
		}
		d.warnings[t].add(&e, d.text(e.Reason+": "+e.Message))
	})
}

func (w warnings) add(e *corev1.Event, text string) {
	key := ownName(e.InvolvedObject).ReplaceAllString(text, "")
	have, known := w[key]
	if !known && len(w) >= warningsRead {
		return
	}
	if at := eventTime(e); !known || at.After(have.last) {
		have.text, have.last = text, at
	}
	have.count += eventCount(e)
	w[key] = have
}

// ownName matches the object's name and UID, and names that are made from its
// name, as a ReplicaSet makes one for each pod that it tries to create.
func ownName(o corev1.ObjectReference) *regexp.Regexp {
	uid := regexp.QuoteMeta(cmp.Or(string(o.UID), o.Name))
	return regexp.MustCompile(uid + "|" + regexp.QuoteMeta(o.Name) + `(-[a-z0-9]{5}\b)?`)
}

// newest returns the texts of the newest n, the newest last.
func (w warnings) newest(n int) []string {
	all := slices.SortedFunc(maps.Values(w), func(a, b warning) int {
		if c := a.last.Compare(b.last); c != 0 {
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	var texts []string
	for _, one := range all[max(0, len(all)-n):] {
		if one.count > 1 {
			one.text += fmt.Sprintf(" (%d times)", one.count)
		}
		texts = append(texts, one.text)
	}
	return texts
}

// eventTime is when an event happened last. Which field tells it depends on
// who wrote the event, and with which API.
func eventTime(e *corev1.Event) time.Time {
	last := e.CreationTimestamp.Time
	times := []time.Time{e.FirstTimestamp.Time, e.LastTimestamp.Time, e.EventTime.Time}
	if e.Series != nil {
		times = append(times, e.Series.LastObservedTime.Time)
	}
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

func eventCount(e *corev1.Event) int32 {
	n := max(1, e.Count)
	if e.Series != nil {
		n = max(n, e.Series.Count)
	}
	return n
}

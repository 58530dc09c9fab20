package status

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ReadyWhen is the annotation by which an object says itself what makes it
// ready: "Synced" or "Synced=True" (a condition of its status and the value
// that it must have), or "exists".
const ReadyWhen = "delivery.mettel-automation.github.io/ready-when"

// Condition says which condition makes the objects of a kind ready:
//
//	Condition{Group: "cert-manager.io", Kind: "Certificate", Type: "Ready"}
//
// A condition that was observed at an older generation of the object does not
// count, where the object or the condition tells it (observedGeneration).
type Condition struct {
	Group, Kind string // of the object
	Type        string // of the condition in status.conditions
	Status      string // that it must have; "" is "True"
}

func (c Condition) of(kind schema.GroupKind) bool {
	return c.Group == kind.Group && c.Kind == kind.Kind
}

// assessAnnotation assesses by the value of [ReadyWhen].
func assessAnnotation(object *unstructured.Unstructured, text string) Status {
	condition, status, err := parseReadyWhen(text)
	switch {
	case err != nil:
		return failed("BadAnnotation", "%v", err)
	case condition == "":
		return Status{State: Ready, Reason: Exists}
	}
	return assessCondition(object, condition, status)
}

// parseReadyWhen reads a value of [ReadyWhen]. An empty condition is "exists".
func parseReadyWhen(text string) (condition, status string, err error) {
	text = strings.TrimSpace(text)
	if text == "exists" {
		return "", "", nil
	}
	condition, status, given := strings.Cut(text, "=")
	condition, status = strings.TrimSpace(condition), strings.TrimSpace(status)
	if !given {
		status = "True"
	}
	if condition == "" || strings.ContainsAny(condition, " \t\n") || status != "True" && status != "False" && status != "Unknown" {
		return "", "", fmt.Errorf(`annotation %s is %q; want a condition such as "Ready" or "Ready=True", or "exists"`, ReadyWhen, text)
	}
	return condition, status, nil
}

// assessCondition says whether the condition of a type has the status that is
// wanted, "" being True.
func assessCondition(object *unstructured.Unstructured, condition, want string) Status {
	if want == "" {
		want = "True"
	}
	status := conditionsOf(object)
	have, found := status.find(condition)
	generation := object.GetGeneration()
	switch {
	case status.ObservedGeneration != 0 && status.ObservedGeneration < generation,
		found && have.ObservedGeneration != 0 && have.ObservedGeneration < generation:
		return notObserved(generation)
	case !found:
		return inProgress("No"+condition, "has no condition %s yet", condition)
	case string(have.Status) == want:
		return ready("")
	}
	reason := have.Reason
	if reason == "" {
		reason = condition + string(have.Status)
	}
	return inProgress(reason, "%s", join(fmt.Sprintf("%s is %s, not %s", condition, have.Status, want), have.Message))
}

// conditions is the part of a status that most kinds have.
type conditions struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

// conditionsOf reads them entry by entry, so that one that is odd hides no other.
func conditionsOf(object *unstructured.Unstructured) (c conditions) {
	c.ObservedGeneration, _, _ = unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	list, _, _ := unstructured.NestedFieldNoCopy(object.Object, "status", "conditions")
	entries, _ := list.([]any)
	for _, e := range entries {
		fields, ok := e.(map[string]any)
		if !ok {
			continue
		}
		var one metav1.Condition
		if runtime.DefaultUnstructuredConverter.FromUnstructured(fields, &one) == nil {
			c.Conditions = append(c.Conditions, one)
		}
	}
	return c
}

func (c conditions) find(kind string) (metav1.Condition, bool) {
	for _, one := range c.Conditions {
		if one.Type == kind {
			return one, true
		}
	}
	return metav1.Condition{}, false
}

// definition assesses a CustomResourceDefinition.
func definition(object *unstructured.Unstructured) Status {
	if names, ok := conditionsOf(object).find("NamesAccepted"); ok && names.Status == metav1.ConditionFalse {
		return failed(names.Reason, "%s", join("its names are taken", names.Message))
	}
	return assessCondition(object, "Established", "True")
}

func notObserved(generation int64) Status {
	return inProgress("NotObserved", "its controller has not seen generation %d yet", generation)
}

// join puts a colon between texts that are not empty.
func join(texts ...string) string {
	var given []string
	for _, t := range texts {
		if t != "" {
			given = append(given, t)
		}
	}
	return strings.Join(given, ": ")
}

package status

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestConditions(t *testing.T) {
	const certificate = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: tls, generation: 2}\n"
	rules := Rules{Conditions: []Condition{{Group: "cert-manager.io", Kind: "Certificate", Type: "Ready"}}}
	annotated := func(value, status string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, generation: 2, annotations: {" + ReadyWhen + ": '" + value + "'}}\nstatus: " + status
	}
	testStatus(t, map[string]statusCase{
		"a rule waits for its condition": {object: certificate, rules: rules, want: Status{InProgress, "NoReady", "has no condition Ready yet"}},
		"a rule is met": {
			object: certificate + "status: {conditions: [{type: Ready, status: 'True', observedGeneration: 2}]}", rules: rules, want: Status{State: Ready},
		},
		"a condition without an observed generation counts": {
			object: certificate + "status: {conditions: [{type: Ready, status: 'True'}]}", rules: rules, want: Status{State: Ready},
		},
		"a condition of an older generation does not": {
			object: certificate + "status: {conditions: [{type: Ready, status: 'True', observedGeneration: 1}]}", rules: rules,
			want: Status{InProgress, "NotObserved", "its controller has not seen generation 2 yet"},
		},
		"nor does a status of an older generation": {
			object: certificate + "status: {observedGeneration: 1, conditions: [{type: Ready, status: 'True'}]}", rules: rules,
			want: Status{InProgress, "NotObserved", "its controller has not seen generation 2 yet"},
		},
		"a condition that is false says why": {
			object: certificate + "status: {conditions: [{type: Ready, status: 'False', reason: DoesNotExist, message: Issuing certificate}]}", rules: rules,
			want: Status{InProgress, "DoesNotExist", "Ready is False, not True: Issuing certificate"},
		},
		"a condition without a reason has one": {
			object: certificate + "status: {conditions: [{type: Ready, status: Unknown}]}", rules: rules,
			want: Status{InProgress, "ReadyUnknown", "Ready is Unknown, not True"},
		},
		"a rule may want False": {
			object: certificate + "status: {conditions: [{type: Stalled, status: 'False'}]}",
			rules:  Rules{Conditions: []Condition{{Group: "cert-manager.io", Kind: "Certificate", Type: "Stalled", Status: "False"}}},
			want:   Status{State: Ready},
		},
		"a rule is for its group alone": {object: "apiVersion: other/v1\nkind: Certificate\nmetadata: {name: a}", rules: rules, want: Status{State: Ready, Reason: "Exists"}},
		"odd conditions hide no good one": {
			object: certificate + "status: {conditions: [a, {type: 7}, {type: Ready, status: 'True'}]}", rules: rules, want: Status{State: Ready},
		},
		"conditions that are no list are none": {
			object: certificate + "status: {conditions: {Ready: 'True'}}", rules: rules, want: Status{InProgress, "NoReady", "has no condition Ready yet"},
		},
		"the annotation comes before what is built in": {
			object: annotated("Available", "{conditions: [{type: Available, status: 'True'}]}"), want: Status{State: Ready},
		},
		"the annotation may say that existing is enough": {object: annotated("exists", "{}"), want: Status{State: Ready, Reason: "Exists"}},
		"the annotation comes before the rules": {
			object: annotated("exists", "{}"), rules: Rules{Conditions: []Condition{{Group: "apps", Kind: "Deployment", Type: "Ready"}}},
			want: Status{State: Ready, Reason: "Exists"},
		},
		"an annotation that cannot be read is a failure": {
			object: annotated("Ready=yes", "{}"),
			want:   Status{Failed, "BadAnnotation", `annotation delivery.mettel-automation.github.io/ready-when is "Ready=yes"; want a condition such as "Ready" or "Ready=True", or "exists"`},
		},
	})
}

func FuzzReadyWhen(f *testing.F) {
	for _, seed := range []string{"Ready", "Ready=True", " Ready = False ", "exists", "", "=", "Ready=", "=True", "Ready=yes", "a b", "Ready=True=True"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		condition, status, err := parseReadyWhen(text)
		if err != nil {
			if condition != "" || status != "" {
				t.Errorf("%q: an error and a result: %q, %q", text, condition, status)
			}
			return
		}
		again := condition + "=" + status
		if condition == "" {
			again = "exists"
		}
		c, s, err := parseReadyWhen(again)
		if c != condition || s != status || err != nil {
			t.Errorf("%q is %q=%q; written again it is %q=%q, %v", text, condition, status, c, s, err)
		}
	})
}

// FuzzAssess holds that no object, however odd, is more than not ready.
func FuzzAssess(f *testing.F) {
	for _, kind := range []string{"apps/v1 Deployment", "apps/v1 StatefulSet", "batch/v1 Job", "v1 Pod", "v1 Service", "v1 PersistentVolumeClaim", "networking.k8s.io/v1 Ingress", "a/v1 B"} {
		version, name, _ := strings.Cut(kind, " ")
		f.Add(version, name, []byte(`{"status":{"conditions":[{"type":"Ready","status":"True","observedGeneration":1}],"phase":"Running"},"spec":{"replicas":-1}}`))
		f.Add(version, name, []byte(`{"status":[],"spec":{"selector":{"matchLabels":{"a":"b"}}},"metadata":{"annotations":{"`+ReadyWhen+`":"X"},"generation":3}}`))
	}
	f.Fuzz(func(t *testing.T, version, kind string, rest []byte) {
		var fields map[string]any
		if json.Unmarshal(rest, &fields) != nil || fields == nil {
			return
		}
		o := &unstructured.Unstructured{Object: fields}
		o.SetAPIVersion(version)
		o.SetKind(kind)
		s := Assess(o, Rules{Conditions: []Condition{{Group: "a", Kind: "B", Type: "Ready"}}})
		if s.State != Ready && (s.Message == "" || s.Reason == "" || s.State != InProgress && s.State != Failed) {
			t.Errorf("%s %s is %+v", version, kind, s)
		}
	})
}

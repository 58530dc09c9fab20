package nuke_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/nuke"
)

func TestTypesTable(t *testing.T) {
	types := nuke.Types()
	var names []string
	for _, typ := range types {
		names = append(names, typ.Name)
		if slices.Contains(nuke.Shared(), typ.Name) {
			t.Errorf("%s is both deleted and shared", typ.Name)
		}
		if typ.ID == "" || !strings.Contains(typ.ID, "<") {
			t.Errorf("%s: the form of its id is %q", typ.Name, typ.ID)
		}
		if global := strings.HasPrefix(typ.Name, "IAM") || strings.HasPrefix(typ.Name, "Route53"); typ.Global != global {
			t.Errorf("%s: global is %v", typ.Name, typ.Global)
		}
		// A filter by a property that a type does not have deletes all of it.
		if typ.Tag != "" && !slices.Contains(typ.Properties, "tag:") {
			t.Errorf("%s is asked for %s, and has %v", typ.Name, typ.Tag, typ.Properties)
		}
		if typ.Tag == "" && slices.Contains(typ.Properties, "tag:") {
			t.Errorf("%s has tags that nobody asks for", typ.Name)
		}
		for _, property := range typ.Narrow {
			if !slices.Contains(typ.Properties, property) {
				t.Errorf("%s is narrowed by %s, and has %v", typ.Name, property, typ.Properties)
			}
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != 28 {
		t.Errorf("%d types: %v", len(names), names)
	}
	if !slices.IsSorted(nuke.Shared()) {
		t.Error("Shared is not sorted")
	}
}

func TestTypesWithoutPropertiesAreKnown(t *testing.T) {
	var blind []string
	for _, typ := range nuke.Types() {
		if typ.Properties == nil {
			blind = append(blind, typ.Name)
		}
	}
	want := []string{"CloudWatchDashboard", "ECSClusterInstance", "ElasticacheReplicationGroup", "ServiceDiscoveryInstance", "ServiceDiscoveryService"}
	if !slices.Equal(blind, want) {
		t.Errorf("without properties: %v, want %v", blind, want)
	}
}

func TestResourceString(t *testing.T) {
	for want, r := range map[string]nuke.Resource{
		"us-east-1 SNSTopic TopicARN: a":                 {Type: "SNSTopic", Region: region, ID: "TopicARN: a"},
		"global Route53ResourceRecordSet a.com. (TXT)":   {Type: "Route53ResourceRecordSet", Region: nuke.Global, ID: "a.com.", Properties: map[string]string{"Type": "TXT"}},
		"global Route53ResourceRecordSet a.com.":         {Type: "Route53ResourceRecordSet", Region: nuke.Global, ID: "a.com."},
		"us-east-1 CloudWatchAlarm with a type of alarm": {Type: "CloudWatchAlarm", Region: region, ID: "with a type of alarm", Properties: map[string]string{"Type": "MetricAlarm"}},
	} {
		if got := r.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

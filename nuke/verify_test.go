package nuke_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/nuke"
)

// none and all are sets of resources, and so is what ofType returns.
func none(nuke.Resource) bool { return false }
func all(nuke.Resource) bool  { return true }
func ofType(typ string) func(nuke.Resource) bool {
	return func(r nuke.Resource) bool { return r.Type == typ }
}

// TestMutations spoils a good configuration in ways of which it is known what
// they change, and expects Verify to say so.
func TestMutations(t *testing.T) {
	inv := wholeAccount()
	// One alarm of another environment is tagged by mistake, and only its name saves it.
	inv.Others = append(inv.Others, nuke.Resource{Type: "CloudWatchAlarm", Region: region, ID: "mistagged", Properties: map[string]string{tagEnv: target}})
	good, err := options().Generate(inv)
	if err != nil {
		t.Fatal(err)
	}
	const alarmID = `        - value: "Running tasks count of bridge service in ECS cluster with name automation-1a2b3c4d"` + "\n          invert: true\n"
	const alarmTag = `        - property: "tag:Environment"` + "\n          value: \"automation-1a2b3c4d\"\n          invert: true\n"
	const dashboard = "        - value: \"cluster-automation-1a2b3c4d\"\n          invert: true\n"
	tests := map[string]struct {
		edits          []string // from, to
		missing, stray func(nuke.Resource) bool
		refused        bool
		unproven       string
	}{
		"nothing":                        {nil, none, none, false, ""},
		"a comment":                      {[]string{"blocklist:\n", "# hello\nblocklist:\n"}, none, none, false, ""},
		"no tag, where the id is enough": {[]string{alarmID + alarmTag, alarmID}, none, none, false, ""},
		"no id, where only the tag is left": {
			[]string{alarmID, ""}, none, func(r nuke.Resource) bool { return r.ID == "mistagged" }, false, "",
		},
		"neither": {[]string{"      CloudWatchAlarm:\n" + alarmID + alarmTag, ""}, none, ofType("CloudWatchAlarm"), false, ""},
		"no filter of a type without properties": {
			[]string{"      CloudWatchDashboard:\n" + dashboard, ""}, none, ofType("CloudWatchDashboard"), false, "",
		},
		"the tag instead of the id, where it cannot be read": {
			[]string{dashboard, alarmTag}, none, ofType("CloudWatchDashboard"), false, "",
		},
		"an id that is not inverted": {
			[]string{dashboard, strings.Replace(dashboard, "true", "false", 1)}, ofType("CloudWatchDashboard"), ofType("CloudWatchDashboard"), false, "",
		},
		"an invert that is a number": {
			[]string{dashboard, strings.Replace(dashboard, "true", "1", 1)}, ofType("CloudWatchDashboard"), ofType("CloudWatchDashboard"), false, "",
		},
		"a misspelt invert": {
			[]string{dashboard, strings.Replace(dashboard, "invert", "inverted", 1)}, ofType("CloudWatchDashboard"), ofType("CloudWatchDashboard"), false, "",
		},
		"filters of a type in another case": {
			[]string{"      CloudWatchDashboard:", "      CloudwatchDashboard:"}, none, ofType("CloudWatchDashboard"), false, "",
		},
		"part of the id": {
			[]string{dashboard, "        - type: contains\n          value: automation-1a2b3c4d\n          invert: true\n"},
			none, func(r nuke.Resource) bool { return r.ID == "cluster-"+sibling }, false, "",
		},
		"an id with a letter less": {
			[]string{`"cluster-automation-1a2b3c4d"`, `"cluster-automation-1a2b3c4"`}, ofType("CloudWatchDashboard"), none, false, "",
		},
		"the id of somebody else": {
			[]string{`"cluster-automation-1a2b3c4d"`, `"cluster-automation-master"`},
			ofType("CloudWatchDashboard"), func(r nuke.Resource) bool { return r.ID == "cluster-"+prodName }, false, "",
		},
		"an empty tag":              {[]string{alarmID + alarmTag, alarmID + strings.Replace(alarmTag, target, "", 1)}, ofType("CloudWatchAlarm"), none, false, ""},
		"a type less":               {[]string{"    - SNSTopic\n", ""}, ofType("SNSTopic"), none, false, ""},
		"a type that is excluded":   {[]string{"    - S3Object\n", "    - S3Object\n    - SNSTopic\n"}, ofType("SNSTopic"), none, false, ""},
		"a region less":             {[]string{"  - \"global\"\n", ""}, func(r nuke.Resource) bool { return r.Region == nuke.Global }, none, false, ""},
		"a region that was not":     {[]string{"  - \"global\"\n", "  - \"global\"\n  - \"us-west-2\"\n"}, none, none, false, "unread region us-west-2"},
		"all regions":               {[]string{"  - \"us-east-1\"\n", "  - all\n"}, none, none, false, "unread region all"},
		"a type that was not read":  {[]string{"    - SNSTopic\n", "    - SNSTopic\n    - SNSSubscription\n"}, none, none, false, "unread type SNSSubscription"},
		"a misspelt includes":       {[]string{"  includes:", "  include:"}, none, none, false, "unread types ACMCertificate, "},
		"a pattern":                 {[]string{"    - SNSTopic\n", "    - SNS*\n"}, none, none, false, "unread types SNSEndpoint, SNSPlatformApplication and SNSSubscription"},
		"a property not known":      {[]string{`property: "Type"`, `property: "Name"`}, ofType("Route53ResourceRecordSet"), none, false, ""},
		"a blocklist of oneself":    {[]string{live, account}, none, none, true, ""},
		"no blocklist":              {[]string{"  - \"" + live + "\"\n", ""}, none, none, true, ""},
		"another account":           {[]string{"  \"" + account + "\":", "  \"111111111111\":"}, all, none, true, ""},
		"an unknown type of filter": {[]string{"        - value: \"cluster", "        - type: Exact\n          value: \"cluster"}, none, none, true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := good.String()
			for i := 0; i < len(tt.edits); i += 2 {
				if !strings.Contains(text, tt.edits[i]) {
					t.Fatalf("there is no %q to edit", tt.edits[i])
				}
				text = strings.Replace(text, tt.edits[i], tt.edits[i+1], 1)
			}
			config, err := nuke.Parse("nuke.yaml", []byte(text), 3)
			if err != nil {
				t.Fatal(err)
			}
			verdict, err := nuke.Verify(config, inv, nuke.Run{})
			protected := func(r nuke.Resource) bool { return r.ID == "sg-default" || r.ID == "AWSServiceRoleForECS" }
			want := filtered(inv.Others, func(r nuke.Resource) bool { return tt.stray(r) && !protected(r) })
			if d := cmp.Diff(want, lines(verdict.Stray)); d != "" {
				t.Errorf("stray (-want +got):\n%s", d)
			}
			if d := cmp.Diff(filtered(inv.Mine, tt.missing), lines(verdict.Missing)); d != "" {
				t.Errorf("missing (-want +got):\n%s", d)
			}
			if got := len(verdict.Refused) > 0; got != tt.refused {
				t.Errorf("refused: %v", verdict.Refused)
			}
			if got := details(verdict.Unproven); !strings.HasPrefix(got, tt.unproven) || got != "" && tt.unproven == "" {
				t.Errorf("unproven: %q, want %q", got, tt.unproven)
			}
			wrong := len(verdict.Stray)+len(verdict.Missing)+len(verdict.Refused)+len(verdict.Unproven) > 0
			if _, failed := errors.AsType[*nuke.VerifyError](err); failed != wrong || verdict.OK() == wrong {
				t.Errorf("error %v, OK %v", err, verdict.OK())
			}
		})
	}
}

func filtered(rs []nuke.Resource, in func(nuke.Resource) bool) []string {
	return lines(slices.DeleteFunc(slices.Clone(rs), func(r nuke.Resource) bool { return !in(r) }))
}

func details(all []nuke.Finding) string {
	var texts []string
	for _, f := range all {
		texts = append(texts, f.Detail)
	}
	return strings.Join(texts, "\n")
}

// TestAHandWrittenConfiguration is one as people write it: by what names contain.
func TestAHandWrittenConfiguration(t *testing.T) {
	text, err := os.ReadFile("testdata/handwritten.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config, err := nuke.Parse("handwritten.yaml", text, 2)
	if err != nil {
		t.Fatal(err)
	}
	inv := wholeAccount()
	verdict, err := nuke.Verify(config, inv, nuke.Run{})
	failed, ok := errors.AsType[*nuke.VerifyError](err)
	if !ok || !cmp.Equal(failed.Verdict.Stray, verdict.Stray) {
		t.Fatalf("error %v", err)
	}
	want := []string{
		"us-east-1 CloudWatchAlarm Running tasks count of bridge service in ECS cluster with name automation-1a2b3c4de",
		"us-east-1 CloudWatchAlarm bill of automation-1a2b3c4d and others",
		"us-east-1 ECSCluster arn:aws:ecs:us-east-1:123456789012:cluster/automation-1a2b3c4d",
		"us-east-1 ECSCluster arn:aws:ecs:us-east-1:123456789012:cluster/automation-1a2b3c4de",
		"us-east-1 ECSCluster arn:aws:ecs:us-east-1:123456789012:cluster/automation-master",
		"us-east-1 ECSService arn:aws:ecs:us-east-1:123456789012:service/automation-1a2b3c4de/automation-1a2b3c4de-bridge -> arn:aws:ecs:us-east-1:123456789012:cluster/automation-1a2b3c4de",
	}
	want = slices.DeleteFunc(want, func(s string) bool { return strings.HasSuffix(s, "cluster/"+target) && !strings.Contains(s, "->") }) // that one is meant to go
	if d := cmp.Diff(want, lines(verdict.Stray)); d != "" {
		t.Errorf("stray (-want +got):\n%s", d)
	}
	wantWarnings := []string{
		"handwritten.yaml:11: no filter is read for ECSCluster: all of it goes",
		`handwritten.yaml:19: inverted, this lets go whatever mentions "automation-1a2b3c4d" in the id, such as another environment whose name begins the same way`,
		"handwritten.yaml:23: ECSCluster has no properties in aws-nuke v2: it only warns, skips this filter, and deletes",
		`handwritten.yaml:27: inverted, this lets go whatever mentions "automation-1a2b3c4d" in the id, such as another environment whose name begins the same way`,
	}
	var got []string
	for _, w := range verdict.Warnings {
		got = append(got, w.String())
	}
	if d := cmp.Diff(wantWarnings, got); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

func TestVerifyWithFlags(t *testing.T) {
	inv := wholeAccount()
	config, err := options().Generate(inv)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		run     nuke.Run
		missing int
	}{
		"groups":             {nuke.Run{FilterGroups: true}, 0},
		"one type only":      {nuke.Run{Include: []string{"SNSTopic"}}, len(inv.Mine) - 1},
		"all but some types": {nuke.Run{Exclude: []string{"ECS*"}}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			verdict, err := nuke.Verify(config, inv, tt.run)
			if len(verdict.Missing) != tt.missing || len(verdict.Stray) > 0 || (err == nil) != (tt.missing == 0) {
				t.Errorf("missing %v, stray %v: %v", verdict.Missing, verdict.Stray, err)
			}
		})
	}
}

func TestVerifyFails(t *testing.T) {
	if _, err := nuke.Verify(nuke.Config{}, wholeAccount(), nuke.Run{}); err == nil || err.Error() != "verify: there is no configuration: Generate or Parse makes one" {
		t.Errorf("without a configuration: %v", err)
	}
	config, err := options().Generate(wholeAccount())
	if err != nil {
		t.Fatal(err)
	}
	inv := wholeAccount()
	inv.Regions = nil
	if _, err := nuke.Verify(config, inv, nuke.Run{}); !errors.Is(err, nuke.ErrInventory) {
		t.Errorf("an inventory of no region: %v", err)
	}
}

func TestVerdictTexts(t *testing.T) {
	alarm := func(id, tag string) nuke.Resource {
		return nuke.Resource{Type: "CloudWatchAlarm", Region: region, ID: id, Properties: map[string]string{tagEnv: tag}}
	}
	inv := inventory([]nuke.Resource{alarm("mine", target), alarm("mine too", target)}, []nuke.Resource{alarm("\x1b[31mred", sibling), alarm("other", prodName)})
	text := `
blocklist: ["999999999999"]
regions: [us-east-1]
resource-types: {includes: [CloudWatchAlarm, SNSSubscription]}
accounts:
  "123456789012":
    filters:
      CloudWatchAlarm:
        - mine
        - type: NotIn
          property: Name
          values: [x]
        - {type: contains, value: too, invert: false}
        - {value: other}
`
	config, err := nuke.Parse("nuke.yaml", []byte(text[1:]), 3)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := nuke.Verify(config, inv, nuke.Run{})
	wantErr := "verify nuke.yaml: 2 resources of automation-1a2b3c4d would stay (us-east-1 CloudWatchAlarm mine first: the filter of line 8 keeps it); " +
		"unread type SNSSubscription: the inventory does not say what there is of it (and 1 more)"
	if err == nil || err.Error() != wantErr {
		t.Errorf("error\n%v\nwant\n%s", err, wantErr)
	}
	want := `not proved (2):
  nuke.yaml: unread type SNSSubscription: the inventory does not say what there is of it
  nuke.yaml: 1 resource cannot be foretold (us-east-1 CloudWatchAlarm \x1b[31mred first): it depends on what is not known: line 9: the inventory does not have the property Name
would stay, and is of automation-1a2b3c4d (2):
  us-east-1 CloudWatchAlarm mine (the filter of line 8 keeps it)
  us-east-1 CloudWatchAlarm mine too (the filter of line 12 keeps it)
warnings (1):
  nuke.yaml:3: no filter is read for SNSSubscription: all of it goes
keeps (3):
  us-east-1 CloudWatchAlarm mine
  us-east-1 CloudWatchAlarm mine too
  us-east-1 CloudWatchAlarm other
`
	if d := cmp.Diff(want, verdict.String()); d != "" {
		t.Errorf("verdict (-want +got):\n%s", d)
	}
	encoded, err := json.Marshal(verdict)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"environment":"automation-1a2b3c4d","account":"123456789012","file":"nuke.yaml","deletes":[],`, `"stray":[],"refused":[],`,
		`"missing":[{"type":"CloudWatchAlarm","region":"us-east-1","id":"mine","properties":{"tag:Environment":"automation-1a2b3c4d"}},`,
		`"warnings":[{"file":"nuke.yaml","line":3,"detail":"no filter is read for SNSSubscription: all of it goes"}]`,
	} {
		if !strings.Contains(string(encoded), part) {
			t.Errorf("JSON lacks %s:\n%s", part, encoded)
		}
	}
}

func TestVerifyErrorNamesEachKind(t *testing.T) {
	config, err := nuke.Parse("nuke.yaml", []byte("regions: [us-east-1]\naccounts: {'123456789012': {filters: {SNSTopic: [x]}}}\nresource-types: {includes: [SNSTopic]}"), 3)
	if err != nil {
		t.Fatal(err)
	}
	_, err = nuke.Verify(config, wholeAccount(), nuke.Run{})
	for _, want := range []string{
		"2 resources not of automation-1a2b3c4d would be deleted (us-east-1 SNSTopic TopicARN: arn:aws:sns:us-east-1:123456789012:automation-1a2b3c4de-alarms first)",
		"20 resources of automation-1a2b3c4d would stay (us-east-1 CloudFormationStack SnsTopicMetTelAutomationAlarms-automation-1a2b3c4d first: its type is not included)",
		"aws-nuke would refuse to run: the blocklist is empty",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is more than a line: %q", err)
	}
}

package exemplar

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const board = `Resources:
  Pear: {Type: T}
  Apple: {Type: T}
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: !Sub
        - |
          {"start": "-PT6H", "widgets": [
            {"type": "alarm", "properties": {"alarms": ["${Pear.Arn}", "${Apple.Arn}"]}},
            {"type": "metric", "properties": {"title": "a < b", "metrics": [
              ["N", "all"],
              ["N", "M", "Apple", "${Apple}", {"label": "${AppleName}"}]
            ]}},
            {"type": "metric", "properties": {"metrics": [["N", "M", "Apple", "${Apple}"]]}},
            {"type": "log", "properties": {"query": "${!AppleName}"}}
          ]}
        - Name: x
`

func TestDashboard(t *testing.T) {
	apples := []Copy{
		{IDs: map[string]string{"Apple": "AppleA"}, Values: map[string]any{"AppleName": "a"}},
		{IDs: map[string]string{"Apple": "AppleB"}, Values: map[string]any{"AppleName": "b"}},
	}
	tests := map[string]struct {
		copies []Copy
		want   string
	}{
		"elements that name an exemplar are repeated": {apples, `"start": "-PT6H",
"widgets": [
{"properties":{"alarms":["${Pear.Arn}","${AppleA.Arn}","${AppleB.Arn}"]},"type":"alarm"},
{"properties":{"metrics":[["N","all"],["N","M","Apple","${AppleA}",{"label":"a"}],["N","M","Apple","${AppleB}",{"label":"b"}]],"title":"a < b"},"type":"metric"},
{"properties":{"metrics":[["N","M","Apple","${AppleA}"],["N","M","Apple","${AppleB}"]]},"type":"metric"},
{"properties":{"query":"${!AppleName}"},"type":"log"}
]}`},
		"a widget that has none left is gone": {nil, `"start": "-PT6H",
"widgets": [
{"properties":{"alarms":["${Pear.Arn}"]},"type":"alarm"},
{"properties":{"metrics":[["N","all"]],"title":"a < b"},"type":"metric"},
{"properties":{"query":"${!AppleName}"},"type":"log"}
]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := parse(t, board)
			if err := tpl.Repeat(map[string][]Copy{"Apple": tt.copies}); err != nil {
				t.Fatal(err)
			}
			got := find(tpl.root, "Resources", "Board", "Properties", "DashboardBody").Content[0].Value
			if d := cmp.Diff("{\n"+tt.want+"\n", got); d != "" {
				t.Errorf("body (-want +got):\n%s", d)
			}
			if !strings.Contains(written(t, tpl), "!Sub\n        - |\n") {
				t.Errorf("the body is no longer the text of a !Sub:\n%s", written(t, tpl))
			}
		})
	}
}

func TestWidgetsWithTooManyAlarmsAreSplit(t *testing.T) {
	var many, few strings.Builder
	for i := range 250 {
		fmt.Fprintf(&many, `, "a%d"`, i)
	}
	for i := range 101 {
		fmt.Fprintf(&few, `, "b%d"`, i)
	}
	tpl := parse(t, `Resources:
  Apple: {Type: T}
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: !Sub |
        {"widgets": [
          {"x": 0, "y": 0, "height": 6, "properties": {"title": "A", "alarms": [`+many.String()[2:]+`]}},
          {"x": 8, "y": 0, "height": 6, "properties": {"title": "B", "alarms": [`+few.String()[2:]+`]}},
          {"x": 0, "y": 6, "height": 4, "properties": {"title": "below"}},
          {"x": 0, "y": 10, "height": 4, "properties": {"title": "last"}}
        ]}
`)
	if err := tpl.Repeat(map[string][]Copy{"Apple": nil}); err != nil {
		t.Fatal(err)
	}
	var body struct {
		Widgets []struct {
			X, Y       int
			Properties struct {
				Title  string
				Alarms []string
			}
		}
	}
	if err := json.Unmarshal([]byte(find(tpl.root, "Resources", "Board", "Properties", "DashboardBody").Value), &body); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range body.Widgets {
		got = append(got, fmt.Sprintf("%s at %d,%d with %d", w.Properties.Title, w.X, w.Y, len(w.Properties.Alarms)))
	}
	want := []string{"A at 0,0 with 100", "A at 0,6 with 100", "A at 0,12 with 50", "B at 8,0 with 100", "B at 8,6 with 1", "below at 0,18 with 0", "last at 0,22 with 0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("widgets (-want +got):\n%s", d)
	}
}

func TestDashboardIsJSON(t *testing.T) {
	for name, body := range map[string]string{"text": "!Sub 'no json'", "a list": "!Sub '[]'", "nothing": "''"} {
		t.Run(name+" is refused", func(t *testing.T) {
			tpl := parse(t, "Resources: {Apple: {Type: T}, B: {Type: 'AWS::CloudWatch::Dashboard', Properties: {DashboardBody: "+body+"}}}")
			if err := tpl.Repeat(map[string][]Copy{"Apple": nil}); err == nil || !strings.Contains(err.Error(), "the body of the dashboard is no JSON") {
				t.Errorf("error %v", err)
			}
		})
	}
}

package template_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/internal/template"
)

// around is a template in which a value can be evaluated.
const around = `
Parameters:
  Name: {Type: String, Default: dev}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Must: {Type: String}
Mappings: {M: {dev: {nodes: 1, list: [x, y]}}}
Conditions:
  Dev: !Equals [!Ref Name, dev]
  Prod: !Not [!Condition Dev]
  Both: !And [!Condition Dev, !Condition Prod]
  Either: !Or [{Condition: Dev}, {Condition: Prod}]
  Number: !Equals ["1", 1]
  Lists: !Equals [[a, 1], [a, "1"]]
  OtherLists: !Equals [[a], [a, b]]
  Maps: !Equals [{a: 1}, {a: "1"}]
  OtherMaps: !Equals [{a: 1}, {b: 1}]
  ListAndText: !Equals [!Ref Zones, a]
  Circle: !Not [!Condition Circle]
  Few: !And [!Condition Dev]
  NotTwo: !Not [!Condition Dev, !Condition Dev]
  EqualsOne: !Equals [a]
  Text: abc
  Unknown: !Not [!Condition Nobody]
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {value: %s}}
`

func scope() template.Scope {
	return template.Scope{
		Pseudo:     map[string]string{"AWS::Region": "eu-west-1", "AWS::NotificationARNs": "arn:1,arn:2"},
		Parameters: map[string]string{"Name": "dev"},
		Ref:        func(id string) (any, error) { return "ref-" + id, nil },
		GetAtt: func(id, attribute string) (any, error) {
			if attribute == "Subnets" {
				return []any{"s-1", "s-2"}, nil
			}
			return id + "." + attribute, nil
		},
		Zones:       []string{"eu-west-1a", "eu-west-1b"},
		ImportValue: func(name string) (string, error) { return "value of " + name, nil },
	}
}

func TestEvaluate(t *testing.T) {
	tests := map[string]struct {
		value string
		want  any
	}{
		"plain values stay":                    {"{a: [1, true, 0.5, x]}", map[string]any{"a": []any{int64(1), true, 0.5, "x"}}},
		"Ref of a parameter":                   {"!Ref Name", "dev"},
		"Ref of a default, as a list":          {"!Ref Zones", []any{"a", "b"}},
		"Ref of a pseudo parameter":            {"!Ref AWS::Region", "eu-west-1"},
		"Ref of the notification topics":       {"!Ref AWS::NotificationARNs", []any{"arn:1", "arn:2"}},
		"Ref of a resource":                    {"!Ref Vpc", "ref-Vpc"},
		"no value at all":                      {"!Ref AWS::NoValue", nil},
		"no value removes a property":          {"{a: !Ref 'AWS::NoValue', b: 1}", map[string]any{"b": int64(1)}},
		"no value removes an element":          {"[!Ref 'AWS::NoValue', !If [Prod, x, !Ref 'AWS::NoValue'], b]", []any{"b"}},
		"GetAtt":                               {"!GetAtt Vpc.Cidr.Block", "Vpc.Cidr.Block"},
		"GetAtt of a name that is a Ref":       {"!GetAtt [Vpc, !Ref Name]", "Vpc.dev"},
		"Sub of everything":                    {"!Sub '${Name}/${Vpc}/${Vpc.Id}/${AWS::Region}/${!Name}/$x/${'", "dev/ref-Vpc/Vpc.Id/eu-west-1/${Name}/$x/${"},
		"Sub with values":                      {"!Sub ['${Name}-${n}-${b}', {Name: !Select [1, !Ref Zones], n: 3, b: true}]", "b-3-true"},
		"Join":                                 {"!Join ['-', [a, !Ref Name, 1, !Ref 'AWS::NoValue', true]]", "a-dev-1-true"},
		"Join of a parameter":                  {"!Join ['|', !Ref Zones]", "a|b"},
		"Join of nothing":                      {"!Join ['|', []]", ""},
		"Split":                                {"!Split [',', 'a,,b']", []any{"a", "", "b"}},
		"Select by a number":                   {"!Select [0, [a, b]]", "a"},
		"Select by a text":                     {"!Select ['1', !GetAtt Vpc.Subnets]", "s-2"},
		"If takes one branch":                  {"!If [Dev, a, !Ref Must]", "a"},
		"If takes the other":                   {"!If [Prod, !Ref Must, [b]]", []any{"b"}},
		"FindInMap":                            {"!FindInMap [M, !Ref Name, nodes]", int64(1)},
		"FindInMap of a list":                  {"!FindInMap [M, dev, list]", []any{"x", "y"}},
		"GetAZs":                               {"!GetAZs ''", []any{"eu-west-1a", "eu-west-1b"}},
		"GetAZs of the region":                 {"!GetAZs {Ref: 'AWS::Region'}", []any{"eu-west-1a", "eu-west-1b"}},
		"Base64":                               {"{'Fn::Base64': !Sub '${Name}'}", "ZGV2"},
		"ImportValue":                          {"{'Fn::ImportValue': !Sub '${Name}-vpc'}", "value of dev-vpc"},
		"Cidr":                                 {"!Cidr [10.0.0.0/16, 3, 8]", []any{"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"}},
		"Cidr with 8 bits by default":          {"!Cidr [10.1.2.3/23, 2]", []any{"10.1.2.0/24", "10.1.3.0/24"}},
		"Cidr of exactly what there is":        {"!Cidr [10.0.0.0/30, 2, 1]", []any{"10.0.0.0/31", "10.0.0.2/31"}},
		"Cidr of version 6":                    {"!Cidr ['2001:db8::/56', 2, 64]", []any{"2001:db8::/64", "2001:db8:0:1::/64"}},
		"Cidr at the end of all addresses":     {"!Cidr [255.255.255.0/24, 4, '6']", []any{"255.255.255.0/26", "255.255.255.64/26", "255.255.255.128/26", "255.255.255.192/26"}},
		"And, Or, Not, Equals as a value":      {"!Equals [a, a]", true},
		"a statement with a condition is data": {"{Condition: {a: !Ref Name}}", map[string]any{"Condition": map[string]any{"a": "dev"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := parse(t, fmt.Sprintf(around, tt.value))
			got, err := tpl.Evaluate(tpl.Resources[0].Properties["value"], scope())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("value (-want +got):\n%s", d)
			}
		})
	}
}

func TestEvaluateFails(t *testing.T) {
	tests := map[string]struct{ value, want string }{
		"a parameter without a value":        {"!Ref Must", "evaluate Ref: parameter Must has no value"},
		"a parameter that is not there":      {"!Ref Nobody", `evaluate Ref: "Nobody" is neither a parameter nor a resource`},
		"a pseudo parameter without value":   {"!Ref AWS::StackName", "evaluate Ref: AWS::StackName is not known here"},
		"an attribute of nothing":            {"!GetAtt Nobody.Arn", `evaluate Fn::GetAtt: "Nobody" is no resource`},
		"Sub of a list":                      {"!Sub 'x-${Zones}'", "evaluate Fn::Sub: ${Zones} is no text but a list of 2"},
		"Sub of no value":                    {"!Sub 'x-${AWS::NoValue}'", "evaluate Fn::Sub: ${AWS::NoValue} is no text but AWS::NoValue"},
		"the innermost function tells":       {"!Join ['', [!Select [5, [a]]]]", "evaluate Fn::Select: there is no element 5 in a list of 1"},
		"Join of a text":                     {"!Join ['', abc]", `evaluate Fn::Join: it wants a delimiter and a list, not the text "" and the text "abc"`},
		"Join of mappings":                   {"!Join ['', [{a: 1}]]", "evaluate Fn::Join: element 0 is no text but a mapping with a"},
		"Join of one":                        {"!Join [a]", "evaluate Fn::Join: it wants a delimiter and a list"},
		"Split of one":                       {"!Split [a]", "evaluate Fn::Split: it wants a delimiter and a text"},
		"Split by nothing":                   {"!Split ['', abc]", `evaluate Fn::Split: it wants a delimiter and a text, not the text "" and the text "abc"`},
		"Select of one":                      {"!Select [0]", "evaluate Fn::Select: it wants an index and a list"},
		"Select by a word":                   {"!Select [x, [a]]", `evaluate Fn::Select: its index is no number but the text "x"`},
		"Select below the first":             {"!Select [-1, [a]]", "evaluate Fn::Select: there is no element -1 in a list of 1"},
		"Select from a text":                 {"!Select [0, abc]", `evaluate Fn::Select: it selects from a list, and this is the text "abc"`},
		"If of no condition":                 {"!If [Nobody, 1, 2]", `evaluate Fn::If: there is no condition "Nobody"`},
		"If of a computed condition":         {"!If [[a], 1, 2]", "evaluate Fn::If: its condition is a name"},
		"FindInMap of another key":           {"!FindInMap [M, dev, size]", `evaluate Fn::FindInMap: Mappings.M.dev has no key "size", only list, nodes`},
		"FindInMap by a list":                {"!FindInMap [M, !Ref Zones, size]", "evaluate Fn::FindInMap: a key of Mappings.M is no text but a list of 2"},
		"GetAZs elsewhere":                   {"!GetAZs us-east-1", "evaluate Fn::GetAZs: the zones of region us-east-1 are not known here"},
		"GetAZs of a list":                   {"!GetAZs [a]", "evaluate Fn::GetAZs: it wants a region, and this is a list of 1"},
		"Base64 of a list":                   {"!Base64 [a]", "evaluate Fn::Base64: it wants a text, and this is a list of 1"},
		"ImportValue of a list":              {"!ImportValue [a]", "evaluate Fn::ImportValue: it wants the name of an export, and this is a list of 1"},
		"Cidr of one":                        {"!Cidr [10.0.0.0/16]", "evaluate Fn::Cidr: it wants a block, a count, and the bits of each part"},
		"Cidr of no block":                   {"!Cidr [10.0.0.0, 1]", `evaluate Fn::Cidr: the text "10.0.0.0" is no address block`},
		"Cidr without room":                  {"!Cidr [10.0.0.0/24, 5, 6]", "evaluate Fn::Cidr: 10.0.0.0/24 has no room for 5 parts of 6 bits"},
		"Cidr of parts larger than all":      {"!Cidr [10.0.0.0/24, 1, 9]", "evaluate Fn::Cidr: 10.0.0.0/24 has no room for 1 parts of 9 bits"},
		"Cidr of too many":                   {"!Cidr [10.0.0.0/8, 257, 8]", "evaluate Fn::Cidr: its count is a number from 1 to 256, not 257"},
		"Cidr of bits that are none":         {"!Cidr [10.0.0.0/8, 1, 33]", "evaluate Fn::Cidr: its number of bits is a number from 1 to 32, not 33"},
		"a condition that is circular":       {"!If [Circle, 1, 2]", "evaluate Fn::If: condition Circle depends on itself: Circle -> Circle"},
		"And of one":                         {"!If [Few, 1, 2]", "evaluate Fn::And: it wants 2 to 10 conditions, not 1"},
		"Not of two":                         {"!If [NotTwo, 1, 2]", "evaluate Fn::Not: it wants a list of one condition"},
		"Equals of one":                      {"!If [EqualsOne, 1, 2]", "evaluate Fn::Equals: it wants two values"},
		"a condition that is text":           {"!If [Text, 1, 2]", `evaluate Fn::If: a condition is made of Fn::And, Fn::Or, Fn::Not, Fn::Equals and Condition, and not of the text "abc"`},
		"a condition that names another":     {"!If [Unknown, 1, 2]", `evaluate Fn::If: there is no condition "Nobody"`},
		"what only CloudFormation can do":    {"!Transform {Name: AWS::Include}", "evaluate Fn::Transform: it cannot be evaluated without CloudFormation"},
		"the first in the order of the keys": {"{b: !Ref Bad, a: !Ref Worse}", `evaluate Ref: "Worse" is neither a parameter nor a resource`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := parse(t, fmt.Sprintf(around, tt.value))
			got, err := tpl.Evaluate(tpl.Resources[0].Properties["value"], scope())
			if fmt.Sprint(err) != tt.want || got != nil {
				t.Errorf("got %v and error\n%v\nwant\n%s", got, err, tt.want)
			}
			if _, ok := errors.AsType[*template.EvaluationError](err); !ok {
				t.Errorf("error is a %T", err)
			}
		})
	}
}

func TestEvaluateWithoutAnswers(t *testing.T) {
	tests := map[string]struct{ value, want string }{
		"of a resource":    {"!Ref Vpc", "evaluate Ref: resource Vpc is not known here"},
		"of an attribute":  {"!GetAtt Vpc.Id", "evaluate Fn::GetAtt: resource Vpc is not known here"},
		"of other exports": {"!ImportValue x", "evaluate Fn::ImportValue: no export named x found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := parse(t, fmt.Sprintf(around, tt.value))
			if _, err := tpl.Evaluate(tpl.Resources[0].Properties["value"], template.Scope{}); fmt.Sprint(err) != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}

func TestEvaluateHandsOnErrors(t *testing.T) {
	notYet := errors.New("not yet")
	s := scope()
	s.Ref = func(string) (any, error) { return nil, notYet }
	s.GetAtt = func(string, string) (any, error) { return nil, notYet }
	s.ImportValue = func(string) (string, error) { return "", notYet }
	for _, value := range []string{"!Ref Vpc", "!GetAtt Vpc.Id", "!Sub '${Vpc}'", "!Sub '${Vpc.Id}'", "!ImportValue x"} {
		tpl := parse(t, fmt.Sprintf(around, value))
		if _, err := tpl.Evaluate(tpl.Resources[0].Properties["value"], s); !errors.Is(err, notYet) {
			t.Errorf("%s: error is %v", value, err)
		}
	}
}

func TestCondition(t *testing.T) {
	tpl := parse(t, fmt.Sprintf(around, "x"))
	want := map[string]bool{
		"Dev": true, "Prod": false, "Both": false, "Either": true, "Number": true,
		"Lists": true, "OtherLists": false, "Maps": true, "OtherMaps": false, "ListAndText": false,
	}
	got := map[string]bool{}
	for name := range want {
		var err error
		if got[name], err = tpl.Condition(name, scope()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("conditions (-want +got):\n%s", d)
	}
	if _, err := tpl.Condition("Nobody", scope()); err == nil {
		t.Error("a condition that is not there holds")
	}
}

func TestEvaluateIsBounded(t *testing.T) {
	var conditions strings.Builder
	for i := range 60 { // two to the power of 60, where each is evaluated each time
		fmt.Fprintf(&conditions, "  C%d: !And [!Condition C%d, !Condition C%d]\n", i+1, i, i)
	}
	tpl := parse(t, "Conditions:\n  C0: !Equals [a, a]\n"+conditions.String()+bucket(""))
	if yes, err := tpl.Condition("C60", scope()); err != nil || !yes {
		t.Errorf("condition is %v, %v", yes, err)
	}

	s := scope()
	s.Parameters["Name"] = strings.Repeat("x", 4096)
	tpl = parse(t, fmt.Sprintf(around, "!Sub '"+strings.Repeat("${Name}", 5000)+"'"))
	_, err := tpl.Evaluate(tpl.Resources[0].Properties["value"], s)
	if err == nil || !strings.Contains(err.Error(), "more than 16 MiB") {
		t.Errorf("error is %.200v", err)
	}

	var deep any = "x"
	for range 10_000 {
		deep = []any{deep}
	}
	if _, err := tpl.Evaluate(deep, scope()); err == nil || !strings.Contains(err.Error(), "too deep") {
		t.Errorf("error is %.200v", err)
	}
}

// FuzzParse also evaluates what could be parsed.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(web))
	f.Add([]byte(bucket("    Properties: {a: [!Cidr [10.0.0.0/16, 3, 8], !Join ['', [!Sub ['${a}', {a: b}]]]]}")))
	f.Add([]byte(fmt.Sprintf(around, "!If [Circle, !Ref Must, !FindInMap [M, dev, list]]")))
	f.Add([]byte(`{"Resources": {"A": {"Type": "T", "Properties": {"a": {"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}}}}}`))
	f.Add([]byte("Resources: &a {A: *a}"))
	f.Add([]byte("a: !!binary x\n? [b]\n: !Ref c\n<<: *d\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		tpl, err := template.Parse(body)
		if err != nil {
			if tpl != nil {
				t.Error("there are a template and an error")
			}
			if one, ok := errors.AsType[*template.SyntaxError](err); !ok || one.Line < 1 || one.Column < 1 {
				t.Errorf("error has no place: %v", err)
			}
			return
		}
		_ = tpl.CheckReferences()
		tpl.Capabilities()
		for name := range tpl.Conditions {
			_, _ = tpl.Condition(name, scope())
		}
		for _, r := range tpl.Resources {
			tpl.Needs(r.Name)
			if v, err := tpl.Evaluate(r.Properties, scope()); err == nil {
				plain(t, v)
			}
		}
		for _, o := range tpl.Outputs {
			_, _ = tpl.Evaluate(o.Value, scope())
		}
	})
}

// plain fails t where v is no plain tree.
func plain(t *testing.T, v any) {
	switch v := v.(type) {
	case string, bool, int64, float64, nil:
	case []any:
		for _, e := range v {
			plain(t, e)
		}
	case map[string]any:
		for _, e := range v {
			plain(t, e)
		}
	default:
		t.Errorf("there is a %T", v)
	}
}

func ExampleTemplate_Evaluate() {
	t, err := template.Parse([]byte(`
Parameters:
  Environment: {Type: String}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /delivery/${Environment}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	properties, err := t.Evaluate(t.Resources[0].Properties, template.Scope{
		Parameters: map[string]string{"Environment": "automation-master"},
	})
	fmt.Println(properties, err)
	// Output: map[LogGroupName:/delivery/automation-master] <nil>
}

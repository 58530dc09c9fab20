package template_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/internal/depcheck"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".", "go.yaml.in/yaml/v4")
}

// small is a template that has something in every section.
const small = `AWSTemplateFormatVersion: 2010-09-09
Description: Something of everything.
Metadata: {Owner: nobody}
Parameters:
  Retention:
    Type: Number
    Default: 14
    AllowedValues: [7, 14]
  Secret: {Type: String, NoEcho: true, MinLength: 8, Default: verysecret}
Mappings:
  Sizes:
    prod: {nodes: 2}
    dev: {nodes: 1}
Conditions:
  Keep: !Equals [!Ref Retention, 14]
Rules:
  Never: {Assertions: [{Assert: {"Fn::Contains": [["a"], "a"]}}]}
Resources:
  Logs: # the group of all services
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    UpdateReplacePolicy: Delete
    Properties:
      RetentionInDays: !Ref Retention
      LogGroupName: !Sub "/${AWS::StackName}"
  Filter:
    Type: AWS::Logs::MetricFilter
    Condition: Keep
    DependsOn: Logs
    Metadata: {Why: alarms}
    Properties:
      LogGroupName: !Ref Logs
Outputs:
  Group:
    Condition: Keep
    Description: The log group
    Value: !GetAtt Logs.Arn
    Export: {Name: !Sub "${AWS::StackName}-logs"}
`

func parse(t *testing.T, text string) *template.Template {
	t.Helper()
	got, err := template.Parse([]byte(text))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return got
}

func TestParseReadsEverySection(t *testing.T) {
	want := &template.Template{
		Description: "Something of everything.",
		Parameters: []template.Parameter{
			{Name: "Retention", Type: "Number", Default: new("14"), AllowedValues: []string{"7", "14"}, Line: 5},
			{Name: "Secret", Type: "String", Default: new("verysecret"), NoEcho: true, MinLength: new(8), Line: 9},
		},
		Mappings:   map[string]any{"Sizes": map[string]any{"prod": map[string]any{"nodes": int64(2)}, "dev": map[string]any{"nodes": int64(1)}}},
		Conditions: map[string]any{"Keep": map[string]any{"Fn::Equals": []any{map[string]any{"Ref": "Retention"}, int64(14)}}},
		Rules: map[string]any{"Never": map[string]any{"Assertions": []any{map[string]any{
			"Assert": map[string]any{"Fn::Contains": []any{[]any{"a"}, "a"}},
		}}}},
		Resources: []template.Resource{
			{
				Name: "Logs", Type: "AWS::Logs::LogGroup", DeletionPolicy: "Retain", UpdateReplacePolicy: "Delete", Line: 19,
				Properties: map[string]any{
					"RetentionInDays": map[string]any{"Ref": "Retention"},
					"LogGroupName":    map[string]any{"Fn::Sub": "/${AWS::StackName}"},
				},
			},
			{
				Name: "Filter", Type: "AWS::Logs::MetricFilter", Condition: "Keep", DependsOn: []string{"Logs"}, Line: 26,
				Properties: map[string]any{"LogGroupName": map[string]any{"Ref": "Logs"}},
				Metadata:   map[string]any{"Why": "alarms"},
			},
		},
		Outputs: []template.Output{{
			Name: "Group", Condition: "Keep", Description: "The log group", Line: 34,
			Value:  map[string]any{"Fn::GetAtt": []any{"Logs", "Arn"}},
			Export: map[string]any{"Fn::Sub": "${AWS::StackName}-logs"},
		}},
	}
	got := parse(t, small)
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(template.Template{})); d != "" {
		t.Errorf("template (-want +got):\n%s", d)
	}
	if err := got.CheckReferences(); err != nil {
		t.Errorf("references: %v", err)
	}
}

// bucket is a template around one attribute of one resource.
func bucket(rest string) string {
	return "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n" + rest
}

func TestParseTellsFaultsWithTheirPlace(t *testing.T) {
	tests := map[string]struct {
		body string
		want string // lines of the error
	}{
		"nothing":                             {"", "line 1, column 1: the template is empty"},
		"only space":                          {" \n ", "line 1, column 1: the template is empty"},
		"a list":                              {"- a", "line 1, column 1: a template is a mapping of sections, Resources among them"},
		"two documents":                       {bucket("---\na: 1"), "line 1, column 1: expected single document, found multiple"},
		"a bracket that is not closed":        {"Resources: [", "line 2, column 1: did not find expected node content (while parsing a flow node, from line 2)"},
		"a tab as indentation":                {"Resources:\n\tBucket: 1", "line 2, column 1: found a tab, which cannot start any token"},
		"a character that begins nothing":     {bucket("    Condition: @x\n"), "line 4, column 16: found '@', which cannot start any token"},
		"JSON with a comma too many":          {`{"Resources": {},}`, "line 1, column 18: no valid JSON: invalid character '}'"},
		"JSON that ends early":                {"{\n\"Resources\": {", "line 2, column 15: no valid JSON: it ends before its JSON does"},
		"JSON with a tail":                    {"{\"Resources\": {}}\n}", "line 2, column 1: no valid JSON: there is more after the closing brace"},
		"JSON with a key twice":               {"{\"Resources\": {\n \"A\": {\"Type\": \"x\"},\n \"A\": {\"Type\": \"x\"}}}", `line 3, column 2: key "A" is given twice, first in line 2`},
		"a null of JSON":                      {`{"Resources": {"A": {"Type": null}}}`, "line 1, column 30: resource A: Type: a value is missing, and CloudFormation takes no null"},
		"no resources":                        {"Description: x", "line 1, column 1: it has no resources, and CloudFormation wants at least one"},
		"an empty mapping of resources":       {"Resources: {}", "line 1, column 12: it has no resources, and CloudFormation wants at least one"},
		"resources that are a list":           {"Resources: [a]", "line 1, column 12: Resources is a mapping of names"},
		"a section that is not known":         {bucket("Resource: {}"), `line 4, column 1: unknown section "Resource"`},
		"another format version":              {bucket("AWSTemplateFormatVersion: 2011-01-01"), "line 4, column 27: AWSTemplateFormatVersion can only be 2010-09-09"},
		"a name with a dash":                  {"Resources: {a-b: {Type: x}}", `line 1, column 13: resource "a-b": names have up to 255 letters and digits, and nothing else`},
		"a resource without a type":           {"Resources: {A: {}}", "line 1, column 13: resource A: it has no Type"},
		"a resource that is text":             {"Resources: {A: x}", "line 1, column 16: resource A: it is a mapping with a Type"},
		"a property beside the properties":    {bucket("    BucketName: b"), `line 4, column 5: resource Bucket: unknown attribute "BucketName"; properties stand under Properties`},
		"properties without a value":          {bucket("    Properties:\n"), "line 4, column 16: a value is missing, and CloudFormation takes no null"},
		"properties that are text":            {bucket("    Properties: x\n"), "line 4, column 17: resource Bucket: Properties is a mapping"},
		"a key twice":                         {bucket("    Type: b"), `line 4, column 5: key "Type" is given twice, first in line 3`},
		"a key twice, deep within":            {bucket("    Properties: {Tags: [{Key: a, Value: b, Key: c}]}"), `line 4, column 44: key "Key" is given twice, first in line 4`},
		"a key that is a list":                {bucket("    Properties: {? [a] : b}"), "line 4, column 20: a key is one word, not a list or a mapping"},
		"a key that is a function":            {bucket("    Properties: {!Ref A : b}"), "line 4, column 18: a key cannot be computed (!Ref)"},
		"an alias":                            {bucket("    Properties: &p {a: b}\n  Other: {Type: x, Properties: *p}"), "line 5, column 32: CloudFormation takes no YAML aliases (*p): write it out"},
		"a merge":                             {bucket("    Properties: {<<: {a: b}}"), "line 4, column 18: CloudFormation takes no YAML merges (<<): write the keys out"},
		"a function that is not known":        {bucket("    Properties: {a: !Reference b}"), "line 4, column 21: unknown function !Reference"},
		"a tag that is not known":             {bucket("    Properties: {a: !!binary aGk=}"), "line 4, column 21: CloudFormation does not know the YAML tag !!binary"},
		"a collection with a tag":             {bucket("    Properties: {a: !!set {b, c}}"), "line 4, column 21: CloudFormation does not know the YAML tag !!set"},
		"a reference to a list":               {bucket("    Properties: {a: !Ref [b]}"), "line 4, column 21: Ref wants the name of a parameter or a resource"},
		"an attribute of nothing":             {bucket("    Properties: {a: !GetAtt b}"), `line 4, column 21: Fn::GetAtt wants a resource and its attribute, as in LogicalID.Attribute, not "b"`},
		"an attribute of something computed":  {bucket("    Properties: {a: !GetAtt [!Ref b, Arn]}"), "line 4, column 21: Fn::GetAtt wants a logical id first, which cannot be computed"},
		"a Sub of a number of things":         {bucket("    Properties: {a: !Sub [b]}"), "line 4, column 21: Fn::Sub wants a text, or a list of a text and a mapping of variables"},
		"a Sub with a space in its variable":  {bucket("    Properties: {a: !Sub '${ b }'}"), "line 4, column 21: Fn::Sub: ${ b } names no variable: it has letters, digits, and the characters _ . : (to keep it as it stands, write ${! b })"},
		"an If of two":                        {bucket("    Properties: {a: !If [b, c]}"), "line 4, column 21: Fn::If wants a condition, and what it is then and else"},
		"a FindInMap of two":                  {bucket("    Properties: {a: !FindInMap [b, c]}"), "line 4, column 21: Fn::FindInMap wants a mapping and its two keys"},
		"a deletion policy that is none":      {bucket("    DeletionPolicy: Keep"), `line 4, column 21: resource Bucket: DeletionPolicy is one of Delete, Retain, Snapshot, RetainExceptOnCreate, not "Keep"`},
		"an update policy that only deletes":  {bucket("    UpdateReplacePolicy: RetainExceptOnCreate"), `line 4, column 26: resource Bucket: UpdateReplacePolicy is one of Delete, Retain, Snapshot, not "RetainExceptOnCreate"`},
		"a condition that is computed":        {bucket("    Condition: !Ref X"), "line 4, column 16: resource Bucket: Condition is plain text"},
		"a dependency that is computed":       {bucket("    DependsOn: [!Ref X]"), "line 4, column 17: resource Bucket: DependsOn is plain text"},
		"a loop without its transform":        {bucket("  Fn::ForEach::X: [A, [b], {}]"), "line 4, column 3: Fn::ForEach::X needs a Transform"},
		"an output without a value":           {bucket("Outputs: {A: {Description: x}}"), "line 4, column 11: output A: it has no Value"},
		"an output that is text":              {bucket("Outputs: {A: x}"), "line 4, column 14: output A: it is a mapping with a Value"},
		"an output with something else":       {bucket("Outputs: {A: {Value: x, Name: y}}"), `line 4, column 25: output A: unknown attribute "Name"`},
		"an export without a name":            {bucket("Outputs: {A: {Value: x, Export: {Nme: y}}}"), "line 4, column 33: output A: Export has no Name"},
		"a mapping with one level":            {bucket("Mappings: {A: {b: c}}"), `line 4, column 15: mapping A: "b" has no second level of keys`},
		"a mapping without levels":            {bucket("Mappings: {A: b}"), "line 4, column 15: mapping A: it has two levels of keys"},
		"a parameter without a type":          {bucket("Parameters: {A: {Default: x}}"), "line 4, column 14: parameter A: it has no Type"},
		"a parameter of a type that is none":  {bucket("Parameters: {A: {Type: Text}}"), `line 4, column 17: parameter A: unknown type "Text"`},
		"a parameter that is text":            {bucket("Parameters: {A: String}"), "line 4, column 17: parameter A: it is a mapping with a Type"},
		"a parameter with something else":     {bucket("Parameters: {A: {Type: String, Value: x}}"), `line 4, column 32: parameter A: unknown attribute "Value"`},
		"a default that is a list":            {bucket("Parameters: {A: {Type: String, Default: [x]}}"), "line 4, column 41: parameter A: Default is plain text"},
		"a default against the constraint":    {bucket("Parameters: {A: {Type: String, Default: x, AllowedValues: [y, z]}}"), `line 4, column 14: the default of parameter A: "x" is not among the allowed values: y, z`},
		"allowed values that are text":        {bucket("Parameters: {A: {Type: String, AllowedValues: x}}"), "line 4, column 47: parameter A: AllowedValues is a list"},
		"a length that is no number":          {bucket("Parameters: {A: {Type: String, MinLength: -1}}"), `line 4, column 43: parameter A: MinLength is a whole number, not "-1"`},
		"a bound that is no number":           {bucket("Parameters: {A: {Type: Number, MaxValue: x}}"), `line 4, column 42: parameter A: MaxValue is a number, not "x"`},
		"NoEcho that is neither":              {bucket("Parameters: {A: {Type: String, NoEcho: maybe}}"), `line 4, column 40: parameter A: NoEcho is true or false, not "maybe"`},
		"several faults, in the text's order": {bucket("    Properties: {a: !Foo b}\n    Foo: 1\nBar: 1"), "line 4, column 21: unknown function !Foo\nline 5, column 5: resource Bucket: unknown attribute \"Foo\"; properties stand under Properties\nline 6, column 1: unknown section \"Bar\""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := template.Parse([]byte(tt.body))
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); !strings.HasPrefix(got, tt.want) || strings.Count(got, "\n") != strings.Count(tt.want, "\n") {
				t.Errorf("error:\n%s\nwant:\n%s", got, tt.want)
			}
			if _, ok := errors.AsType[*template.SyntaxError](err); !ok {
				t.Errorf("error is a %T", err)
			}
		})
	}
}

func TestParseNamesTheLackOfResources(t *testing.T) {
	_, err := template.Parse([]byte("Resources: {}"))
	if !errors.Is(err, template.ErrNoResources) {
		t.Errorf("error is %v", err)
	}
}

func TestParseBounds(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"lists in lists":                  {bucket("    Properties: {a: " + strings.Repeat("[", 150) + strings.Repeat("]", 150) + "}"), "nested too deep: more than 100 levels"},
		"lists in lists of JSON":          {`{"Resources": ` + strings.Repeat("[", 150) + strings.Repeat("]", 150) + "}", "nested too deep"},
		"more than the parser of YAML":    {"a: " + strings.Repeat("[", 200_000), "depth"},
		"a template that is too large":    {bucket("# " + strings.Repeat("x", template.MaxBytes)), "CloudFormation takes at most 1000000"},
		"more faults than one would read": {bucket("    Properties:\n" + strings.Repeat("      a: 1\n", 100)), "and 79 more faults"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := template.Parse([]byte(tt.body))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %.300v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestParseReadsScalarsAsCloudFormationDoes(t *testing.T) {
	tests := map[string]struct {
		text string
		want any
	}{
		"a word":                              {"abc", "abc"},
		"a number":                            {"14", int64(14)},
		"a negative number":                   {"-3", int64(-3)},
		"a fraction":                          {"0.5", 0.5},
		"a number in quotes":                  {"'14'", "14"},
		"a version that is no number":         {"7.10", "7.10"},
		"a whole fraction":                    {"7.0", "7.0"},
		"an account":                          {"123456789012", int64(123456789012)},
		"an account with a leading zero":      {"012345678901", "012345678901"},
		"octal digits":                        {"0o17", "0o17"},
		"hexadecimal digits":                  {"0x1F", "0x1F"},
		"underscores":                         {"1_000", "1_000"},
		"base 60":                             {"22:22", "22:22"},
		"an exponent":                         {"1e3", "1e3"},
		"more digits than a number holds":     {"12345678901234567890123", "12345678901234567890123"},
		"infinity":                            {".inf", ".inf"},
		"a date":                              {"2010-09-09", "2010-09-09"},
		"true":                                {"true", true},
		"yes, in YAML 1.1":                    {"yes", true},
		"off, in YAML 1.1":                    {"Off", false},
		"yes in quotes":                       {`"yes"`, "yes"},
		"y alone is a word":                   {"y", "y"},
		"a text that says it is one":          {"!!str 14", "14"},
		"empty quotes":                        {"''", ""},
		"a literal block":                     {"|\n        a\n        b\n", "a\nb\n"},
		"a short function":                    {"!Ref AWS::Region", map[string]any{"Ref": "AWS::Region"}},
		"a short function of digits":          {"!Sub 123", map[string]any{"Fn::Sub": "123"}},
		"a short function of nothing":         {"!GetAZs ''", map[string]any{"Fn::GetAZs": ""}},
		"a short function of a list":          {"!Join ['', [a, !Ref AWS::Region]]", map[string]any{"Fn::Join": []any{"", []any{"a", map[string]any{"Ref": "AWS::Region"}}}}},
		"a short function of a mapping":       {"!Transform {Name: x}", map[string]any{"Fn::Transform": map[string]any{"Name": "x"}}},
		"an attribute with dots":              {"!GetAtt A.Endpoint.Address", map[string]any{"Fn::GetAtt": []any{"A", "Endpoint.Address"}}},
		"an attribute, long and with dots":    {"{Fn::GetAtt: A.Endpoint.Address}", map[string]any{"Fn::GetAtt": []any{"A", "Endpoint.Address"}}},
		"an attribute as a list":              {"!GetAtt [A, Arn]", map[string]any{"Fn::GetAtt": []any{"A", "Arn"}}},
		"keys that are no words":              {"{1: a, yes: b}", map[string]any{"1": "a", "yes": "b"}},
		"a statement with a condition is not": {"{Condition: {Bool: {x: y}}}", map[string]any{"Condition": map[string]any{"Bool": map[string]any{"x": "y"}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := parse(t, bucket("    Properties:\n      x: "+tt.text)).Resources[0].Properties["x"]
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("value (-want +got):\n%s", d)
			}
		})
	}
}

func TestParseReadsTheSameFromJSON(t *testing.T) {
	const body = `{
	"Parameters": {"A": {"Type": "String", "Default": "\ud83d\ude00 \/", "NoEcho": "true"}},
	"Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}},
	"Resources": {
		"B": {
			"Type": "AWS::S3::Bucket", "Condition": "C",
			"Properties": {"n": 14, "f": 0.5, "v": 7.10, "t": true, "e": {}, "l": [], "s": "14", "a": {"Fn::GetAtt": "B.Arn"}}
		}
	}
}`
	got := parse(t, body)
	if d := cmp.Diff(&template.Template{
		Parameters: []template.Parameter{{Name: "A", Type: "String", Default: new("\U0001f600 /"), NoEcho: true, Line: 2}},
		Conditions: map[string]any{"C": map[string]any{"Fn::Equals": []any{map[string]any{"Ref": "A"}, "x"}}},
		Resources: []template.Resource{{
			Name: "B", Type: "AWS::S3::Bucket", Condition: "C", Line: 5,
			Properties: map[string]any{
				"n": int64(14), "f": 0.5, "v": "7.10", "t": true, "e": map[string]any{}, "l": []any{}, "s": "14",
				"a": map[string]any{"Fn::GetAtt": []any{"B", "Arn"}},
			},
		}},
	}, got, cmpopts.IgnoreUnexported(template.Template{})); d != "" {
		t.Errorf("template (-want +got):\n%s", d)
	}
}

func TestParseKeepsTransforms(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"one":                  {"Transform: AWS::Serverless-2016-10-31", []string{"AWS::Serverless-2016-10-31"}},
		"several":              {"Transform: [AWS::LanguageExtensions, Mine]", []string{"AWS::LanguageExtensions", "Mine"}},
		"one with parameters":  {"Transform: {Name: AWS::Include, Parameters: {Location: s3}}", []string{"AWS::Include"}},
		"loops are left alone": {"  Fn::ForEach::X: [A, [b], {}]\nTransform: AWS::LanguageExtensions", []string{"AWS::LanguageExtensions"}},
		"so are new resources": {"    Connectors: {}\nTransform: AWS::Serverless-2016-10-31\nGlobals: {}", []string{"AWS::Serverless-2016-10-31"}},
		"and computed ones":    {"    DeletionPolicy: !Ref X\nTransform: AWS::LanguageExtensions", []string{"AWS::LanguageExtensions"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := parse(t, bucket(tt.text))
			if d := cmp.Diff(tt.want, got.Transforms); d != "" {
				t.Errorf("transforms (-want +got):\n%s", d)
			}
			if err := got.CheckReferences(); err != nil {
				t.Errorf("references are checked: %v", err)
			}
		})
	}
}

func TestNamesAreFound(t *testing.T) {
	tpl := parse(t, small)
	if p, ok := tpl.Parameter("Secret"); !ok || p.Name != "Secret" {
		t.Errorf("parameter is %v, %v", p, ok)
	}
	if r, ok := tpl.Resource("Filter"); !ok || r.Name != "Filter" {
		t.Errorf("resource is %v, %v", r, ok)
	}
	if _, ok := tpl.Parameter("Logs"); ok {
		t.Error("a resource is a parameter")
	}
	if _, ok := tpl.Resource("Secret"); ok {
		t.Error("a parameter is a resource")
	}
}

func ExampleParse() {
	_, err := template.Parse([]byte("Resources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n    RetentionInDays: 14\n"))
	fmt.Println(err)
	// Output: line 4, column 5: resource Logs: unknown attribute "RetentionInDays"; properties stand under Properties
}

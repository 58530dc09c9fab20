package template_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/internal/dag"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// web is a template whose properties of Alb are to be filled in, from line 14 on.
const web = `Parameters: {Name: {Type: String}}
Mappings: {M: {a: {b: c}}}
Conditions:
  Prod: !Equals [!Ref Name, prod]
Resources:
  Vpc: {Type: AWS::EC2::VPC}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc}
  Alb:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
`

func TestCheckReferences(t *testing.T) {
	tests := map[string]struct {
		rest string // follows the type of Alb, from line 12 on
		want string // empty is none
	}{
		"all of them are there": {
			"    DependsOn: [Vpc, Subnet]\n    Condition: Prod\n    Properties:\n      a: !If [Prod, !Ref Name, !GetAtt Vpc.CidrBlock]\n" +
				"      b: !Sub ['${x}-${Name}-${Vpc.CidrBlock}-${!y}-${AWS::Region}', {x: !FindInMap [M, a, b]}]\n      c: !FindInMap [M, !Ref Name, b]\n", "",
		},
		"Ref to nothing":                        {"    Properties: {a: !Ref Foo}", `line 12, column 21: resource Alb: Ref to "Foo", which is neither a parameter nor a resource`},
		"Ref in the long form":                  {"    Properties: {a: {Ref: Foo}}", `line 12, column 21: resource Alb: Ref to "Foo", which is neither a parameter nor a resource`},
		"Ref to a pseudo parameter that is not": {"    Properties: {a: !Ref 'AWS::Account'}", `line 12, column 21: resource Alb: Ref to "AWS::Account", which is no pseudo parameter`},
		"GetAtt of a parameter":                 {"    Properties: {a: !GetAtt Name.Arn}", `line 12, column 21: resource Alb: Fn::GetAtt of "Name", which is no resource`},
		"Sub of nothing":                        {"    Properties: {a: !Sub 'x-${Foo}'}", `line 12, column 21: resource Alb: Fn::Sub to "Foo", which is neither a parameter nor a resource`},
		"Sub of an attribute of nothing":        {"    Properties: {a: !Sub 'x-${Name.Arn}'}", `line 12, column 21: resource Alb: Fn::Sub takes an attribute of "Name", which is no resource`},
		"Sub of what is given elsewhere":        {"    Properties: {a: !Sub ['${x}${y}', {x: 1}]}", `line 12, column 21: resource Alb: Fn::Sub to "y", which is neither a parameter nor a resource`},
		"a value of Sub to nothing":             {"    Properties: {a: !Sub ['${x}', {x: !Ref y}]}", `line 12, column 39: resource Alb: Ref to "y", which is neither a parameter nor a resource`},
		"DependsOn a parameter":                 {"    DependsOn: Name", `line 12, column 16: resource Alb: DependsOn "Name", which is no resource`},
		"a condition that is not there":         {"    Condition: Dev", `line 12, column 16: resource Alb: there is no condition "Dev"`},
		"an If of no condition":                 {"    Properties: {a: !If [Dev, 1, 2]}", `line 12, column 21: resource Alb: there is no condition "Dev"`},
		"metadata that refers to nothing":       {"    Metadata: {a: !Ref Foo}", `line 12, column 19: resource Alb: Ref to "Foo", which is neither a parameter nor a resource`},
		"a policy that refers to nothing":       {"    UpdatePolicy: {a: !Ref Foo}", `line 12, column 23: resource Alb: Ref to "Foo", which is neither a parameter nor a resource`},
		"no such mapping":                       {"    Properties: {a: !FindInMap [N, a, b]}", `line 12, column 21: resource Alb: there is no mapping "N"`},
		"no such top key":                       {"    Properties: {a: !FindInMap [M, x, b]}", `line 12, column 21: resource Alb: mapping M has no key "x"`},
		"no such second key":                    {"    Properties: {a: !FindInMap [M, a, x]}", `line 12, column 21: resource Alb: mapping M has no key "x"`},
		"an output of nothing":                  {"Outputs: {O: {Value: !Ref Foo}}", `line 12, column 22: output O: Ref to "Foo", which is neither a parameter nor a resource`},
		"an output under no condition":          {"Outputs: {O: {Value: x, Condition: Dev}}", `line 12, column 36: output O: there is no condition "Dev"`},
		"an export of nothing":                  {"Outputs: {O: {Value: x, Export: {Name: !Ref Foo}}}", `line 12, column 40: output O: Ref to "Foo", which is neither a parameter nor a resource`},
		"a rule about a resource":               {"Rules: {R: {Assertions: [{Assert: !Equals [!Ref Vpc, x]}]}}", `line 12, column 44: rule R: Ref to resource "Vpc": Rules know parameters only`},
		"a resource that needs itself":          {"    Properties: {a: !Ref Alb}", "line 10, column 1: resource Alb: dependency cycle: Alb -> Alb"},
		"two that need each other":              {"    Properties: {a: !Sub '${Nat}'}\n  Nat: {Type: x, DependsOn: Alb}", "line 10, column 1: resource Alb: dependency cycle: Alb -> Nat -> Alb"},
		"a cycle that an If may break":          {"    Properties: {a: !If [Prod, !Ref Nat, x]}\n  Nat: {Type: x, DependsOn: Alb}", ""},
		"metadata of the template is data":      {"Metadata: {a: !Ref Foo}", ""},
		"a macro may add anything":              {"    Properties: {a: !Ref Foo, b: {'Fn::Transform': {Name: x}}}", ""},
		"everything at once, in order": {
			"    DependsOn: A\n    Properties: {a: !Ref B}\n    Condition: C\n",
			"line 12, column 16: resource Alb: DependsOn \"A\", which is no resource\n" +
				"line 13, column 21: resource Alb: Ref to \"B\", which is neither a parameter nor a resource\n" +
				"line 14, column 16: resource Alb: there is no condition \"C\"",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := parse(t, web+tt.rest).CheckReferences()
			if got := fmt.Sprint(err); err == nil && tt.want != "" || err != nil && got != tt.want {
				t.Errorf("error:\n%v\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestCheckReferencesOfConditions(t *testing.T) {
	tests := map[string]struct{ conditions, want string }{
		"one upon another": {"  A: !Equals [a, a]\n  B: !Not [!Condition A]\n  C: !And [{Condition: A}, {Condition: B}]\n", ""},
		"one upon nothing": {"  A: !Not [!Condition B]\n", `line 2, column 12: condition A: there is no condition "B"`},
		"one upon a resource": {
			"  A: !Equals [!Ref Bucket, a]\n",
			`line 2, column 15: condition A: Ref to resource "Bucket": Conditions know parameters only`,
		},
		"in a circle": {
			"  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n",
			"line 2, column 1: condition A: dependency cycle: A -> B -> A",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := parse(t, "Conditions:\n"+tt.conditions+bucket("")).CheckReferences()
			if got := fmt.Sprint(err); err == nil && tt.want != "" || err != nil && got != tt.want {
				t.Errorf("error:\n%v\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestReferenceErrorsHaveTheirDetails(t *testing.T) {
	err := parse(t, web+"    Properties: {a: !Ref Alb, b: !Ref Foo}").CheckReferences()
	one, ok := errors.AsType[*template.ReferenceError](err)
	if !ok || one.Line != 10 || one.In != "resource Alb" {
		t.Errorf("first error is %#v", one)
	}
	if cycle, ok := errors.AsType[*dag.CycleError](err); !ok || len(cycle.Path) != 2 {
		t.Errorf("cycle is %v", cycle)
	}
}

func TestNeeds(t *testing.T) {
	tpl := parse(t, `
Parameters: {P: {Type: String}}
Conditions: {C: !Equals [!Ref P, x]}
Resources:
  A: {Type: x}
  B: {Type: x, DependsOn: [A, A]}
  C: {Type: x, Condition: C, Properties: {a: !Ref P, b: !Sub '${A.Arn}${B}${AWS::Region}', c: [{d: !GetAtt E.Arn}]}}
  D: {Type: x, Properties: {a: !If [C, !Ref B, !Ref 'AWS::NoValue']}, Metadata: {m: !Ref A}}
  E: {Type: x}
Outputs: {O: {Value: !Ref E}}
`)
	want := map[string][]string{"A": nil, "B": {"A"}, "C": {"A", "B", "E"}, "D": {"A", "B"}, "E": nil, "O": nil, "nobody": nil}
	got := map[string][]string{}
	for name := range want {
		got[name] = tpl.Needs(name)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("needs (-want +got):\n%s", d)
	}
}

func TestCapabilities(t *testing.T) {
	tests := map[string]struct {
		resources string // beside a bucket
		want      []string
	}{
		"a bucket needs none":                 {"", nil},
		"a role":                              {"  R: {Type: AWS::IAM::Role}", []string{"CAPABILITY_IAM"}},
		"a policy has a name and yet none":    {"  R: {Type: AWS::IAM::Policy, Properties: {PolicyName: x}}", []string{"CAPABILITY_IAM"}},
		"the user of a key is no name":        {"  R: {Type: AWS::IAM::AccessKey, Properties: {UserName: x}}", []string{"CAPABILITY_IAM"}},
		"a role with a name":                  {"  Q: {Type: AWS::IAM::Role}\n  R: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub '${AWS::StackName}-x'}}", []string{"CAPABILITY_NAMED_IAM"}},
		"a user with a name":                  {"  R: {Type: AWS::IAM::User, Properties: {UserName: x}}", []string{"CAPABILITY_NAMED_IAM"}},
		"a group with a name":                 {"  R: {Type: AWS::IAM::Group, Properties: {GroupName: x}}", []string{"CAPABILITY_NAMED_IAM"}},
		"a managed policy with a name":        {"  R: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: x}}", []string{"CAPABILITY_NAMED_IAM"}},
		"a profile with a name":               {"  R: {Type: AWS::IAM::InstanceProfile, Properties: {InstanceProfileName: x}}", []string{"CAPABILITY_NAMED_IAM"}},
		"a stack within may have anything":    {"  R: {Type: AWS::CloudFormation::Stack}", []string{"CAPABILITY_AUTO_EXPAND", "CAPABILITY_NAMED_IAM"}},
		"a transform":                         {"Transform: AWS::LanguageExtensions", []string{"CAPABILITY_AUTO_EXPAND"}},
		"a macro deep within, and a role":     {"  R: {Type: AWS::IAM::Role, Properties: {a: [!Transform {Name: x}]}}", []string{"CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM"}},
		"a module":                            {"  R: {Type: My::S3::Bucket::MODULE}", []string{"CAPABILITY_AUTO_EXPAND"}},
		"an empty key is no name":             {"  R: {Type: AWS::IAM::Policy, Properties: {'': x}}", []string{"CAPABILITY_IAM"}},
		"a name on another type changes none": {"  R: {Type: AWS::S3::Bucket, Properties: {RoleName: x}}", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, parse(t, bucket(tt.resources)).Capabilities()); d != "" {
				t.Errorf("capabilities (-want +got):\n%s", d)
			}
		})
	}
}

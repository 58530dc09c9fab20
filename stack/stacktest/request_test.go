package stacktest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

func many(section, each string, n int) string {
	var b strings.Builder
	b.WriteString(section + ":\n")
	for i := range n {
		fmt.Fprintf(&b, "  X%d: %s\n", i, each)
	}
	return b.String()
}

func TestRequestsThatCloudFormationRefuses(t *testing.T) {
	const ok = "Resources: {A: {Type: AWS::SNS::Topic}}"
	with := func(parameter string) string { return "Parameters: {P: {" + parameter + "}}\n" + ok }
	tests := map[string]struct {
		name string
		set  set
		want string
	}{
		"a name with a dot":                           {name: "a.b", set: set{body: ok}, want: "ValidationError: 1 validation error detected: Value 'a.b' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"},
		"no resources":                                {set: set{body: "Resources: {}"}, want: "ValidationError: Template format error: At least one Resources member must be defined."},
		"a template that is none":                     {set: set{body: "Resources: ["}, want: "ValidationError: Template format error: "},
		"a type that is none":                         {set: set{body: "Resources: {A: {Type: Topic}}"}, want: "ValidationError: Template format error: Unrecognized resource types: [Topic]"},
		"a reference to nothing":                      {set: set{body: "Resources: {A: {Type: AWS::SNS::Topic, Properties: {Name: !Ref B}}}"}, want: "ValidationError: Template format error: Unresolved resource dependencies [B] in the Resources block of the template"},
		"an output of nothing":                        {set: set{body: ok + "\nOutputs: {X: {Value: !Sub '${B.Arn}'}}"}, want: "ValidationError: Template format error: Unresolved resource dependencies [B] in the Outputs block of the template"},
		"a circle":                                    {set: set{body: "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}, B: {Type: AWS::SNS::Topic, DependsOn: A}}"}, want: "ValidationError: Circular dependency between resources: [B, A]"},
		"an attribute that the type does not have":    {set: set{body: ok + "\nOutputs: {X: {Value: !GetAtt A.DNSName}}"}, want: "ValidationError: Template error: resource A does not support attribute type DNSName in Fn::GetAtt"},
		"a template of 51,201 bytes":                  {set: set{body: ok + "\n#" + strings.Repeat("x", 51201-len(ok)-2)}, want: "ValidationError: 1 validation error detected: Value '"},
		"501 resources":                               {set: set{body: many("Resources", "{Type: A::B::C}", 501)}, want: "ValidationError: Template format error: Number of resources, 501, is greater than maximum allowed, 500"},
		"201 parameters":                              {set: set{body: many("Parameters", "{Type: String, Default: x}", 201) + ok}, want: "ValidationError: Template format error: Number of parameters, 201, is greater than maximum allowed, 200"},
		"201 outputs":                                 {set: set{body: many("Outputs", "{Value: x}", 201) + ok}, want: "ValidationError: Template format error: Number of outputs, 201, is greater than maximum allowed, 200"},
		"a parameter without a value":                 {set: set{body: with("Type: String")}, want: "ValidationError: Parameters: [P] must have values"},
		"a parameter that is not there":               {set: set{body: ok, parameters: map[string]string{"Q": "x", "O": "y"}}, want: "ValidationError: Parameters: [O, Q] do not exist in the template"},
		"the previous value of a new stack":           {set: set{body: with("Type: String"), parameters: map[string]string{"P": "="}}, want: "ValidationError: Invalid input for parameter key P. Cannot specify usePreviousValue as true for a parameter key not in the previous template"},
		"a value that is not allowed":                 {set: set{body: with("Type: String, AllowedValues: [a, b]"), parameters: map[string]string{"P": "c"}}, want: "ValidationError: Parameter 'P' must be one of AllowedValues"},
		"a value against the pattern":                 {set: set{body: with("Type: String, AllowedPattern: '[a-z]+'"), parameters: map[string]string{"P": "C"}}, want: "ValidationError: Parameter 'P' must match pattern [a-z]+"},
		"a value against a constraint that has words": {set: set{body: with("Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: small letters"), parameters: map[string]string{"P": "C"}}, want: "ValidationError: Parameter P failed to satisfy constraint: small letters"},
		"a number that is none":                       {set: set{body: with("Type: Number"), parameters: map[string]string{"P": "C"}}, want: "ValidationError: Parameter 'P' must be a number"},
		"a role without a capability":                 {set: set{body: "Resources: {R: {Type: AWS::IAM::Role}}"}, want: "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]"},
		"a named role with the lesser one":            {set: set{body: "Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: r}}}", capabilities: []types.Capability{types.CapabilityCapabilityIam}}, want: "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"},
		"a tag of AWS":                                {set: set{body: ok, tags: map[string]string{"aws:x": "y"}}, want: "ValidationError: aws: prefixed tag key names are not allowed for external use."},
		"no template":                                 {want: "ValidationError: Either Template URL or Template Body must be specified."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{}, func(b bench) {
				if tt.name == "" {
					tt.name = "demo"
				}
				in := &cloudformation.CreateChangeSetInput{
					StackName: &tt.name, ChangeSetName: new("set"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: &tt.set.body,
					Parameters: tt.set.parameterList(), Tags: tt.set.tagList(), Capabilities: tt.set.capabilities,
				}
				if tt.set.body == "" {
					in.TemplateBody = nil
				}
				_, err := b.client.CreateChangeSet(b.Context(), in)
				if !strings.HasPrefix(answer(err), tt.want) || err == nil {
					b.Errorf("%s, want %s", answer(err), tt.want)
				}
				if _, ok := b.cloud.Stack(tt.name); ok {
					b.Error("a refused change set has made a stack")
				}
			})
		})
	}
}

func TestATypeStaysWhatItIs(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: "Resources: {A: {Type: AWS::SNS::Topic}}"})
		_, err := b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: new("Resources: {A: {Type: AWS::SQS::Queue}}")})
		if want := "ValidationError: Update of resource type is not permitted. The new template modifies resource type of the following resources: [A]"; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
	})
}

func TestLargeTemplatesComeFromAURL(t *testing.T) {
	large := func(bytes int) []byte {
		return []byte(chain + "# " + strings.Repeat("x", bytes-len(chain)-2))
	}
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		create := func(name, url string) error {
			_, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateURL: &url})
			return err
		}
		url, err := b.cloud.Upload(b.Context(), large(1_000_000))
		if err != nil {
			b.Fatal(err)
		}
		if err := create("large", url); err != nil {
			b.Error(err)
		}
		out, err := b.client.GetTemplate(b.Context(), &cloudformation.GetTemplateInput{StackName: new("large")})
		if err != nil || len(*out.TemplateBody) != 1_000_000 {
			b.Error(err)
		}
		b.cloud.AddTemplate("https://example.com/t", large(1_000_001))
		if got, want := answer(create("larger", "https://example.com/t")), "ValidationError: Template may not exceed 1000000 bytes in size."; got != want {
			b.Errorf("%s, want %s", got, want)
		}
		if got, want := answer(create("none", "https://example.com/none")), "ValidationError: S3 error: The specified key does not exist."; got != want {
			b.Errorf("%s, want %s", got, want)
		}
	})
}

func TestTokensMakeCallsRepeatable(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		create := &cloudformation.CreateStackInput{StackName: new("demo"), TemplateBody: new(chain), ClientRequestToken: new("t")}
		one, err := b.client.CreateStack(b.Context(), create)
		if err != nil {
			b.Fatal(err)
		}
		two, err := b.client.CreateStack(b.Context(), create)
		if err != nil || *two.StackId != *one.StackId {
			b.Errorf("%+v, %v", two, err)
		}
		create.TemplateBody = new(before)
		if _, err = b.client.CreateStack(b.Context(), create); answer(err) != "TokenAlreadyExistsException: Token t already exists" {
			b.Error(answer(err))
		}
		create.ClientRequestToken = nil
		if _, err = b.client.CreateStack(b.Context(), create); answer(err) != "AlreadyExistsException: Stack [demo] already exists" {
			b.Error(answer(err))
		}
		update := &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: new(chain + "  New: {Type: AWS::SNS::Topic}\n"), ClientRequestToken: new("u")}
		if _, err = b.client.UpdateStack(b.Context(), update); !strings.HasSuffix(answer(err), "is in CREATE_IN_PROGRESS state and can not be updated.") {
			b.Error(answer(err))
		}
		b.rest("demo")
		for range 2 { // a refused call has not used up its token
			if _, err = b.client.UpdateStack(b.Context(), update); err != nil {
				b.Error(err)
			}
		}
		if got := b.rest("demo"); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestSecretsDoNotLeaveTheCloud(t *testing.T) {
	const body = `
Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: demo, Environment: !Sub 'password=${Password}'}}
  Text: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Join ['', [a, !Ref Password]]}}
`
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		said := b.listen()
		b.create("demo", set{body: body, parameters: map[string]string{"Password": "hunter2"}})
		b.update("demo", set{parameters: map[string]string{"Password": "hunter3"}})
		b.events("demo")
		if _, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: new("demo")}); err != nil {
			b.Error(err)
		}
		if err := b.cloud.Drift("demo", "Text", "Type", "StringList"); err != nil {
			b.Error(err)
		}
		b.detect("demo")
		if text := said(); strings.Contains(text, "hunter") || !strings.Contains(text, "password=****") {
			b.Error("a secret was told, or its mask was not")
		}
		if s, _ := b.cloud.Stack("demo"); s.Parameters["Password"] != "hunter3" {
			b.Errorf("inside, the password is %q", s.Parameters["Password"])
		}
	})
}

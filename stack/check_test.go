package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const sound = `
Parameters:
  Environment: {Type: String, AllowedPattern: "[a-z-]+"}
  Nodes: {Type: Number, Default: 1, AllowedValues: [1, 2]}
  Password: {Type: String, NoEcho: true, MinLength: 8, Default: long-enough}
Resources:
  Topic: {Type: AWS::SNS::Topic}
`

// many is a template with n resources that is longer than size.
func many(n, size int) string {
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range n {
		fmt.Fprintf(&b, "  Topic%d: {Type: AWS::SNS::Topic}\n", i)
	}
	b.WriteString("# " + strings.Repeat("x", max(0, size-b.Len()-2)))
	return b.String()
}

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		change func(*Stack)
		want   []string // what the error says, in order
		is     error
	}{
		"a sound stack has no fault": {func(*Stack) {}, nil, nil},
		"a role is given by its ARN": {func(s *Stack) { s.Role = "arn:aws:iam::123456789012:role/deployer" }, nil, nil},
		"a template of 51,200 bytes needs no store": {
			func(s *Stack) { s.Body, s.Parameters = []byte(many(1, maxBody)), nil }, nil, nil,
		},
		"a stack has a name":          {func(s *Stack) { s.Name = "" }, []string{`plan stack without a name: name "": want a letter`}, ErrInvalid},
		"a name begins with a letter": {func(s *Stack) { s.Name = "8527fec8" }, []string{`name "8527fec8": want a letter`}, ErrInvalid},
		"a name has no underscore":    {func(s *Stack) { s.Name = "automation_master" }, []string{`name "automation_master"`}, ErrInvalid},
		"a name ends": {
			func(s *Stack) { s.Name = strings.Repeat("a", 129) }, []string{"128 at most"}, ErrInvalid,
		},
		"a name has one line": {func(s *Stack) { s.Name = "demo\n" }, []string{`name "demo\n"`}, ErrInvalid},
		"a role is no name":   {func(s *Stack) { s.Role = "deployer" }, []string{`role "deployer": want the ARN of a role`}, ErrInvalid},
		"production is neither hurried nor recreated": {
			func(s *Stack) { s.Production, s.Express, s.RecreateFailed = true, true, true },
			[]string{"Production and Express", "Production and RecreateFailed"},
			ErrInvalid,
		},
		"tags keep to the limits": {
			func(s *Stack) {
				s.Tags = map[string]string{"": "a", "AWS:x": "b", strings.Repeat("k", 129): "c", "empty": "", "long": strings.Repeat("v", 257)}
			},
			[]string{`tag "": want a key of 1 to 128`, `tag "AWS:x": keys that begin with aws:`, `tag "empty": want a value`, `tag "kkk`, `tag "long": want a value of 1 to 256 characters, not 257`},
			ErrInvalid,
		},
		"fifty tags are enough": {
			func(s *Stack) {
				for i := range 50 {
					s.Tags[fmt.Sprint("k", i)] = "v"
				}
			},
			[]string{"51 tags: at most 50"},
			ErrInvalid,
		},
		"stateful types are types": {func(s *Stack) { s.Stateful = []string{"bucket"} }, []string{`stateful type "bucket"`}, ErrInvalid},
		"consent has a name":       {func(s *Stack) { s.Consent = []string{""} }, []string{"consent without a logical id"}, ErrInvalid},
		"a missing value is named": {func(s *Stack) { s.Parameters = nil }, []string{"parameter Environment: it has no default, and no value is given"}, ErrInvalid},
		"a value that stays is not missing": {
			func(s *Stack) { s.Parameters, s.Previous = nil, []string{"Environment"} }, nil, nil,
		},
		"a value cannot stay and change": {
			func(s *Stack) { s.Previous = []string{"Environment"} }, []string{"parameter Environment: it has a value, and shall keep the previous one"}, ErrInvalid,
		},
		"a misspelt parameter is guessed": {
			func(s *Stack) { s.Parameters["Environmen"], s.Previous = "x", []string{"nodes"} },
			[]string{"parameter Environmen: the template has no such parameter: is it Environment?", "parameter nodes: the template has no such parameter: is it Nodes?"},
			ErrInvalid,
		},
		"an unknown parameter is not": {
			func(s *Stack) { s.Parameters["Zone"] = "x" }, []string{"parameter Zone: the template has no such parameter"}, ErrInvalid,
		},
		"values keep to their constraints": {
			func(s *Stack) { s.Parameters["Environment"], s.Parameters["Nodes"] = "Demo!", "3" }, []string{`parameter Environment: "Demo!"`, `parameter Nodes: "3"`}, ErrInvalid,
		},
		"an empty template is none":        {func(s *Stack) { s.Body = nil }, []string{"template: line 1, column 1"}, ErrInvalid},
		"a template has resources":         {func(s *Stack) { s.Body = []byte("Description: x\n"); s.Parameters = nil }, []string{"template: line 1, column 1: it has no resources"}, ErrInvalid},
		"invalid YAML has line and column": {func(s *Stack) { s.Body = []byte("Resources:\n  A: {Type: x\n") }, []string{"template: line "}, ErrInvalid},
		"a reference leads somewhere": {
			func(s *Stack) {
				s.Body, s.Parameters = []byte("Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: !Ref B, DisplayName: !Ref C}\n"), nil
			},
			[]string{"template: line 4", "B", "template: line 4", "C"},
			ErrInvalid,
		},
		"a large template needs a store": {
			func(s *Stack) { s.Body = []byte(many(1, maxBody+1)) }, []string{"the template is too large", "Options.Templates"}, ErrTemplateTooLarge,
		},
		"a huge one is not taken": {func(s *Stack) { s.Body = []byte(many(1, 1_000_001)) }, []string{"the template is too large", "1000000"}, ErrTemplateTooLarge},
		"a description is no book": {
			func(s *Stack) { s.Body = []byte("Description: " + strings.Repeat("d", 1025) + "\n" + sound) }, []string{"template: its description has 1025 bytes"}, ErrInvalid,
		},
		"resources are counted": {
			func(s *Stack) { s.Body, s.Parameters = []byte(many(501, 0)), nil }, []string{"501 resources, and CloudFormation takes at most 500"}, ErrInvalid,
		},
		"all faults come at once": {
			func(s *Stack) { s.Name, s.Tags, s.Body = "1", map[string]string{"aws:a": "b"}, []byte("[") }, []string{`name "1"`, `tag "aws:a"`, "template: line "}, ErrInvalid,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := Stack{Name: "demo", Body: []byte(sound), Parameters: map[string]string{"Environment": "demo"}, Tags: map[string]string{"Environment": "demo"}}
			tt.change(&s)
			// Without an API: a call would panic.
			_, err := New(nil, Options{}).check(s)
			if len(tt.want) == 0 {
				if err != nil {
					t.Fatalf("error %v", err)
				}
				return
			}
			if !errors.Is(err, tt.is) || !errors.Is(err, ErrInvalid) {
				t.Fatalf("error %v is not %v", err, tt.is)
			}
			rest := err.Error()
			for _, want := range tt.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("error does not say %q (in this order): %v", want, err)
				}
				rest = after
			}
		})
	}
}

func TestPlanChecksFirst(t *testing.T) {
	_, err := New(nil, Options{}).Plan(context.Background(), Stack{Name: "demo", Body: []byte("Resources: [\n")})
	syntax, ok := errors.AsType[*SyntaxError](err)
	if !ok || syntax.Line < 1 || syntax.Column < 1 {
		t.Errorf("error %v has no line and column", err)
	}
}

func TestSecretsAreNotInFaults(t *testing.T) {
	s := Stack{Name: "demo", Body: []byte(sound), Parameters: map[string]string{"Environment": "demo", "Password": "hush"}}
	_, err := New(nil, Options{}).check(s)
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("error %v shows the password, or there is none", err)
	}
}

func TestCheckPrevious(t *testing.T) {
	s := Stack{Name: "demo", Previous: []string{"Password", "Zone"}}
	found := &types.Stack{Parameters: []types.Parameter{{ParameterKey: new("Password")}}}
	if err := checkPrevious(s, found); err == nil || strings.Contains(err.Error(), "Password") || !strings.Contains(err.Error(), "parameter Zone: there is no previous value") {
		t.Errorf("a parameter that the stack has not: %v", err)
	}
	if err := checkPrevious(s, nil); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "Password") {
		t.Errorf("without a stack: %v", err)
	}
	if err := checkPrevious(Stack{Name: "demo"}, nil); err != nil {
		t.Errorf("nothing is kept: %v", err)
	}
}

package template_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/internal/template"
)

func TestParameterCheck(t *testing.T) {
	words := template.Parameter{Name: "P", Type: "String", AllowedValues: []string{"a", "b"}}
	pattern := template.Parameter{Name: "P", Type: "String", AllowedPattern: "[a-z]+|x1"}
	length := template.Parameter{Name: "P", Type: "String", MinLength: new(2), MaxLength: new(3)}
	number := template.Parameter{Name: "P", Type: "Number", MinValue: new(1.0), MaxValue: new(9.5)}
	tests := map[string]struct {
		parameter template.Parameter
		value     string
		want      string // empty is none
	}{
		"any text":                         {template.Parameter{Type: "String"}, "", ""},
		"an allowed value":                 {words, "b", ""},
		"one that is not":                  {words, "c", `parameter P: "c" is not among the allowed values: a, b`},
		"nothing is not":                   {words, "", "parameter P: is not among the allowed values: a, b"},
		"a match":                          {pattern, "abc", ""},
		"a match of the other alternative": {pattern, "x1", ""},
		"a match of a part":                {pattern, "abc1", `parameter P: "abc1" does not match the pattern [a-z]+|x1`},
		"a match of a line":                {pattern, "abc\nx", `parameter P: "abc\nx" does not match the pattern [a-z]+|x1`},
		"a pattern of Java's own":          {template.Parameter{Type: "String", AllowedPattern: "(?!x).*"}, "x", ""},
		"the words of the template": {
			template.Parameter{Name: "P", Type: "String", AllowedPattern: "[a-z]+", ConstraintDescription: "lower case letters only"},
			"X", `parameter P: "X" is not allowed: lower case letters only`,
		},
		"long enough, in characters":        {length, "éé", ""},
		"too short":                         {length, "é", `parameter P: "é" has 1 characters, and at least 2 are wanted`},
		"too long":                          {length, "abcd", `parameter P: "abcd" has 4 characters, and at most 3 are taken`},
		"a number":                          {number, "9.5", ""},
		"a number with an exponent":         {number, "1e0", ""},
		"too small a number":                {number, "0", `parameter P: "0" is less than 1`},
		"too large a number":                {number, "9.51", `parameter P: "9.51" is more than 9.5`},
		"no number":                         {number, "five", `parameter P: "five" is not a number`},
		"no number of CloudFormation":       {number, "0x5", `parameter P: "0x5" is not a number`},
		"not a number":                      {number, "NaN", `parameter P: "NaN" is not a number`},
		"an empty number":                   {number, "", "parameter P: is not a number"},
		"numbers":                           {template.Parameter{Type: "List<Number>"}, "1, 2,3", ""},
		"numbers, one of which is none":     {template.Parameter{Name: "P", Type: "List<Number>"}, "1,x", `parameter P: "1,x" is not a number`},
		"numbers, one of which is too much": {template.Parameter{Name: "P", Type: "List<Number>", MaxValue: new(5.0)}, "1,6", `parameter P: "1,6" is more than 5`},
		"no numbers":                        {template.Parameter{Type: "List<Number>"}, "", ""},
		"words of a list":                   {template.Parameter{Type: "CommaDelimitedList", AllowedValues: []string{"a", "b"}}, "b, a", ""},
		"words, one of which is not":        {template.Parameter{Name: "P", Type: "CommaDelimitedList", AllowedValues: []string{"a", "b"}}, "a,c", `parameter P: "a,c" is not among the allowed values: a, b`},
		"an id":                             {template.Parameter{Type: "AWS::EC2::VPC::Id"}, "vpc-1", ""},
		"no id":                             {template.Parameter{Name: "P", Type: "AWS::EC2::VPC::Id"}, "", "parameter P: is empty, and a value of type AWS::EC2::VPC::Id cannot be"},
		"no ids":                            {template.Parameter{Name: "P", Type: "List<AWS::EC2::Subnet::Id>"}, " , ", `parameter P: " , " is empty, and a value of type List<AWS::EC2::Subnet::Id> cannot be`},
		"a name in Systems Manager":         {template.Parameter{Type: "AWS::SSM::Parameter::Value<String>", AllowedValues: []string{"a"}}, "/x", ""},
		"no name in Systems Manager":        {template.Parameter{Name: "P", Type: "AWS::SSM::Parameter::Value<String>"}, "", "parameter P: is empty, and names no parameter of Systems Manager"},
		"the most bytes":                    {template.Parameter{Type: "String"}, strings.Repeat("x", 4096), ""},
		"a byte more":                       {template.Parameter{Name: "P", Type: "String"}, strings.Repeat("x", 4097), `parameter P: "` + strings.Repeat("x", 100) + `..." has 4097 bytes, and a value has at most 4096`},
		"a secret is not shown": {
			template.Parameter{Name: "P", Type: "String", NoEcho: true, MinLength: new(8)},
			"secret", "parameter P: has 6 characters, and at least 8 are wanted",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.parameter.Check(tt.value)
			if got := fmt.Sprint(err); err == nil && tt.want != "" || err != nil && got != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
			if one, ok := errors.AsType[*template.ParameterError](err); err != nil && (!ok || one.Err == nil) {
				t.Errorf("error is %#v", err)
			}
		})
	}
}

func TestParameterElements(t *testing.T) {
	tests := map[string]struct {
		kind, value string
		want        []string
	}{
		"a text is one":                 {"String", "a,b", []string{"a,b"}},
		"a list":                        {"CommaDelimitedList", "a, b ,c", []string{"a", "b", "c"}},
		"an empty list":                 {"CommaDelimitedList", "", nil},
		"a list of ids":                 {"List<AWS::EC2::Subnet::Id>", "s-1,s-2", []string{"s-1", "s-2"}},
		"a list kept elsewhere":         {"AWS::SSM::Parameter::Value<List<String>>", "a,b", []string{"a", "b"}},
		"a list of commas elsewhere":    {"AWS::SSM::Parameter::Value<CommaDelimitedList>", "a,b", []string{"a", "b"}},
		"a text kept elsewhere":         {"AWS::SSM::Parameter::Value<String>", "a,b", []string{"a,b"}},
		"an empty text is one text too": {"String", "", []string{""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, template.Parameter{Type: tt.kind}.Elements(tt.value)); d != "" {
				t.Errorf("elements (-want +got):\n%s", d)
			}
		})
	}
}

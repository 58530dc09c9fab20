package iampolicy

import (
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sound = `{"Version": "2012-10-17", "Statement": [
  {"Sid": "ReadStacks", "Effect": "Allow", "Action": ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"], "Resource": "*"},
  {"Sid": "PassTheRole", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/x",
   "Condition": {"StringEquals": {"iam:PassedToService": ["cloudformation.amazonaws.com"]}}}]}`

func TestParse(t *testing.T) {
	tests := map[string]struct {
		change []string // of the sound policy: old, new
		want   string
	}{
		"a sound policy":                          {change: []string{"", ""}},
		"a key that IAM does not know":            {change: []string{`"Effect"`, `"Efect"`}, want: `unknown field "Efect"`},
		"something that is denied":                {change: []string{"Allow", "Deny"}, want: "ReadStacks: want a statement that allows"},
		"an action with a wildcard":               {change: []string{"iam:PassRole", "iam:*"}, want: `PassTheRole: action "iam:*": want service:Action`},
		"an action without its service":           {change: []string{"iam:PassRole", "PassRole"}, want: `action "PassRole"`},
		"a resource that is no ARN":               {change: []string{"arn:aws:iam::123456789012:role/x", "role/x"}, want: `resource "role/x"`},
		"no resource":                             {change: []string{`, "Resource": "*"`, ""}, want: "on resources or to principals"},
		"two statements of one name":              {change: []string{"PassTheRole", "ReadStacks"}, want: "there are two of it"},
		"a name that says nothing":                {change: []string{"PassTheRole", ""}, want: `sid ""`},
		"an older version of the language":        {change: []string{"2012-10-17", "2008-10-17"}, want: `version "2008-10-17"`},
		"more than IAM takes":                     {change: []string{"role/x", "role/" + strings.Repeat("x", MaxBytes)}, want: "IAM takes 6144"},
		"text that is no JSON":                    {change: []string{`{"Version"`, `{Version`}, want: "invalid character"},
		"an action that is neither text nor list": {change: []string{`"iam:PassRole"`, "1"}, want: "cannot unmarshal number"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(strings.Replace(sound, tt.change[0], tt.change[1], 1)))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAllows(t *testing.T) {
	p, err := Parse([]byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]bool{
		"cloudformation:GetTemplate": true, "iam:PassRole": true, "sts:GetCallerIdentity": true,
		"cloudformation:DeleteStack": false, "iam:passrole": false,
	} {
		if got := p.Allows(action); got != want {
			t.Errorf("Allows(%q) = %v", action, got)
		}
	}
	if d := cmp.Diff([]string{"cloudformation:DescribeStacks", "cloudformation:GetTemplate", "iam:PassRole"}, p.Actions()); d != "" {
		t.Errorf("actions (-want +got):\n%s", d)
	}
}

func TestReadNamesTheFile(t *testing.T) {
	if _, err := Read("none.json"); err == nil || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("error %v, want one that names the file", err)
	}
}

func TestOperations(t *testing.T) {
	method := func(service, name string) *types.Func {
		input := types.NewNamed(types.NewTypeName(token.NoPos, types.NewPackage("github.com/aws/aws-sdk-go-v2/service/"+service, service), name+"Input", nil), types.NewStruct(nil, nil), nil)
		parameters := types.NewTuple(
			types.NewVar(token.NoPos, nil, "ctx", types.Typ[types.Int]), types.NewVar(token.NoPos, nil, "in", types.NewPointer(input)))
		return types.NewFunc(token.NoPos, nil, name, types.NewSignatureType(nil, nil, nil, parameters, nil, false))
	}
	of := types.NewInterfaceType([]*types.Func{
		method("ecs", "ListTasks"), method("s3", "DeleteObjects"), method("s3", "PutObject"), method("s3", "HeadObject"),
		method("elasticloadbalancingv2", "DescribeRules"), method("cloudwatchlogs", "GetLogEvents"),
	}, nil).Complete()

	got, err := Operations(of)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"ecs:ListTasks", "elasticloadbalancing:DescribeRules", "logs:GetLogEvents",
		"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("actions (-want +got):\n%s", d)
	}
	if got, err = Operations(of, "PutObject"); err != nil || len(got) != 1 || got[0] != "s3:PutObject" {
		t.Errorf("actions of PutObject alone: %v, %v", got, err)
	}
	if _, err = Operations(of, "GetObject"); err == nil {
		t.Error("a method that is not there is not missed")
	}
}

func TestOperationsRefusesMethodsOfOthers(t *testing.T) {
	plain := types.NewFunc(token.NoPos, nil, "Close", types.NewSignatureType(nil, nil, nil, nil, nil, false))
	if _, err := Operations(types.NewInterfaceType([]*types.Func{plain}, nil).Complete()); err == nil {
		t.Error("Close is taken for an operation of AWS")
	}
}

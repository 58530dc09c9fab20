package awsauth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
)

func TestParse(t *testing.T) {
	ana := awsauth.Entry{RoleARN: "arn:aws:iam::1:role/ana", Username: "ana", Groups: []string{"developer"}}
	tests := map[string]struct {
		text string
		want []awsauth.Entry
	}{
		"a YAML list":                      {"- rolearn: arn:aws:iam::1:role/ana\n  username: ana\n  groups: [developer]\n", []awsauth.Entry{ana}},
		"a JSON list":                      {`[{"rolearn":"arn:aws:iam::1:role/ana","username":"ana","groups":["developer"]}]`, []awsauth.Entry{ana}},
		"keys in any letter case":          {"- roleARN: arn:aws:iam::1:role/ana\n  userName: ana\n  Groups:\n  - developer\n", []awsauth.Entry{ana}},
		"a document that begins":           {"---\n- rolearn: arn:aws:iam::1:role/ana\n  username: ana\n  groups: [developer]\n", []awsauth.Entry{ana}},
		"an alias":                         {"- rolearn: &a arn:aws:iam::1:role/ana\n  username: ana\n  groups: [developer]\n- rolearn: *a\n", []awsauth.Entry{ana, {RoleARN: ana.RoleARN}}},
		"nothing":                          {"", nil},
		"white space":                      {" \n", nil},
		"what the cluster takes for empty": {`""`, nil},
		"a null":                           {"null", nil},
		"a comment alone":                  {"# nobody yet\n", nil},
		"an empty list":                    {"[]", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := awsauth.Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if len(got)+len(tt.want) > 0 {
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("entries (-want +got):\n%s", d)
				}
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"broken YAML": {
			"- rolearn: a\n  username: b\n groups: c\n",
			"read mapRoles line 2: did not find expected '-' indicator",
		},
		"a mapping": {"rolearn: a\n", "read mapRoles: it is no list of entries"},
		"a text":    {"hello", "read mapRoles: it is no list of entries"},
		"an entry that is a text": {
			"- rolearn: a\n  username: b\n\n# the next\n- arn:aws:iam::1:role/x\n",
			"read mapRoles line 5 (entry 2): want rolearn, username and groups, got a string",
		},
		"groups as a text": {
			"- rolearn: a\n  groups: system:masters\n",
			"read mapRoles line 1 (entry 1): groups: want a list of names, got a string",
		},
		"a username that is a number": {
			"- rolearn: a\n  username: 7\n",
			"read mapRoles line 1 (entry 1): username: want a text, got a number",
		},
		"an entry of a JSON list": {
			"[\n {},\n {\"groups\": {}}\n]",
			"read mapRoles line 3 (entry 2): groups: want a list of names, got a object",
		},
		"a second document": {
			"- rolearn: a\n---\n- rolearn: b\n",
			"read mapRoles line 2: a YAML document ends here, and the cluster would read no further",
		},
		"a document that ends": {
			"- rolearn: a\n...\n",
			"read mapRoles line 2: a YAML document ends here, and the cluster would read no further",
		},
		"a tab as indentation": {
			"- rolearn: a\n\tusername: b\n",
			"read mapRoles line 2: found a tab character that violates indentation",
		},
		"a zero byte": {"- rolearn: a\x00", "read mapRoles: it has a zero byte"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := awsauth.Parse(tt.text)
			if _, ok := errors.AsType[*awsauth.ParseError](err); !ok {
				t.Fatalf("got %v, want a ParseError", err)
			}
			if err.Error() != tt.want {
				t.Errorf("got  %v\nwant %v", err, tt.want)
			}
		})
	}
}

func TestCanonical(t *testing.T) {
	tests := map[string]struct{ arn, want string }{
		"a plain role":          {"arn:aws:iam::1:role/ana", "arn:aws:iam::1:role/ana"},
		"letter case":           {"arn:aws:iam::1:role/Ana", "arn:aws:iam::1:role/ana"},
		"a path":                {"arn:aws:iam::1:role/team/kre/ana", "arn:aws:iam::1:role/ana"},
		"white space":           {" arn:aws:iam::1:role/ana\n", "arn:aws:iam::1:role/ana"},
		"another partition":     {"arn:aws-cn:iam::1:role/x/ana", "arn:aws-cn:iam::1:role/ana"},
		"what is no role stays": {"arn:aws:iam::1:user/x/ana", "arn:aws:iam::1:user/x/ana"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := awsauth.Canonical(tt.arn); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestGuard(t *testing.T) {
	node := awsauth.Entry{RoleARN: "arn:aws:iam::1:role/n", Username: "system:node:{{EC2PrivateDNSName}}", Groups: []string{"system:bootstrappers", "system:nodes"}}
	windows := awsauth.Entry{RoleARN: "arn:aws:iam::1:role/w", Username: "w", Groups: []string{"eks:kube-proxy-windows"}}
	ana := awsauth.Entry{RoleARN: "arn:aws:iam::1:role/ana", Username: "ana"}
	both := awsauth.Entry{RoleARN: node.RoleARN, Username: node.Username, Groups: append([]string{"eks:kube-proxy-windows"}, node.Groups...)}
	reordered := node
	reordered.Groups = []string{"system:nodes", "system:bootstrappers"}
	shadow := awsauth.Entry{RoleARN: "arn:aws:iam::1:role/x/N", Username: "ana"}
	tests := map[string]struct {
		before, after []awsauth.Entry
		refused       bool
	}{
		"a person may go":                          {before: []awsauth.Entry{node, ana}, after: []awsauth.Entry{node}},
		"a node may not":                           {before: []awsauth.Entry{node, ana}, after: []awsauth.Entry{ana}, refused: true},
		"nor one with Windows":                     {before: []awsauth.Entry{windows}, refused: true},
		"groups may change their order":            {before: []awsauth.Entry{node}, after: []awsauth.Entry{reordered}},
		"a later entry may not take its place":     {before: []awsauth.Entry{node}, after: []awsauth.Entry{node, shadow}, refused: true},
		"one that counted no more may go":          {before: []awsauth.Entry{node, both}, after: []awsauth.Entry{both}},
		"or stay":                                  {before: []awsauth.Entry{node, both}, after: []awsauth.Entry{node, both, ana}},
		"but not come back":                        {before: []awsauth.Entry{node, both}, after: []awsauth.Entry{node}, refused: true},
		"an earlier entry of its role is harmless": {before: []awsauth.Entry{node}, after: []awsauth.Entry{shadow, node}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := awsauth.Guard(tt.before, tt.after)
			if errors.Is(err, awsauth.ErrNodeEntry) != tt.refused {
				t.Errorf("got %v, refused is to be %t", err, tt.refused)
			}
			if tt.refused && !strings.Contains(err.Error(), tt.before[0].RoleARN) {
				t.Errorf("%v does not name %s", err, tt.before[0].RoleARN)
			}
		})
	}
}

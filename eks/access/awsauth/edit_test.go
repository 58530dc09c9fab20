package awsauth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
)

const prefix = "delivery:"

func role(name string, groups ...string) awsauth.Entry {
	return awsauth.Entry{RoleARN: "arn:aws:iam::1:role/" + name, Username: prefix + name + ":{{SessionName}}", Groups: groups}
}

// As EKS writes it for a managed node group.
const node = `- groups:
  - system:bootstrappers
  - system:nodes
  rolearn: arn:aws:iam::1:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
`

const ana = `- rolearn: arn:aws:iam::1:role/ana
  username: delivery:ana:{{SessionName}}
  groups:
  - developer
`

const bob = `- rolearn: arn:aws:iam::1:role/bob
  username: delivery:bob:{{SessionName}}
  groups:
  - devops
`

const anaJSON = `{"rolearn":"arn:aws:iam::1:role/ana","username":"delivery:ana:{{SessionName}}","groups":["developer"]}`

var justAna = []awsauth.Entry{role("ana", "developer")}

func TestEdit(t *testing.T) {
	tests := map[string]struct {
		before string
		want   []awsauth.Entry
		adopt  bool
		after  string
	}{
		"an entry is added at the end":       {before: node, want: justAna, after: node + ana},
		"several are sorted":                 {before: node, want: []awsauth.Entry{role("bob", "devops"), role("ana", "developer")}, after: node + ana + bob},
		"the first entry of all":             {before: "", want: justAna, after: ana},
		"the first after a comment":          {before: "# nobody yet\n", want: justAna, after: "# nobody yet\n" + ana},
		"what says nothing gives way":        {before: `""`, want: justAna, after: ana},
		"an entry that is right stays":       {before: node + ana, want: justAna, after: node + ana},
		"also where it is written otherwise": {before: "- {groups: [developer], username: 'delivery:ana:{{SessionName}}', rolearn: arn:aws:iam::1:role/ANA}\n", want: justAna, after: "- {groups: [developer], username: 'delivery:ana:{{SessionName}}', rolearn: arn:aws:iam::1:role/ANA}\n"},
		"one with other groups is replaced where it stands": {
			before: strings.Replace(ana, "developer", "ops", 1) + node, want: justAna, after: ana + node,
		},
		"so is one whose ARN has a path, which the cluster never matches": {
			before: strings.Replace(ana, "role/ana", "role/kre/ana", 1) + node, want: justAna, after: ana + node,
		},
		"a departed one is removed":             {before: ana + node + bob, want: justAna, after: ana + node},
		"all of ours are removed":               {before: ana + node + bob, after: node},
		"of two the later is kept":              {before: ana + node + ana, want: justAna, after: node + ana},
		"a text without a final line break":     {before: strings.TrimSuffix(node, "\n"), want: justAna, after: strings.TrimSuffix(node+ana, "\n")},
		"lines that end in CR LF":               {before: crlf(node), want: justAna, after: crlf(node + ana)},
		"indentation is that of the list":       {before: "  - rolearn: x\n", want: justAna, after: "  - rolearn: x\n" + indented(ana)},
		"a document that begins":                {before: "---\n" + node, want: justAna, after: "---\n" + node + ana},
		"comments between entries stay":         {before: "# people\n" + ana + "\n# machines\n" + node + "# end\n", after: "# people\n\n# machines\n" + node + "# end\n"},
		"odd formatting of others stays":        {before: "-   username:   \"x\"  # who\n    rolearn:    'arn'\n\n\n" + bob, after: "-   username:   \"x\"  # who\n    rolearn:    'arn'\n\n\n"},
		"fields that only others know stay":     {before: "- rolearn: x\n  sso: {permissionSetName: y}\n", want: justAna, after: "- rolearn: x\n  sso: {permissionSetName: y}\n" + ana},
		"a dash of its own line":                {before: "-\n  rolearn: x\n" + bob + "- # c\n  rolearn: z\n", after: "-\n  rolearn: x\n- # c\n  rolearn: z\n"},
		"anchors of others stay":                {before: "- &x\n  rolearn: x\n- *x\n" + bob, after: "- &x\n  rolearn: x\n- *x\n"},
		"an entry that is in the way, adopted":  {before: "- {rolearn: arn:aws:iam::1:role/kre/ana, username: a, groups: []}\n" + node, want: justAna, adopt: true, after: ana + node},
		"JSON stays JSON":                       {before: `[{"rolearn":"x","groups":["system:nodes"]}]`, want: justAna, after: `[{"rolearn":"x","groups":["system:nodes"]},` + anaJSON + `]`},
		"JSON with lines":                       {before: "[\n  {\"rolearn\": \"x\"}\n]\n", want: justAna, after: "[\n  {\"rolearn\": \"x\"},\n  " + anaJSON + "\n]\n"},
		"JSON with spaces":                      {before: `[{"rolearn": "x"}, {"rolearn": "y"}]`, want: justAna, after: `[{"rolearn": "x"}, {"rolearn": "y"}, ` + anaJSON + `]`},
		"an empty list":                         {before: "[ ]", want: justAna, after: "[" + anaJSON + " ]"},
		"the first of JSON is removed":          {before: "[ " + anaJSON + ", {\"rolearn\":\"x\"} ]", after: "[ {\"rolearn\":\"x\"} ]"},
		"the last of JSON is removed":           {before: "[ {\"rolearn\":\"x\"} , " + anaJSON + " ]", after: "[ {\"rolearn\":\"x\"} ]"},
		"one of JSON is replaced":               {before: "[" + strings.Replace(anaJSON, "developer", "ops", 1) + "]", want: justAna, after: "[" + anaJSON + "]"},
		"nothing to do in a form that is unfit": {before: "[{rolearn: x}]", after: "[{rolearn: x}]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			edit := awsauth.Edit{Prefix: prefix, Entries: tt.want, Adopt: tt.adopt}
			got, err := edit.Apply(tt.before)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.after, got); d != "" {
				t.Errorf("text (-want +got):\n%s", d)
			}
			again, err := edit.Apply(got)
			if err != nil || again != got {
				t.Errorf("a second time it changes again: %v\n%s", err, again)
			}
		})
	}
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func indented(s string) string {
	return "  " + strings.TrimSuffix(strings.ReplaceAll(s, "\n", "\n  "), "  ")
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestEditRefuses(t *testing.T) {
	tests := map[string]struct {
		before string
		want   []awsauth.Entry
		prefix string
		adopt  bool
		err    func(error) bool
		text   string // of the error
	}{
		"a text that does not parse": {
			before: node + "- rolearn", err: as[*awsauth.ParseError],
			text: "read mapRoles line 6 (entry 2): want rolearn, username and groups, got a string",
		},
		"an entry of somebody else": {
			before: node + "- {rolearn: arn:aws:iam::1:role/x/Ana, username: ana, groups: [system:masters]}\n", want: justAna, err: as[*awsauth.ConflictError],
			text: `mapRoles has an entry for arn:aws:iam::1:role/x/Ana that is not ours (username "ana", groups [system:masters]): remove it or adopt it`,
		},
		"to adopt the entry of a node": {
			before: node, want: []awsauth.Entry{role("nodes", "devops")}, adopt: true, err: is(awsauth.ErrNodeEntry),
			text: "the entry of a node would be gone, and its nodes with it: arn:aws:iam::1:role/nodes",
		},
		"an anchor of ours that others use": {
			before: "- &x\n  rolearn: arn:aws:iam::1:role/ana\n  username: delivery:ana\n- *x\n- <<: *x\n  username: z\n", err: is(awsauth.ErrForm),
			text: "mapRoles is written in a form that is not edited: write it as a plain YAML or JSON list (after the edit the cluster would not read mapRoles: unknown anchor 'x' referenced)",
		},
		"a block scalar that the added line would change": {
			before: "- rolearn: x\n  username: |\n    y", want: justAna, err: is(awsauth.ErrForm),
			text: "mapRoles is written in a form that is not edited: write it as a plain YAML or JSON list (the edit would change an entry that is not ours: x)",
		},
		"a flow list that is no JSON": {
			before: "[{rolearn: x}]", want: justAna, err: is(awsauth.ErrForm),
			text: "mapRoles is written in a form that is not edited: write it as a plain YAML or JSON list (line 1 begins no entry)",
		},
		"a line break of the old Macintosh": {
			before: "- rolearn: x\r  username: z\n", want: justAna, err: is(awsauth.ErrForm),
			text: "mapRoles is written in a form that is not edited: write it as a plain YAML or JSON list (it has line breaks that are neither LF nor CR LF)",
		},
		"no prefix":              {prefix: " ", err: is(awsauth.ErrEntry), text: `entry cannot be written: "" cannot mark what is ours`},
		"a prefix of Kubernetes": {prefix: "system:", err: is(awsauth.ErrEntry), text: `entry cannot be written: "system:" cannot mark what is ours`},
		"a role twice": {
			want: []awsauth.Entry{role("ana", "a"), role("x/Ana", "b")}, err: is(awsauth.ErrEntry),
			text: "entry cannot be written: arn:aws:iam::1:role/x/Ana: its role has two entries",
		},
		"a username that is not ours": {
			want: []awsauth.Entry{{RoleARN: "r", Username: "ana"}}, err: is(awsauth.ErrEntry),
			text: `entry cannot be written: r: its username "ana" does not begin with "delivery:"`,
		},
		"a person in the group of nodes": {
			want: []awsauth.Entry{role("ana", "system:nodes")}, err: is(awsauth.ErrEntry),
			text: "entry cannot be written: arn:aws:iam::1:role/ana: it would be the entry of a node",
		},
		"an entry without a role": {
			want: []awsauth.Entry{{Username: "delivery:ana"}}, err: is(awsauth.ErrEntry),
			text: "entry cannot be written: delivery:ana: it has no role ARN",
		},
		"bytes that are no text": {
			want: []awsauth.Entry{role("\xff")}, err: is(awsauth.ErrEntry),
			text: "entry cannot be written: arn:aws:iam::1:role/\xff: it is no valid UTF-8",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.prefix == "" {
				tt.prefix = prefix
			}
			got, err := awsauth.Edit{Prefix: strings.TrimSpace(tt.prefix), Entries: tt.want, Adopt: tt.adopt}.Apply(tt.before)
			if err == nil {
				t.Fatalf("accepted:\n%s", got)
			}
			if err.Error() != tt.text {
				t.Errorf("got  %v\nwant %v", err, tt.text)
			}
			if !tt.err(err) {
				t.Errorf("%v (%T) is of another kind", err, err)
			}
		})
	}
}

func TestNamesAreQuotedWhereYAMLWantsIt(t *testing.T) {
	for _, name := range []string{
		"true", "no", "null", "~", "12", "1e3", "0x1f", "12:30:45", "a: b", "a #b", "*x", "&x", "- x", "", " a", "a ",
		"a\nb", `a"b`, "a'b", "{a}", "[a]", "ünï", "\u2028", "a\tb", "<<", "=", "@a", "%a", "y",
	} {
		entry := awsauth.Entry{RoleARN: "arn:aws:iam::1:role/" + name + "x", Username: prefix + name, Groups: []string{name}}
		for _, before := range []string{node, "[]"} {
			got, err := awsauth.Edit{Prefix: prefix, Entries: []awsauth.Entry{entry}}.Apply(before)
			if err != nil {
				t.Errorf("%q: %v", name, err)
				continue
			}
			entries, err := awsauth.Parse(got)
			if err != nil {
				t.Errorf("%q: %v", name, err)
				continue
			}
			if d := cmp.Diff(entry, entries[len(entries)-1]); d != "" {
				t.Errorf("%q (-want +got):\n%s", name, d)
			}
		}
	}
}

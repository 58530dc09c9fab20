package exemplar

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEdit(t *testing.T) {
	const body = `Parameters:
  Clients: {Type: String}
  Other: {Type: String}
  Zone: {Type: String}

Resources:
  A:
    Type: T
    DeletionPolicy: Retain # for good
    UpdateReplacePolicy: Snapshot
    Properties:
      Rules:
        - {From: !Ref Clients, Port: 80} # HTTP
        - {From: !Ref Other}
      # none yet
      Tags: []
      Data: {Size: 1}
      Arns:
        - !Sub arn:${Partition}:zone/${Zone}
`
	tests := map[string]struct {
		edit func(*Template) error
		want string // in the place of A's lines that change
	}{
		"a property is set, and keeps the comment above it": {
			func(tpl *Template) error {
				return tpl.Set("A", "Tags", []map[string]string{{"Key": "a", "Value": "8"}})
			},
			strings.Replace(body, "Tags: []\n", "Tags:\n        - Key: a\n          Value: '8'\n", 1),
		},
		"a property of a property is set": {
			func(tpl *Template) error { return tpl.Set("A", "Data.Size", "large") },
			strings.Replace(body, "{Size: 1}", "{Size: large}", 1),
		},
		"an element is appended": {
			func(tpl *Template) error { return tpl.Append("A", "Rules", "x") },
			strings.Replace(body, "!Ref Other}\n", "!Ref Other}\n        - x\n", 1),
		},
		"elements are spread over values, and their parameter is gone": {
			func(tpl *Template) error { tpl.Spread("Clients", []string{"1.0.0.0/8", "2.0.0.0/8"}); return nil },
			strings.NewReplacer("  Clients: {Type: String}\n", "",
				"- {From: !Ref Clients, Port: 80} # HTTP\n", "- {From: 1.0.0.0/8, Port: 80} # HTTP\n        - {From: 2.0.0.0/8, Port: 80} # HTTP\n").Replace(body),
		},
		"an element is spread over values in its text": {
			func(tpl *Template) error { tpl.Spread("Zone", []string{"Z1", "Z2"}); return nil },
			strings.NewReplacer("  Zone: {Type: String}\n", "",
				"zone/${Zone}\n", "zone/Z1\n        - !Sub arn:${Partition}:zone/Z2\n").Replace(body),
		},
		"nothing outlives the stack": {
			func(tpl *Template) error { tpl.Discard(); return nil },
			strings.NewReplacer("Retain # for good", "Delete", "Snapshot", "Delete").Replace(body),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := parse(t, body)
			if err := tt.edit(tpl); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, written(t, tpl)); d != "" {
				t.Errorf("template (-want +got):\n%s", d)
			}
		})
	}
	t.Run("what is not there cannot be edited", func(t *testing.T) {
		tpl := parse(t, body)
		for _, err := range []error{tpl.Set("A", "Gone", 1), tpl.Set("B", "Tags", 1), tpl.Append("A", "Gone", 1), tpl.Append("B", "Rules", 1), tpl.Set("A", "Tags", func() {})} {
			if err == nil {
				t.Error("no error")
			}
		}
	})
}

func TestSettle(t *testing.T) {
	const body = `Parameters:
  Secrets: {Type: CommaDelimitedList, Default: ''}
  Keys: {Type: CommaDelimitedList, Default: ''}

Conditions:
  HasSecrets: !Not [!Equals [!Join ['', !Ref Secrets], '']]
  HasKeys: !Not [!Equals [!Join ['', !Ref Keys], '']]

Resources:
  Role:
    Type: T
    Policies:
      # what it reads
      - !If [HasSecrets, {Resource: !Ref Secrets}, !Ref AWS::NoValue]
      - !If [HasKeys, {Resource: !Ref Keys}, !Ref AWS::NoValue]
  Key: {Type: T, Condition: HasKeys}

Outputs:
  Key: {Condition: HasKeys, Value: !Ref Key}
  Role: {Value: !Ref Role}
`
	const want = `Parameters: {}
Conditions: {}

Resources:
  Role:
    Type: T
    Policies:
      # what it reads
      - {Resource: [a, 'no']}

Outputs:
  Role: {Value: !Ref Role}
`
	tpl := parse(t, body)
	tpl.Settle(map[string]any{"Secrets": []string{"a", "no"}, "Keys": []string(nil)}, map[string]bool{"HasSecrets": true, "HasKeys": false})
	if d := cmp.Diff(want, written(t, tpl)); d != "" {
		t.Errorf("template (-want +got):\n%s", d)
	}
}

// TestQuote holds what YAML 1.1 takes for something else than text to be quoted,
// and no more than that.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"y": "'y'", "No": "'No'", "OFF": "'OFF'", "true": "'true'", "Null": "'Null'", "~": "'~'", "": "''", "=": "'='", "<<": "'<<'",
		"7.1": "'7.1'", "007": "'007'", "0o17": "'0o17'", "0x1F": "'0x1F'", "1_000": "'1_000'", "1e3": "'1e3'", "-1": "'-1'", "+.5": "'+.5'",
		"12:30:45": "'12:30:45'", "2026-01-01": "'2026-01-01'", ".inf": "'.inf'", "-.NaN": "'-.NaN'",
		"north": "north", "yes-man": "yes-man", "10.0.0.0/8": "10.0.0.0/8", "a1": "a1",
	} {
		tpl := parse(t, "Parameters: {P: {}}\nResources: {A: {V: [!Ref P], W: !Sub '${P}'}}")
		tpl.Settle(map[string]any{"P": text}, nil)
		if got := written(t, tpl); !strings.Contains(got, "{V: ["+want+"], W: ") {
			t.Errorf("%q is written as %s", text, got)
		}
	}
}

func TestNames(t *testing.T) {
	const body = `Resources:
  Cluster: {Type: 'AWS::ECS::Cluster', Properties: {ClusterName: !Ref Environment}}
  Cache: {Type: 'AWS::ElastiCache::ReplicationGroup', Properties: {ReplicationGroupId: !Sub '${Environment}-feedback'}}
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub '${Environment}-${AWS::AccountId}'}}
  Space: {Type: 'AWS::ServiceDiscovery::PrivateDnsNamespace', Properties: {Name: !Sub '${Environment}.local'}}
  Alarm: {Type: 'AWS::CloudWatch::Alarm', Properties: {Namespace: x}}
  Other: {Type: T, Properties: {Name: x}}
`
	join := func(_ string, parts ...string) (string, error) {
		return strings.Join(append([]string{"env"}, parts...), "-"), nil
	}
	cut := func(n int, kinds ...string) func(string, ...string) (string, error) {
		return func(kind string, parts ...string) (string, error) {
			name, err := join(kind, parts...)
			if strings.Contains(strings.Join(kinds, ","), kind) {
				name = name[:min(n, len(name))]
			}
			return name, err
		}
	}
	tests := map[string]struct {
		name func(string, ...string) (string, error)
		want string // replaces in body, as old -> new
		err  string
	}{
		"names that fit stay formulas": {name: join},
		"a name that is changed is taken over": {
			name: cut(6, "replication group"),
			want: "!Sub '${Environment}-feedback' -> env-fe",
		},
		"what follows a limited name stays": {
			name: cut(2, "Cloud Map namespace"),
			want: "!Sub '${Environment}.local' -> en.local",
		},
		"a name with the account's number cannot be": {
			name: cut(6, "bucket"),
			err:  "bucket env-000000000000: its name, with the account's number for the zeros, is too long",
		},
		"an error is handed on": {
			name: func(kind string, _ ...string) (string, error) { return "", errors.New("no " + kind) },
			err:  "no ECS cluster\nno replication group\nno bucket\nno Cloud Map namespace",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := parse(t, body)
			before := written(t, tpl)
			err := tpl.Names("env", tt.name)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			old, changed, _ := strings.Cut(tt.want, " -> ")
			if d := cmp.Diff(strings.Replace(before, old, changed, 1), written(t, tpl)); d != "" {
				t.Errorf("template (-want +got):\n%s", d)
			}
		})
	}
	t.Run("what the caller names is left alone", func(t *testing.T) {
		tpl := parse(t, "Resources: {A: {Type: 'AWS::IAM::Role', Properties: {RoleName: eks-a}}, B: {Type: 'AWS::IAM::User', Properties: {UserName: !Sub '${Environment}-b'}}}")
		var asked []string
		err := tpl.Names("env", func(kind string, parts ...string) (string, error) {
			asked = append(asked, kind)
			return join(kind, parts...)
		}, "A")
		if d := cmp.Diff([]string{"user"}, asked); d != "" || err != nil {
			t.Errorf("error %v; asked for (-want +got):\n%s", err, d)
		}
	})
	t.Run("what AWS names is left alone", func(t *testing.T) {
		tpl := parse(t, "Resources: {A: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Sub '/aws/ecs/${Environment}'}}}")
		if err := tpl.Names("env", func(string, ...string) (string, error) { return "", errors.New("asked") }); err != nil {
			t.Error(err)
		}
	})
	t.Run("two of a type cannot have one name", func(t *testing.T) {
		tpl := parse(t, `Resources:
  A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref Environment}}
  B: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Sub '${Environment}'}}
  C: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Environment}}
`)
		if err := tpl.Names("env", join); err == nil || err.Error() != "A and B: each topic would be called env; rename one" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a name that does not begin with the environment is a fault of the template", func(t *testing.T) {
		for _, name := range []string{"fixed", "!Sub 'a-${Environment}'", "!Sub '${Environment}x'", "!Ref Other"} {
			tpl := parse(t, "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: "+name+"}}}")
			if err := tpl.Names("env", join); err == nil || !strings.Contains(err.Error(), "does not begin with the environment") {
				t.Errorf("%s: error %v", name, err)
			}
		}
	})
}

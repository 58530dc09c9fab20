package exemplar

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parse reads a template that has to be good.
func parse(t *testing.T, body string) *Template {
	t.Helper()
	tpl, err := Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// text returns a template as it is written.
func written(t *testing.T, tpl *Template) string {
	t.Helper()
	out, err := tpl.Bytes("")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// fruit has an exemplar of each sort.
const fruit = `Parameters:
  Environment: {Type: String}
  AppleName: {Type: String, Default: x}
  # how it tastes
  AppleTaste: {Type: String}

Conditions:
  IsBig: !Equals [!Ref Environment, big]
  AppleIsRed: !Equals [!Ref AppleName, red]

Resources:
  # The tree.
  Tree:
    Type: AWS::Plant::Tree
  # One of many apples.
  Apple:
    Type: AWS::Plant::Apple # round
    DependsOn: ApplePip
    Properties:
      Name: !Ref AppleName # its name
      Taste: !Ref AppleTaste
      Text: !Sub '${AppleName} of ${Environment} on ${Tree.Arn} with ${ApplePip.Arn} not ${!AppleName}'
      Plain: !Sub 'an ${AppleName}'
      Pip: !GetAtt ApplePip.Arn
      Colour: !If [AppleIsRed, red, !Ref AWS::NoValue]
      Size: !If [IsBig, big, !Ref AWS::NoValue]
      List:
        - !If [AppleIsRed, first, !Ref AWS::NoValue]
        - last
  ApplePip:
    Type: AWS::Plant::Pip
    Condition: AppleIsRed

Outputs:
  Apple: {Value: !Ref Apple}
`

func TestRepeat(t *testing.T) {
	red := Copy{
		IDs:        map[string]string{"Apple": "AppleRed"},
		Values:     map[string]any{"AppleName": "red ${x}"},
		Conditions: map[string]bool{"AppleIsRed": true},
	}
	green := Copy{
		IDs:        map[string]string{"Apple": "AppleGreen"},
		Values:     map[string]any{"AppleName": "green", "AppleTaste": []string{"sour", "007"}},
		Conditions: map[string]bool{"AppleIsRed": false},
	}
	tests := map[string]struct {
		copies []Copy
		want   string
	}{
		"without copies the exemplar is gone": {
			want: `Parameters:
  Environment: {Type: String}

Conditions:
  IsBig: !Equals [!Ref Environment, big]

Resources:
  # The tree.
  Tree:
    Type: AWS::Plant::Tree

Outputs: {}
`,
		},
		"values, names and conditions are those of each copy, and comments stay with the first": {
			copies: []Copy{red, green},
			want: `Parameters:
  Environment: {Type: String}

  # how it tastes
  AppleRedTaste: {Type: String}

Conditions:
  IsBig: !Equals [!Ref Environment, big]

Resources:
  # The tree.
  Tree:
    Type: AWS::Plant::Tree

  # One of many apples.
  AppleRed:
    Type: AWS::Plant::Apple # round
    DependsOn: AppleRedPip
    Properties:
      Name: red ${x} # its name
      Taste: !Ref AppleRedTaste
      Text: !Sub 'red ${!x} of ${Environment} on ${Tree.Arn} with ${AppleRedPip.Arn} not ${!AppleName}'
      Plain: !Sub 'an red ${!x}'
      Pip: !GetAtt AppleRedPip.Arn
      Colour: red
      Size: !If [IsBig, big, !Ref 'AWS::NoValue']
      List:
        - first
        - last
  AppleRedPip:
    Type: AWS::Plant::Pip
  AppleGreen:
    Type: AWS::Plant::Apple
    DependsOn: AppleGreenPip
    Properties:
      Name: green
      Taste: [sour, '007']
      Text: !Sub 'green of ${Environment} on ${Tree.Arn} with ${AppleGreenPip.Arn} not ${!AppleName}'
      Plain: 'an green'
      Pip: !GetAtt AppleGreenPip.Arn
      Size: !If [IsBig, big, !Ref 'AWS::NoValue']
      List:
        - last

Outputs:
  AppleRed: {Value: !Ref AppleRed}
  AppleGreen: {Value: !Ref AppleGreen}
`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := parse(t, fruit)
			if err := tpl.Repeat(map[string][]Copy{"Apple": tt.copies}); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, written(t, tpl)); d != "" {
				t.Errorf("template (-want +got):\n%s", d)
			}
		})
	}
}

func TestRepeatKinds(t *testing.T) {
	tpl := parse(t, `Resources:
  Cache: {Type: T}
  CacheNode: {Type: T, DependsOn: [Cache], Of: !Ref Cache, Also: !Ref Cached}
  Cached: {Type: T}
`)
	err := tpl.Repeat(map[string][]Copy{
		"Cache":     {{IDs: map[string]string{"Cache": "CacheA"}}},
		"CacheNode": {{IDs: map[string]string{"Cache": "CacheA", "CacheNode": "CacheANode1"}}, {IDs: map[string]string{"Cache": "CacheA", "CacheNode": "CacheANode2"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `Resources:
  CacheA: {Type: T}
  CacheANode1: {Type: T, DependsOn: [CacheA], Of: !Ref CacheA, Also: !Ref Cached}
  CacheANode2: {Type: T, DependsOn: [CacheA], Of: !Ref CacheA, Also: !Ref Cached}
  Cached: {Type: T}
`
	if d := cmp.Diff(want, written(t, tpl)); d != "" {
		t.Errorf("the longest kind wins, and a word that goes on is of none (-want +got):\n%s", d)
	}
}

func TestRepeatFaults(t *testing.T) {
	decided := map[string]bool{"AppleIsRed": true}
	tests := map[string]struct {
		copies map[string][]Copy
		want   []string
	}{
		"two copies with one logical id": {
			map[string][]Copy{"Apple": {{Conditions: decided}, {Conditions: decided}}},
			[]string{"two copies have the logical id Apple\n", "two copies have the logical id ApplePip"},
		},
		"a copy that is called as something else": {
			map[string][]Copy{"Apple": {{IDs: map[string]string{"Apple": "Tree"}, Conditions: decided}}},
			[]string{"two copies have the logical id Tree"},
		},
		"a condition that is undecided": {
			map[string][]Copy{"Apple": {{}}}, []string{"condition AppleIsRed is undecided"},
		},
		"a kind that the template does not have": {
			map[string][]Copy{"Apple": nil, "Pear": nil}, []string{"nothing in the template begins with Pear"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := parse(t, fruit).Repeat(tt.copies)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error()+"\n", want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestParse(t *testing.T) {
	for name, body := range map[string]string{
		"a template that is no YAML":          "a: [",
		"a template that is nothing":          "",
		"a template that is a list":           "- a",
		"a template without resources":        "Outputs: {}",
		"a template whose resources are text": "Resources: none",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := Parse([]byte(body)); err == nil || !strings.HasPrefix(err.Error(), "parse template: ") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// squeeze removes what a tree of nodes does not keep: empty lines, quotes around
// what has a colon, and the comments that Bytes replaces.
func squeeze(body string) string {
	var kept []string
	begun := false
	for line := range strings.Lines(body) {
		begun = begun || !strings.HasPrefix(line, "#")
		if begun && strings.TrimSpace(line) != "" {
			kept = append(kept, strings.ReplaceAll(line, "'", ""))
		}
	}
	return strings.Join(kept, "")
}

func TestBytesKeepsCommentsAndTags(t *testing.T) {
	for _, name := range []string{"network", "roles", "environment"} {
		t.Run(name, func(t *testing.T) {
			source, err := os.ReadFile("../../" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			tpl := parse(t, string(source))
			if d := cmp.Diff(squeeze(string(source)), squeeze(written(t, tpl))); d != "" {
				t.Errorf("what is read and written is another template (-source +written):\n%s", d)
			}
			once := written(t, tpl)
			if d := cmp.Diff(once, written(t, parse(t, once))); d != "" {
				t.Errorf("written twice, it changes (-once +twice):\n%s", d)
			}
		})
	}
}

func TestBytesNote(t *testing.T) {
	out, err := parse(t, "# old\n\n# also old\nResources:\n  A: {Type: T}\n").Bytes("new\nlines")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("# new\n# lines\nResources:\n  A: {Type: T}\n", string(out)); d != "" {
		t.Errorf("template (-want +got):\n%s", d)
	}
}

package awsauth_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
)

// piece is a stretch of a random mapRoles, and whether it is an entry of ours.
type piece struct {
	text string
	ours bool
}

// randomBlock is a YAML list of people, machines and remarks, in the many ways in
// which one can write it.
func randomBlock(r *rand.Rand) (pieces []piece) {
	indent := strings.Repeat(" ", r.IntN(4))
	eol := []string{"\n", "\n", "\r\n"}[r.IntN(3)]
	add := func(ours bool, lines ...string) {
		var b strings.Builder
		for _, line := range lines {
			b.WriteString(indent + line + eol)
		}
		pieces = append(pieces, piece{b.String(), ours})
	}
	if r.IntN(4) == 0 {
		pieces = append(pieces, piece{"---" + eol, false})
	}
	for i := range r.IntN(8) {
		n := fmt.Sprint(i)
		switch r.IntN(11) {
		case 0:
			add(false, "- rolearn: arn:aws:iam::1:role/node"+n, "  username: system:node:{{EC2PrivateDNSName}}", "  groups: ['system:nodes', \"system:bootstrappers\"]")
		case 1:
			add(false, "- {rolearn: 'x"+n+"', # who", "   username: \"it's - me\", groups: [a,", "     b]}")
		case 2:
			add(false, "-", "    rolearn:  x"+n, "    # - rolearn: commented", "    sso: {permissionSetName: p, accountID: '1'}")
		case 3:
			add(false, "- &a"+n, "  rolearn: x"+n, "  username: >-", "    folded", "    - text", "- *a"+n)
		case 4:
			add(false, "# remark "+n+" with ünïcode ✓ and 'quotes\"")
		case 5:
			pieces = append(pieces, piece{eol, false})
		case 6:
			add(false, "- rolearn: x"+n+" # - no entry", "  groups:", "  - a", "  -   b", "", "  username: \"a\\", "    b\"")
		case 7:
			add(true, "- rolearn: arn:aws:iam::1:role/old"+n, "  username: delivery:old", "  groups:", "  - gone", "  # and this goes with it", "  - too")
		case 8:
			add(true, `- {"rolearn": "arn:aws:iam::1:role/p/Old`+n+`", "username": "delivery:x", "groups": []}`)
		case 9:
			add(true, "-   groups: [a,", "      b]", "    username:   'delivery:{{SessionName}}'", "    rolearn: arn:aws:iam::1:role/old"+n+"   # gone")
		case 10:
			add(false, "- USERNAME: me", "  extra: {deep: [1, 2.5, true, null]}", "  RoleARN: x"+n)
		}
	}
	return pieces
}

func randomJSON(r *rand.Rand) (pieces []piece) {
	space := []string{"", " ", "\n  ", "\t"}[r.IntN(4)]
	pieces = append(pieces, piece{"[", false})
	n := r.IntN(6)
	for i := range n {
		ours := r.IntN(3) == 0
		username := []string{"ana, {[\\\"\u00fc", "delivery:old"}[b2i(ours)]
		pieces = append(pieces, piece{fmt.Sprintf(`{"rolearn":%s"x%d", "username": "%s"}`, space, i, username), ours})
	}
	return append(pieces, piece{"]", false})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestRandomTexts builds texts of which it knows each stretch, and holds every edit
// to the one that follows from dropping and adding stretches.
func TestRandomTexts(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 3000 {
		pieces := randomBlock(r)
		before, foreign := join(pieces)
		checkRandom(t, before, foreign)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for range 1000 {
		pieces := randomJSON(r)
		var all []string
		var foreign []string
		for _, p := range pieces[1 : len(pieces)-1] {
			all = append(all, p.text)
			if !p.ours {
				foreign = append(foreign, p.text)
			}
		}
		sep := []string{",", ", ", "\n,\n"}[r.IntN(3)]
		checkRandom(t, "["+strings.Join(all, sep)+"]", "["+strings.Join(foreign, sep)+"]")
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func join(pieces []piece) (all, foreign string) {
	for _, p := range pieces {
		all += p.text
		if !p.ours {
			foreign += p.text
		}
	}
	return all, foreign
}

func checkRandom(t *testing.T, before, foreign string) {
	t.Helper()
	if _, err := awsauth.Parse(before); err != nil {
		t.Fatalf("the test wrote what does not parse: %v\n%s", err, before)
	}
	none := awsauth.Edit{Prefix: prefix}
	got, err := none.Apply(before)
	if err != nil || got != foreign {
		t.Errorf("removed ours: %v\n%q\nof\n%q\nwant\n%q", err, got, before, foreign)
		return
	}
	some := awsauth.Edit{Prefix: prefix, Entries: []awsauth.Entry{role("new", "developer"), role("Old1", "devops", "x")}}
	got, err = some.Apply(before)
	if err != nil {
		t.Errorf("add: %v\n%s", err, before)
		return
	}
	checkMeaning(t, before, got, some)
	if got, err = none.Apply(got); err != nil || got != foreign {
		t.Errorf("added and removed: %v\n%q\nof\n%q\nwant\n%q", err, got, before, foreign)
	}
}

// checkMeaning compares what others have in before and after, and what is ours in
// after with the edit, by a reader of its own.
func checkMeaning(t *testing.T, before, after string, edit awsauth.Edit) {
	t.Helper()
	was, _ := split(t, before)
	is, ours := split(t, after)
	if !reflect.DeepEqual(was, is) {
		t.Errorf("entries of others changed:\n%v\n%v\nfrom\n%s\nto\n%s", was, is, before, after)
	}
	if len(ours) != len(edit.Entries) {
		t.Errorf("%d entries of ours, want %d:\n%s", len(ours), len(edit.Entries), after)
	}
	for _, want := range edit.Entries {
		if !slices.ContainsFunc(ours, func(e awsauth.Entry) bool {
			return strings.EqualFold(e.RoleARN, want.RoleARN) && e.Username == want.Username && slices.Equal(e.Groups, want.Groups)
		}) {
			t.Errorf("%v is not in\n%s", want, after)
		}
	}
}

func split(t *testing.T, text string) (foreign []any, ours []awsauth.Entry) {
	t.Helper()
	if slices.Contains([]string{"", `""`, "``"}, strings.TrimSpace(text)) {
		return nil, nil // the cluster does not look into it
	}
	var all []any
	if err := yaml.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, one := range all {
		data, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		var e awsauth.Entry
		if err := json.Unmarshal(data, &e); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(e.Username, prefix) && !e.Node() {
			ours = append(ours, e)
		} else {
			foreign = append(foreign, one)
		}
	}
	return foreign, ours
}

// FuzzEdit holds any text to this: it is refused, or what others have in it means
// the same afterwards, their lines are all there, and ours are as wanted.
func FuzzEdit(f *testing.F) {
	for _, text := range []string{
		node, node + ana, crlf(node + bob), "[" + anaJSON + "]", "[ {\"a\" : 1} , {} ]\n", "- {rolearn: x,\n username: y z}\n- *a\n",
		"---\n# c\n- &a {rolearn: x}\n- <<: *a\n", "%YAML 1.1\n---\n- a: |\n    - b\n", "- a\n---\n- b\n...", "\ufeff- a: 1\n", `""`, "``", "null", "~",
		"- rolearn: \"a\n\n  b\"\n- ! x\n", "-\t{}\n- \n", "- a: >+\n   x\n\n\n", "? - a\n: b\n", "- username: delivery:\u2028x\n  rolearn: y\n", "-\r\n  rolearn: x\n-\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		some := awsauth.Edit{Prefix: prefix, Entries: []awsauth.Entry{role("ana", "developer"), role("zoe")}}
		got, err := some.Apply(text)
		if err != nil {
			return
		}
		checkMeaning(t, text, got, some)
		if again, err := some.Apply(got); err != nil || again != got {
			t.Errorf("a second time it changes again: %v\n%q\n%q", err, got, again)
		}
		if _, ours := split(t, text); len(ours) == 0 && strings.Trim(text, " \t\r\n") != "" && !says(text) {
			back, err := awsauth.Edit{Prefix: prefix}.Apply(got)
			if err != nil || back != text {
				t.Errorf("added and removed: %v\n%q\n%q", err, text, back)
			}
		}
	})
}

// says reports whether text is one of those that say nothing in a word.
func says(text string) bool {
	return slices.Contains([]string{`""`, "``", "null", "~"}, strings.TrimSpace(text))
}

// FuzzParse holds the reading to that of a plain YAML reader.
func FuzzParse(f *testing.F) {
	f.Add(node)
	f.Add("[{}]")
	f.Add("- groups: [1]")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := awsauth.Parse(text)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
			return
		}
		foreign, ours := split(t, text)
		if len(entries) != len(foreign)+len(ours) {
			t.Errorf("%d entries, want %d", len(entries), len(foreign)+len(ours))
		}
	})
}

package lifecycle_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

var safe, errSafe = lifecycle.Default([]string{"latest-*"}, 500)

func TestRisks(t *testing.T) {
	images := []lifecycle.Image{
		image("old", 200, "inputs-1", "latest-master"),
		image("mid", 100, "inputs-2"),
		image("new", 1, "inputs-3", "latest-8527fec8"),
		image("bare", 20),
		image("env", 3, "8527fec8-9"),
		{Digest: "cold", Pushed: daysAgo(300), Archived: daysAgo(1)},
	}
	untagged := func(priority, n int) lifecycle.Rule {
		r := byCount(priority, n)
		r.Selection.TagStatus = lifecycle.Untagged
		return r
	}
	pulled := byAge(1, 30, lifecycle.Any)
	pulled.Selection.CountType = lifecycle.SinceImagePulled
	pulled.Action = lifecycle.Action{Type: lifecycle.Transition, Target: lifecycle.Archive}
	tests := map[string]struct {
		rules   []lifecycle.Rule
		running []string
		want    string // of the reason; "" is no risk
	}{
		"nothing runs":                                     {rules: []lifecycle.Rule{byAge(1, 1, lifecycle.Any)}},
		"it would go today":                                {rules: []lifecycle.Rule{byAge(1, 14, lifecycle.Tagged, "inputs-")}, running: []string{"old"}, want: "it runs, and the rule would expire it at once, since its push is more than 14 days ago"},
		"it will be old one day":                           {rules: []lifecycle.Rule{byAge(1, 365, lifecycle.Tagged, "inputs-")}, running: []string{"new"}, want: "365 days after its push"},
		"nobody has pulled it for long":                    {rules: []lifecycle.Rule{pulled}, running: []string{"new"}, want: "would archive it 30 days after its last pull"},
		"a shield moves away with the next deployment":     {rules: []lifecycle.Rule{byPattern(1, 100_000, "latest-*"), byAge(2, 14, lifecycle.Tagged, "inputs-")}, running: []string{"old"}, want: "once latest-master is no longer its tag, the rule would expire it at once"},
		"what it falls back to has no room":                {rules: []lifecycle.Rule{byPattern(1, 100_000, "latest-*"), byCount(2, 1, "inputs-")}, running: []string{"new"}, want: "once latest-8527fec8 is no longer its tag, the rule would expire it after 1 more images that are tagged inputs-*, where 50 are to have room: raise countNumber to 51"},
		"what it falls back to has room":                   {rules: []lifecycle.Rule{byPattern(1, 100_000, "latest-*"), byCount(2, 51, "inputs-")}, running: []string{"new"}},
		"it may lose its last tag, and is old at once":     {rules: []lifecycle.Rule{byAge(1, 30, lifecycle.Untagged)}, running: []string{"old"}, want: "once inputs-1, latest-master are no longer its tags, the rule would expire it at once"},
		"untagged images that are counted have room":       {rules: []lifecycle.Rule{untagged(1, 52)}, running: []string{"old"}},
		"untagged images that are counted have none":       {rules: []lifecycle.Rule{untagged(1, 51)}, running: []string{"old"}, want: "after 50 more images that are untagged"},
		"a rule that an earlier one leaves nothing":        {rules: []lifecycle.Rule{byPattern(1, 100_000, "latest-*"), byAge(2, 14, lifecycle.Tagged, "latest-m")}, running: []string{"old"}},
		"a rule for any is reached by what loses all tags": {rules: []lifecycle.Rule{byPattern(1, 100_000, "latest-*"), byCount(2, 500, "inputs-"), byAge(3, 14, lifecycle.Any)}, running: []string{"old"}, want: "rule 3"},
		"or not, where the untagged have one of their own": {rules: []lifecycle.Rule{byPattern(1, 100_000, "latest-*"), byCount(2, 500, "inputs-"), untagged(3, 500), byAge(4, 14, lifecycle.Any)}, running: []string{"old"}},
		"a rule for two tags shields nothing":              {rules: []lifecycle.Rule{byCount(1, 100_000, "inputs-", "latest-"), byAge(2, 14, lifecycle.Tagged, "inputs-")}, running: []string{"old"}, want: "rule 2"},
		"a rule about other images":                        {rules: []lifecycle.Rule{byAge(1, 14, lifecycle.Tagged, "8527fec8-")}, running: []string{"old"}},
		"a count with room":                                {rules: []lifecycle.Rule{byCount(1, 53, "inputs-")}, running: []string{"old"}},
		"a count without":                                  {rules: []lifecycle.Rule{byCount(1, 52, "inputs-")}, running: []string{"old"}, want: "after 50 more images that are tagged inputs-*, where 50 are to have room: raise countNumber to 53"},
		"a count that it is beyond":                        {rules: []lifecycle.Rule{byCount(1, 2, "inputs-")}, running: []string{"old"}, want: "would expire it at once, since 2 newer images are tagged inputs-*: raise countNumber to 53"},
		"an image that has lost its tags":                  {rules: []lifecycle.Rule{byAge(1, 30, lifecycle.Untagged)}, running: []string{"bare"}, want: "30 days after its push"},
		"what is archived and what is not there":           {rules: []lifecycle.Rule{byAge(1, 1, lifecycle.Any)}, running: []string{"cold", "gone"}},
		"the default policy":                               {rules: safe.Rules, running: []string{"old", "new", "mid", "bare", "env"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			risks := lifecycle.Policy{Rules: tt.rules}.Risks(images, tt.running, lifecycle.RiskOptions{Now: now})
			switch {
			case tt.want == "" && len(risks) > 0:
				t.Errorf("risks: %v", risks)
			case tt.want != "" && (len(risks) != 1 || !strings.Contains(risks[0].String(), tt.want)):
				t.Errorf("risks: %v, want one with %q", risks, tt.want)
			}
		})
	}
}

func TestEveryRuleThatEndangersIsNamed(t *testing.T) {
	images := []lifecycle.Image{image("a", 20, "inputs-1", "latest-x")}
	policy := lifecycle.Policy{Rules: []lifecycle.Rule{byPattern(1, 1, "latest-*"), byAge(2, 14, lifecycle.Tagged, "inputs-"), byAge(3, 14, lifecycle.Untagged)}}
	var rules []int
	for _, r := range policy.Risks(images, []string{"a"}, lifecycle.RiskOptions{Now: now}) {
		rules = append(rules, r.Rule)
	}
	if d := cmp.Diff([]int{1, 2, 3}, rules); d != "" {
		t.Errorf("rules (-want +got):\n%s", d)
	}
}

func TestDefault(t *testing.T) {
	if errSafe != nil {
		t.Fatal(errSafe)
	}
	p, err := lifecycle.Default([]string{"latest-*", "master-*"}, lifecycle.DefaultHeadroom+1)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := lifecycle.Parse([]byte(p.Text())); err != nil || again.Text() != p.Text() {
		t.Errorf("its text does not say what it is: %v", err)
	}
	just := []lifecycle.Image{image("a", 1000, "inputs-1", "latest-x", "8527fec8-1")}
	if risks := p.Risks(just, []string{"a"}, lifecycle.RiskOptions{Now: now}); len(risks) > 0 {
		t.Errorf("the least that it takes is a risk: %v", risks)
	}
}

func TestDefaultRefuses(t *testing.T) {
	tests := map[string]struct {
		keep   []string
		newest int
		want   string
	}{
		"too few":                 {newest: 50, want: "the newest 50 images are too few: want more than 50"},
		"none":                    {newest: 0, want: "too few"},
		"a pattern twice":         {keep: []string{"latest-*", "latest-*"}, newest: 500, want: "both select images that are tagged latest-*"},
		"a pattern that is none":  {keep: []string{"latest *"}, newest: 500, want: `tag pattern "latest *"`},
		"the pattern of its own ": {keep: []string{"inputs-*"}, newest: 500, want: "both select images that are tagged inputs-*"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := lifecycle.Default(tt.keep, tt.newest)
			if !errors.Is(err, lifecycle.ErrInvalid) || !strings.Contains(err.Error(), tt.want) || len(p.Rules) > 0 {
				t.Errorf("%v, %v, want %q", p, err, tt.want)
			}
		})
	}
}

package lifecycle_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) { depcheck.Only(t, ".") }

// now is when the tests are.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func daysAgo(days int) time.Time { return now.AddDate(0, 0, -days) }

// rule is the text of one rule that is in order.
const rule = `{"rulePriority":1,"description":"what has no tag goes soon","selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}`

func TestParse(t *testing.T) {
	selection := func(s string) string {
		return strings.Replace(rule, `"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14`, s, 1)
	}
	tests := map[string]struct{ rules, want string }{
		"a rule in order":                      {rules: rule},
		"no rules":                             {rules: ``},
		"archiving, and expiring the archived": {rules: `{"rulePriority":1,"selection":{"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":90},"action":{"type":"transition","targetStorageClass":"archive"}},{"rulePriority":2,"selection":{"tagStatus":"any","storageClass":"archive","countType":"sinceImageTransitioned","countUnit":"days","countNumber":365},"action":{"type":"expire"}}`},
		"no JSON":                              {rules: `{`, want: "near byte"},
		"a field that ECR does not know":       {rules: strings.Replace(rule, "countUnit", "countUnits", 1), want: `unknown field "countUnits"`},
		"a number as text":                     {rules: strings.Replace(rule, "14", `"14"`, 1), want: "countNumber"},
		"two of the same priority":             {rules: rule + "," + rule, want: "two rules have priority 1"},
		"two about the same images":            {rules: rule + "," + strings.Replace(rule, `"rulePriority":1`, `"rulePriority":2`, 1), want: "both select images that are untagged"},
		"any before the others":                {rules: selection(`"tagStatus":"any","countType":"imageCountMoreThan","countNumber":9`) + "," + strings.Replace(rule, `"rulePriority":1`, `"rulePriority":2`, 1), want: "rule 1 selects any image, so that its priority must be the highest number, and 2 is"},
		"priority zero":                        {rules: strings.Replace(rule, `"rulePriority":1`, `"rulePriority":0`, 1), want: "rulePriority must be at least 1"},
		"a count of zero":                      {rules: strings.Replace(rule, "14", "0", 1), want: "countNumber is 0"},
		"tagged without tags":                  {rules: selection(`"tagStatus":"tagged","countType":"imageCountMoreThan","countNumber":9`), want: "needs either tagPatternList or tagPrefixList"},
		"tagged with both lists":               {rules: selection(`"tagStatus":"tagged","tagPatternList":["a*"],"tagPrefixList":["a"],"countType":"imageCountMoreThan","countNumber":9`), want: "needs either"},
		"untagged with tags":                   {rules: selection(`"tagStatus":"untagged","tagPrefixList":["a"],"countType":"imageCountMoreThan","countNumber":9`), want: "untagged goes with neither"},
		"an unknown status":                    {rules: selection(`"tagStatus":"some","countType":"imageCountMoreThan","countNumber":9`), want: `tagStatus is "some"`},
		"five wildcards":                       {rules: selection(`"tagStatus":"tagged","tagPatternList":["a*b*c*d*e*"],"countType":"imageCountMoreThan","countNumber":9`), want: "up to 4 *"},
		"a wildcard in a prefix":               {rules: selection(`"tagStatus":"tagged","tagPrefixList":["a*"],"countType":"imageCountMoreThan","countNumber":9`), want: "that is for tagPatternList"},
		"an unknown count":                     {rules: selection(`"tagStatus":"any","countType":"imageCountLessThan","countNumber":9`), want: `countType is "imageCountLessThan"`},
		"days of a count":                      {rules: selection(`"tagStatus":"any","countType":"imageCountMoreThan","countUnit":"days","countNumber":9`), want: `countUnit is "days"`},
		"no unit of a time":                    {rules: selection(`"tagStatus":"any","countType":"sinceImagePushed","countNumber":9`), want: `countUnit is ""`},
		"expiring by pulls":                    {rules: selection(`"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":9`), want: "sinceImagePulled cannot expire"},
		"archived without their class":         {rules: selection(`"tagStatus":"any","countType":"sinceImageTransitioned","countUnit":"days","countNumber":90`), want: `storageClass is ""`},
		"too early for the archived":           {rules: selection(`"tagStatus":"any","storageClass":"archive","countType":"sinceImageTransitioned","countUnit":"days","countNumber":89`), want: "stay 90 at least"},
		"archiving the archived":               {rules: strings.Replace(selection(`"tagStatus":"any","storageClass":"archive","countType":"sinceImageTransitioned","countUnit":"days","countNumber":90`), `"expire"`, `"transition","targetStorageClass":"archive"`, 1), want: "can only expire"},
		"a class that the count does not see":  {rules: selection(`"tagStatus":"any","storageClass":"archive","countType":"imageCountMoreThan","countNumber":9`), want: `must be "standard"`},
		"an action without a target":           {rules: strings.Replace(rule, `"expire"`, `"transition"`, 1), want: "action is"},
		"a text that is too long":              {rules: strings.Replace(rule, "what has no tag goes soon", strings.Repeat("x", 31_000), 1), want: "ECR takes 100 to 30720"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := lifecycle.Parse([]byte(`{"rules":[` + tt.rules + `]}`))
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				again, err := lifecycle.Parse([]byte(`{"rules":[` + tt.rules + `]}`))
				if err != nil || again.Text() != p.Text() {
					t.Errorf("read again: %v, %q and %q", err, p.Text(), again.Text())
				}
				return
			}
			if !errors.Is(err, lifecycle.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse: %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := lifecycle.Parse([]byte(`{"rules":[]} {}`)); !errors.Is(err, lifecycle.ErrInvalid) {
		t.Errorf("text after the policy: %v", err)
	}
	var many lifecycle.Policy
	for i := range 51 {
		many.Rules = append(many.Rules, byCount(i+1, i+1, "t"+strings.Repeat("x", i)))
	}
	if err := many.Check(); !errors.Is(err, lifecycle.ErrInvalid) || !strings.Contains(err.Error(), "51 rules") {
		t.Errorf("51 rules: %v", err)
	}
}

// byCount is a rule that leaves n images that are tagged with all of prefixes.
func byCount(priority, n int, prefixes ...string) lifecycle.Rule {
	return lifecycle.Rule{
		Priority:  priority,
		Selection: lifecycle.Selection{TagStatus: lifecycle.Tagged, TagPrefixes: prefixes, CountType: lifecycle.ImageCountMoreThan, CountNumber: n},
		Action:    lifecycle.Action{Type: lifecycle.Expire},
	}
}

func byPattern(priority, n int, patterns ...string) lifecycle.Rule {
	r := byCount(priority, n)
	r.Selection.TagPatterns = patterns
	return r
}

func anyByCount(priority, n int) lifecycle.Rule {
	r := byCount(priority, n)
	r.Selection.TagStatus = lifecycle.Any
	return r
}

func byAge(priority, days int, status lifecycle.TagStatus, prefixes ...string) lifecycle.Rule {
	return lifecycle.Rule{
		Priority:  priority,
		Selection: lifecycle.Selection{TagStatus: status, TagPrefixes: prefixes, CountType: lifecycle.SinceImagePushed, CountUnit: "days", CountNumber: days},
		Action:    lifecycle.Action{Type: lifecycle.Expire},
	}
}

func image(digest string, days int, tags ...string) lifecycle.Image {
	return lifecycle.Image{Digest: digest, Tags: tags, Pushed: daysAgo(days)}
}

// The first cases are those that the ECR user guide reckons out in "Examples of
// lifecycle policies".
func TestEvaluate(t *testing.T) {
	prodBeta := []lifecycle.Image{image("A", 10, "beta-1", "prod-1"), image("B", 9, "beta-2", "prod-2"), image("C", 8, "beta-3")}
	lists := []lifecycle.Image{
		image("A", 12, "alpha-1"), image("B", 11, "beta-1"), image("C", 10, "alpha-2", "beta-2"),
		image("D", 4, "alpha-3"), image("E", 3, "beta-3"), image("F", 2, "alpha-4", "beta-4"),
	}
	pulled := lifecycle.Rule{
		Priority:  1,
		Selection: lifecycle.Selection{TagStatus: lifecycle.Any, CountType: lifecycle.SinceImagePulled, CountUnit: "days", CountNumber: 30},
		Action:    lifecycle.Action{Type: lifecycle.Transition, Target: lifecycle.Archive},
	}
	archived := lifecycle.Rule{
		Priority:  2,
		Selection: lifecycle.Selection{TagStatus: lifecycle.Any, StorageClass: lifecycle.Archive, CountType: lifecycle.SinceImageTransitioned, CountUnit: "days", CountNumber: 90},
		Action:    lifecycle.Action{Type: lifecycle.Expire},
	}
	tests := map[string]struct {
		rules  []lifecycle.Rule
		images []lifecycle.Image
		want   string
	}{
		"a rule shields what it selects from the next one": {rules: []lifecycle.Rule{byCount(1, 1, "prod"), byCount(2, 1, "beta")}, images: prodBeta, want: "A by 1"},
		"the other way round":                              {rules: []lifecycle.Rule{byCount(1, 1, "beta"), byCount(2, 1, "prod")}, images: prodBeta, want: "A by 1, B by 1"},
		"the order of the list does not matter":            {rules: []lifecycle.Rule{byCount(2, 1, "prod"), byCount(1, 1, "beta")}, images: prodBeta, want: "A by 1, B by 1"},
		"an image has all of the prefixes":                 {rules: []lifecycle.Rule{byAge(1, 5, lifecycle.Tagged, "alpha", "beta")}, images: lists, want: "C by 1"},
		"patterns are all matched as well":                 {rules: []lifecycle.Rule{byPattern(1, 1, "alpha*", "*-2")}, images: append(lists, image("G", 13, "alpha-2")), want: "G by 1"},
		"a rule for all sees the others' images, and leaves them": {
			rules:  []lifecycle.Rule{byCount(1, 1, "prod"), byAge(2, 14, lifecycle.Untagged), anyByCount(3, 1)},
			images: []lifecycle.Image{image("A", 20, "x-1"), image("B", 19, "prod-1"), image("C", 18), image("D", 3, "x-2"), image("E", 2)},
			want:   "C by 2, A by 3, D by 3",
		},
		"a day is a day, to the second": {
			rules:  []lifecycle.Rule{byAge(1, 14, lifecycle.Untagged)},
			images: []lifecycle.Image{{Digest: "A", Pushed: daysAgo(14)}, {Digest: "B", Pushed: daysAgo(14).Add(-time.Second)}},
			want:   "B by 1",
		},
		"never pulled is as old as its push": {
			rules:  []lifecycle.Rule{pulled, archived},
			images: []lifecycle.Image{image("A", 40), {Digest: "B", Pushed: daysAgo(40), Pulled: daysAgo(10)}, {Digest: "C", Pushed: daysAgo(300), Archived: daysAgo(80)}, {Digest: "D", Pushed: daysAgo(300), Archived: daysAgo(100)}},
			want:   "A by 1 transition, D by 2",
		},
		"nothing": {rules: []lifecycle.Rule{byCount(1, 5, "prod")}, images: prodBeta},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, m := range (lifecycle.Policy{Rules: tt.rules}).Evaluate(tt.images, now) {
				word := m.Digest + " by " + string(rune('0'+m.Rule))
				if m.Action == lifecycle.Transition {
					word += " transition"
				}
				got = append(got, word)
			}
			if d := cmp.Diff(tt.want, strings.Join(got, ", ")); d != "" {
				t.Errorf("marks (-want +got):\n%s", d)
			}
		})
	}
}

func TestPatterns(t *testing.T) {
	tests := map[string]struct {
		pattern, tag string
		want         bool
	}{
		"a word":                       {"latest", "latest", true},
		"a word is no prefix":          {"latest", "latest-1", false},
		"a star at the end":            {"latest*", "latest", true},
		"a star at the start":          {"*-1", "prod-1", true},
		"stars take as little as fits": {"a*b*c", "abbc", true},
		"the last part is at the end":  {"a*b", "a-b-c", false},
		"parts do not overlap":         {"ab*ba", "aba", false},
		"only a star":                  {"*", "x", true},
		"two stars together":           {"a**b", "ab", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := lifecycle.Policy{Rules: []lifecycle.Rule{byPattern(1, 1, tt.pattern)}}
			images := []lifecycle.Image{image("old", 2, tt.tag), image("new", 1, tt.tag)}
			if got := len(p.Evaluate(images, now)) > 0; got != tt.want {
				t.Errorf("%q matches %q: %t", tt.pattern, tt.tag, got)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"rules":[` + rule + `]}`)
	f.Add(safe.Text())
	f.Add(`{"rules":[{"rulePriority":1e9}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := lifecycle.Parse([]byte(text))
		if err != nil || len(p.Rules) == 0 {
			return
		}
		again, err := lifecycle.Parse([]byte(p.Text()))
		if err != nil {
			t.Fatalf("%q is in order, and its own text is not: %v", text, err)
		}
		if d := cmp.Diff(p, again, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("read, written and read again (-want +got):\n%s", d)
		}
		images := []lifecycle.Image{image("A", 1000, "inputs-1"), image("B", 1)}
		p.Evaluate(images, now)
		p.Risks(images, []string{"A", "B"}, lifecycle.RiskOptions{Now: now})
	})
}

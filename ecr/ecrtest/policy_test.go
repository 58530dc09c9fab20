package ecrtest_test

import (
	"fmt"
	"strings"
	"testing"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// rule is a lifecycle rule with a priority, a selection and an action.
func rule(priority int, selection string, action string) string {
	return fmt.Sprintf(`{"rulePriority": %d, "description": "a rule that the tests of this package have", "selection": {%s}, "action": {%s}}`, priority, selection, action)
}

const (
	expire   = `"type": "expire"`
	archive  = `"type": "transition", "targetStorageClass": "archive"`
	newest   = `"countType": "imageCountMoreThan", "countNumber": 10`
	untagged = `"tagStatus": "untagged", ` + newest
	any10    = `"tagStatus": "any", ` + newest
)

func TestLifecyclePolicies(t *testing.T) {
	tests := map[string]struct {
		text string
		want string // "" is taken
	}{
		"by count":                       {rule(1, untagged, expire), ""},
		"by age":                         {rule(1, `"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14`, expire), ""},
		"by prefix":                      {rule(1, `"tagStatus": "tagged", "tagPrefixList": ["c721e158-"], `+newest, expire), ""},
		"by pattern":                     {rule(1, `"tagStatus": "tagged", "tagPatternList": ["*a*b*c*"], `+newest, expire), ""},
		"into the archive":               {rule(1, `"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 90`, archive), ""},
		"out of the archive":             {rule(1, `"tagStatus": "any", "storageClass": "archive", "countType": "sinceImageTransitioned", "countUnit": "days", "countNumber": 90`, expire), ""},
		"any image last, written first":  {rule(5, any10, expire) + "," + rule(2, untagged, expire), ""},
		"any image before another":       {rule(1, any10, expire) + "," + rule(2, untagged, expire), "the rule with priority 1 selects any image, so its priority must be the highest"},
		"two of a priority":              {rule(1, untagged, expire) + "," + rule(1, untagged, expire), "rule priorities must be unique, and 1 is not"},
		"a priority of 0":                {rule(0, untagged, expire), "numeric instance is lower than the required minimum (minimum: 1, found: 0)"},
		"a count of 0":                   {rule(1, `"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 0`, expire), "numeric instance is lower than the required minimum (minimum: 1, found: 0)"},
		"an unknown tag status":          {rule(1, `"tagStatus": "some", `+newest, expire), `instance value ("some") not found in enum (possible values: ["any","tagged","untagged"])`},
		"tagged with what?":              {rule(1, `"tagStatus": "tagged", `+newest, expire), "tagStatus tagged needs one of tagPatternList and tagPrefixList"},
		"prefix and pattern":             {rule(1, `"tagStatus": "tagged", "tagPatternList": ["a"], "tagPrefixList": ["a"], `+newest, expire), "tagStatus tagged needs one of tagPatternList and tagPrefixList"},
		"untagged with a prefix":         {rule(1, `"tagStatus": "untagged", "tagPrefixList": ["a"], `+newest, expire), "tagStatus untagged takes neither tagPatternList nor tagPrefixList"},
		"five wildcards":                 {rule(1, `"tagStatus": "tagged", "tagPatternList": ["*1*2*3*4*"], `+newest, expire), "a pattern of tagPatternList has at most 4 wildcards"},
		"an unknown count":               {rule(1, `"tagStatus": "any", "countType": "sinceForever", "countNumber": 1`, expire), `instance value ("sinceForever") not found in enum (possible values: ["imageCountMoreThan","sinceImagePulled","sinceImagePushed","sinceImageTransitioned"])`},
		"an age without a unit":          {rule(1, `"tagStatus": "any", "countType": "sinceImagePushed", "countNumber": 1`, expire), "countUnit goes with the countTypes that begin with since, and with no other"},
		"a count with a unit":            {rule(1, `"tagStatus": "any", "countUnit": "days", `+newest, expire), "countUnit goes with the countTypes that begin with since, and with no other"},
		"weeks":                          {rule(1, `"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "weeks", "countNumber": 1`, expire), `instance value ("weeks") not found in enum (possible values: ["days"])`},
		"a transition of what is there":  {rule(1, `"tagStatus": "any", "countType": "sinceImageTransitioned", "countUnit": "days", "countNumber": 1`, expire), "countType sinceImageTransitioned needs storageClass archive"},
		"a count in the archive":         {rule(1, `"tagStatus": "any", "storageClass": "archive", `+newest, expire), "countType imageCountMoreThan takes no storageClass but standard"},
		"an unknown action":              {rule(1, untagged, `"type": "burn"`), `instance value ("burn") not found in enum (possible values: ["expire","transition"])`},
		"an expiry into the archive":     {rule(1, untagged, expire+`, "targetStorageClass": "archive"`), "an action of type transition, and no other, has the targetStorageClass archive"},
		"a transition to nowhere":        {rule(1, untagged, `"type": "transition"`), "an action of type transition, and no other, has the targetStorageClass archive"},
		"an unknown key":                 {rule(1, untagged+`, "colour": "red"`, expire), "Could not map policyString into LifecyclePolicy."},
		"no JSON":                        {rule(1, untagged, expire) + ",", "Could not map policyString into LifecyclePolicy."},
		"no rule in a text long enough ": {strings.Repeat(" ", 100), "a policy has between 1 and 50 rules, not 0"},
		"51 rules":                       {strings.TrimSuffix(strings.Repeat(rule(1, untagged, expire)+",", 51), ","), "a policy has between 1 and 50 rules, not 51"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ecrtest.Options{})
			text := `{"rules": [` + tt.text + `]}`
			_, err := b.client.PutLifecyclePolicy(t.Context(), &awsecr.PutLifecyclePolicyInput{RepositoryName: new("app"), LifecyclePolicyText: &text})
			want := "<nil>"
			if tt.want != "" {
				want = "InvalidParameterException: Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: " + tt.want + "'"
			}
			if told(err) != want {
				t.Errorf("%s\nwant %s", told(err), want)
			}
		})
	}
}

func TestALifecyclePolicyIsKeptAndDeleted(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	ctx, app := t.Context(), new("app")
	missing := "LifecyclePolicyNotFoundException: Lifecycle policy does not exist for the repository with name 'app' in the registry with id '123456789012'"
	get := func() (string, error) {
		out, err := b.client.GetLifecyclePolicy(ctx, &awsecr.GetLifecyclePolicyInput{RepositoryName: app})
		if err != nil {
			return "", err
		}
		return *out.LifecyclePolicyText, nil
	}
	if _, err := get(); told(err) != missing {
		t.Errorf("at first: %v", err)
	}
	text := `{"rules": [` + rule(1, untagged, expire) + `]}`
	if _, err := b.client.PutLifecyclePolicy(ctx, &awsecr.PutLifecyclePolicyInput{RepositoryName: app, LifecyclePolicyText: &text}); err != nil {
		t.Fatal(err)
	}
	got, err := get()
	if d := cmp.Diff(decode(t, text), decode(t, got)); err != nil || d != "" || got == text {
		t.Errorf("%v: it should mean the same, and be laid out anew: %s", err, got)
	}
	if out, err := b.client.DeleteLifecyclePolicy(ctx, &awsecr.DeleteLifecyclePolicyInput{RepositoryName: app}); err != nil || *out.LifecyclePolicyText != got {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := get(); told(err) != missing {
		t.Errorf("at last: %v", err)
	}
	for length, want := range map[int]string{99: "must have length greater than or equal to 100", 30_721: "must have length less than or equal to 30720"} {
		_, err := b.client.PutLifecyclePolicy(ctx, &awsecr.PutLifecyclePolicyInput{RepositoryName: app, LifecyclePolicyText: new(strings.Repeat(" ", length))})
		if !strings.Contains(told(err), want) {
			t.Errorf("%d characters: %v", length, err)
		}
	}
}

func TestRepositoryPolicies(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	ctx, app := t.Context(), new("app")
	missing := "RepositoryPolicyNotFoundException: Repository policy does not exist for the repository with name 'app' in the registry with id '123456789012'"
	if _, err := b.client.GetRepositoryPolicy(ctx, &awsecr.GetRepositoryPolicyInput{RepositoryName: app}); told(err) != missing {
		t.Errorf("at first: %v", err)
	}
	statement := func(body string) string { return `{"Version":"2012-10-17","Statement":[{` + body + `}]}` }
	good := statement(`"Sid":"pull","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["ecr:BatchGetImage"]`)
	for name, text := range map[string]string{
		"no JSON":              `{`,
		"no statement":         `{"Version":"2012-10-17"}`,
		"an unknown effect":    statement(`"Effect":"Maybe","Principal":"*","Action":"ecr:*"`),
		"for nobody":           statement(`"Effect":"Allow","Action":"ecr:*"`),
		"for all and for some": statement(`"Effect":"Allow","Principal":"*","NotPrincipal":"*","Action":"ecr:*"`),
		"for nothing":          statement(`"Effect":"Allow","Principal":"*"`),
	} {
		_, err := b.client.SetRepositoryPolicy(ctx, &awsecr.SetRepositoryPolicyInput{RepositoryName: app, PolicyText: &text})
		if want := "InvalidParameterException: Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"; told(err) != want {
			t.Errorf("%s: %v", name, told(err))
		}
	}
	if _, err := b.client.SetRepositoryPolicy(ctx, &awsecr.SetRepositoryPolicyInput{RepositoryName: app, PolicyText: &good}); err != nil {
		t.Fatal(err)
	}
	got, err := b.client.GetRepositoryPolicy(ctx, &awsecr.GetRepositoryPolicyInput{RepositoryName: app})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(decode(t, good), decode(t, *got.PolicyText)); d != "" || !strings.HasPrefix(*got.PolicyText, "{\n  \"Version\" : \"2012-10-17\",\n") {
		t.Errorf("it should mean the same, and be laid out anew: %s", *got.PolicyText)
	}
	if _, err := b.client.DeleteRepositoryPolicy(ctx, &awsecr.DeleteRepositoryPolicyInput{RepositoryName: app}); err != nil {
		t.Error(err)
	}
	if _, err := b.client.DeleteRepositoryPolicy(ctx, &awsecr.DeleteRepositoryPolicyInput{RepositoryName: app}); told(err) != missing {
		t.Errorf("at last: %v", err)
	}
	long := strings.Repeat(" ", 10_241)
	if _, err := b.client.SetRepositoryPolicy(ctx, &awsecr.SetRepositoryPolicyInput{RepositoryName: app, PolicyText: &long}); !strings.Contains(told(err), "10240") {
		t.Errorf("a text that is too long: %v", err)
	}
}

package envname

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResolve(t *testing.T) {
	custom := Rules{Project: "shop", ProductionBranches: []string{"main", "master"}, ProductionID: "live", EphemeralPrefixes: []string{"m"}}
	tests := map[string]struct {
		rules  Rules
		branch string
		want   Environment
	}{
		"master is production": {
			branch: "master",
			want:   Environment{Name: "automation-master", ID: "master", Kind: Production, KRE: "production", Branch: "master", Project: "automation"},
		},
		"a feature is ephemeral, under the digest of its branch": {
			branch: "dev/feature/login",
			want:   Environment{Name: "automation-8527fec8", ID: "8527fec8", Kind: Ephemeral, KRE: "dev", Branch: "dev/feature/login", Project: "automation"},
		},
		"a fix is ephemeral, in upper case too": {
			branch: "dev/fix/EMAIL-42_null-pointer",
			want:   Environment{Name: "automation-4a45220b", ID: "4a45220b", Kind: Ephemeral, KRE: "dev", Branch: "dev/fix/EMAIL-42_null-pointer", Project: "automation"},
		},
		"the digest is of bytes, not of letters": {
			branch: "dev/feature/größe#1",
			want:   Environment{Name: "automation-1b1ccaac", ID: "1b1ccaac", Kind: Ephemeral, KRE: "dev", Branch: "dev/feature/größe#1", Project: "automation"},
		},
		"a prefix alone is a branch that begins with it": {
			branch: "dev/feature",
			want:   Environment{Name: "automation-1eda2885", ID: "1eda2885", Kind: Ephemeral, KRE: "dev", Branch: "dev/feature", Project: "automation"},
		},
		"production wins over a prefix, and its id is not its branch": {
			rules: custom, branch: "main",
			want: Environment{Name: "shop-live", ID: "live", Kind: Production, KRE: "production", Branch: "main", Project: "shop"},
		},
		"a second production branch is the same environment": {
			rules: custom, branch: "master",
			want: Environment{Name: "shop-live", ID: "live", Kind: Production, KRE: "production", Branch: "master", Project: "shop"},
		},
		"another branch below the prefix is ephemeral": {
			rules: custom, branch: "m2",
			want: Environment{Name: "shop-" + digest("m2")[:8], ID: digest("m2")[:8], Kind: Ephemeral, KRE: "dev", Branch: "m2", Project: "shop"},
		},
		"adding main to the production branches does not rename production": {
			rules: Rules{ProductionBranches: []string{"master", "main"}}, branch: "main",
			want: Environment{Name: "automation-master", ID: "master", Kind: Production, KRE: "production", Branch: "main", Project: "automation"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tt.rules.Resolve(tt.branch)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("Resolve (-want +got):\n%s", d)
			}
		})
	}
}

func TestResolveWithoutEnvironment(t *testing.T) {
	const rules = "no environment: production is master; ephemeral is what begins with dev/feature or dev/fix"
	tests := map[string]struct {
		rules        Rules
		branch, want string
	}{
		"another branch is told the rules": {branch: "release/1.2", want: `resolve branch "release/1.2": ` + rules},
		"case matters":                     {branch: "Master", want: `resolve branch "Master": ` + rules},
		"a branch like production is none": {branch: "master2", want: `resolve branch "master2": ` + rules},
		"an empty name":                    {branch: "", want: `resolve branch "": ` + rules + "; it is empty"},
		"a full ref is not cut silently":   {branch: "refs/heads/master", want: `resolve branch "refs/heads/master": ` + rules + `; give the branch without "refs/heads/"`},
		"a tag's ref is no branch":         {branch: "refs/tags/master", want: `resolve branch "refs/tags/master": ` + rules + "; it is a ref, and no branch"},
		"a newline from a shell":           {branch: "dev/fix/a\n", want: `resolve branch "dev/fix/a\n": ` + rules + "; take away the blanks around it"},
		"a blank before production":        {branch: " master", want: `resolve branch " master": ` + rules + "; take away the blanks around it"},
		"empty lists admit nothing": {
			rules:  Rules{ProductionBranches: []string{}, EphemeralPrefixes: []string{}},
			branch: "master", want: `resolve branch "master": no environment: production is no branch; ephemeral is what begins with no branch`,
		},
		"lists read as a sentence": {
			rules:  Rules{ProductionBranches: []string{"main", "master"}, EphemeralPrefixes: []string{"a", "b", "c"}},
			branch: "x", want: `resolve branch "x": no environment: production is main or master; ephemeral is what begins with a, b or c`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			env, err := tt.rules.Resolve(tt.branch)
			var detail *NoEnvironmentError
			if !errors.Is(err, ErrNoEnvironment) || !errors.As(err, &detail) || detail.Branch != tt.branch {
				t.Fatalf("err = %v, detail = %+v", err, detail)
			}
			if d := cmp.Diff(tt.want, err.Error()); d != "" {
				t.Errorf("error (-want +got):\n%s", d)
			}
			if env != (Environment{}) {
				t.Errorf("an environment beside the error: %+v", env)
			}
		})
	}
}

func TestBadRules(t *testing.T) {
	tests := map[string]struct {
		rules Rules
		want  string
	}{
		"an empty prefix would hold for every branch": {Rules{EphemeralPrefixes: []string{"dev/", ""}}, "an ephemeral prefix is empty, and would hold for every branch"},
		"a prefix with a blank":                       {Rules{EphemeralPrefixes: []string{" dev/"}}, `ephemeral prefix " dev/": take away the blanks`},
		"a production branch as a ref":                {Rules{ProductionBranches: []string{"refs/heads/main"}}, `production branch "refs/heads/main": give the branch without`},
		"an empty production branch":                  {Rules{ProductionBranches: []string{""}}, `production branch "": it is empty`},
		"a project in upper case":                     {Rules{Project: "Automation"}, `project "Automation": want lower-case letters`},
		"a project with a dot":                        {Rules{Project: "auto.mation"}, `project "auto.mation"`},
		"a project that begins with a digit":          {Rules{Project: "1st"}, `project "1st"`},
		"a project that ends in a hyphen":             {Rules{Project: "a-"}, `project "a-"`},
		"a project with two hyphens":                  {Rules{Project: "xn--a"}, `project "xn--a"`},
		"a project that leaves no room":               {Rules{Project: strings.Repeat("a", 46)}, "an environment's name would be 55 characters, and at most 54 leave room for a digest in the 63 of a DNS label"},
		"a production id that leaves no room":         {Rules{ProductionID: "p" + strings.Repeat("-eu", 20)}, "would be 72 characters"},
		"a project that load balancers reserve":       {Rules{Project: "internal"}, `project "internal": the name of a load balancer must not begin with "internal-"`},
		"a project that security groups reserve":      {Rules{Project: "sg"}, `the name of a security group must not begin with "sg-"`},
		"a project that S3 reserves":                  {Rules{Project: "amzn-s3-demo"}, `the name of a bucket must not begin with "amzn-s3-demo-"`},
		"a production id in upper case":               {Rules{ProductionID: "Live"}, `production id "Live": want lower-case`},
		"a production id that begins with a hyphen":   {Rules{ProductionID: "-live"}, `production id "-live"`},
		"a production id that could be ephemeral":     {Rules{ProductionID: "deadbeef"}, "begins like the id of an ephemeral environment, 8 hex digits"},
		"a production id below an ephemeral one":      {Rules{ProductionID: "cafe0001-eu"}, "begins like the id of an ephemeral environment"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.rules.Resolve("master")
			if !errors.Is(err, ErrRules) || errors.Is(err, ErrNoEnvironment) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func TestGoodRules(t *testing.T) {
	for name, rules := range map[string]Rules{
		"the longest project":                          {Project: strings.Repeat("a", 45)},
		"a short project leaves room for a long id":    {Project: "a", ProductionID: "production-of-the-eu1"},
		"nine hex digits are no id":                    {ProductionID: "deadbeef0"},
		"eight digits that are not hex are no id":      {ProductionID: "deadbeer"},
		"a reserved word that goes on is not reserved": {Project: "internals"},
	} {
		t.Run(name, func(t *testing.T) {
			env, err := rules.Resolve("master")
			if err != nil || env.Kind != Production {
				t.Errorf("Resolve = %+v, %v", env, err)
			}
		})
	}
}

func TestEveryFaultOfRulesIsReported(t *testing.T) {
	_, err := Rules{Project: "A", EphemeralPrefixes: []string{""}, ProductionBranches: []string{"a "}}.Resolve("master")
	want := `bad rules: production branch "a ": take away the blanks around it
bad rules: an ephemeral prefix is empty, and would hold for every branch
bad rules: project "A": want lower-case letters, digits and single hyphens between them, beginning with a letter`
	if d := cmp.Diff(want, fmt.Sprint(err)); d != "" {
		t.Errorf("error (-want +got):\n%s", d)
	}
}

func TestEnvironmentJSON(t *testing.T) {
	env, err := Resolve("dev/feature/login")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"name":"automation-8527fec8","id":"8527fec8","kind":"ephemeral","kre":"dev","branch":"dev/feature/login"}`
	if string(got) != want {
		t.Errorf("JSON = %s, want %s", got, want)
	}
	var back Environment
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(env.Tags(), back.Tags()); d != "" {
		t.Errorf("tags of an environment from JSON (-want +got):\n%s", d)
	}
}

func FuzzResolve(f *testing.F) {
	for _, branch := range []string{"", "master", " master", "refs/heads/master", "dev/feature/login", "dev/fix/a\n", "dev/fixes", "main", "dev/feature/\xff", "DEV/FIX/x"} {
		f.Add(branch)
	}
	f.Fuzz(func(t *testing.T, branch string) {
		env, err := Resolve(branch)
		ephemeral := strings.HasPrefix(branch, "dev/feature") || strings.HasPrefix(branch, "dev/fix")
		switch {
		case err != nil:
			if !errors.Is(err, ErrNoEnvironment) {
				t.Errorf("Resolve(%q): %v", branch, err)
			}
			if branch == "master" || ephemeral && strings.TrimSpace(branch) == branch {
				t.Errorf("Resolve(%q) has no environment", branch)
			}
		case env.Kind == Production:
			if branch != "master" || env.Name != "automation-master" {
				t.Errorf("Resolve(%q) = %+v", branch, env)
			}
		default:
			want := fmt.Sprintf("%x", sha256.Sum256([]byte(branch)))[:8] // echo -n | sha256sum | cut -c1-8
			if !ephemeral || env.Kind != Ephemeral || env.ID != want || env.Name != "automation-"+want || env.Branch != branch {
				t.Errorf("Resolve(%q) = %+v, want id %s", branch, env, want)
			}
		}
	})
}

package envname

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// awsTagValue is the pattern of TagValue in the API references of IAM, ECS
// and CloudWatch Logs.
var awsTagValue = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$`)

func resolve(t testing.TB, branch string) Environment {
	t.Helper()
	env, err := Rules{EphemeralPrefixes: []string{"dev/"}}.Resolve(branch)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func TestTags(t *testing.T) {
	want := map[string]string{
		"Environment": "automation-1b1ccaac", "Project": "automation", "Branch": "dev/feature/gr=C3=B6=C3=9Fe=231",
		"BranchSHA256": digest("dev/feature/größe#1"),
	}
	if d := cmp.Diff(want, resolve(t, "dev/feature/größe#1").Tags()); d != "" {
		t.Errorf("Tags (-want +got):\n%s", d)
	}
}

func TestEscapeTag(t *testing.T) {
	long := strings.Repeat("a", 300)
	tests := map[string]struct{ branch, want string }{
		"a plain branch stays as it is":              {"dev/feature/JIRA-1_a.b+c@d", "dev/feature/JIRA-1_a.b+c@d"},
		"what a tag does not admit is escaped":       {"a#b!c'd%e,f", "a=23b=21c=27d=25e=2Cf"},
		"the escape itself is escaped":               {"a=b==", "a=3Db=3D=3D"},
		"a colon, since aws: is reserved":            {"aws:a", "aws=3Aa"},
		"a line and a byte that is no text":          {"a\nb\xff", "a=0Ab=FF"},
		"256 characters are whole":                   {long[:256], long[:256]},
		"257 are cut, and end in the digest":         {long[:257], long[:246] + "==" + digest(long[:257])[:8]},
		"the cut is before an escape":                {long[:246] + strings.Repeat("#", 9), long[:246] + "==" + digest(long[:246] + strings.Repeat("#", 9))[:8]},
		"the cut is not after the equals sign":       {long[:245] + strings.Repeat("#", 9), long[:245] + "==" + digest(long[:245] + strings.Repeat("#", 9))[:8]},
		"the cut is not after the first of digits":   {long[:244] + strings.Repeat("#", 9), long[:244] + "==" + digest(long[:244] + strings.Repeat("#", 9))[:8]},
		"an escape that ends at the cut stays whole": {long[:243] + strings.Repeat("#", 9), long[:243] + "=23==" + digest(long[:243] + strings.Repeat("#", 9))[:8]},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := escapeTag(tt.branch)
			if got != tt.want {
				t.Errorf("escapeTag(%q) =\n%s, want\n%s", tt.branch, got, tt.want)
			}
			back, ok := unescapeTag(got)
			if whole := !strings.Contains(got, "=="); ok != whole || ok && back != tt.branch {
				t.Errorf("unescapeTag(%q) = %q, %v", got, back, ok)
			}
		})
	}
}

func FuzzTags(f *testing.F) {
	for _, branch := range []string{"", "dev/feature/a", "a#b=c", "größe", "\xff\x00", strings.Repeat("a#", 200), strings.Repeat("=", 85)} {
		f.Add(branch)
	}
	f.Fuzz(func(t *testing.T, branch string) {
		env := Environment{Name: "automation-x", ID: "x", Kind: Ephemeral, Branch: branch}
		tags := env.Tags()
		for key, value := range tags {
			if !awsTagValue.MatchString(value) {
				t.Errorf("tag %s of branch %q: AWS does not admit %q", key, branch, value)
			}
		}
		back, ok := BranchFromTags(tags)
		if cut := strings.Contains(tags["Branch"], "=="); ok == cut || ok && back != branch {
			t.Errorf("BranchFromTags(%v) = %q, %v; branch is %q", tags, back, ok, branch)
		}
		if err := env.CheckOwner(tags); err != nil {
			t.Errorf("an environment does not own its own tags: %v", err)
		}
		env.Branch += "x"
		if err := env.CheckOwner(tags); !errors.Is(err, ErrCollision) {
			t.Errorf("another branch: %v", err)
		}
	})
}

func FuzzUnescapeTag(f *testing.F) {
	for _, value := range []string{"", "a", "=23", "=2", "=", "==12345678", "=zz", "a=3Db", "=61"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		branch, ok := unescapeTag(value)
		if !ok && branch != "" {
			t.Errorf("unescapeTag(%q) = %q beside false", value, branch)
		}
		if again, ok2 := unescapeTag(escapeTag(branch)); ok && len(branch) < 80 && (!ok2 || again != branch) {
			t.Errorf("%q was read as %q, which reads again as %q", value, branch, again)
		}
	})
}

func TestCheckOwner(t *testing.T) {
	own := resolve(t, "dev/feature/login")
	with := func(change map[string]string) map[string]string {
		tags := own.Tags()
		maps.Copy(tags, change)
		return tags
	}
	const not = "check the owner of automation-8527fec8: not tagged as this environment's: "
	tests := map[string]struct {
		tags map[string]string
		want error
		text string
	}{
		"its own tags":                    {tags: own.Tags()},
		"tags beside them do not matter":  {tags: with(map[string]string{"Name": "x", "aws:cloudformation:stack-name": "y"})},
		"the digest counts, not the text": {tags: with(map[string]string{"Branch": ""})},
		"no tags at all":                  {tags: nil, want: ErrNotOwned, text: not + "tag Environment is missing"},
		"the tags of another environment": {
			tags: resolve(t, "master").Tags(), want: ErrNotOwned, text: not + `tag Environment is "automation-master", not "automation-8527fec8"`,
		},
		"the tags of another project": {
			tags: with(map[string]string{"Project": "shop"}), want: ErrNotOwned, text: not + `tag Project is "shop", not "automation"`,
		},
		"tags without a digest": {tags: with(map[string]string{"BranchSHA256": ""}), want: ErrNotOwned, text: not + "tag BranchSHA256 is missing"},
		"the same environment of another branch": {
			tags: with(map[string]string{"Branch": "dev/fix/=23", "BranchSHA256": digest("dev/fix/#")}), want: ErrCollision,
			text: `check the owner of automation-8527fec8: owned by another branch: branch "dev/fix/#" has it, so rename branch "dev/feature/login"`,
		},
		"another branch whose name was cut is shown as tagged": {
			tags: with(map[string]string{"Branch": "dev/x==12345678", "BranchSHA256": digest("y")}), want: ErrCollision, text: `branch "dev/x==12345678" has it`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := own.CheckOwner(tt.tags)
			if !errors.Is(err, tt.want) {
				t.Fatalf("CheckOwner = %v, want %v", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("CheckOwner = %v\nwant %s", err, tt.text)
			}
		})
	}
}

func TestProductionIsOwnedByEveryProductionBranch(t *testing.T) {
	rules := Rules{ProductionBranches: []string{"master", "main"}}
	old, err := rules.Resolve("master")
	if err != nil {
		t.Fatal(err)
	}
	renamed, err := rules.Resolve("main")
	if err != nil {
		t.Fatal(err)
	}
	if err := renamed.CheckOwner(old.Tags()); err != nil {
		t.Errorf("main does not own what master made: %v", err)
	}
}

// Two real branches with one id: the search is over the same names each time,
// and ends after some ten thousands of them.
func TestTwoBranchesWithOneID(t *testing.T) {
	seen := map[string]string{}
	for i := range 1_000_000 {
		branch := fmt.Sprintf("dev/feature/%d", i)
		id := digest(branch)[:digestLength]
		other, found := seen[id]
		if !found {
			seen[id] = branch
			continue
		}
		a, b := resolve(t, other), resolve(t, branch)
		if a.Name != b.Name {
			t.Fatalf("%q and %q: names %s and %s", other, branch, a.Name, b.Name)
		}
		var collision *CollisionError
		if err := b.CheckOwner(a.Tags()); !errors.As(err, &collision) {
			t.Fatalf("%q takes the environment of %q: %v", branch, other, err)
		}
		if d := cmp.Diff(&CollisionError{Environment: a.Name, Branch: branch, Owner: other}, collision); d != "" {
			t.Errorf("collision (-want +got):\n%s", d)
		}
		return
	}
	t.Fatal("no two of a million branches share an id")
}
